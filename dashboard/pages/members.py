"""The list of members."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import F, OuterRef, Q, QuerySet, Subquery
from django.http import HttpResponse
from django.utils.translation import gettext

from dashboard.desk import DeskRequest
from dashboard.listing import page_of
from dashboard.member_tier import levels_of, tier_names
from dashboard.site import site
from loyalty.documents import Tier
from loyalty.models import Account, Entry, Standing
from shops.models import Customer, Shop

ORDERS = {
    "newest": (F("id").desc(),),
    "joined": (F("customer__joined_at").desc(nulls_last=True), F("id").desc()),
    "balance": (F("balance").desc(), F("id").desc()),
    "lifetime": (F("lifetime_earned").desc(), F("id").desc()),
}
SEARCH_MAX = 200
# What the address says for members without a tier: no key of a tier starts so.
NO_TIER = "-"


@dataclass(frozen=True)
class Asked:
    """What the address asks for: words, a tier's key ("" for all) and an order."""

    words: str
    tier: str
    order: str


def members(request: DeskRequest) -> HttpResponse:
    """Members with their points; `?q=` searches e-mail, name and the store's customer id, `?tier=` is a tier's key."""
    shop = request.desk.shop
    levels = levels_of(shop.pk)
    tiers = _choices(levels)
    asked = _asked(request, [key for key, _name in tiers])
    found = matching(shop, asked.words)
    if asked.tier:
        found = _of_tier(shop, found, asked.tier)
    page = page_of(request, found.order_by(*ORDERS[asked.order]))
    context = {
        "title": gettext("Members"),
        "page": page,
        "asked": asked,
        "narrowed": bool(asked.words or asked.tier),
        "orders": [
            ("newest", gettext("Newest")),
            ("joined", gettext("Joined last")),
            ("balance", gettext("Balance")),
            ("lifetime", gettext("Lifetime")),
        ],
        "tiers": tiers,
        "rows": _with_tiers(shop, list(page)) if levels else [(account, "") for account in page],
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


def _choices(levels: Sequence[Tier]) -> list[tuple[str, str]]:
    """The tiers to choose from, as (key, name); none where the program has none."""
    if not levels:
        return []
    named = [(level.key, level.name) for level in levels]
    without = [(NO_TIER, gettext("No tier"))] if levels[0].threshold > 0 else []
    return [("", gettext("Everybody")), *named, *without]


def _asked(request: DeskRequest, tiers: list[str]) -> Asked:
    tier, order = request.GET.get("tier", ""), request.GET.get("order", "")
    return Asked(
        words=request.GET.get("q", "").replace("\0", "").strip()[:SEARCH_MAX],
        tier=tier if tier in tiers else "",
        order=order if order in ORDERS else "newest",
    )


def _of_tier(shop: Shop, accounts: "QuerySet[Account]", tier: str) -> "QuerySet[Account]":
    standings = Standing.objects.filter(shop=shop)
    if tier == NO_TIER:
        return accounts.exclude(pk__in=standings.exclude(tier="").values("account_id"))
    return accounts.filter(pk__in=standings.filter(tier=tier).values("account_id"))


def _with_tiers(shop: Shop, accounts: list[Account]) -> list[tuple[Account, str]]:
    """Each account with the name of its tier."""
    keys = dict(Standing.objects.filter(shop=shop, account__in=accounts).values_list("account_id", "tier"))
    names = tier_names(shop.pk)
    return [(account, names.get(keys.get(account.pk, ""), "")) for account in accounts]
