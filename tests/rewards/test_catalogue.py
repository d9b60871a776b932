"""A merchant's catalogue: what is refused and by which field, changes, and what the widget gets of it."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from django_scopes import scope

from loyalty.actions.points import adjust
from loyalty.models import Standing
from platforms.clients import Abilities, Access, Client
from platforms.connect import connect_store
from platforms.registry import PLATFORMS
from platforms.standard import PLATFORM as STANDARD
from rewards.actions.catalogue import (
    archive_reward,
    change_reward,
    create_reward,
    move_reward,
    offer_reward,
    withdraw_reward,
)
from rewards.actions.redeem import redeem
from rewards.actions.redemptions import cancel
from rewards.errors import InvalidReward, StaleReward
from rewards.models import Reward
from rewards.queries import catalogue, rewards_of
from rewards.terms import Terms, plain_terms, read_terms
from shops.models import Shop
from tests.loyalty.ledger_stories import new_member

FIVE_OFF: dict[str, Any] = {"kind": "fixed", "price": 500, "value": "5"}
SLIDER: dict[str, Any] = {"kind": "variable", "price": 100, "value": "5"}
PERCENT: dict[str, Any] = {"kind": "percentage", "price": 100, "value": "10"}


def no_client(access: Access) -> Client:
    raise AssertionError(access)


def fields(shop: Shop, terms: object, **more: Any) -> list[str]:
    """The fields that are refused; none where the reward is made."""
    plain: Any = terms
    try:
        create_reward(shop, more.pop("name", "A reward"), plain, **more)
    except InvalidReward as error:
        return [field for field, message in error.errors if message]
    return []


BAD_TERMS: list[tuple[Any, list[str]]] = [
    (FIVE_OFF, []),
    (FIVE_OFF | {"price": 0}, ["price"]),
    (FIVE_OFF | {"price": -5}, ["price"]),
    (FIVE_OFF | {"price": 500.0}, ["price"]),
    (FIVE_OFF | {"price": True}, ["price"]),
    (FIVE_OFF | {"price": 10**12}, ["price"]),
    ({"kind": "fixed", "price": 500}, ["value"]),
    ({"kind": "lottery", "price": 1}, ["kind"]),
    ({"kind": "fixed"}, ["price"]),
    (FIVE_OFF | {"value": "0"}, ["value"]),
    (FIVE_OFF | {"value": "-5"}, ["value"]),
    (FIVE_OFF | {"value": 5.0}, ["value"]),
    (FIVE_OFF | {"value": "5.001"}, ["value"]),
    (FIVE_OFF | {"value": "1e15"}, ["value"]),
    (PERCENT | {"value": "100"}, []),
    (PERCENT | {"value": "100.01"}, ["value"]),
    (PERCENT | {"value": "7.125"}, ["value"]),
    (PERCENT | {"most_discount": "0"}, ["most_discount"]),
    (FIVE_OFF | {"most_discount": "5"}, ["most_discount"]),
    (FIVE_OFF | {"min_points": 100, "max_order_percent": 50}, ["min_points", "max_order_percent"]),
    (FIVE_OFF | {"tier_prices": {"gold": 400}}, ["tier_prices.gold"]),
    (FIVE_OFF | {"tier_prices": {"gold": 0}}, ["tier_prices.gold", "tier_prices.gold"]),
    (FIVE_OFF | {"tier_prices": [1]}, ["tier_prices"]),
    (FIVE_OFF | {"tiers": ["gold"]}, ["tiers[0]"]),
    (FIVE_OFF | {"starts": "2027-02-01", "ends": "2027-02-01"}, ["ends"]),
    (FIVE_OFF | {"ends": "2026-01-01"}, ["ends"]),
    (FIVE_OFF | {"starts": "soon"}, ["starts"]),
    (FIVE_OFF | {"validity_days": 0, "per_member": 0}, ["validity_days", "per_member"]),
    (FIVE_OFF | {"minimum_spend": "0"}, ["minimum_spend"]),
    (FIVE_OFF | {"minimum_spend": "9.999"}, ["minimum_spend"]),
    (FIVE_OFF | {"prefix": "THIRTEENCHARS"}, ["prefix"]),
    (FIVE_OFF | {"prefix": "TEN%"}, ["prefix"]),
    (FIVE_OFF | {"combines": ["product", "product"]}, ["combines"]),
    (FIVE_OFF | {"combines": ["everything"]}, ["combines[0]"]),
    (FIVE_OFF | {"colour": "red"}, ["colour"]),
    (FIVE_OFF | {"source": "pool", "prefix": "X"}, ["prefix"]),
    (SLIDER | {"min_points": 200, "max_points": 1000, "max_order_percent": 50}, []),
    (SLIDER | {"min_points": 250, "max_points": 50}, ["min_points", "max_points", "max_points"]),
    (SLIDER | {"max_order_percent": 101}, ["max_order_percent"]),
    (SLIDER | {"max_order_percent": 0}, ["max_order_percent"]),
    (SLIDER | {"source": "pool"}, ["source"]),
    ({"kind": "free_product", "price": 9}, ["product_ids"]),
    ({"kind": "free_product", "price": 9, "variant_ids": ["1"]}, []),
    ({"kind": "free_shipping", "price": 9, "value": "5"}, ["value"]),
    ({"kind": "store_credit", "price": 9, "value": "5", "source": "pool"}, ["source"]),
    ({"kind": "custom", "price": 9, "instructions": "Ask at the till."}, []),
    (None, ["terms"]),
]


def test_bad_terms_are_refused_by_field(shop: Shop) -> None:
    assert [(terms, fields(shop, terms)) for terms, _ in BAD_TERMS] == BAD_TERMS


def test_bad_names_and_stocks(shop: Shop) -> None:
    assert fields(shop, FIVE_OFF | {"price": 0}, name=" ", stock=-1, description="\x00") == [
        "name",
        "description",
        "stock",
        "price",
    ]
    assert fields(shop, FIVE_OFF, name="x" * 121) == ["name"]
    assert fields(shop, FIVE_OFF, stock=True) == ["stock"]
    assert rewards_of(shop) == []


def test_steps_name_the_nearest(shop: Shop) -> None:
    with pytest.raises(InvalidReward, match="whole steps of 100 points, such as 200 or 300"):
        create_reward(shop, "Slide", SLIDER | {"min_points": 250})


def test_yen_have_no_decimals(db: None) -> None:
    shop = Shop(name="Kiosk", currency="JPY", timezone="Asia/Tokyo")
    shop.save()
    assert fields(shop, FIVE_OFF | {"value": "0.5"}) == ["value"]
    assert fields(shop, FIVE_OFF) == []


def test_what_no_connected_store_can_give(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    abilities = Abilities(frozenset({"fixed", "percentage"}))
    store = replace(STANDARD, name="storify", label="Storify", client=no_client, abilities=abilities)
    monkeypatch.setitem(PLATFORMS, "storify", store)
    card = {"kind": "gift_card", "price": 9, "value": "5"}
    assert fields(shop, card) == []
    connect_store(shop, "storify", "one.example")
    assert fields(shop, card) == ["kind"]
    assert fields(shop, PERCENT | {"most_discount": "20"}) == ["most_discount"]
    till = connect_store(shop, "standard", "two.example")
    # The till can; the widget of the other store does not show it.
    create_reward(shop, "Capped", PERCENT | {"most_discount": "20"})
    assert [one.listed.name for one in catalogue(till, None)] == ["A reward", "Capped"][1:]


def test_a_change_needs_the_present_revision(shop: Shop) -> None:
    made = create_reward(shop, " Five off ", Terms(kind="fixed", price=500, value=Decimal(5)), stock=3)
    assert (made.name, made.kind, made.revision, made.terms) == (
        "Five off",
        "fixed",
        1,
        plain_terms(Terms(kind="fixed", price=500, value=Decimal(5))),
    )
    changed = change_reward(made, revision=1, terms=FIVE_OFF | {"price": 400, "prefix": "ten"}, stock=5)
    assert (changed.revision, read_terms(changed.terms).price, changed.terms["prefix"]) == (2, 400, "TEN")
    with pytest.raises(StaleReward) as stale:
        change_reward(made, revision=1, name="Six off")
    assert stale.value.revision == 2
    assert change_reward(made, revision=2, name="Five off").revision == 2
    with scope(shop=shop):
        Reward.objects.filter(shop=shop).update(taken=4)
    with pytest.raises(InvalidReward, match="stock: must not be below 4"):
        change_reward(made, revision=2, stock=3)
    with pytest.raises(InvalidReward, match="kind: cannot be changed"):
        change_reward(made, revision=2, terms=PERCENT)
    assert change_reward(made, revision=2, endless=True).stock is None


def test_an_offer_that_has_ended_can_still_be_renamed_but_not_offered(shop: Shop) -> None:
    made = create_reward(shop, "Flash", FIVE_OFF | {"ends": "2099-01-01"})
    with scope(shop=shop):
        Reward.objects.filter(shop=shop).update(terms=FIVE_OFF | {"ends": "2026-01-01"})
    renamed = change_reward(made, revision=1, name="Was a flash")
    withdraw_reward(renamed)
    with pytest.raises(InvalidReward, match="ends: is in the past"):
        offer_reward(renamed)


def test_withdrawn_archived_and_moved(shop: Shop) -> None:
    one, two, three = (create_reward(shop, name, FIVE_OFF) for name in ("One", "Two", "Three"))
    move_reward(three, 0)
    assert [reward.name for reward in rewards_of(shop)] == ["Three", "One", "Two"]
    assert withdraw_reward(withdraw_reward(one)).revision == 2
    assert offer_reward(one).active
    archived = archive_reward(two)
    assert archive_reward(two).archived_at == archived.archived_at
    assert [reward.name for reward in rewards_of(shop)] == ["Three", "One"]
    assert len(rewards_of(shop, archived=True)) == 3
    with pytest.raises(InvalidReward, match="archived"):
        offer_reward(two)
    assert rewards_of(shop)[0].revision == 1


def test_the_widget_shows_what_a_member_can_have(shop: Shop) -> None:
    member = new_member(shop)
    member.earns(600, 0)
    connection = member.account.customer.connection
    create_reward(shop, "Five off", FIVE_OFF, stock=2)
    create_reward(shop, "Ten off", FIVE_OFF | {"price": 1000, "value": "10"})
    create_reward(shop, "Uploaded", FIVE_OFF | {"source": "pool"})
    withdraw_reward(create_reward(shop, "Gone", FIVE_OFF))
    with scope(shop=shop):
        Standing.objects.update_or_create(shop=shop, account=member.account, defaults={"tier": ""})
    shown = [(one.listed.name, one.missing, one.obstacle) for one in catalogue(connection, member.account)]
    assert shown == [("Five off", 0, ""), ("Ten off", 400, "not_enough_points"), ("Uploaded", 0, "sold_out")]
    assert [one.missing for one in catalogue(connection, None)] == [500, 1000, 500]


def test_a_stock_that_comes_later_counts_what_is_out(shop: Shop) -> None:
    """While there is no end nobody keeps count; then each that is not given back is gone."""
    member = new_member(shop).account
    adjust(member, 1000, "A start", "olivia@corner.example")
    reward = create_reward(shop, "Mug", {"kind": "custom", "price": 10}, stock=5)
    mugs = [redeem(member, reward.public_id, f"mug-{number}") for number in range(2)]
    endless = change_reward(reward, revision=1, endless=True)
    cancel(mugs[0], "olivia@corner.example")
    mugs += [redeem(member, reward.public_id, f"more-{number}") for number in range(3)]
    with pytest.raises(InvalidReward, match="stock: must not be below 4"):
        change_reward(endless, revision=2, stock=3)
    limited = change_reward(endless, revision=2, stock=5)
    assert limited.taken == 4
    cancel(mugs[4], "olivia@corner.example")
    limited.refresh_from_db()
    assert limited.taken == 3
