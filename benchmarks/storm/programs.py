"""What the shop of a storm promises: everything that depends on time or on a member's other orders."""

from decimal import Decimal

from msgspec import structs

from loyalty.documents import (
    Caps,
    Expiry,
    Limit,
    NthOrder,
    PerCurrency,
    ProgramDocument,
    SignUp,
    Tier,
    Tiers,
)

HOLD_DAYS = 14


def first() -> ProgramDocument:
    """Tiers by points, a hold, expiry by lot, a cap, a punch card, and points for joining."""
    return ProgramDocument(
        currency="EUR",
        rules=(
            PerCurrency(key="goods", name="Goods", points=Decimal(1), per=Decimal(1)),
            NthOrder(key="punch", name="Every third order", points=Decimal(50), every=3),
            SignUp(key="join", name="Joining", points=Decimal(20)),
        ),
        tiers=Tiers(
            metric="points",
            levels=(
                Tier(key="silver", name="Silver", threshold=Decimal(200), multiplier=Decimal("1.5")),
                Tier(key="gold", name="Gold", threshold=Decimal(800), multiplier=Decimal(2), entry_points=75),
            ),
        ),
        expiry=Expiry(mode="per_lot", months=12),
        caps=Caps(limits=(Limit(period="month", points=1500),)),
        hold_days=HOLD_DAYS,
    )


def next_of(document: ProgramDocument, number: int) -> ProgramDocument:
    """What is published next: other points, another threshold, another cap."""
    goods, *others = document.rules
    rules = (structs.replace(goods, points=Decimal(1 + number % 3)), *others)
    silver, gold = document.tiers.levels
    levels = (structs.replace(silver, threshold=Decimal(150 + 50 * (number % 3))), gold)
    caps = Caps(limits=(Limit(period="month", points=1500 - 200 * (number % 3)),))
    return structs.replace(
        document, rules=rules, tiers=structs.replace(document.tiers, levels=levels), caps=caps
    )
