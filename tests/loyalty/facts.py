"""Orders, refunds and programs in a few words, for tables of cases."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from loyalty.context import ALONE, Context, Evaluation
from loyalty.documents import (
    RULE_KINDS,
    Basis,
    Campaign,
    Conditions,
    PerCurrency,
    ProgramDocument,
    Rule,
    Tier,
    Tiers,
)
from loyalty.earning import OrderFacts, compile_program, evaluate
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
    id: str = "1",
    amount: str = "0",
    shipping: str = "0",
    void: bool = False,
    days: int = 0,
    units: int = 0,
    **by_line: str,
) -> RefundSnapshot:
    """A refund of `amount` without a line, of `shipping`, and of net amounts by line: refund(a="20").

    It was known `days` after the order was placed; `units` are those of each line it names.
    """
    taken = tuple(RefundLine(line, Decimal(net), quantity=units) for line, net in by_line.items())
    return RefundSnapshot(
        id,
        PLACED + timedelta(days=days),
        taken,
        amount=Decimal(amount),
        shipping_net=Decimal(shipping),
        void=void,
    )


def order(*amounts: str | tuple[str, str], **facts: Any) -> OrderFacts:
    """A paid order of a customer, in euros unless told otherwise."""
    known: dict[str, Any] = {"status": OrderStatus.PAID, "currency": "EUR", "placed_at": PLACED}
    known |= {"lines": lines(*amounts)} | facts
    return OrderFacts(**known)


def award(document: ProgramDocument, facts: OrderFacts, context: Context = ALONE) -> Evaluation:
    """What `facts` are worth under `document`."""
    return evaluate(compile_program(document), facts, context)


def rule(kind: str, points: str = "10", when: dict[str, Any] | None = None, **fields: Any) -> Rule:
    """A rule of this kind, such as "per_order", whose key is its kind; `when`: fields of its conditions."""
    fields = {"key": kind, "name": kind.title()} | fields
    if kind == "per_currency":
        fields["per"] = Decimal(fields.get("per", "1"))
    return RULE_KINDS[kind](points=Decimal(points), conditions=Conditions(**(when or {})), **fields)


def rules(*of: Rule, **settings: Any) -> ProgramDocument:
    """A program of these rules, in euros unless told otherwise."""
    return ProgramDocument(**{"currency": "EUR", "rules": of} | settings)


def campaign(key: str = "deal", when: dict[str, Any] | None = None, **fields: Any) -> Campaign:
    """A campaign with a `multiplier` or with fixed `points`, both as text."""
    numbers = {name: Decimal(value) for name, value in fields.items() if name in ("multiplier", "points")}
    fields = {"key": key, "name": key.title()} | fields | numbers
    return Campaign(conditions=Conditions(**(when or {})), **fields)


def tiers(**multipliers: str) -> Tiers:
    """Tiers by key with their multipliers, thresholds 100 apart: tiers(silver="1", gold="2")."""
    levels = [
        Tier(key=key, name=key.title(), threshold=Decimal(100 * index), multiplier=Decimal(multiplier))
        for index, (key, multiplier) in enumerate(multipliers.items())
    ]
    return Tiers(levels=tuple(levels))


def allocation(evaluation: Evaluation) -> list[int]:
    """The points of each counted line."""
    return [points for _, _, points in evaluation.breakdown.get("lines", [])]
