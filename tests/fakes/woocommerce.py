"""A WooCommerce store: its REST interface `wc/v3` and its webhooks, as far as Regulars speaks to them.

What is easily got wrong is wrong here as in the real one: codes are lower-cased, `date_expires_gmt` is ignored when
written, dates without an offset are the site's own, `modified_after` excludes its instant, ten objects a page.
"""

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal, InvalidOperation
from typing import Any
from urllib.parse import urlencode

import msgspec

from tests.fakes.http_server import Answer, FakeServer, Request
from tests.fakes.woo_auth import ApiKey, Denied, caller, problem
from tests.fakes.woo_params import COUPON, LIST, WEBHOOK, refusal, truth
from tests.fakes.woo_webhooks import deliver, new_webhook, ping, without_secret, wrong_webhook

BASE = "/wp-json/wc/v3"
_STAMP = "%Y-%m-%dT%H:%M:%S"
_DENIED = {
    "GET": ("view", "Sorry, you cannot list resources."),
    "POST": ("create", "Sorry, you are not allowed to create resources."),
    "PUT": ("edit", "Sorry, you are not allowed to edit this resource."),
    "DELETE": ("delete", "Sorry, you are not allowed to delete this resource."),
}
Row = dict[str, Any]


@dataclass
class WooCommerce(FakeServer):
    """A store. `tls`: it stands behind a proxy with TLS, so that keys come as passwords instead of signatures;
    `gone`: its plugin is switched off.

    `orders`, `refunds` (by order id) and `customers` are the tests' to fill, in the shape of the REST objects.
    """

    name: str = "Tea House"
    currency: str = "EUR"
    tls: bool = False
    gone: bool = False
    zone: timezone = timezone(timedelta(hours=2))
    keys: dict[str, ApiKey] = field(default_factory=dict)
    coupons: dict[int, Row] = field(default_factory=dict)
    webhooks: dict[int, Row] = field(default_factory=dict)
    orders: dict[int, Row] = field(default_factory=dict)
    refunds: dict[int, list[Row]] = field(default_factory=dict)
    customers: dict[int, Row] = field(default_factory=dict)
    last_id: int = 700

    def key(self, permissions: str = "read_write") -> ApiKey:
        """A new key of the store's owner."""
        number = len(self.keys) + 1
        made = ApiKey(f"ck_{number:040x}", f"cs_{number * 7919:040x}", permissions)
        self.keys[made.key] = made
        return made

    def use(self, code: str, by: str) -> None:
        """A shopper, by e-mail or customer id, used a code on an order."""
        coupon = self._coupon(code)
        assert coupon is not None
        coupon["usage_count"] += 1
        coupon["used_by"].append(by)

    def fire(self, topic: str, body: object) -> list[int]:
        """Deliver a body to every active webhook of the topic; the statuses of the answers, 0 for none."""
        raw = msgspec.json.encode(body)
        hooks = [
            hook for hook in self.webhooks.values() if (hook["topic"], hook["status"]) == (topic, "active")
        ]
        return [deliver(hook, raw, f"{self.url}/") for hook in hooks]

    def answer(self, request: Request) -> Answer:
        if request.path.rstrip("/") == "/wp-json":
            return Answer(
                200, {"name": self.name, "url": self.url, "home": self.url, "namespaces": ["wc/v3"]}
            )
        if request.path.rstrip("/") == BASE:
            return Answer(200, {"namespace": "wc/v3", "routes": {}})
        for method, pattern, handler in [] if self.gone else self._routes():
            found = re.fullmatch(BASE + pattern, request.path)
            if found and method == request.method:
                return self._guarded(request, handler, found.groups())
        return problem(404, "rest_no_route", "No route was found matching the URL and request method.")

    def broken(self) -> Answer:
        return problem(500, "internal_server_error", "There has been a critical error on this website.")

    def _routes(self) -> list[tuple[str, str, Callable[..., Answer]]]:
        return [
            ("GET", "/coupons", self._list_coupons),
            ("POST", "/coupons", self._create_coupon),
            ("GET", r"/coupons/(\d+)", lambda r, id: self._one("shop_coupon", self.coupons, id)),
            ("PUT", r"/coupons/(\d+)", self._update_coupon),
            ("DELETE", r"/coupons/(\d+)", self._delete_coupon),
            ("GET", "/webhooks", lambda r: self._page(r, list(self.webhooks.values()), without_secret)),
            ("POST", "/webhooks", self._create_webhook),
            ("GET", r"/webhooks/(\d+)", self._one_webhook),
            ("PUT", r"/webhooks/(\d+)", self._update_webhook),
            ("DELETE", r"/webhooks/(\d+)", self._delete_webhook),
            ("GET", "/orders", self._list_orders),
            ("GET", r"/orders/(\d+)", lambda r, id: self._one("shop_order", self.orders, id)),
            ("GET", r"/orders/(\d+)/refunds", self._list_refunds),
            ("GET", "/customers", self._list_customers),
            ("GET", r"/customers/(\d+)", lambda r, id: self._one("customer", self.customers, id)),
            ("GET", "/settings/general", lambda r: Answer(200, [self._setting()])),
            ("GET", "/settings/general/woocommerce_currency", lambda r: Answer(200, self._setting())),
            ("GET", "/data/currencies/current", lambda r: Answer(200, {"code": self.currency})),
            ("GET", "/system_status", self._system_status),
        ]

    def _guarded(self, request: Request, handler: Callable[..., Answer], ids: tuple[str, ...]) -> Answer:
        """WordPress finds the caller, then checks the parameters, then asks what the caller may."""
        tls = self.tls or request.headers.get("x-forwarded-proto") == "https"
        try:
            key = caller(request, self.keys, self.url, tls)
        except Denied as denied:
            return denied.answer
        if wrong := refusal(request.query, LIST):
            return wrong
        if key is None:
            verb, message = _DENIED[request.method]
            return problem(401, f"woocommerce_rest_cannot_{verb}", message)
        return handler(request, *ids)

    def _next_id(self) -> int:
        self.last_id += 1
        return self.last_id

    def _coupon(self, code: str) -> Row | None:
        """The newest, should there be several."""
        wanted = (code.strip().lower(), "publish")
        newest = sorted(self.coupons.values(), key=lambda row: -row["id"])
        return next((row for row in newest if (row["code"], row["status"]) == wanted), None)

    def _list_coupons(self, request: Request) -> Answer:
        found = list(self.coupons.values())
        if code := request.query.get("code"):
            found = [row for row in (self._coupon(code),) if row]
        return self._page(request, sorted(found, key=lambda row: -row["id"]))

    def _create_coupon(self, request: Request) -> Answer:
        given = request.json() or {}
        if "code" not in given:
            missing = "Missing parameter(s): code"
            return problem(400, "rest_missing_callback_param", missing, params=["code"])
        if not given["code"]:
            return problem(400, "woocommerce_rest_empty_coupon_code", "The coupon code cannot be empty.")
        row = _empty_coupon(0)
        if wrong := self._write_coupon(row, given):
            return wrong
        row["id"] = self._next_id()
        row["date_created"], row["date_created_gmt"] = self._now()
        row["date_modified"], row["date_modified_gmt"] = self._now()
        self.coupons[row["id"]] = row
        return Answer(201, row, {"Location": f"{self.url}{BASE}/coupons/{row['id']}"})

    def _update_coupon(self, request: Request, id: str) -> Answer:
        row = self.coupons.get(int(id))
        if row is None:
            return problem(400, "woocommerce_rest_shop_coupon_invalid_id", "Invalid ID.")
        changed = dict(row)
        if wrong := self._write_coupon(changed, request.json() or {}):
            return wrong
        changed["date_modified"], changed["date_modified_gmt"] = self._now()
        self.coupons[row["id"]] = changed
        return Answer(200, changed)

    def _write_coupon(self, row: Row, given: Mapping[str, Any]) -> Answer | None:
        """In WooCommerce's order of the fields: a new percentage's amount is judged before its type is known."""
        if wrong := refusal(given, COUPON):
            return wrong
        for name in COUPON:
            if (value := given.get(name)) is not None and (wrong := self._write_field(row, name, value)):
                return wrong
        return None

    def _write_field(self, row: Row, name: str, value: Any) -> Answer | None:
        if name == "code":
            other = self._coupon(value)
            if other is not None and other["id"] != row["id"]:
                code = "woocommerce_rest_coupon_code_already_exists"
                return problem(400, code, "The coupon code already exists")
            row["code"] = value.strip().lower()
        elif name == "amount":
            amount = _decimal(value)
            if amount < 0 or (row["discount_type"] == "percent" and amount > 100):
                return problem(400, "coupon_invalid_amount", "Invalid discount amount")
            row["amount"] = f"{amount:.2f}"
        elif name in ("minimum_amount", "maximum_amount"):
            row[name] = f"{_decimal(value):.2f}"
        elif name == "date_expires":
            row["date_expires"], row["date_expires_gmt"] = self._expiry(value)
        elif name == "email_restrictions":
            row[name] = [address.strip().lower() for address in value]
            if not all("@" in address for address in row[name]):
                return problem(400, "coupon_invalid_email_address", "Invalid email address restriction")
        elif name == "meta_data":
            row[name] = [{"id": self._next_id(), **entry} for entry in value]
        elif name != "date_expires_gmt":
            row[name] = truth(value) if COUPON[name]["type"] == "boolean" else value
        return None

    def _expiry(self, value: str) -> tuple[str | None, str | None]:
        if not value:
            return None, None
        moment = datetime.fromisoformat(value)
        moment = moment if moment.tzinfo else moment.replace(tzinfo=self.zone)
        return moment.astimezone(self.zone).strftime(_STAMP), moment.astimezone(UTC).strftime(_STAMP)

    def _delete_coupon(self, request: Request, id: str) -> Answer:
        row = self.coupons.get(int(id))
        if row is None:
            return problem(404, "woocommerce_rest_shop_coupon_invalid_id", "Invalid ID.")
        if truth(request.query.get("force")):
            return Answer(200, self.coupons.pop(row["id"]))
        if row["status"] == "trash":
            already = "The shop_coupon has already been deleted."
            return problem(410, "woocommerce_rest_already_trashed", already)
        before = dict(row)
        row["status"] = "trash"
        return Answer(200, before)

    def _create_webhook(self, request: Request) -> Answer:
        given = request.json() or {}
        if wrong := refusal(given, WEBHOOK) or wrong_webhook(given):
            return wrong
        id = self._next_id()
        created, created_gmt = self._now()
        self.webhooks[id] = new_webhook(id, given, {"date_created": created, "date_created_gmt": created_gmt})
        ping(self.webhooks[id])
        return Answer(201, without_secret(self.webhooks[id]))

    def _one_webhook(self, request: Request, id: str) -> Answer:
        found = self.webhooks.get(int(id))
        if found is None:
            return problem(404, "woocommerce_rest_shop_webhook_invalid_id", "Invalid ID.")
        return Answer(200, without_secret(found))

    def _update_webhook(self, request: Request, id: str) -> Answer:
        found = self.webhooks.get(int(id))
        if found is None:
            return problem(400, "woocommerce_rest_shop_webhook_invalid_id", "Invalid ID.")
        given = request.json() or {}
        if wrong := refusal(given, WEBHOOK):
            return wrong
        found.update({name: given[name] for name in WEBHOOK if given.get(name) is not None})
        if given.get("status") == "active":
            found["failures"] = 0
        return Answer(200, without_secret(found))

    def _delete_webhook(self, request: Request, id: str) -> Answer:
        if not truth(request.query.get("force")):
            unsupported = "Webhooks do not support trashing."
            return problem(501, "woocommerce_rest_trash_not_supported", unsupported)
        found = self.webhooks.pop(int(id), None)
        if found is None:
            return problem(404, "woocommerce_rest_shop_webhook_invalid_id", "Invalid ID.")
        return Answer(200, without_secret(found))

    def _list_orders(self, request: Request) -> Answer:
        query = request.query
        gmt = "_gmt" if truth(query.get("dates_are_gmt")) else ""
        found = [row for row in self.orders.values() if row.get("status") != "trash"]
        for name, column, keeps in (
            ("after", "date_created", lambda value, bound: value > bound),
            ("before", "date_created", lambda value, bound: value < bound),
            ("modified_after", "date_modified", lambda value, bound: value > bound),
            ("modified_before", "date_modified", lambda value, bound: value < bound),
        ):
            if name in query:
                bound = self._bound(query[name])
                found = [row for row in found if keeps(self._local(row, column + gmt), bound)]
        column = {"modified": "date_modified_gmt", "date": "date_created_gmt"}.get(
            query.get("orderby", "date"), "id"
        )
        found.sort(key=lambda row: (row[column], row["id"]), reverse=query.get("order", "desc") == "desc")
        return self._page(request, found)

    def _list_refunds(self, request: Request, id: str) -> Answer:
        if int(id) not in self.orders:
            return problem(404, "woocommerce_rest_invalid_order_id", "Invalid order ID.")
        return self._page(request, self.refunds.get(int(id), []))

    def _bound(self, value: str) -> str:
        """WordPress turns an offset into the site's own time, even where GMT columns are compared."""
        moment = datetime.fromisoformat(value)
        return (moment.astimezone(self.zone) if moment.tzinfo else moment).strftime(_STAMP)

    def _local(self, row: Row, column: str) -> str:
        if column.endswith("_gmt"):
            return str(row[column])
        moment = datetime.fromisoformat(row[column + "_gmt"]).replace(tzinfo=UTC)
        return moment.astimezone(self.zone).strftime(_STAMP)

    def _list_customers(self, request: Request) -> Answer:
        email = request.query.get("email")
        found = [row for row in self.customers.values() if email in (None, row.get("email"))]
        return self._page(request, found)

    def _one(self, kind: str, rows: Mapping[int, Row], id: str) -> Answer:
        found = rows.get(int(id))
        if found is not None:
            return Answer(200, found)
        code = "woocommerce_rest_invalid_id" if kind == "customer" else f"woocommerce_rest_{kind}_invalid_id"
        return problem(404, code, "Invalid ID.")

    def _page(
        self, request: Request, rows: list[Row], shape: Callable[[Row], Row] = lambda row: row
    ) -> Answer:
        number, size = int(request.query.get("page", 1)), int(request.query.get("per_page", 10))
        pages = math.ceil(len(rows) / size)
        links = [(number - 1, "prev")] * (number > 1) + [(number + 1, "next")] * (number < pages)
        headers = {"X-WP-Total": str(len(rows)), "X-WP-TotalPages": str(pages)}
        if links:
            headers["Link"] = ", ".join(
                f'<{self.url}{request.path}?{urlencode({**request.query, "page": min(page, pages)})}>; rel="{rel}"'
                for page, rel in links
            )
        return Answer(200, [shape(row) for row in rows[(number - 1) * size : number * size]], headers)

    def _setting(self) -> Row:
        return {"id": "woocommerce_currency", "label": "Currency", "type": "select", "value": self.currency}

    def _system_status(self, request: Request) -> Answer:
        environment = {"home_url": self.url, "site_url": self.url, "version": "10.3.5"}
        return Answer(200, {"environment": environment, "settings": {"currency": self.currency}})

    def _now(self) -> tuple[str, str]:
        now = datetime.now(UTC)
        return now.astimezone(self.zone).strftime(_STAMP), now.strftime(_STAMP)


def _empty_coupon(id: int) -> Row:
    lists = ("product_ids", "excluded_product_ids", "product_categories", "excluded_product_categories")
    return {
        "id": id,
        "code": "",
        "amount": "0.00",
        "status": "publish",
        "discount_type": "fixed_cart",
        "description": "",
        "date_expires": None,
        "date_expires_gmt": None,
        "usage_count": 0,
        "individual_use": False,
        "usage_limit": None,
        "usage_limit_per_user": None,
        "limit_usage_to_x_items": None,
        "free_shipping": False,
        "exclude_sale_items": False,
        "minimum_amount": "0.00",
        "maximum_amount": "0.00",
        **{name: [] for name in (*lists, "email_restrictions", "used_by", "meta_data")},
    }


def _decimal(value: str) -> Decimal:
    """What is no number counts as zero."""
    try:
        return Decimal(value or 0)
    except InvalidOperation:
        return Decimal(0)
