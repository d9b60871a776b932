"""What the demo store's pieces earn its shopper, by the program as it stands."""

from django_scopes import scope

from demo.catalogue import CURRENCY, PRODUCTS, SHOPPER
from lib.clock import now
from loyalty.context import Context
from loyalty.earning import OrderFacts, evaluate
from loyalty.models import Standing
from loyalty.versions import timelines
from platforms.snapshots import Line, OrderStatus
from shops.models import Connection


def earned_by_piece(store: Connection) -> dict[str, int]:
    """Points for an order of one piece alone, by its SKU, with the tier that the shopper has."""
    at = now()
    program = timelines([store.shop_id])[store.shop_id].at(at).program
    context = Context(tier=_tier(store))
    return {
        product.sku: evaluate(
            program,
            OrderFacts(
                status=OrderStatus.PAID,
                currency=CURRENCY,
                placed_at=at,
                lines=(Line(id="1", net=product.price, sku=product.sku),),
            ),
            context,
        ).target
        for product in PRODUCTS
    }


def _tier(store: Connection) -> str:
    with scope(shop=store.shop):
        found = Standing.objects.filter(
            shop=store.shop,
            account__shop=store.shop,
            account__customer__shop=store.shop,
            account__customer__connection=store,
            account__customer__external_id=str(SHOPPER.id),
        )
        return found.values_list("tier", flat=True).first() or ""
