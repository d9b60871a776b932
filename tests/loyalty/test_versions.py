"""Timelines: which version counts when, on whose clock."""

from datetime import timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from msgspec.structs import replace

from loyalty.actions.programs import draft_document, load_draft, open_shop, publish
from loyalty.documents import Tier, Tiers
from loyalty.queries import versions
from loyalty.versions import timelines
from shops.models import Shop

TIERS = Tiers(levels=(Tier(key="gold", name="Gold", threshold=Decimal(500)),))


def test_a_timeline_knows_every_version_and_the_clock_of_its_shop(shop: Shop) -> None:
    load_draft(shop, replace(draft_document(shop), points_name="Beans"))
    publish(shop, "mia")
    tokyo = open_shop("Elsewhere", "JPY", "Asia/Tokyo")

    known = timelines([shop.pk, tokyo.pk])
    newest, first = versions(shop)
    told = [(version.number, version.id, version.published_at) for version in known[shop.pk].versions]
    assert told == [(1, first.pk, first.published_at), (2, newest.pk, newest.published_at)]
    assert known[shop.pk].since == (first.published_at, newest.published_at)
    assert {version.zone for version in known[shop.pk].versions} == {ZoneInfo("Europe/Berlin")}
    [alone] = known[tokyo.pk].versions
    assert (alone.zone, alone.program.zone) == (ZoneInfo("Asia/Tokyo"), ZoneInfo("Asia/Tokyo"))
    assert alone.document.currency == "JPY"


def test_the_newest_by_then_counts_and_the_first_before_all(shop: Shop) -> None:
    load_draft(shop, replace(draft_document(shop), points_name="Beans"))
    second = publish(shop, "mia").published_at
    timeline = timelines([shop.pk])[shop.pk]
    for at, number in [
        (second - timedelta(days=999), 1),
        (second - timedelta(microseconds=1), 1),
        (second, 2),
        (second + timedelta(days=999), 2),
    ]:
        assert timeline.at(at).number == number


def test_versions_are_kept_until_the_clock_of_the_shop_is_another(shop: Shop) -> None:
    [before] = timelines([shop.pk])[shop.pk].versions
    [again] = timelines([shop.pk])[shop.pk].versions
    assert again is before
    Shop.objects.filter(pk=shop.pk).update(timezone="America/New_York")
    [moved] = timelines([shop.pk])[shop.pk].versions
    assert (moved.id, moved.zone, moved.program.zone.key) == (
        before.id,
        ZoneInfo("America/New_York"),
        "America/New_York",
    )


def test_one_version_that_needs_the_member_is_enough(shop: Shop) -> None:
    assert not timelines([shop.pk])[shop.pk].needs_context
    draft = draft_document(shop)
    load_draft(shop, replace(draft, tiers=TIERS))
    publish(shop, "mia")
    load_draft(shop, draft)
    publish(shop, "mia")
    assert timelines([shop.pk])[shop.pk].needs_context


def test_a_shop_that_nobody_knows_has_no_timeline(db: None) -> None:
    assert timelines([-1]) == {}
    assert timelines([]) == {}
