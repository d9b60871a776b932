"""A BigCommerce store: its REST interfaces v2 and v3 and its thin webhooks, as far as Regulars speaks to them.

Its ways that are easily got wrong: an empty v2 list is a 204 without a body, v2 and v3 word their errors differently,
amounts of v2 are strings of four decimals and of v3 numbers, coupon names are as unique as codes.
"""

import math
import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from typing import Any

from tests.fakes.bc_hooks import deliver, thin
from tests.fakes.http_server import Answer, FakeServer, Request

TYPES = {
    "per_item_discount",
    "percentage_discount",
    "per_total_discount",
    "shipping_discount",
    "free_shipping",
}
_CODE = re.compile(r"[a-zA-Z0-9_\- ]{1,50}")
_AMOUNT = re.compile(r"\d+(\.\d+)?")
_NEEDED = ("name", "code", "type", "amount", "applies_to")
_WRITABLE = (
    *_NEEDED,
    "min_purchase",
    "expires",
    "enabled",
    "max_uses",
    "max_uses_per_customer",
    "restricted_to",
    "shipping_methods",
)
_SORTS = {"id", "customer_id", "date_created", "date_modified", "status_id"}
_STATUS_PAGE = "https://developer.bigcommerce.com/api-docs/getting-started/api-status-codes"
Row = dict[str, Any]


@dataclass
class BigCommerce(FakeServer):
    """A store with one API account: `token` opens it, `client_secret` signs its webhooks.

    `orders`, `products`, `order_coupons` and `refunds` (by order id) and `customers` are the tests' to fill, in the
    shape of the REST objects. `calls_left` is the quota of calls; None has no end.
    """

    store_hash: str = "abcde12345"
    token: str = "a1b2c3token"
    client_secret: str = "8f3dclientsecret"
    name: str = "Tea House"
    currency: str = "USD"
    calls_left: int | None = None
    coupons: dict[int, Row] = field(default_factory=dict)
    hooks: dict[int, Row] = field(default_factory=dict)
    orders: dict[int, Row] = field(default_factory=dict)
    products: dict[int, list[Row]] = field(default_factory=dict)
    order_coupons: dict[int, list[Row]] = field(default_factory=dict)
    refunds: dict[int, list[Row]] = field(default_factory=dict)
    customers: dict[int, Row] = field(default_factory=dict)
    last_id: int = 20

    def use(self, code: str) -> None:
        """A shopper used a code on an order."""
        coupon = self._coupon("code", code)
        assert coupon is not None
        coupon["num_uses"] += 1

    def fire(self, scope: str, kind: str, id: int, **more: object) -> list[int]:
        """Tell every active hook of the scope that something happened; the statuses of the answers, 0 for none."""
        body = thin(self.store_hash, scope, {"type": kind, "id": id, **more})
        return [
            deliver(hook["destination"], body, self.client_secret, hook["headers"] or {})
            for hook in self.hooks.values()
            if hook["is_active"] and _covers(hook["scope"], scope)
        ]

    def answer(self, request: Request) -> Answer:
        answer = self._answer(request)
        quota = {
            "X-Rate-Limit-Requests-Left": str(150 if self.calls_left is None else self.calls_left),
            "X-Rate-Limit-Requests-Quota": "150",
            "X-Rate-Limit-Time-Reset-Ms": "15000",
            "X-Rate-Limit-Time-Window-Ms": "30000",
        }
        return answer._replace(headers={**quota, **answer.headers})

    def broken(self) -> Answer:
        return Answer(
            500, {"status": 500, "title": "Internal Server Error", "type": _STATUS_PAGE, "errors": {}}
        )

    def limited(self) -> Answer:
        left = {"X-Rate-Limit-Requests-Left": "0", "X-Rate-Limit-Time-Reset-Ms": "1500"}
        return Answer(429, {"status": 429, "title": "Too Many Requests", "type": _STATUS_PAGE}, left)

    def _answer(self, request: Request) -> Answer:
        if request.headers.get("x-auth-token") != self.token:
            return _v3_error(401, "Unauthorized")
        if not request.path.startswith(f"/stores/{self.store_hash}/"):
            return _v3_error(403, "You don't have a required scope to access the endpoint")
        if self.calls_left == 0:
            return self.limited()
        if self.calls_left is not None:
            self.calls_left -= 1
        path = request.path.removeprefix(f"/stores/{self.store_hash}")
        for method, pattern, handler in self._routes():
            found = re.fullmatch(pattern, path)
            if found and method == request.method:
                return handler(request, *found.groups())
        return _v2_error(404, "The requested resource was not found.")

    def _routes(self) -> list[tuple[str, str, Callable[..., Answer]]]:
        return [
            ("GET", "/v2/store", self._store),
            ("GET", "/v2/orders", self._list_orders),
            ("GET", "/v2/orders/count", lambda r: Answer(200, {"count": len(self.orders), "statuses": []})),
            ("GET", r"/v2/orders/(\d+)", self._order),
            ("GET", r"/v2/orders/(\d+)/products", lambda r, id: self._part(r, id, self.products)),
            ("GET", r"/v2/orders/(\d+)/coupons", lambda r, id: self._part(r, id, self.order_coupons)),
            ("GET", r"/v3/orders/(\d+)/payment_actions/refunds", self._list_refunds),
            ("GET", "/v2/coupons", self._list_coupons),
            ("POST", "/v2/coupons", self._create_coupon),
            ("PUT", r"/v2/coupons/(\d+)", self._update_coupon),
            ("DELETE", r"/v2/coupons/(\d+)", self._delete_coupon),
            ("GET", "/v3/customers", self._list_customers),
            ("GET", "/v3/hooks", self._list_hooks),
            ("POST", "/v3/hooks", self._create_hook),
            ("PUT", r"/v3/hooks/(\d+)", self._update_hook),
            ("DELETE", r"/v3/hooks/(\d+)", self._delete_hook),
        ]

    def _next_id(self) -> int:
        self.last_id += 1
        return self.last_id

    def _store(self, request: Request) -> Answer:
        row = {
            "id": self.store_hash,
            "domain": "teahouse.mybigcommerce.com",
            "secure_url": "https://teahouse.mybigcommerce.com",
            "name": self.name,
            "currency": self.currency,
            "timezone": {"name": "America/Chicago"},
            "status": "live",
        }
        return Answer(200, row)

    def _order(self, request: Request, id: str) -> Answer:
        found = self.orders.get(int(id))
        return Answer(200, found) if found else _v2_error(404, "The requested resource was not found.")

    def _part(self, request: Request, id: str, rows: Mapping[int, list[Row]]) -> Answer:
        if int(id) not in self.orders:
            return _v2_error(404, "The requested resource was not found.")
        return _v2_page(request, rows.get(int(id), []))

    def _list_orders(self, request: Request) -> Answer:
        query = request.query
        column, _, direction = query.get("sort", "id:asc").partition(":")
        if column not in _SORTS or direction not in ("", "asc", "desc"):
            return _invalid("sort", "The sort is not known.")
        found = [
            row for row in self.orders.values() if row.get("is_deleted", False) == _flag(query, "is_deleted")
        ]
        for name in ("date_modified", "date_created"):
            if f"min_{name}" in query:
                least = _moment(query[f"min_{name}"])
                found = [row for row in found if _moment(row[name]) >= least]
        found.sort(
            key=lambda row: (_moment(row[column]) if "date" in column else row[column], row["id"]),
            reverse=direction == "desc",
        )
        return _v2_page(request, found)

    def _list_refunds(self, request: Request, id: str) -> Answer:
        if int(id) not in self.orders:
            return _v3_error(404, "Order not found")
        return Answer(200, {"data": self.refunds.get(int(id), []), "meta": {}})

    def _list_coupons(self, request: Request) -> Answer:
        found: Sequence[Row] = list(self.coupons.values())
        for name in ("id", "code", "name", "type"):
            if name in request.query:
                wanted = request.query[name].lower()
                found = [row for row in found if str(row[name]).lower() == wanted]
        return _v2_page(request, found)

    def _coupon(self, name: str, value: str) -> Row | None:
        """Names and codes are compared without regard to case."""
        return next((row for row in self.coupons.values() if row[name].lower() == value.lower()), None)

    def _create_coupon(self, request: Request) -> Answer:
        given = request.json() or {}
        for name in _NEEDED:
            if not given.get(name):
                return _v2_error(400, f"The required field '{name}' was not supplied.")
        if wrong := self._wrong_coupon(given, 0):
            return wrong
        row: Row = {
            "id": self._next_id(),
            "min_purchase": "0.0000",
            "expires": "",
            "enabled": False,
            "num_uses": 0,
            "max_uses": 0,
            "max_uses_per_customer": 0,
            "restricted_to": {},
            "shipping_methods": [],
            "date_created": format_datetime(datetime.now(UTC)),
        }
        self.coupons[row["id"]] = _written(row, given)
        return Answer(201, self.coupons[row["id"]])

    def _update_coupon(self, request: Request, id: str) -> Answer:
        row = self.coupons.get(int(id))
        given = request.json() or {}
        if row is None:
            return _v2_error(404, "The requested resource was not found.")
        if wrong := self._wrong_coupon(given, row["id"]):
            return wrong
        self.coupons[row["id"]] = _written(row, given)
        return Answer(200, self.coupons[row["id"]])

    def _wrong_coupon(self, given: Mapping[str, Any], id: int) -> Answer | None:
        checks: list[tuple[str, Callable[[Any], bool]]] = [
            ("code", lambda value: isinstance(value, str) and bool(_CODE.fullmatch(value))),
            ("name", lambda value: isinstance(value, str) and len(value) <= 100),
            ("type", lambda value: value in TYPES),
            ("amount", lambda value: bool(_AMOUNT.fullmatch(str(value)))),
            ("min_purchase", lambda value: bool(_AMOUNT.fullmatch(str(value)))),
            ("expires", lambda value: value == "" or _is_rfc2822(value)),
            ("max_uses", lambda value: isinstance(value, int)),
            ("max_uses_per_customer", lambda value: isinstance(value, int)),
            ("applies_to", lambda value: set(value) == {"entity", "ids"} and value["entity"] in _ENTITIES),
        ]
        for name, good in checks:
            if name in given and not good(given[name]):
                return _invalid(name, f"The value of '{name}' is not valid.")
        for name in ("name", "code"):
            other = self._coupon(name, given[name]) if name in given else None
            if other is not None and other["id"] != id:
                return _v2_error(409, f"A coupon with the {name} '{given[name]}' already exists.")
        return None

    def _delete_coupon(self, request: Request, id: str) -> Answer:
        self.coupons.pop(int(id), None)
        return Answer(204)

    def _list_customers(self, request: Request) -> Answer:
        found = list(self.customers.values())
        if "id:in" in request.query:
            wanted = {int(id) for id in request.query["id:in"].split(",")}
            found = [row for row in found if row["id"] in wanted]
        if "email:in" in request.query:
            emails = set(request.query["email:in"].split(","))
            found = [row for row in found if row["email"] in emails]
        return _v3_page(request, found)

    def _list_hooks(self, request: Request) -> Answer:
        found = list(self.hooks.values())
        for name in ("scope", "destination"):
            if name in request.query:
                found = [row for row in found if row[name] == request.query[name]]
        return _v3_page(request, found)

    def _create_hook(self, request: Request) -> Answer:
        given = request.json() or {}
        missing = [name for name in ("scope", "destination") if not given.get(name)]
        if missing:
            return _v3_error(422, "Missing required fields", dict.fromkeys(missing, "is required"))
        if not given["destination"].startswith(("https://", "http://127.0.0.1:")):
            return _v3_error(
                422, "Invalid field(s): destination", {"destination": "must be served over HTTPS"}
            )
        if any(
            (hook["scope"], hook["destination"]) == (given["scope"], given["destination"])
            for hook in self.hooks.values()
        ):
            return _v3_error(409, "A webhook of this scope and destination already exists")
        now = int(time.time())
        hook = {
            "id": self._next_id(),
            "client_id": "m9r6keqmo7h7f23btnpwernbez1kglk",
            "store_hash": self.store_hash,
            "scope": given["scope"],
            "destination": given["destination"],
            "is_active": bool(given.get("is_active", True)),
            "headers": given.get("headers"),
            "created_at": now,
            "updated_at": now,
        }
        self.hooks[hook["id"]] = hook
        return Answer(200, {"data": hook, "meta": {}})

    def _update_hook(self, request: Request, id: str) -> Answer:
        hook = self.hooks.get(int(id))
        if hook is None:
            return _v3_error(404, "Webhook not found")
        given = request.json() or {}
        hook.update(
            {name: given[name] for name in ("scope", "destination", "is_active", "headers") if name in given}
        )
        return Answer(200, {"data": hook, "meta": {}})

    def _delete_hook(self, request: Request, id: str) -> Answer:
        hook = self.hooks.pop(int(id), None)
        return Answer(200, {"data": hook, "meta": {}}) if hook else _v3_error(404, "Webhook not found")


_ENTITIES = ("categories", "products")


def _v2_error(status: int, message: str, **details: str) -> Answer:
    error: Row = {"status": status, "message": message}
    return Answer(status, [{**error, "details": details} if details else error])


def _invalid(name: str, reason: str) -> Answer:
    return _v2_error(400, f"The field '{name}' is invalid.", invalid_reason=reason)


def _v3_error(status: int, title: str, errors: Mapping[str, str] | None = None) -> Answer:
    return Answer(status, {"status": status, "title": title, "type": _STATUS_PAGE, "errors": errors or {}})


def _v2_page(request: Request, rows: Sequence[Row]) -> Answer:
    page, limit = _page_of(request)
    found = list(rows[(page - 1) * limit : page * limit])
    return Answer(200, found) if found else Answer(204)


def _v3_page(request: Request, rows: Sequence[Row]) -> Answer:
    page, limit = _page_of(request)
    found = list(rows[(page - 1) * limit : page * limit])
    pagination = {
        "total": len(rows),
        "count": len(found),
        "per_page": limit,
        "current_page": page,
        "total_pages": math.ceil(len(rows) / limit),
    }
    return Answer(200, {"data": found, "meta": {"pagination": pagination}})


def _page_of(request: Request) -> tuple[int, int]:
    return int(request.query.get("page", 1)), min(250, int(request.query.get("limit", 50)))


def _written(row: Row, given: Mapping[str, Any]) -> Row:
    changed = {name: given[name] for name in _WRITABLE if name in given}
    for name in ("amount", "min_purchase"):
        if name in changed:
            whole, _, part = str(changed[name]).partition(".")
            changed[name] = f"{whole}.{part:0<4}"
    return {**row, **changed}


def _flag(query: Mapping[str, str], name: str) -> bool:
    return query.get(name, "false") == "true"


def _moment(value: str) -> datetime:
    """A date in RFC 2822 or ISO 8601."""
    try:
        return parsedate_to_datetime(value)
    except ValueError:
        return datetime.fromisoformat(value)


def _is_rfc2822(value: object) -> bool:
    try:
        parsedate_to_datetime(str(value))
    except ValueError:
        return False
    return True


def _covers(subscribed: str, scope: str) -> bool:
    """`store/order/*` covers every event of orders."""
    return subscribed == scope or (subscribed.endswith("/*") and scope.startswith(subscribed[:-1]))
