"""A WooCommerce store, spoken to: REST interface version 3, with a consumer key and secret."""

import base64
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import msgspec
from django.utils.translation import gettext_noop as _
from msgspec import Struct

from lib.clock import now
from lib.http import Reply
from platforms.base import Unreadable
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
from platforms.reading import decoder, instant
from platforms.rest import TIMEOUT_S, ask, joined, listed, raw_items, read, read_each, shown
from platforms.spots import Spot, spot
from platforms.woocommerce.coupons import Coupon, coupon, found
from platforms.woocommerce.payloads import FETCHED

FIELDS = {"consumer_key": _("Consumer key"), "consumer_secret": _("Consumer secret")}
TOPICS = (
    "order.created",
    "order.updated",
    "order.deleted",
    "order.restored",
    "customer.created",
    "customer.updated",
)
PAGE_SIZE = 50
_MOST = 100  # objects a page that WooCommerce allows
_TWINS = 5
_GONE = ("_invalid_id", "_already_trashed")
_TAKEN = "woocommerce_rest_coupon_code_already_exists"


class _Problem(Struct, gc=False):
    code: str
    message: str = ""
    data: Any = None


class _Currency(Struct, gc=False):
    code: str


class _Site(Struct, gc=False):
    name: str = ""


class _Order(Struct, gc=False):
    id: Any
    date_modified_gmt: Any = None
    date_created_gmt: Any = None
    refunds: Any = None


class _Webhook(Struct, gc=False):
    id: int
    topic: str
    delivery_url: str


_PROBLEM = decoder(_Problem)
_COUPON = decoder(Coupon)
_COUPONS = decoder(list[Coupon])
_CURRENCY = decoder(_Currency)
_SITE = decoder(_Site)
_ORDER = decoder(_Order)
_WEBHOOK = decoder(_Webhook)
_PARTS = msgspec.json.Decoder(dict[str, msgspec.Raw])


class WooCommerce:
    """`platforms.clients.Client` of a WooCommerce store; its domain answers by https."""

    def __init__(self, access: Access, timeout_s: float = TIMEOUT_S) -> None:
        pair = ":".join(access.credentials.get(name, "").strip() for name in FIELDS)
        self._headers = {"Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}
        self._timeout_s = timeout_s
        self._site = f"https://{access.domain}/wp-json"
        self._currency = access.info.get("currency", "")

    def about(self) -> dict[str, str]:
        """Currency and name. Proves reading; writing is proved by `subscribe`."""
        currency = read(self._ask("GET", "data/currencies/current"), _CURRENCY).code
        site = read(ask("GET", f"{self._site}/", {}, timeout_s=self._timeout_s), _SITE)
        return {"currency": currency, "name": site.name}

    def make(self, wanted: CodeWanted) -> CodeFound:
        reply = self._ask("POST", "coupons", coupon(wanted, self._currency), passing=(_TAKEN,))
        if reply.status >= 400:
            raise CodeTaken("The store has this code already.", "code", shown(reply))
        return _found(read(reply, _COUPON, "POST"), wanted, "POST")

    def find(self, wanted: CodeWanted, since: datetime) -> CodeFound | None:
        reply = self._ask("GET", f"coupons?{urlencode({'code': wanted.code, 'per_page': 2})}")
        for told in read(reply, _COUPONS):
            if told.code.lower() == wanted.code.lower():
                return _found(told, wanted)
        return None

    def end(self, wanted: CodeWanted, id: str) -> None:
        """Delete the coupon: what is only in the trash can be restored.

        WooCommerce does not hold two coupons of one code apart that are made in the same moment, such as by a call
        that was given up and its repetition: all that are ours go.
        """
        self._delete(f"coupons/{_number(id)}")
        for _attempt in range(_TWINS):
            twin = self.find(wanted, now())
            if twin is None or not twin.ours:
                return
            self._delete(f"coupons/{twin.id}")
        raise StoreAway("The store still shows a coupon that was deleted.")

    def orders_changed(self, since: datetime, cursor: str | None = None) -> Page:
        return self._orders("modified", spot(since, cursor), counted=False)

    def orders_placed(self, since: datetime | None, cursor: str | None = None) -> Page:
        return self._orders("date", spot(since, cursor), counted=not cursor)

    def fetch(self, kind: str, external_id: str) -> Iterable[Fetched]:
        """An order with its refunds in full, which in the order itself are only summed up."""
        if kind != "order":
            raise StoreRefused(f"Nothing of the kind “{kind}” is fetched.")
        reply = self._ask("GET", f"orders/{_number(external_id)}", gone=True)
        if reply.status == 404:
            return []
        order = read(reply, _ORDER)
        parts = read(reply, _PARTS)
        if order.refunds:
            parts["refunds"] = listed(self._all(f"orders/{_number(external_id)}/refunds"))
        return [Fetched(FETCHED, joined(parts), external_id, _utc(order.date_modified_gmt))]

    def subscribe(self, url: str, secret: str) -> list[str]:
        """One active webhook a topic. The secret is written anew each time: the store does not show it."""
        there: dict[str, int] = {}
        for hook in self._hooks(url):
            if hook.topic in TOPICS and hook.topic not in there:
                there[hook.topic] = hook.id
            else:
                self._delete(f"webhooks/{hook.id}")
        for topic in TOPICS:
            body = {"status": "active", "secret": secret, "delivery_url": url, "topic": topic}
            if topic in there:
                self._ask("PUT", f"webhooks/{there[topic]}", body)
            else:
                self._ask("POST", "webhooks", {**body, "name": f"Regulars: {topic}"})
        return [topic for topic in TOPICS if topic not in there]

    def unsubscribe(self, url: str) -> None:
        for hook in self._hooks(url):
            self._delete(f"webhooks/{hook.id}")

    def _orders(self, dated: str, at: Spot, counted: bool) -> Page:
        """A page of orders. `after` and `modified_after` exclude their instant and take it on the site's clock
        unless it is without an offset, so a second is taken off and the offset left out.
        """
        after = (at.least.astimezone(UTC) - timedelta(seconds=1)).strftime("%Y-%m-%dT%H:%M:%S")
        query = {
            "modified_after" if dated == "modified" else "after": after,
            "dates_are_gmt": "true",
            "orderby": dated,
            "order": "asc",
            "page": at.page,
            "per_page": PAGE_SIZE,
        }
        reply = self._ask("GET", f"orders?{urlencode(query)}")
        bodies = raw_items(reply)
        orders = read_each(bodies, _ORDER)
        column = "date_modified_gmt" if dated == "modified" else "date_created_gmt"
        following = at.following([(str(o.id), _utc(getattr(o, column))) for o in orders], PAGE_SIZE)
        total = reply.headers.get("x-wp-total", "")
        return Page(
            orders=[
                Fetched("order.updated", bytes(body), str(order.id), _utc(order.date_modified_gmt))
                for order, body in zip(orders, bodies, strict=True)
                if str(order.id) not in at.seen
            ],
            cursor=following.text if following else None,
            total=int(total) if counted and total.isascii() and total.isdecimal() else None,
        )

    def _hooks(self, url: str) -> list[_Webhook]:
        hooks = read_each(list(self._all("webhooks")), _WEBHOOK)
        return [hook for hook in hooks if hook.delivery_url == url]

    def _all(self, path: str) -> Iterator[msgspec.Raw]:
        page, count = 1, _MOST
        while count == _MOST:
            items = raw_items(self._ask("GET", f"{path}?per_page={_MOST}&page={page}"))
            yield from items
            page, count = page + 1, len(items)

    def _delete(self, path: str) -> None:
        self._ask("DELETE", f"{path}?force=true", gone=True)

    def _ask(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        passing: tuple[str, ...] = (),
        gone: bool = False,
    ) -> Reply:
        """An answer below 400, or one with a code of `passing`, or that says that the object is `gone`."""
        reply = ask(method, f"{self._site}/wc/v3/{path}", self._headers, body, self._timeout_s)
        if reply.status < 400:
            return reply
        problem = read(reply, _PROBLEM)
        if problem.code in passing or (gone and problem.code.endswith(_GONE)):
            return reply
        if problem.code == "rest_no_route":
            raise StoreAway("WooCommerce's REST interface is switched off.", answer=shown(reply))
        if reply.status in (401, 403):
            message = f"WooCommerce does not accept the key: {problem.message}"
            raise AccessRevoked(message, problem.code, shown(reply))
        raise StoreRefused(problem.message or problem.code, _field(problem), shown(reply))


def _found(told: Coupon, wanted: CodeWanted, method: str = "GET") -> CodeFound:
    try:
        return found(told, wanted)
    except Unreadable as error:
        raise StoreAway(str(error), maybe_done=method != "GET") from error


def _field(problem: _Problem) -> str:
    """The first parameter that WordPress did not take."""
    params = problem.data.get("params") if isinstance(problem.data, dict) else None
    return str(next(iter(params), "")) if isinstance(params, dict | list) else ""


def _number(id: str) -> int:
    if not (id.isascii() and id.isdecimal()):
        raise StoreRefused(f"“{id[:80]}” is not a WooCommerce id.")
    return int(id)


def _utc(value: Any) -> datetime | None:
    """None for the dates that imported orders lack."""
    try:
        return instant(value, "", naive_is_utc=True)
    except Unreadable:
        return None
