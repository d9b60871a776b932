"""One store with its Admin API: what it remembers, who may ask, and the answer to a document."""

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

from graphql import GraphQLError, GraphQLResolveInfo, default_field_resolver, execute_sync, get_named_type

from demo.shopify_admin import catalogue, cost, discounts, gift_cards, store_credit, subscriptions
from demo.shopify_admin.answers import Answer
from demo.shopify_admin.documents import Json, Prepared, Refused, prepared
from demo.shopify_admin.schema import REDUCED, iso, schema
from demo.shopify_admin.search import page
from demo.shopify_admin.state import KINDS, InMemory, Record, Records
from demo.shopify_admin.variables import check
from lib.clock import now

DOCS = "https://shopify.dev/api/usage"
BAD_TOKEN = "[API] Invalid API key or access token (unrecognized login or wrong password)"
# What each field at the top needs, and some below; a write scope holds the read scope of its name.
SCOPES = {
    "codeDiscountNode": "read_discounts",
    "codeDiscountNodeByCode": "read_discounts",
    "collection": "read_products",
    "collections": "read_products",
    "customer": "read_customers",
    "discountCodeBasicCreate": "write_discounts",
    "discountCodeDeactivate": "write_discounts",
    "discountCodeDelete": "write_discounts",
    "discountCodeFreeShippingCreate": "write_discounts",
    "giftCard": "read_gift_cards",
    "giftCardCreate": "write_gift_cards",
    "giftCardDeactivate": "write_gift_cards",
    "giftCards": "read_gift_cards",
    "order": "read_orders",
    "orders": "read_orders",
    "ordersCount": "read_orders",
    "product": "read_products",
    "productVariant": "read_products",
    "productVariants": "read_products",
    "products": "read_products",
    "refund": "read_orders",
    "storeCreditAccountCredit": "write_store_credit_account_transactions",
    "Customer.storeCreditAccounts": "read_store_credit_accounts",
    "StoreCreditAccount.transactions": "read_store_credit_account_transactions",
}


@dataclass(frozen=True)
class App:
    """The app as the platform knows it; an empty `redirects` lets any address be returned to.

    `scopes`: what an exchange of a session token grants, and a consent page that is not asked for any.
    """

    client_id: str = "regulars-key"
    client_secret: str = "regulars-secret-of-32-characters"
    redirects: tuple[str, ...] = ()
    scopes: tuple[str, ...] = (
        "read_customers",
        "read_orders",
        "read_products",
        "read_store_credit_accounts",
        "write_discounts",
        "write_gift_cards",
        "write_store_credit_account_transactions",
    )


@dataclass
class Shop:
    """The store's own facts."""

    name: str = "Clay & Co"
    currency: str = "EUR"
    domain: str = "clay.myshopify.com"
    website: str = "clay.example"
    email: str = "owner@clay.example"
    timezone: str = "Europe/Berlin"
    id: str = "gid://shopify/Shop/1"
    taxes_included: bool = True


@dataclass
class AdminStore:
    """A store that answers as Shopify does. `records` makes the place where each kind of record lives.

    `frozen`: the merchant has not paid; `plain_http`: webhook addresses may be http, which the real one refuses.
    """

    shop: Shop = field(default_factory=Shop)
    app: App = field(default_factory=App)
    records: Callable[[str], Records] = lambda kind: InMemory()
    schema_path: Path = REDUCED
    bucket: cost.Bucket = field(default_factory=cost.Bucket)
    clock: Callable[[], datetime] = now
    plain_http: bool = True
    frozen: bool = False

    def __post_init__(self) -> None:
        self.schema = schema(self.schema_path)
        self._kinds = {kind: self.records(kind) for kind in KINDS}
        self._numbers = threading.Lock()
        self._last_number = 0
        parts = (discounts, gift_cards, store_credit, subscriptions, catalogue)
        fields = {name: found for part in parts for name, found in part.fields(self).items()}
        self._root = {name: partial(_guarded, name, resolve) for name, resolve in fields.items()}

    def __getitem__(self, kind: str) -> Records:
        """The records of one of the kinds in `state.KINDS`."""
        return self._kinds[kind]

    def new_id(self, kind: str) -> str:
        """A fresh `gid://shopify/…`; later ones have higher numbers, and JavaScript can hold them."""
        with self._numbers:
            self._last_number = max(self._last_number + 1, time.time_ns() // 1000)
            return f"gid://shopify/{kind}/{self._last_number}"

    def now(self) -> str:
        """The present instant as Shopify writes it."""
        return iso(self.clock())

    def money(self, amount: Decimal | str) -> Json:
        """A `MoneyV2` in the store's currency."""
        return {"amount": str(amount), "currencyCode": self.shop.currency}

    def use(self, code: str) -> discounts.Use | None:
        """What a checkout needs to know of a discount code, in any letter case; None where there is none."""
        record = self["codes"].get(code.strip().lower())
        return discounts.use_of(record, self.clock()) if record else None

    def mark_used(self, code: str) -> bool:
        """A checkout used the code; False, and nothing counted, where it cannot be used any more."""
        return discounts.mark_used(self["codes"], code.strip().lower(), self.clock())

    def grant(self, *scopes: str, token: str = "shpat_test") -> str:
        """Let a token in with these scopes, as an installed app has it."""
        record = {"id": token, "scopes": list(scopes), "expires_at": None}
        if not self["tokens"].add(token, record):
            self["tokens"].change(token, lambda found: found.update(record))
        return token

    def scopes_of(self, token: str | None) -> list[str] | None:
        """What a token may do; None for a token that is unknown, withdrawn or over."""
        record = self["tokens"].get(token) if token else None
        if record is None or (record["expires_at"] and record["expires_at"] <= self.clock().timestamp()):
            return None
        return list(record["scopes"])

    def uninstall(self) -> None:
        """The merchant removes the app: its tokens and its webhooks are gone."""
        for kind in ("tokens", "grants", "subscriptions"):
            for record in self[kind].all():
                self[kind].remove(record["id"])

    def refused(self, token: str | None) -> Answer | None:
        """Why a call is not heard at all, if so."""
        if self.frozen:
            return Answer(402, {}, {"errors": "Unavailable Shop"})
        if self.scopes_of(token) is None:
            return Answer(401, {}, {"errors": BAD_TOKEN})
        return None

    def execute(
        self, token: str | None, document: str, variables: Json | None = None, operation: str | None = None
    ) -> Answer:
        """Check and run a GraphQL document. The answer is 200 for all that GraphQL itself refuses."""
        if refused := self.refused(token):
            return refused
        given = variables or {}
        try:
            ready = prepared(self.schema, document, operation)
            check(self.schema, ready, given)
        except Refused as error:
            return Answer(200, {}, {"errors": error.errors})
        price = cost.requested(self.schema, ready, given)
        if price > cost.MOST_COST:
            return Answer(200, {}, {"errors": [_too_dear(price)]})
        if not self.bucket.take(price):
            return self.throttled(price)
        return self._run(token, ready, given, price)

    def throttled(self, price: float, status: int = 200) -> Answer:
        """No points left: 200 with an error, or 429 with `Retry-After` in seconds."""
        error = {
            "message": "Throttled",
            "extensions": {"code": "THROTTLED", "documentation": f"{DOCS}/rate-limits"},
        }
        body = {"errors": [error], "extensions": {"cost": self._cost(price, None)}}
        return Answer(status, {"Retry-After": "2.0"} if status == 429 else {}, body)

    def _run(self, token: str | None, ready: Prepared, given: Json, price: int) -> Answer:
        result = execute_sync(
            self.schema,
            ready.document,
            root_value=self._root,
            context_value=self.scopes_of(token) or [],
            variable_values=given,
            operation_name=ready.operation.name.value if ready.operation.name else None,
            field_resolver=_resolve,
        )
        paid = min(price, cost.actual(ready.writes, result.data))
        self.bucket.give_back(price - paid)
        body: Json = {"data": result.data, "extensions": {"cost": self._cost(price, paid)}}
        if result.errors:
            body["errors"] = [_told(error) for error in result.errors]
        return Answer(200, {}, body)

    def _cost(self, asked: float, paid: float | None) -> Json:
        status = self.bucket.status()
        return {"requestedQueryCost": asked, "actualQueryCost": paid, "throttleStatus": status}


def _guarded(name: str, resolve: Callable[..., Any], info: GraphQLResolveInfo, **arguments: Any) -> Any:
    _require(name, info)
    return resolve(info, **arguments)


def _require(name: str, info: GraphQLResolveInfo) -> None:
    needed = SCOPES.get(name)
    if needed is None or {needed, needed.replace("read_", "write_", 1)} & set(info.context):
        return
    access = f"`{needed}` access scope."
    raise GraphQLError(
        f"Access denied for {info.field_name} field. Required access: {access}",
        extensions={
            "code": "ACCESS_DENIED",
            "documentation": f"{DOCS}/access-scopes",
            "requiredAccess": access,
        },
    )


def _resolve(source: Any, info: GraphQLResolveInfo, **arguments: Any) -> Any:
    """A field of a record: a list that the schema calls a connection becomes the page that was asked for."""
    _require(f"{info.parent_type.name}.{info.field_name}", info)
    value = default_field_resolver(source, info, **arguments)
    if isinstance(value, list) and get_named_type(info.return_type).name.endswith("Connection"):
        return page(value, arguments)
    return value


def _too_dear(price: int) -> Record:
    return {
        "message": f"Query cost is {price}, which exceeds the single query max cost limit ({cost.MOST_COST}).",
        "extensions": {
            "code": "MAX_COST_EXCEEDED",
            "cost": price,
            "maxCost": cost.MOST_COST,
            "documentation": f"{DOCS}/rate-limits",
        },
    }


def _told(error: GraphQLError) -> Json:
    told: Mapping[str, Any] = error.formatted
    return {"extensions": {"code": "INTERNAL_SERVER_ERROR"}, **told}
