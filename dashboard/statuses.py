"""Orders' states in words."""

from django.utils.translation import gettext

from orders.models import Order
from platforms.snapshots import OrderStatus


def payment_text(order: Order) -> str:
    """Where the payment stands; a cancellation or deletion says more than that."""
    if order.deleted:
        return gettext("Deleted")
    if order.cancelled_at:
        return gettext("Cancelled")
    return _texts().get(order.status, order.status)


def held_text(order: Order, currency: str) -> str:
    """Why an order is held; `currency` is the program's."""
    if order.held == "currency":
        said = gettext("It is in %(order)s, and the program counts %(program)s only.")
        return said % {"order": order.currency, "program": currency}
    return order.held


def _texts() -> dict[str, str]:
    return {
        OrderStatus.PENDING: gettext("Pending"),
        OrderStatus.AUTHORIZED: gettext("Authorized"),
        OrderStatus.PAID: gettext("Paid"),
        OrderStatus.PARTIALLY_REFUNDED: gettext("Partly refunded"),
        OrderStatus.REFUNDED: gettext("Refunded"),
        OrderStatus.VOIDED: gettext("Voided"),
        OrderStatus.CANCELLED: gettext("Cancelled"),
        OrderStatus.FAILED: gettext("Failed"),
    }
