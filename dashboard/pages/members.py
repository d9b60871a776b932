"""The list of members."""

from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.http import HttpResponse
from django.utils.translation import gettext

from dashboard.desk import DeskRequest
from dashboard.listing import page_of
from dashboard.site import site
from loyalty.models import Account, Entry
from shops.models import Customer, Shop

ORDERS = {
    "newest": ("-id",),
    "balance": ("-balance", "-id"),
    "lifetime": ("-lifetime_earned", "-id"),
}
SEARCH_MAX = 200


def members(request: DeskRequest) -> HttpResponse:
    """Members with their points; `?q=` searches e-mail, name and the store's customer id."""
    words = request.GET.get("q", "").replace("\0", "").strip()[:SEARCH_MAX]
    order = request.GET.get("order", "newest")
    found = matching(request.desk.shop, words).order_by(*ORDERS.get(order, ORDERS["newest"]))
    orders = [
        ("newest", gettext("Newest")),
        ("balance", gettext("Balance")),
        ("lifetime", gettext("Lifetime")),
    ]
    context = {
        "title": gettext("Members"),
        "page": page_of(request, found),
        "words": words,
        "order": order if order in ORDERS else "newest",
        "orders": orders,
    }
    return site.show(request, "members", context)


def matching(shop: Shop, words: str) -> "QuerySet[Account]":
    """The accounts whose customer has every one of the words in the e-mail, the name or the external id."""
    accounts = Account.objects.filter(shop=shop)
    if words:
        customers = Customer.objects.filter(shop=shop)
        for word in words.split():
            customers = customers.filter(
                Q(email__icontains=word)
                | Q(first_name__icontains=word)
                | Q(last_name__icontains=word)
                | Q(external_id=word)
            )
        accounts = accounts.filter(customer__in=customers.values("id"))
    newest = Entry.objects.filter(shop=shop, account=OuterRef("pk"), seq=OuterRef("seq"))
    # The customer's own shop is named too, so that the join goes by the primary key (shop_id, id).
    return (
        accounts.filter(customer__shop=shop)
        .select_related("customer")
        .annotate(last_activity=Subquery(newest.values("occurred_at")[:1]))
    )
