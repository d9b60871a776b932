"""A BigCommerce store, spoken to: interfaces v2 and v3, with the access token of an API account."""

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlencode

import msgspec
from django.utils.translation import gettext_noop as _
from msgspec import Struct

from lib.http import Reply
from platforms.base import Unreadable
from platforms.bigcommerce.coupons import Coupon, coupon, found
from platforms.bigcommerce.payloads import CUSTOMER_FETCHED, ORDER_FETCHED, SCOPES
from platforms.clients import (
    Access,
    AccessRevoked,
    CodeFound,
    CodeTaken,
    CodeWanted,
    Fetched,
    Page,
    StoreAway,
    StoreRefused,
)
from platforms.reading import decoder
from platforms.rest import TIMEOUT_S, ask, joined, listed, raw_items, read, read_each, shown
from platforms.spots import Spot, spot

FIELDS = {
    "store_hash": _("Store hash"),
    "access_token": _("Access token"),
    "client_secret": _("Client secret"),
}
API = "https://api.bigcommerce.com/stores"
PAGE_SIZE = 20  # each order takes two or three more calls
_MOST = 250  # objects a page that BigCommerce allows
_HASH = re.compile(r"[a-z0-9]{1,32}")
_MAYBE_TAKEN = (400, 409, 422)


class _Store(Struct, gc=False):
    currency: str
    name: str = ""
    domain: str = ""


class _Order(Struct, gc=False):
    id: int
    date_modified: Any = None
    date_created: Any = None
    refunded_amount: Any = None
    status_id: Any = None


class _Hook(Struct, gc=False):
    id: int
    scope: str
    destination: str
    is_active: bool = True


class _Data(Struct, gc=False):
    data: list[msgspec.Raw]


class _Count(Struct, gc=False):
    count: int


_STORE = decoder(_Store)
_ORDER = decoder(_Order)
_COUPON = decoder(Coupon)
_COUPONS = decoder(list[Coupon])
_HOOK = decoder(_Hook)
_COUNT = decoder(_Count)
_DATA = msgspec.json.Decoder(_Data)
_ANYTHING: msgspec.json.Decoder[Any] = msgspec.json.Decoder()


class BigCommerce:
    """`platforms.clients.Client` of a BigCommerce store."""

    def __init__(self, access: Access, timeout_s: float = TIMEOUT_S) -> None:
        self._timeout_s = timeout_s
        self._hash = access.credentials.get("store_hash", "").strip().lower()
        self._headers = {"X-Auth-Token": access.credentials.get("access_token", "").strip()}
        self._currency = access.info.get("currency", "")

    def about(self) -> dict[str, str]:
        """Currency, name and domain."""
        store = read(self._ask("GET", "v2/store"), _STORE)
        return {"currency": store.currency, "name": store.name, "domain": store.domain}

    def make(self, wanted: CodeWanted) -> CodeFound:
        reply = self._ask("POST", "v2/coupons", coupon(wanted, self._currency), passing=_MAYBE_TAKEN)
        if reply.status >= 400:
            # What is said of a duplicate is not documented: a look tells.
            if self._coupon(wanted) is not None:
                raise CodeTaken("The store has this code already.", "code", shown(reply))
            raise _refusal(reply)
        return _found(read(reply, _COUPON, "POST"), wanted, "POST")

    def find(self, wanted: CodeWanted, since: datetime) -> CodeFound | None:
        told = self._coupon(wanted)
        return _found(told, wanted) if told else None

    def end(self, wanted: CodeWanted, id: str) -> None:
        self._ask("DELETE", f"v2/coupons/{_number(id)}", passing=(404,))

    def orders_changed(self, since: datetime, cursor: str | None = None) -> Page:
        return self._orders("date_modified", spot(since, cursor))

    def orders_placed(self, since: datetime | None, cursor: str | None = None) -> Page:
        """`total` only for the whole past: BigCommerce counts no part of it."""
        page = self._orders("date_created", spot(since, cursor))
        if since is None and not cursor:
            return page._replace(total=read(self._ask("GET", "v2/orders/count"), _COUNT).count)
        return page

    def fetch(self, kind: str, external_id: str) -> Iterable[Fetched]:
        if kind == "order":
            reply = self._ask("GET", f"v2/orders/{_number(external_id)}", passing=(404,))
            return [] if reply.status == 404 else [self._whole(msgspec.Raw(reply.body))]
        if kind == "customer":
            found = self._data(f"v3/customers?id:in={_number(external_id)}")
            return [Fetched(CUSTOMER_FETCHED, bytes(customer)) for customer in found]
        raise StoreRefused(f"Nothing of the kind “{kind}” is fetched.")

    def subscribe(self, url: str, secret: str) -> list[str]:
        """One active webhook a scope. BigCommerce signs with the client secret; `secret` plays no part."""
        there: dict[str, _Hook] = {}
        for hook in self._hooks(url):
            if hook.scope in SCOPES and hook.scope not in there:
                there[hook.scope] = hook
            else:
                self._ask("DELETE", f"v3/hooks/{hook.id}", passing=(404,))
        for scope in SCOPES:
            known = there.get(scope)
            if known is None:
                body = {"scope": scope, "destination": url, "is_active": True}
                self._ask("POST", "v3/hooks", body)
            elif not known.is_active:
                self._ask("PUT", f"v3/hooks/{known.id}", {"is_active": True})
        return [scope for scope in SCOPES if scope not in there]

    def unsubscribe(self, url: str) -> None:
        for hook in self._hooks(url):
            self._ask("DELETE", f"v3/hooks/{hook.id}", passing=(404,))

    def _coupon(self, wanted: CodeWanted) -> Coupon | None:
        reply = self._ask("GET", f"v2/coupons?{urlencode({'code': wanted.code})}")
        told = read(reply, _COUPONS) if reply.body else []
        return next((each for each in told if each.code.lower() == wanted.code.lower()), None)

    def _orders(self, dated: str, at: Spot) -> Page:
        least = at.least.astimezone(UTC).isoformat(timespec="seconds")
        query = {f"min_{dated}": least, "sort": f"{dated}:asc", "page": at.page, "limit": PAGE_SIZE}
        bodies = raw_items(self._ask("GET", f"v2/orders?{urlencode(query)}"))
        orders = read_each(bodies, _ORDER)
        following = at.following([(str(o.id), _moment(getattr(o, dated))) for o in orders], PAGE_SIZE)
        fresh = [body for order, body in zip(orders, bodies, strict=True) if str(order.id) not in at.seen]
        return Page([self._whole(body) for body in fresh], following.text if following else None)

    def _whole(self, body: msgspec.Raw) -> Fetched:
        """An order with its products, coupons and refunds, which each are asked for on their own."""
        (order,) = read_each([body], _ORDER)
        path = f"v2/orders/{order.id}"
        untouched = str(order.refunded_amount or "0").strip("0.") == "" and order.status_id not in (4, 14)
        refunds = [] if untouched else self._data(f"v3/orders/{order.id}/payment_actions/refunds")
        document = {
            "order": body,
            "products": listed(self._all(f"{path}/products")),
            "coupons": listed(self._all(f"{path}/coupons")),
            "refunds": listed(refunds),
        }
        return Fetched(ORDER_FETCHED, joined(document), str(order.id), _moment(order.date_modified))

    def _hooks(self, url: str) -> list[_Hook]:
        path = f"v3/hooks?{urlencode({'destination': url})}"
        return [hook for hook in read_each(self._data(path), _HOOK) if hook.destination == url]

    def _all(self, path: str) -> list[msgspec.Raw]:
        """Every item of a v2 list."""
        items: list[msgspec.Raw] = []
        page, count = 1, _MOST
        while count == _MOST:
            more = raw_items(self._ask("GET", f"{path}?page={page}&limit={_MOST}"))
            items += more
            page, count = page + 1, len(more)
        return items

    def _data(self, path: str) -> list[msgspec.Raw]:
        """The items of a v3 list, as many as fit on its largest page."""
        joint = "&" if "?" in path else "?"
        return read(self._ask("GET", f"{path}{joint}limit={_MOST}"), _DATA).data

    def _ask(self, method: str, path: str, body: object = None, *, passing: tuple[int, ...] = ()) -> Reply:
        """An answer below 400, or one with a status of `passing`."""
        if not _HASH.fullmatch(self._hash):
            raise StoreRefused("The store hash is not one of BigCommerce's.", "store_hash")
        reply = ask(method, f"{API}/{self._hash}/{path}", self._headers, body, self._timeout_s)
        if reply.status < 400 or reply.status in passing:
            return reply
        raise _refusal(reply)


def _refusal(reply: Reply) -> StoreRefused:
    """v2 words its errors as a list of {"message"}, v3 as {"title", "errors": {field: reason}}."""
    told = read(reply, _ANYTHING)
    errors = told if isinstance(told, list) else [told]
    words = "; ".join(
        str(error.get("message") or error.get("title", "")) for error in errors if isinstance(error, dict)
    )
    if reply.status == 401:
        return AccessRevoked(f"BigCommerce does not accept the access token: {words}", answer=shown(reply))
    if reply.status == 403:
        return AccessRevoked(f"The API account lacks a permission: {words}", answer=shown(reply))
    named = told.get("errors") if isinstance(told, dict) else None
    return StoreRefused(words, next(iter(named), "") if isinstance(named, dict) else "", shown(reply))


def _found(told: Coupon, wanted: CodeWanted, method: str = "GET") -> CodeFound:
    try:
        return found(told, wanted)
    except Unreadable as error:
        raise StoreAway(str(error), maybe_done=method != "GET") from error


def _number(id: str) -> int:
    if not (id.isascii() and id.isdecimal()):
        raise StoreRefused(f"“{id[:80]}” is not a BigCommerce id.")
    return int(id)


def _moment(value: Any) -> datetime | None:
    try:
        found = parsedate_to_datetime(str(value))
    except ValueError:
        return None
    return found.replace(tzinfo=found.tzinfo or UTC)
