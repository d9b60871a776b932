"""Points, money and instants as the dashboard shows them."""

from datetime import datetime
from decimal import Decimal

from django import template
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timezone import localtime

from dashboard.desk import Desk, Right
from dashboard.statuses import held_text, payment_text
from loyalty.wording import MINUS, number
from loyalty.wording import money as money_text
from orders.models import Order

register = template.Library()


@register.filter
def points(value: int) -> str:
    """With thousands separators and a true minus sign: −1,200."""
    return f"{MINUS}{number(-value)}" if value < 0 else number(value)


@register.filter
def moved(value: int) -> str:
    """As `points`, with a plus sign above zero."""
    return f"+{points(value)}" if value > 0 else points(value)


@register.filter
def money(amount: Decimal, currency: str) -> str:
    """An amount with its currency; bare while no currency is known."""
    return money_text(amount, currency) if currency else number(amount)


@register.filter
def moment(value: datetime | None) -> str | SafeString:
    """An instant in the shop's time zone, with the exact one for machines; a dash for none."""
    if value is None:
        return "–"
    local = localtime(value)
    return format_html(
        '<time datetime="{}" class="rg-nowrap">{}</time>', local.isoformat(), date_format(local, "j M Y, H:i")
    )


@register.filter
def may(desk: Desk, right: str) -> bool:
    """Whether the person at the desk has the right."""
    return desk.may(Right(right))


@register.filter
def payment(order: Order) -> str:
    """Where the payment of the order stands, in words."""
    return payment_text(order)


@register.filter
def why_held(order: Order, desk: Desk) -> str:
    """Why the order waits."""
    return held_text(order, desk.shop.currency)
