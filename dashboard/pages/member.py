"""One member: points, why, orders, tiers, and adjusting by hand."""

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext

from dashboard.desk import DeskRequest, Right
from dashboard.forms.adjustment import AdjustmentForm
from dashboard.forms.gift import GiftForm
from dashboard.forms.pin import PinForm
from dashboard.frozen import both_figures
from dashboard.listing import page_of
from dashboard.member_tier import journey, tier_card
from dashboard.redemption_rows import rows_of
from dashboard.site import site
from dashboard.timeline import on_hold, points_name_of, timeline
from loyalty.actions.points import adjust
from loyalty.errors import AccountFrozen, InvalidAdjustment, NotEnoughPoints, ReferenceConflict
from loyalty.models import Account, Entry
from loyalty.queries import live_version
from loyalty.warnings import coming_expiries
from loyalty.wording import points_text
from orders.models import Order
from rewards.models import Redemption
from rewards.queries import rewards_of

ORDERS_SHOWN = 20
REDEEMED_SHOWN = 10
# So many of a list are seen at once; the rest is folded.
UNFOLDED = 5


def member(request: DeskRequest, account_id: int) -> HttpResponse:
    """A member's page; a POST adjusts the points. `?day=` asks the time machine for the tier of that day."""
    account = find_account(request, account_id)
    form = AdjustmentForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid() and _adjusted(request, account, form):
        return redirect("dashboard:member", account_id=account.pk)
    return show_member(request, account, form)


def find_account(request: DeskRequest, account_id: int) -> Account:
    """The shop's account with its customer and shop. Raises `Http404`."""
    found = Account.objects.filter(shop=request.desk.shop, customer__shop=request.desk.shop, pk=account_id)
    account = found.select_related("customer").first()
    if account is None:
        raise Http404
    account.shop = request.desk.shop
    return account


def show_member(
    request: DeskRequest,
    account: Account,
    form: AdjustmentForm | None = None,
    pin: PinForm | None = None,
    gift: GiftForm | None = None,
) -> HttpResponse:
    """The page, with the mistakes that the forms have: 422 where there are some."""
    shop = request.desk.shop
    form = form or AdjustmentForm()
    page = page_of(request, Entry.objects.filter(shop=shop, account=account).order_by("-seq"))
    live = live_version(shop).document
    name = points_name_of(live)
    orders = Order.objects.filter(shop=shop, customer=account.customer_id, placed_at__isnull=False)
    expiries = coming_expiries(account)
    redeemed = Redemption.objects.filter(shop=shop, account=account).select_related("shop").order_by("-id")
    rewards = rewards_of(shop)
    card = tier_card(account)
    context = {
        "title": str(account.customer),
        "account": account,
        "customer": account.customer,
        "frozen_figures": both_figures(account.frozen_reason) if account.frozen_at else [],
        "page": page,
        "moments": timeline(shop, list(page), name),
        "points_name": name,
        "orders": orders.order_by("-placed_at")[:ORDERS_SHOWN],
        "holds": bool(account.pending or live.get("hold_days")),
        "on_hold": on_hold(account) if account.pending else [],
        "expiries": expiries[:UNFOLDED],
        "later_expiries": expiries[UNFOLDED:],
        "tier": card,
        "journey": journey(account, request.GET["day"]) if card and request.GET.get("day") else None,
        "form": form,
        "redeemed": rows_of(list(redeemed[:REDEEMED_SHOWN]), request.desk.may(Right.POINTS)),
        "gift": gift or (GiftForm(rewards) if rewards else None),
        "pin": pin or (PinForm(card.levels) if card and card.levels else None),
        "may_adjust": request.desk.may(Right.POINTS),
        "may_export": request.desk.may(Right.DATA),
    }
    failed = any(one is not None and one.errors for one in (form, pin, gift))
    return site.show(request, "member", context, status=422 if failed else 200)


def _adjusted(request: DeskRequest, account: Account, form: AdjustmentForm) -> bool:
    """Adjust, and say what it did; else put the reason beside the field."""
    points, reason = form.cleaned_data["points"], form.cleaned_data["reason"]
    name = points_name_of(live_version(request.desk.shop).document)
    try:
        entry = adjust(account, points, reason, request.user.get_username(), form.cleaned_data["once"])
    except NotEnoughPoints as error:
        said = gettext("That is more than the balance of %(balance)s.")
        form.add_error("points", said % {"balance": points_text(error.balance, name)})
    except AccountFrozen:
        form.add_error("points", gettext("This account is frozen: points can be added, but none taken away."))
    except InvalidAdjustment as error:
        form.add_error(error.field if error.field in form.fields else None, str(error))
    except ReferenceConflict:
        form.add_error(None, gettext("This form was sent before with other content. Load the page anew."))
    else:
        _say(request, points, entry, name)
        return True
    return False


def _say(request: DeskRequest, points: int, entry: Entry, name: str) -> None:
    said = gettext("Done: %(points)s. The balance is now %(balance)s.")
    amount = points_text(points, name)
    messages.success(
        request,
        said
        % {
            "points": f"+{amount}" if points > 0 else amount,
            "balance": points_text(entry.balance_after, name),
        },
    )
