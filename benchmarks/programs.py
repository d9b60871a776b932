"""A program with a bit of everything, and an order for it."""

from datetime import UTC, datetime
from decimal import Decimal

from loyalty.documents import (
    Birthday,
    Campaign,
    Conditions,
    Exclusions,
    FirstOrder,
    Limit,
    Newsletter,
    NthOrder,
    PerCurrency,
    PerOrder,
    PerUnit,
    ProductSet,
    ProgramDocument,
    Review,
    Rule,
    SignUp,
    SocialFollow,
    Tier,
    Tiers,
    Visit,
)
from loyalty.earning import OrderFacts
from platforms.snapshots import Line, OrderStatus

PLACED = datetime(2026, 3, 4, 15, 30, tzinfo=UTC)
TEA = ProductSet(product_types=("Tea",))
NEW = ProductSet(tags=("new",))
OWN = ProductSet(vendors=("House",))
CHOSEN = ProductSet(product_ids=("p7", "p8"))


def rich_document(currency: str = "EUR") -> ProgramDocument:
    """25 rules (18 for orders), 10 exclusions, 5 tiers and 4 campaigns; most of it applies to `ten_lines()`."""
    names = ("Bronze", "Silver", "Gold", "Platinum", "Diamond")
    levels = tuple(
        Tier(key=name.lower(), name=name, threshold=Decimal(500 * index), multiplier=1 + Decimal(index) / 4)
        for index, name in enumerate(names)
    )
    return ProgramDocument(
        currency=currency,
        rules=(*_rates(), *_fixed(), *_activities()),
        exclusions=Exclusions(
            product_ids=("x1", "x2", "x3"),
            skus=("gift-1", "gift-2"),
            vendors=("Partner",),
            product_types=("Deposit", "Donation"),
            tags=("sale", "outlet"),
        ),
        campaigns=(
            Campaign(key="tea", name="Tea week", multiplier=Decimal(2), conditions=_during(products=TEA)),
            Campaign(
                key="wed",
                name="Wednesdays",
                multiplier=Decimal("1.5"),
                conditions=Conditions(weekdays=("wed",)),
            ),
            Campaign(key="new", name="New arrivals", points=Decimal(25), conditions=_during(products=NEW)),
            Campaign(
                key="past",
                name="Winter",
                multiplier=Decimal(3),
                conditions=Conditions(starts="2025-12-01", ends="2026-02-01"),
            ),
        ),
        tiers=Tiers(levels=levels),
    )


def _during(products: ProductSet) -> Conditions:
    return Conditions(starts="2026-03-01", ends="2026-04-01", products=products)


def _rates() -> list[Rule]:
    conditions = (
        Conditions(),
        Conditions(products=TEA),
        Conditions(products=OWN),
        Conditions(starts="2026-01-01", ends="2027-01-01"),
        Conditions(starts="2026-06-01", ends="2026-07-01"),
        Conditions(tiers=("gold", "platinum", "diamond")),
        Conditions(customer_tags=("wholesale",)),
        Conditions(channels=("pos",)),
    )
    return [
        PerCurrency(
            key=f"rate{index}",
            name=f"Rate {index}",
            points=Decimal(1 + index % 3),
            per=Decimal(1 if index % 2 else 2),
            conditions=when,
        )
        for index, when in enumerate(conditions)
    ]


def _fixed() -> list[Rule]:
    five = Decimal(5)
    monthly = (Limit(period="month", points=200),)
    return [
        PerOrder(key="order", name="Each order", points=five),
        PerOrder(key="large", name="From 100", points=five, conditions=Conditions(min_basis=Decimal(100))),
        PerOrder(key="weekend", name="Weekend", points=five, conditions=Conditions(weekdays=("sat", "sun"))),
        PerUnit(key="chosen", name="Chosen", points=five, conditions=Conditions(products=CHOSEN)),
        PerUnit(key="tins", name="Tins", points=five, conditions=Conditions(products=TEA)),
        PerUnit(key="later", name="Later", points=five, conditions=Conditions(starts="2026-09-01")),
        FirstOrder(key="first", name="First order", points=five),
        NthOrder(key="third", name="Third", points=five, every=3),
        NthOrder(key="fifth", name="Fifth", points=five, every=5),
        NthOrder(key="tenth", name="Tenth", points=five, every=10, limits=monthly),
    ]


def _activities() -> list[Rule]:
    daily = (Limit(period="day", times=1),)
    return [
        SignUp(key="signup", name="Joining", points=Decimal(50)),
        Birthday(key="birthday", name="Birthday", points=Decimal(100)),
        Newsletter(key="news", name="Newsletter", points=Decimal(20)),
        Review(key="review", name="Review", points=Decimal(10), limits=daily),
        SocialFollow(
            key="follow", name="Follow", points=Decimal(5), network="instagram", url="https://example.com"
        ),
        SocialFollow(
            key="like", name="Like", points=Decimal(5), network="facebook", url="https://example.com"
        ),
        Visit(key="visit", name="Visit", points=Decimal(1)),
    ]


def ten_lines(currency: str = "EUR") -> OrderFacts:
    """A paid order of ten lines without refunds, on a Wednesday in March 2026."""
    lines = tuple(
        Line(
            id=str(14501234567890 + index),
            net=Decimal("10.99") + index,
            tax=Decimal("2.10"),
            quantity=1 + index % 2,
            product_id=f"p{index}",
            sku=f"s{index}",
            vendor="House",
            product_type="Tea" if index > 5 else "Coffee",
            tags=("kitchen", "new") if index > 5 else ("kitchen",),
        )
        for index in range(10)
    )
    return OrderFacts(
        status=OrderStatus.PAID,
        currency=currency,
        placed_at=PLACED,
        lines=lines,
        channel="web",
        customer_tags=("newsletter",),
    )
