"""What BigCommerce tells: thin webhooks, and the documents that are fetched for them."""

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from email.utils import parsedate_to_datetime

from platforms.base import Ignored, NeedsFetch, Unreadable
from platforms.bigcommerce.refunds import read_refund
from platforms.bigcommerce.shapes import Customer, Document, Order, Product, Thin
from platforms.reading import (
    currency,
    decode,
    decoder,
    each,
    identifier,
    instant,
    optional_identifier,
    positive,
    quantity,
    text,
)
from platforms.snapshots import ZERO, CustomerSnapshot, Fact, Line, OrderSnapshot, OrderStatus

ORDER_FETCHED = "order.fetched"
CUSTOMER_FETCHED = "customer.fetched"

_THIN = decoder(Thin)
_DOCUMENT = decoder(Document)
_CUSTOMER = decoder(Customer)

# By `status_id`, as every store has them: merchants rename statuses, but cannot add any.
_STATUSES = {
    0: OrderStatus.PENDING,  # incomplete
    1: OrderStatus.PENDING,
    2: OrderStatus.PAID,  # shipped
    3: OrderStatus.PAID,  # partially shipped
    4: OrderStatus.REFUNDED,
    5: OrderStatus.CANCELLED,
    6: OrderStatus.FAILED,  # declined
    7: OrderStatus.PENDING,  # awaiting payment
    8: OrderStatus.PAID,  # awaiting pickup
    9: OrderStatus.PAID,  # awaiting shipment
    10: OrderStatus.PAID,  # completed
    11: OrderStatus.PAID,  # awaiting fulfilment
    12: OrderStatus.PENDING,  # manual verification required
    13: OrderStatus.PENDING,  # disputed: the payment may be taken back
    14: OrderStatus.PARTIALLY_REFUNDED,
}
_CHANNELS = {"": "web", "www": "web", "mobile": "web", "checkout_api": "web", "manual": "draft"}
_FETCHED_BY_SCOPE = {
    "store/order/created": "order",
    "store/order/updated": "order",
    "store/order/statusUpdated": "order",
    "store/order/refund/created": "order",
    "store/customer/created": "customer",
    "store/customer/updated": "customer",
}
SCOPES = tuple(_FETCHED_BY_SCOPE)


def parse(topic: str, body: bytes) -> list[Fact]:
    """What a body says. Raises `Unreadable`, `Ignored`, and `NeedsFetch` for every thin one that matters."""
    reader = _READERS.get(topic)
    if reader is not None:
        return [reader(body)]
    thin = decode(_THIN, body)
    kind = _FETCHED_BY_SCOPE.get(topic)
    if kind is None:
        raise Ignored(f"Nothing is done with the scope {topic[:100]!r}.")
    if thin.data is None or thin.data.type != kind:
        raise Unreadable(f"data.type: not {kind}")
    raise NeedsFetch(kind, identifier(thin.data.id, "data.id"))


def _order(body: bytes) -> OrderSnapshot:
    document = decode(_DOCUMENT, body)
    order = document.order
    placed_at = _moment(order.date_created, "order.date_created")
    updated_at = _moment(order.date_modified, "order.date_modified")
    lines = each("products", document.products, _line)
    shipping = (
        positive(order.shipping_cost_ex_tax or 0, "order.shipping_cost_ex_tax"),
        positive(order.shipping_cost_tax or 0, "order.shipping_cost_tax"),
    )
    by_id = {line.id: line for line in lines}
    id = identifier(order.id, "order.id")
    return OrderSnapshot(
        id=id,
        number=id,
        currency=currency(order.default_currency_code or order.currency_code, "order.default_currency_code"),
        status=_status(order),
        placed_at=placed_at,
        updated_at=updated_at,
        channel=_channel(order.order_source),
        customer=_customer_of(order, updated_at, placed_at),
        email=text(order.billing_address.email).strip() if order.billing_address else "",
        lines=tuple(lines),
        shipping_net=shipping[0],
        shipping_tax=shipping[1],
        total=positive(order.total_inc_tax, "order.total_inc_tax"),
        discount_codes=tuple(text(coupon.code) for coupon in document.coupons if coupon.code),
        refunds=tuple(
            each("refunds", document.refunds, lambda refund: read_refund(refund, updated_at, by_id, shipping))
        ),
        refunds_complete=True,
    )


def _status(order: Order) -> OrderStatus:
    try:
        return _STATUSES[int(order.status_id)]
    except (KeyError, TypeError, ValueError):
        raise Unreadable("order.status_id: not a status of an order") from None


def _channel(source: str | None) -> str:
    name = text(source).lower()
    return _CHANNELS.get(name, "pos" if "pos" in name.split("_") else name)


def _customer_of(order: Order, as_of: datetime, placed_at: datetime) -> CustomerSnapshot | None:
    number = optional_identifier(order.customer_id, "order.customer_id")
    if number in ("", "0"):
        return None
    billing = order.billing_address
    return CustomerSnapshot(
        id=number,
        as_of=as_of,
        email=text(billing.email).strip() if billing else "",
        first_name=text(billing.first_name) if billing else "",
        last_name=text(billing.last_name) if billing else "",
        joined_at=placed_at,
    )


def _line(product: Product) -> Line:
    tax = positive(product.total_tax or 0, "total_tax")
    return Line(
        id=identifier(product.id, "id"),
        net=_net(product, tax),
        tax=tax,
        quantity=quantity(product.quantity),
        title=text(product.name),
        product_id=optional_identifier(product.product_id, "product_id"),
        variant_id=optional_identifier(product.variant_id, "variant_id"),
        sku=text(product.sku),
        vendor=text(product.brand),
        gift_card=product.type == "giftcertificate",
    )


def _net(product: Product, tax: Decimal) -> Decimal:
    """After discounts, before tax. Discounts are with tax where prices are, so the discounted total goes first."""
    if product.discounted_total_inc_tax not in (None, ""):
        return max(ZERO, positive(product.discounted_total_inc_tax, "discounted_total_inc_tax") - tax)
    discounts = each(
        "applied_discounts",
        product.applied_discounts or (),
        lambda discount: positive(discount.amount or 0, "amount"),
    )
    return max(ZERO, positive(product.total_ex_tax, "total_ex_tax") - sum(discounts, ZERO))


def _customer(body: bytes) -> CustomerSnapshot:
    """Never `email_verified`: BigCommerce lets anyone register with any address and asks for no proof."""
    customer = decode(_CUSTOMER, body)
    joined_at = _moment(customer.date_created, "date_created") if customer.date_created else None
    return CustomerSnapshot(
        id=identifier(customer.id, "id"),
        as_of=_moment(customer.date_modified or customer.date_created, "date_modified"),
        email=text(customer.email).strip(),
        first_name=text(customer.first_name),
        last_name=text(customer.last_name),
        joined_at=joined_at,
    )


def _moment(value: str | None, field: str) -> datetime:
    """v2 writes RFC 2822, v3 ISO 8601."""
    try:
        found = parsedate_to_datetime(value or "")
    except (ValueError, OverflowError):
        return instant(value, field)
    found = found if found.tzinfo else found.replace(tzinfo=UTC)
    return instant(found.isoformat(), field)


_READERS: dict[str, Callable[[bytes], Fact]] = {ORDER_FETCHED: _order, CUSTOMER_FETCHED: _customer}
