"""`/storefront/v1/me/redemptions`: points for a reward, and what became of it. A busy road: `config.machine_roads`."""

import re
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any, NamedTuple
from urllib.parse import quote
from zoneinfo import ZoneInfo

import msgspec
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext

from lib.clock import now
from lib.prepared import Prepared
from lib.rows import read
from loyalty.calendar import last_day
from loyalty.tiers.ladder import plain
from platforms.registry import PLATFORMS
from rewards.actions.redeem import redeem_as
from rewards.errors import KeyConflict, NotRedeemed
from rewards.models import Redemption
from rewards.planning import Planned
from rewards.statements import Facts
from rewards.terms import Terms, read_terms
from rewards.wording import conditions_texts, worth_text
from storefront_api.storefront.road import Refused, identified, reply, road, roads
from storefront_api.storefront.tokens import Shopper

PAGE = 20
MOST_BYTES = 2048
MOST_KEPT = 1000

State = Redemption.State

_ID = re.compile(r"[a-z0-9_]{1,40}")
_FIELDS = ("reward", "key", "points", "order_total")
# What was sent is wrong in itself; everything else that cannot be is a matter of the moment, and 409.
_WRONG = frozenset(
    (
        "bad_key",
        "bad_points",
        "not_a_step",
        "below_minimum",
        "above_maximum",
        "above_order",
        "bad_order_total",
    )
)
# What no link can put into a cart: a gift card pays, credit is there by itself, the rest is handed over by people.
_NOT_APPLIED = ("gift_card", "store_credit", "custom")


class _Wanted(msgspec.Struct, forbid_unknown_fields=True):
    reward: str
    key: str
    points: Any = None
    order_total: Decimal | None = None


class _Row(NamedTuple):
    public_id: str
    state: str
    closing: str
    name: str
    terms: str
    points: int
    posted: int
    value: Decimal
    code: str
    expires_at: datetime | None
    created_at: datetime
    balance: int
    currency: str
    timezone: str


_decode = msgspec.json.Decoder(_Wanted).decode
_COLUMNS = """
    d.public_id, d.state, d.closing, d.name, d.terms::text, d.points, d.posted, d.value, d.code, d.expires_at,
    d.created_at, a.balance, h.currency, h.timezone
    FROM shops_customer c JOIN loyalty_account a ON a.shop_id = c.shop_id AND a.customer_id = c.id
        JOIN rewards_redemption d ON d.shop_id = a.shop_id AND d.account_id = a.id
        JOIN shops_shop h ON h.id = c.shop_id
"""
_one = Prepared(
    "storefront_redemption",
    "bigint, bigint, text, text",
    f"""
    SELECT {_COLUMNS}
    WHERE c.shop_id = $1 AND c.connection_id = $2 AND c.external_id = $3 AND d.public_id = $4
    """,
)
_NEWEST = f"""
    SELECT {_COLUMNS}
    WHERE c.shop_id = %(shop)s AND c.connection_id = %(connection)s AND c.external_id = %(customer)s
        AND (%(before)s IS NULL OR d.id < (
            SELECT b.id FROM rewards_redemption b
            WHERE b.shop_id = a.shop_id AND b.account_id = a.id AND b.public_id = %(before)s
        ))
    ORDER BY d.id DESC LIMIT %(limit)s
"""


def _redeem(request: HttpRequest) -> HttpResponse:
    """The redemption, as `_told`, with the `balance` after it, of `{reward, key, points?, order_total?}`.

    `key` names the request: sent again, it gives what it made. No points are taken where it is refused.
    """
    shopper = identified(request)
    wanted = _wanted(request)
    connection = shopper.connection
    try:
        redeemed = redeem_as(
            connection.shop_id,
            connection.id,
            shopper.external_id,
            wanted.reward,
            wanted.key,
            wanted.points,
            wanted.order_total,
        )
    except NotRedeemed as refused:
        raise Refused(_status(refused.code), refused.code, str(refused), refused.field or None) from None
    except KeyConflict:
        message = gettext("This key was used for something else. Take a new one.")
        raise Refused(409, "key_conflict", message, field="key") from None
    made = redeemed.redemption
    if redeemed.balance is None or isinstance(made, Redemption):
        return _answer(request, shopper, made.public_id)
    return _reply(request, shopper, _row(made, redeemed.facts, redeemed.balance))


def _row(made: Planned, facts: Facts, balance: int) -> _Row:
    """The row of a redemption that was made just now, as it would be read."""
    return _Row(
        made.public_id,
        made.state,
        "",
        made.name,
        facts.terms,
        made.points,
        made.points,
        made.value,
        made.code,
        made.expires_at,
        made.created_at,
        balance,
        facts.currency,
        facts.timezone,
    )


def _mine(request: HttpRequest) -> HttpResponse:
    """`{redemptions, next}`: the newest first, each as `_told`; `?before=<next>` gives the page after it."""
    shopper = identified(request)
    connection = shopper.connection
    before = request.GET.get("before")
    if before is not None and not _ID.fullmatch(before):
        raise Refused(400, "bad_value", gettext("`before` must be an id from `next`."), field="before")
    found = read(
        _NEWEST,
        shop=connection.shop_id,
        connection=connection.id,
        customer=shopper.external_id,
        before=before,
        limit=PAGE + 1,
    )
    rows = [_Row(*row) for row in found]
    content = {
        "redemptions": [_told(request, shopper, row) for row in rows[:PAGE]],
        "next": rows[PAGE - 1].public_id if len(rows) > PAGE else None,
    }
    return reply(request, content, shopper.shop.origins, "private, no-cache", "Origin, Authorization")


redemptions = roads(GET=_mine, POST=_redeem)


@road
def redemption(request: HttpRequest, public_id: str) -> HttpResponse:
    """One redemption, as `_told`, with the `balance` of now: asked again and again while a code is prepared."""
    return _answer(request, identified(request), public_id)


def _answer(request: HttpRequest, shopper: Shopper, public_id: str) -> HttpResponse:
    connection = shopper.connection
    found = _ID.fullmatch(public_id) and _one.one(
        connection.shop_id, connection.id, shopper.external_id, public_id
    )
    if not found:
        raise Refused(404, "redemption_unknown", gettext("There is no such redemption."))
    return _reply(request, shopper, _Row(*found))


def _reply(request: HttpRequest, shopper: Shopper, row: _Row) -> HttpResponse:
    content = _told(request, shopper, row) | {"balance": row.balance}
    cache = "no-store" if request.method == "POST" else "private, no-cache"
    return reply(request, content, shopper.shop.origins, cache, "Origin, Authorization")


def _wanted(request: HttpRequest) -> _Wanted:
    # A form of a stranger's page cannot say so; behind a store's app proxy the store's cookies would speak for it.
    if request.content_type != "application/json":
        raise Refused(415, "not_json", gettext("Send JSON, with its content type: application/json."))
    body = request.read(MOST_BYTES + 1)
    if len(body) > MOST_BYTES:
        raise Refused(413, "too_large", gettext("The body is too large."))
    try:
        wanted = _decode(body)
    except msgspec.ValidationError as error:
        named = re.findall(r"`\$?\.?(\w+)`", str(error))
        field = named[-1] if named and named[-1] in _FIELDS else None
        message = gettext("Send `reward` and `key`, and where they matter `points` and `order_total`.")
        raise Refused(400, "invalid", message, field=field) from None
    except (msgspec.DecodeError, RecursionError, UnicodeError):
        raise Refused(400, "invalid", gettext("The body is not JSON.")) from None
    if not _ID.fullmatch(wanted.reward):
        raise Refused(404, "unknown_reward", gettext("There is no such reward."), field="reward")
    return wanted


def _status(code: str) -> int:
    if code == "unknown_reward":
        return 404
    return 400 if code in _WRONG else 409


def _told(request: HttpRequest, shopper: Shopper, row: _Row) -> dict[str, Any]:
    """A redemption for its shopper. `code` is there once it can be used, `usable` while it can.

    `points` is the price, `returned_points` what came back of it; `value` an amount, or per cent. `last_day` is the
    last one of the code, by the shop's calendar; `apply_url` puts it into the cart, where the store can do that.
    """
    terms, worth, conditions = _words(row.terms, row.value, row.currency)
    usable = (
        row.state == State.ISSUED and not row.closing and (row.expires_at is None or row.expires_at > now())
    )
    has_code = row.state in (State.ISSUED, State.USED) and terms.kind != "store_credit"
    zone = ZoneInfo(row.timezone)
    return {
        "id": row.public_id,
        "state": row.state,
        "state_text": _state_text(row, usable),
        "usable": usable,
        "name": row.name,
        "kind": terms.kind,
        "worth": worth,
        "conditions": conditions,
        "instructions": terms.instructions,
        "points": row.points,
        "returned_points": row.points - row.posted,
        "value": plain(row.value),
        "code": row.code if has_code and row.code else None,
        "apply_url": _apply_url(request, shopper, terms, row.code) if usable else None,
        "expires_at": row.expires_at,
        "last_day": last_day(zone, row.expires_at) if row.expires_at else None,
        "created_at": row.created_at,
    }


@lru_cache(maxsize=MOST_KEPT)
def _words(stored: str, value: Decimal, currency: str) -> tuple[Terms, str, list[str]]:
    """The terms of a redemption, what it is worth, and what holds for it: the same for all that were made alike."""
    terms = read_terms(stored)
    # How long a code can be used its last day tells.
    holds = conditions_texts(msgspec.structs.replace(terms, validity_days=None), currency)
    return terms, worth_text(terms, value, currency), holds


def _state_text(row: _Row, usable: bool) -> str:
    ended = row.state in (State.CLOSING, State.RETURNED)
    if (row.state == State.ISSUED and not usable) or (ended and row.closing in ("expired", "lapsed")):
        return gettext("Expired")
    return gettext("Ended") if ended else str(State(row.state).label)


def _apply_url(request: HttpRequest, shopper: Shopper, terms: Terms, code: str) -> str | None:
    """On the storefront that asks (a demo store's pages are our own), else on the store's domain."""
    connection = shopper.connection
    abilities = PLATFORMS[connection.platform].abilities
    if not code or abilities is None or not abilities.apply_path or terms.kind in _NOT_APPLIED:
        return None
    asking = (request.META.get("HTTP_ORIGIN", ""), settings.PUBLIC_URL.rstrip("/"))
    base = next((origin for origin in asking if origin in connection.origins), f"https://{connection.domain}")
    return base + abilities.apply_path.format(code=quote(code, safe=""))
