"""A worked example: what an order would earn under a program that is still being written."""

from decimal import Decimal

from django.utils.translation import gettext

from lib.clock import now
from lib.money import minor_units
from loyalty.documents import ProgramDocument
from loyalty.earning import OrderFacts, evaluate
from loyalty.explain import explain
from loyalty.programs import compile_program
from loyalty.wording import money, points_text
from platforms.snapshots import Line, OrderStatus

TAX = Decimal("0.2")
SHIPPING = 490


def usual_amount(currency: str) -> Decimal:
    """49.95 in a currency with two decimals, 4995 in one with none, 49.950 in one with three."""
    places = minor_units(currency)
    return Decimal(4995) if places == 0 else Decimal("49.95").quantize(Decimal(1).scaleb(-places))


def example(document: ProgramDocument, amount: Decimal) -> dict[str, str]:
    """What goods of `amount` (before tax) earn, with tax and shipping where the program counts them.

    `sentence` says it, `why` explains it: both come from the engine that awards real orders.
    """
    places = min(minor_units(document.currency), 3)
    tax = (amount * TAX).quantize(Decimal(1).scaleb(-places))
    shipping = Decimal(SHIPPING) if places == 0 else Decimal(SHIPPING).scaleb(-2)
    order = OrderFacts(
        status=OrderStatus.PAID,
        currency=document.currency,
        placed_at=now(),
        lines=(Line(id="1", net=amount, tax=tax),),
        shipping_net=shipping,
    )
    points, breakdown = evaluate(compile_program(document), order)
    return {
        "sentence": gettext("An order of %(order)s would earn %(points)s.")
        % {
            "order": _order_text(document, amount, tax, shipping),
            "points": points_text(points, document.points_name),
        },
        "why": explain(breakdown, points, points_name=document.points_name),
    }


def _order_text(document: ProgramDocument, amount: Decimal, tax: Decimal, shipping: Decimal) -> str:
    """The goods, and what else of the order counts."""
    parts = [money(amount, document.currency)]
    if document.basis.include_tax:
        parts.append(gettext("%(amount)s tax") % {"amount": money(tax, document.currency)})
    if document.basis.include_shipping:
        parts.append(gettext("%(amount)s shipping") % {"amount": money(shipping, document.currency)})
    return " + ".join(parts)
