"""`POST /storefront/v1/me/events`: what shoppers themselves may say they did."""

from typing import Literal

import msgspec
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext
from django_scopes import scope

from lib.clock import now
from loyalty.actions.activities import Recorded, claim
from loyalty.documents import Network, SocialFollow, Visit
from loyalty.models import Account
from loyalty.versions import LoadedVersion, timelines
from storefront_api.outcomes import points_of, sentence_of
from storefront_api.storefront.road import Refused, identified, reply, road
from storefront_api.storefront.tokens import Shopper

MOST_BYTES = 1024


class _Claim(msgspec.Struct, forbid_unknown_fields=True):
    event: Literal["visit", "social_follow"]
    network: Network | None = None


_decode = msgspec.json.Decoder(_Claim).decode


def _events(request: HttpRequest) -> HttpResponse:
    """`{points, balance, sentence}` of `{event: "visit"}` or `{event: "social_follow", network}`.

    A visit counts once a day of the shop's calendar, a follow once for each network that the program rewards.
    """
    shopper = identified(request)
    wanted = _read(request)
    account = _account(shopper)
    version = timelines([account.shop_id])[account.shop_id].at(now())
    if wanted.event == "visit" and not _rewards(version, wanted):
        content = _answer(account, 0, gettext("No points: visits earn nothing here."))
    elif not _rewards(version, wanted):
        message = gettext("The program does not reward following this network.")
        raise Refused(400, "not_rewarded", message, field="network")
    else:
        recorded = claim(account, wanted.event, version.zone, wanted.network or "")
        content = _answer(account, points_of(recorded) if recorded.created else 0, _sentence(recorded))
    return reply(request, content, shopper.shop.origins, "no-store", "Origin, Authorization")


events = road(_events, method="POST")


def _read(request: HttpRequest) -> _Claim:
    body = request.read(MOST_BYTES + 1)
    if len(body) > MOST_BYTES:
        raise Refused(413, "too_large", gettext("The body is too large."))
    try:
        wanted = _decode(body)
    except msgspec.ValidationError as error:
        field = "network" if "network" in str(error) else "event"
        message = gettext("Say visit, or social_follow with one of the networks.")
        raise Refused(400, "invalid", message, field=field) from None
    except (msgspec.DecodeError, RecursionError, UnicodeError):
        raise Refused(400, "invalid", gettext("The body is not JSON.")) from None
    if (wanted.event == "social_follow") != (wanted.network is not None):
        message = gettext("A social_follow names its network; a visit has none.")
        raise Refused(400, "invalid", message, field="network")
    return wanted


def _account(shopper: Shopper) -> Account:
    connection = shopper.connection
    with scope(shop=connection.shop_id):
        account: Account | None = (
            Account.objects.select_related("shop", "customer")
            .filter(
                shop_id=connection.shop_id,
                customer__shop_id=connection.shop_id,
                customer__connection_id=connection.id,
                customer__external_id=shopper.external_id,
            )
            .first()
        )
    if account is None:
        message = gettext("The store has not told of this customer yet.")
        raise Refused(404, "member_unknown", message)
    return account


def _rewards(version: LoadedVersion, wanted: _Claim) -> bool:
    rules = [rule for rule in version.document.rules if rule.active]
    if wanted.event == "visit":
        return any(isinstance(rule, Visit) for rule in rules)
    return any(isinstance(rule, SocialFollow) and rule.network == wanted.network for rule in rules)


def _sentence(recorded: Recorded) -> str:
    if recorded.created:
        return sentence_of(recorded)
    if recorded.activity.kind == "visit":
        return gettext("Today's visit was counted already.")
    return gettext("This follow was counted already.")


def _answer(account: Account, points: int, sentence: str) -> dict[str, object]:
    with scope(shop=account.shop):
        account.refresh_from_db(fields=["balance"], from_queryset=Account.objects.filter(shop=account.shop))
    return {"points": points, "balance": account.balance, "sentence": sentence}
