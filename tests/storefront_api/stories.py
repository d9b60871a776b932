"""Members with a history, made by the real earning rules and the real ledger."""

from datetime import UTC, datetime
from decimal import Decimal

from django_scopes import scope

from loyalty.actions.awards import AwardTarget, settle
from loyalty.documents import decode
from loyalty.earning import OrderFacts, evaluate
from loyalty.models import Account
from loyalty.programs import compile_program
from loyalty.queries import live_version
from platforms.connect import connect_store
from platforms.snapshots import Line, OrderStatus, RefundLine, RefundSnapshot
from shops.models import Connection, Customer, Shop

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def store(shop: Shop) -> Connection:
    """A store of any make, linked to the shop."""
    return connect_store(shop, "standard", f"{shop.public_id.replace('_', '-')}.example")


def customer(connection: Connection, external_id: str, email: str = "") -> Customer:
    """A customer that the store told of."""
    with scope(shop=connection.shop):
        return Customer.objects.create(
            shop=connection.shop, connection=connection, external_id=external_id, email=email, as_of=NOON
        )


def order(shopper: Customer, source: str, net: str, returned: str = "0") -> Account:
    """A paid order of one line, awarded by the live program; told again with `returned` it earns less."""
    shop = shopper.shop
    version = live_version(shop)
    back = RefundSnapshot(id="r", as_of=NOON, lines=(RefundLine(line_id="1", net=Decimal(returned)),))
    facts = OrderFacts(
        status=OrderStatus.PAID,
        currency=shop.currency,
        placed_at=NOON,
        lines=(Line(id="1", net=Decimal(net)),),
        refunds=(back,) if Decimal(returned) else (),
    )
    target, breakdown, *_ = evaluate(compile_program(decode(version.document)), facts)
    settle([AwardTarget(shop.pk, shopper.pk, source, version.pk, target, breakdown, NOON, NOON)])
    with scope(shop=shop):
        return Account.objects.get(shop=shop, customer=shopper)
