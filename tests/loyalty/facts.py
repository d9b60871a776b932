"""Orders, refunds and programs in a few words, for tables of cases."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from loyalty.documents import Basis, PerCurrency, ProgramDocument
from loyalty.earning import Evaluation, OrderFacts, compile_program, evaluate
from platforms.snapshots import Line, OrderStatus, RefundLine, RefundSnapshot

PLACED = datetime(2026, 3, 1, 12, tzinfo=UTC)


def program(*rates: tuple[str, str], currency: str = "EUR", **settings: Any) -> ProgramDocument:
    """A program of `rates` (points, per); without any, 1 per 1. `include_…` switches go to its basis."""
    switches = {name: settings.pop(name) for name in list(settings) if name.startswith("include_")}
    rules = tuple(
        PerCurrency(key=f"r{index}", name=f"Rule {index}", points=Decimal(points), per=Decimal(per))
        for index, (points, per) in enumerate(rates or [("1", "1")])
    )
    return ProgramDocument(currency=currency, rules=rules, basis=Basis(**switches), **settings)


def lines(*amounts: str | tuple[str, str], **fields: Any) -> tuple[Line, ...]:
    """Lines a, b, c … of net amounts, or of (net, tax)."""
    pairs = [(amount, "0") if isinstance(amount, str) else amount for amount in amounts]
    return tuple(
        Line(chr(97 + index), Decimal(net), Decimal(tax), **fields) for index, (net, tax) in enumerate(pairs)
    )


def refund(
    id: str = "1", amount: str = "0", shipping: str = "0", void: bool = False, **by_line: str
) -> RefundSnapshot:
    """A refund of `amount` without a line, of `shipping`, and of net amounts by line: refund(a="20")."""
    taken = tuple(RefundLine(line, Decimal(net)) for line, net in by_line.items())
    return RefundSnapshot(
        id, PLACED, taken, amount=Decimal(amount), shipping_net=Decimal(shipping), void=void
    )


def order(*amounts: str | tuple[str, str], **facts: Any) -> OrderFacts:
    """A paid order of a customer, in euros unless told otherwise."""
    known: dict[str, Any] = {"status": OrderStatus.PAID, "currency": "EUR", "placed_at": PLACED}
    known |= {"lines": lines(*amounts)} | facts
    return OrderFacts(**known)


def award(document: ProgramDocument, facts: OrderFacts) -> Evaluation:
    """What `facts` are worth under `document`."""
    return evaluate(compile_program(document), facts)


def allocation(evaluation: Evaluation) -> list[int]:
    """The points of each counted line."""
    return [points for _, _, points in evaluation.breakdown.get("lines", [])]
