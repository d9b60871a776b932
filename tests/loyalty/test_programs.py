"""Opening shops, and the way of a program from draft to live and back."""

import threading
from datetime import timedelta
from decimal import Decimal

import msgspec
import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, connections, transaction
from django_scopes import scope

from lib.clock import now
from loyalty.actions.programs import draft_document, load_draft, open_shop, publish, roll_back
from loyalty.documents import (
    Basis,
    Exclusions,
    PerCurrency,
    ProgramDocument,
    as_dict,
    decode,
    default_document,
)
from loyalty.errors import InvalidProgram, NothingToPublish, UnknownVersion
from loyalty.models import Program, ProgramVersion
from loyalty.queries import live_version, version_in_force, versions
from platforms.connect import connect_store
from shops.models import Shop

FULL = ProgramDocument(
    currency="EUR",
    rules=(
        PerCurrency(key="food", name="Food", points=Decimal("2.5"), per=Decimal("0.01")),
        PerCurrency(key="rest", name="Everything else", points=Decimal(10), per=Decimal(100), active=False),
    ),
    points_name="Beans",
    rounding="half_up",
    deficit="clamp",
    award_guests_later=False,
    basis=Basis(include_tax=True, include_shipping=True, include_gift_cards=True),
    exclusions=Exclusions(skus=("A", "B"), tags=("sale",)),
)


def doubled(document: ProgramDocument) -> ProgramDocument:
    rules = tuple(msgspec.structs.replace(rule, points=rule.points * 2) for rule in document.rules)
    return msgspec.structs.replace(document, rules=rules)


def test_a_new_shop_is_live_with_the_default_program(db: None) -> None:
    shop = open_shop(" Tea & Co ", "jpy", "Asia/Tokyo", actor="mia@tea.example")

    live = live_version(shop)
    assert (shop.name, shop.currency, live.number) == ("Tea & Co", "JPY", 1)
    assert live.published_by == "mia@tea.example"
    assert decode(live.document) == default_document("JPY") == draft_document(shop)
    with pytest.raises(NothingToPublish):
        publish(shop, "mia@tea.example")


@pytest.mark.parametrize(
    ("name", "currency", "timezone", "field"),
    [
        ("", "EUR", "Europe/Berlin", "name"),
        ("Tea\x00", "EUR", "Europe/Berlin", "name"),
        ("T" * 121, "EUR", "Europe/Berlin", "name"),
        ("Tea", "QQQ", "Europe/Berlin", "currency"),
        ("Tea", "Euro", "Europe/Berlin", "currency"),
        ("Tea", "", "Europe/Berlin", "currency"),
        ("Tea", "EUR", "Berlin", "timezone"),
        ("Tea", "EUR", "../etc/passwd", "timezone"),
        ("Tea", "EUR", "", "timezone"),
    ],
)
def test_a_shop_that_makes_no_sense_is_refused_by_field(
    db: None, name: str, currency: str, timezone: str, field: str
) -> None:
    before = Shop.objects.count()
    with pytest.raises(ValidationError) as refused:
        open_shop(name, currency, timezone)
    assert list(refused.value.message_dict) == [field]
    assert Shop.objects.count() == before


def test_every_setting_survives_the_draft(shop: Shop) -> None:
    load_draft(shop, FULL)
    assert draft_document(shop) == FULL
    assert decode(live_version(shop).document) == default_document("EUR")

    version = publish(shop, "mia", note="Beans!")
    assert (version.number, version.note, version.published_by) == (2, "Beans!", "mia")
    assert decode(live_version(shop).document) == FULL
    assert [known.number for known in versions(shop)] == [2, 1]


def test_how_a_number_is_written_is_no_change(shop: Shop) -> None:
    rule = PerCurrency(
        key="purchases", name="Points for purchases", points=Decimal("1.0"), per=Decimal("1.00")
    )
    load_draft(shop, ProgramDocument(currency="EUR", rules=(rule,)))
    with pytest.raises(NothingToPublish):
        publish(shop, "mia")


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"currency": "USD"}, "currency"),
        ({"points_name": " "}, "points_name"),
        ({"rules": (msgspec.structs.replace(FULL.rules[0], per=Decimal(0)),)}, "rules[0].per"),
        ({"rules": (msgspec.structs.replace(FULL.rules[0], points=Decimal("0.00001")),)}, "rules[0].points"),
        ({"rules": FULL.rules[:1] * 2}, "rules[1].key"),
    ],
)
def test_a_bad_document_leaves_the_draft_alone(shop: Shop, change: dict[str, object], field: str) -> None:
    before = draft_document(shop)
    with pytest.raises(InvalidProgram) as refused:
        load_draft(shop, msgspec.structs.replace(FULL, **change))
    assert [where for where, _ in refused.value.errors] == [field]
    assert draft_document(shop) == before


def test_a_draft_that_makes_no_sense_is_not_published(shop: Shop) -> None:
    spoiled = as_dict(FULL) | {"points_name": " ", "exclusions": {"colours": ["red"]}}
    spoiled["rules"][0]["name"] = ""
    with scope(shop=shop):
        Program.objects.filter(shop=shop).update(draft=spoiled)
    with pytest.raises(InvalidProgram) as refused:
        publish(shop, "mia")
    assert {where for where, _ in refused.value.errors} == {
        "points_name",
        "exclusions.colours",
        "rules[0].name",
    }
    assert live_version(shop).number == 1


def test_rolling_back_publishes_the_old_program_again(shop: Shop) -> None:
    load_draft(shop, FULL)
    publish(shop, "mia")

    back = roll_back(shop, 1, "tom")
    assert (back.number, back.published_by, back.note) == (3, "tom", "Back to version 1")
    assert decode(live_version(shop).document) == default_document("EUR") == draft_document(shop)
    for number in (1, 3):
        with pytest.raises(NothingToPublish):
            roll_back(shop, number, "tom")
    with pytest.raises(UnknownVersion):
        roll_back(shop, 4, "tom")
    assert [known.number for known in versions(shop)] == [3, 2, 1]


def test_a_refused_rollback_keeps_the_draft_that_somebody_works_on(shop: Shop) -> None:
    load_draft(shop, FULL)
    with pytest.raises(NothingToPublish):
        roll_back(shop, 1, "tom")
    assert draft_document(shop) == FULL


def test_an_order_goes_by_the_version_that_was_live_when_it_was_placed(shop: Shop) -> None:
    first = live_version(shop)
    load_draft(shop, FULL)
    second = publish(shop, "mia")
    assert first.published_at < second.published_at

    instant = timedelta(microseconds=1)
    for placed_at, expected in [
        (first.published_at - timedelta(days=999), first),
        (first.published_at, first),
        (second.published_at - instant, first),
        (second.published_at, second),
        (second.published_at + timedelta(days=999), second),
    ]:
        assert version_in_force(shop, placed_at) == expected


def test_shops_do_not_share_programs(shop: Shop) -> None:
    other = open_shop("Elsewhere", "EUR", "UTC")
    load_draft(shop, FULL)
    publish(shop, "mia")
    assert decode(live_version(other).document) == default_document("EUR") == draft_document(other)
    assert live_version(other).number == 1


@pytest.mark.parametrize("statement", ["UPDATE {} SET note = 'x'", "DELETE FROM {}", "TRUNCATE {} CASCADE"])
def test_the_database_keeps_published_versions_as_they_are(shop: Shop, statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
            cursor.execute(statement.format("loyalty_programversion"))
    live = live_version(shop)
    assert (live.note, decode(live.document)) == (
        "The program a new shop starts with",
        default_document("EUR"),
    )


def test_two_people_publishing_at_once_make_one_version(committed: None) -> None:
    shop = open_shop("Busy", "EUR", "UTC")
    load_draft(shop, doubled(default_document("EUR")))
    outcomes: list[object] = []
    together = threading.Barrier(4, timeout=30)

    def press() -> None:
        together.wait()
        try:
            outcomes.append(publish(shop, "mia").number)
        except NothingToPublish:
            outcomes.append("nothing")
        finally:
            connections.close_all()

    people = [threading.Thread(target=press) for _ in range(4)]
    for person in people:
        person.start()
    for person in people:
        person.join(30)
    assert sorted(map(str, outcomes)) == ["2", "nothing", "nothing", "nothing"]
    with scope(shop=shop):
        assert ProgramVersion.objects.count() == 2


def test_publishing_waits_for_the_batch_that_is_being_applied(committed: None) -> None:
    shop = open_shop("Busy", "EUR", "UTC")
    store = connect_store(shop, "standard", f"{shop.public_id.replace('_', '-')}.example")
    load_draft(shop, doubled(default_document("EUR")))
    published: list[ProgramVersion] = []

    def press() -> None:
        try:
            published.append(publish(shop, "mia"))
        finally:
            connections.close_all()

    person = threading.Thread(target=press)
    with transaction.atomic(), connection.cursor() as cursor:
        # As a batch of deliveries holds the connection it works for.
        cursor.execute("SELECT id FROM shops_connection WHERE id = %s FOR SHARE", [store.pk])
        person.start()
        person.join(0.5)
        assert person.is_alive()
        assert live_version(shop).number == 1
        done = now()
    person.join(30)
    assert published[0].published_at > done
    assert live_version(shop) == published[0]
