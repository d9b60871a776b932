"""What counts for tiers, and when: imported points where the program says so, points on hold once released."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from django_scopes import scope

from lib.clock import now
from loyalty.actions.batches import Upload, apply, carry_on, check
from loyalty.actions.members import replay_accounts
from loyalty.actions.programs import draft_document, load_draft, open_shop, publish
from loyalty.documents import as_dict
from loyalty.earning import OrderFacts
from loyalty.models import Standing
from loyalty.replay import Source, replay
from loyalty.reviews import review_all_due
from loyalty.validation import validate
from loyalty.versions import timelines
from platforms.snapshots import Line, OrderStatus
from shops.models import Shop
from tests.storefront_api.stories import customer, order, store

pytestmark = pytest.mark.django_db

LEVELS = [
    {"key": "bronze", "name": "Bronze", "threshold": "0"},
    {"key": "gold", "name": "Gold", "threshold": "300"},
]


def with_tiers(shop: Shop, **terms: Any) -> None:
    tiers = {"metric": "points", "levels": LEVELS} | terms.pop("tiers", {})
    load_draft(shop, validate(as_dict(draft_document(shop)) | {"tiers": tiers} | terms))
    publish(shop, "test")


@pytest.mark.parametrize(("counts", "tier"), [(True, "gold"), (False, "bronze")])
def test_imported_points_count_where_the_program_says_so(counts: bool, tier: str) -> None:
    shop = open_shop("Moved here", "EUR", "Europe/Berlin")
    with_tiers(shop, tiers={"count_imports": counts})
    member = order(customer(store(shop), "mia", "mia@corner.example"), "order:1", "50")
    replay_accounts([(shop.pk, member.pk)])
    file = b"external_id,points,reason\nmia,400,From the old app\n"
    carry_on(apply(check(shop, Upload(file, "import", "test")), "test"))
    review_all_due(now())
    with scope(shop=shop):
        standing = Standing.objects.filter(shop=shop, account=member).first()
    assert standing is not None
    assert standing.tier == tier


PLACED = datetime(2037, 12, 30, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("metric", "hold_days", "reached_at"),
    [
        ("points", 14, datetime(2038, 1, 13, 12, tzinfo=UTC)),
        ("points", 0, PLACED),
        ("spend", 14, PLACED),
    ],
)
def test_an_order_before_new_year_counts_once_whatever_the_hold(
    shop: Shop, metric: str, hold_days: int, reached_at: datetime
) -> None:
    """Points count in the year in which they were released, spend in the one in which the order was paid."""
    with_tiers(shop, hold_days=hold_days, tiers={"metric": metric, "window": "calendar_year"})
    timeline = timelines([shop.pk])[shop.pk]
    facts = OrderFacts(
        status=OrderStatus.PAID, currency="EUR", placed_at=PLACED, lines=(Line("1", Decimal(300)),)
    )
    source = Source("order:1", "1", PLACED, timeline.at(PLACED), facts)
    outcome = replay(timeline, [source], PLACED, until=datetime(2038, 2, 1, tzinfo=UTC))
    spans = [(span.tier, span.since) for span in outcome.journey.spans]
    assert ("gold", reached_at) in spans
