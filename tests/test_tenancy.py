"""No shop sees, changes or names another shop's rows: in the server API, in the models, in the database."""

import json
import re
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass
from datetime import date

import pytest
from django.apps import apps
from django.db import IntegrityError, connection, models, transaction
from django.test import Client
from django.urls import get_resolver
from django.urls.resolvers import URLPattern, URLResolver
from django_scopes import ScopeError, scope
from pytest_django.plugin import DjangoDbBlocker

from lib.clock import now
from loyalty.actions.activities import record
from loyalty.actions.batches import Upload, apply, carry_on, check
from loyalty.actions.members import replay_accounts
from loyalty.actions.programs import draft_document, load_draft, publish
from loyalty.actions.tiers import pin_tier
from loyalty.documents import as_dict
from loyalty.models import Account, Entry, ExpiryWarning
from loyalty.validation import validate
from orders.backtest import runs
from orders.models import Delivery, Order
from rewards.actions.catalogue import create_reward
from rewards.actions.redeem import redeem
from rewards.models import Redemption
from shops.actions import create_api_key, revoke_api_key
from shops.models import Shop
from tests.conftest import TwoShops, beside, corner_shop
from tests.rewards.rows import rows_of
from tests.storefront_api.stories import customer, order, store

SHOP_OWNED = sorted(
    (model for model in apps.get_models() if "shop" in {field.name for field in model._meta.get_fields()}),
    key=lambda model: model._meta.db_table,
)
ADDRESSES = {
    "api-events": "/api/v1/events/",
    "api-members": "/api/v1/members/",
    "api-member": "/api/v1/members/{member}/",
    "api-entries": "/api/v1/members/{member}/entries/",
    "api-adjustments": "/api/v1/members/{member}/adjustments/",
    "api-tier": "/api/v1/members/{member}/tier/",
    "api-tiers": "/api/v1/members/{member}/tiers/",
    "api-expiries": "/api/v1/members/{member}/expiries/",
    "api-program": "/api/v1/program/",
    "api-rewards": "/api/v1/rewards/",
    "api-reward": "/api/v1/rewards/{reward}/",
    "api-member-redemptions": "/api/v1/members/{member}/redemptions/",
    "api-redeem": "/api/v1/members/{member}/redemptions/",
    "api-redemption": "/api/v1/redemptions/{redemption}/",
    "api-revoke": "/api/v1/redemptions/{redemption}/revoke/",
    "api-fulfil": "/api/v1/redemptions/{redemption}/fulfil/",
    "api-validate": "/api/v1/codes/validate/",
    "api-use": "/api/v1/codes/use/",
    "api-release": "/api/v1/codes/release/",
}
NAMED = {
    "{member}": "<int:member_id>",
    "{reward}": "<str:reward_id>",
    "{redemption}": "<str:redemption_id>",
}
OWN = {
    "api-members": "theirs",
    "api-program": "USD",
    "api-rewards": "Their mug",
    "api-validate": '"reason":"unknown"',
}
MADE = {"api-adjustments", "api-events", "api-redeem"}
MOVED = {"api-adjustments", "api-redeem", "api-revoke"}
# There is nothing to tell of a member without tiers and without points that expire.
SILENT = {"api-tier", "api-tiers", "api-expiries"}
OPEN_TO_ALL = {"/api/schema/", "/api/docs/"}


@dataclass
class Story:
    """A member of each shop, and the keys that somebody may come with."""

    shops: TwoShops
    member: Account
    stranger: Account
    keys: dict[str, str | None]
    redemption: Redemption

    def call(self, name: str, who: str, member: Account) -> tuple[int, str]:
        """(status, body) of an address of the API, asked about `member` with the key of `who`."""
        key = self.keys[who]
        client = Client(headers={"Authorization": f"Bearer {key}"} if key else {})
        redeemed = self.redemption
        reward = redeemed.reward.public_id
        url = ADDRESSES[name].format(member=member.pk, reward=reward, redemption=redeemed.public_id)
        once = f"{who}-{member.pk}"
        bodies: dict[str, dict[str, object]] = {
            "api-events": {"event": "quiz", "member": {"id": member.pk}, "reference": once},
            "api-adjustments": {"points": 5, "reason": "A gift"},
            "api-redeem": {"reward": reward},
            "api-revoke": {},
            "api-fulfil": {},
            "api-validate": {"code": redeemed.code},
            "api-use": {"code": redeemed.code, "reference": once},
            "api-release": {"code": redeemed.code, "reference": once},
        }
        if name in bodies:
            body = json.dumps(bodies[name])
            answer = client.post(url, body, "application/json", headers={"Idempotency-Key": once})
        else:
            answer = client.get(url)
        return answer.status_code, answer.content.decode()


@pytest.fixture(scope="module")
def first_story(module_rows: None, django_db_blocker: DjangoDbBlocker) -> Story:
    """What is there before each test; see `module_rows`."""
    with django_db_blocker.unblock():
        return begin(beside(corner_shop()))


@pytest.fixture
def story(db: None, first_story: Story) -> Story:
    return deepcopy(first_story)


def begin(two_shops: TwoShops) -> Story:
    revoked, token = create_api_key(two_shops.shop, "lost")
    revoke_api_key(revoked)
    member = order(customer(store(two_shops.shop), "mine", "mia@corner.example"), "order:1", "50")
    mug = create_reward(two_shops.shop, "Our mug", {"kind": "custom", "price": 10})
    create_reward(two_shops.other, "Their mug", {"kind": "custom", "price": 10})
    redemption = redeem(member, mug.public_id, "mug")
    redemption.reward = mug
    return Story(
        shops=two_shops,
        member=member,
        redemption=redemption,
        stranger=order(customer(store(two_shops.other), "theirs", "tim@elsewhere.example"), "order:1", "70"),
        keys={
            "own": two_shops.key,
            "other": two_shops.other_key,
            "none": None,
            "revoked": token,
            "invented": "rk_" + "x" * 43,
        },
    )


def entry_counts(story: Story) -> list[int]:
    with scope(shop=[story.shops.shop, story.shops.other]):
        return [Entry.objects.filter(account=account).count() for account in (story.member, story.stranger)]


def routes(found: list[URLPattern | URLResolver], prefix: str = "") -> Iterator[str]:
    """Every address, such as api/v1/members/<int:member_id>/."""
    for item in found:
        route = prefix + str(item.pattern)
        if isinstance(item, URLResolver):
            yield from routes(item.url_patterns, route)
        else:
            yield route


def test_the_table_covers_every_address_of_the_api() -> None:
    found = {"/" + route for route in routes(get_resolver().url_patterns) if route.startswith("api/")}
    found = {re.sub(r"\^(.*)/\?\$", r"\1/", route) for route in found}
    table = {re.sub(r"\{\w+\}", lambda name: NAMED[name[0]], url) for url in ADDRESSES.values()}
    assert found == table | OPEN_TO_ALL


@pytest.mark.parametrize("name", sorted(ADDRESSES))
@pytest.mark.parametrize(
    ("who", "status"), [("own", 200), ("other", 404), ("none", 401), ("revoked", 401), ("invented", 401)]
)
def test_a_key_opens_its_own_shop_alone(story: Story, name: str, who: str, status: int) -> None:
    before = entry_counts(story)
    found, body = story.call(name, who, story.member)
    if name in OWN and who == "other":
        # It has no stranger to name: it is the other shop's own.
        assert (found, OWN[name] in body) == (200, True)
    else:
        assert found == (201 if name in MADE and who == "own" else status)
    marks = (
        '"mine"',
        "A gift",
        "Our mug",
        '"balance":40',
        '"points":50',
        '"balance_after":',
        '"event":"quiz"',
        "EUR",
    )
    told = any(mark in body for mark in marks)
    assert told == (who == "own" and name not in SILENT)
    given = [1, 0] if name in MOVED and who == "own" else [0, 0]
    assert entry_counts(story) == [count + more for count, more in zip(before, given, strict=True)]


@pytest.mark.parametrize("search", ["external_id=theirs", "email=tim@elsewhere.example"])
def test_a_search_does_not_reach_over(story: Story, search: str) -> None:
    for who, count in {"own": 0, "other": 1}.items():
        client = Client(headers={"Authorization": f"Bearer {story.keys[who]}"})
        assert client.get(f"/api/v1/members/?{search}").json()["count"] == count


def test_one_reference_may_be_used_in_two_shops(story: Story) -> None:
    """Nobody learns from a conflict what another shop's servers have sent."""
    for who, member in {"own": story.member, "other": story.stranger}.items():
        client = Client(headers={"Authorization": f"Bearer {story.keys[who]}", "Idempotency-Key": "1"})
        body = json.dumps({"points": 5, "reason": who})
        answer = client.post(f"/api/v1/members/{member.pk}/adjustments/", body, "application/json")
        assert answer.status_code == 201


@pytest.mark.parametrize("model", SHOP_OWNED, ids=lambda model: model._meta.label)
def test_a_model_of_a_shop_is_only_read_inside_a_scope(story: Story, model: type[models.Model]) -> None:
    shop, other = story.shops.shop, story.shops.other
    with pytest.raises(ScopeError):
        model._default_manager.count()
    with scope(shop=shop):
        assert not model._default_manager.filter(shop=other).exists()


@dataclass(frozen=True)
class CompositeKey:
    """A foreign key (shop_id, `column`) from `table` to (shop_id, id) of `target`."""

    table: str
    column: str
    target: str


def composite_keys() -> list[CompositeKey]:
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT k.conrelid::regclass::text, k.confrelid::regclass::text,
                   array_agg(a.attname ORDER BY position), array_agg(b.attname ORDER BY position)
            FROM pg_constraint k
            CROSS JOIN unnest(k.conkey, k.confkey) WITH ORDINALITY AS pair (own, other, position)
            JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = own
            JOIN pg_attribute b ON b.attrelid = k.confrelid AND b.attnum = other
            WHERE k.contype = 'f' AND cardinality(k.conkey) > 1
            GROUP BY k.oid, k.conrelid, k.confrelid ORDER BY 1, 3
            """
        )
        rows = cursor.fetchall()
    assert all(own[0] == "shop_id" and other == ["shop_id", "id"] for _, _, own, other in rows)
    return [CompositeKey(table, own[1], target) for table, target, own, _ in rows]


def tenant_keys() -> set[CompositeKey]:
    """The keys between rows of shops, as the models know them."""
    return {
        CompositeKey(model._meta.db_table, field.column, field.related_model._meta.db_table)
        for model in SHOP_OWNED
        for field in model._meta.concrete_fields
        if isinstance(field, models.ForeignKey) and field.related_model in SHOP_OWNED
    }


def test_every_key_between_rows_of_a_shop_is_composite(db: None) -> None:
    assert set(composite_keys()) == tenant_keys()
    assert len(tenant_keys()) >= 14


def test_every_table_of_a_shop_is_keyed_by_shop_and_id(db: None) -> None:
    with connection.cursor() as cursor:
        for model in SHOP_OWNED:
            constraints = connection.introspection.get_constraints(cursor, model._meta.db_table)
            primary = [entry["columns"] for entry in constraints.values() if entry["primary_key"]]
            assert primary == [["shop_id", "id"]], model._meta.db_table


# What a copy of a row needs besides an id of its own, not to be the same as the first.
OTHERWISE: dict[str, dict[str, object]] = {
    "loyalty_batchrow": {"line": 999},
    "loyalty_activity": {"reference": "copy"},
    "loyalty_award": {"source": "order:copy"},
    "loyalty_entry": {"reference": "copy", "seq": 999},
    "loyalty_expirywarning": {"days": 8},
    "loyalty_progress": {"number": 99},
    "loyalty_tierspan": {"number": 99},
    "orders_delivery": {"dedupe_key": "copy"},
    "orders_fetch": {"external_id": "copy"},
    "orders_order": {"external_id": "copy"},
    "rewards_codeuse": {"source": "copy"},
    "rewards_poolcode": {"code": "copy"},
    "rewards_redemption": {"public_id": "copy", "code": "copy", "request_key": "copy"},
    "rewards_reward": {"public_id": "copy"},
    "shops_customer": {"external_id": "copy"},
    "shops_privacyrequest": {"reference": "copy"},
}
ALONE = ("loyalty_standing", "shops_storeaccess")  # one a member, one a connection
LATEST_ROW = "SELECT to_jsonb(t) FROM {table} t WHERE shop_id = %s ORDER BY id DESC LIMIT 1"
NEW_ROW = "INSERT INTO {table} SELECT * FROM jsonb_populate_record(NULL::{table}, %s)"


def latest(shop: Shop, table: str) -> dict[str, object]:
    with connection.cursor() as cursor:
        cursor.execute(LATEST_ROW.format(table=table), [shop.pk])
        (row,) = cursor.fetchone()
    return dict(json.loads(row))


def insert(table: str, row: dict[str, object]) -> None:
    with connection.cursor() as cursor, transaction.atomic():
        cursor.execute(NEW_ROW.format(table=table), [json.dumps(row)])


def file_of_points(shop: Shop, member: Account) -> None:
    """A batch with a row that moved points."""
    row = f"{member.customer.external_id},5,x\n"
    carry_on(
        apply(check(shop, Upload(b"external_id,points,reason\n" + row.encode(), "adjust", "test")), "test")
    )


def fill(shop: Shop, member: Account) -> None:
    """Rows in the tables that an order alone does not fill, and a customer who has no account."""
    order(member.customer, "order:1", "50", returned="20")
    linked = member.customer.connection
    with scope(shop=shop):
        Order.objects.create(shop=shop, connection=linked, customer=member.customer, external_id="1")
        Delivery.objects.create(shop=shop, connection=linked, topic="orders/paid", dedupe_key="1", body=b"")
        runs.start(shop, 30, "test")
        ExpiryWarning.objects.create(
            shop=shop, account=member, expires_on=date(2027, 1, 31), days=7, points=5, due_at=now()
        )
    file_of_points(shop, member)
    through_tiers(shop, member)
    rows_of(shop, member)
    customer(linked, "no points yet")


def through_tiers(shop: Shop, member: Account) -> None:
    """A member with an activity, a standing, a tier for a reason, and one that a person gave them."""
    levels = [{"key": "bronze", "name": "Bronze", "threshold": "0"}]
    load_draft(shop, validate(as_dict(draft_document(shop)) | {"tiers": {"levels": levels}}))
    publish(shop, "test")
    record(member, "custom", "quiz", name="quiz")
    replay_accounts([(shop.pk, member.pk)])
    pin_tier(member, "bronze", date(2099, 1, 1), "A friend", "test")


def test_the_database_refuses_a_row_that_names_another_shops_row(story: Story) -> None:
    """Two copies of a row: the one that names its own shop's row is taken, so only the key refuses the other."""
    fill(story.shops.shop, story.member)
    file_of_points(story.shops.other, story.stranger)
    rows_of(story.shops.other, story.stranger)
    for key in sorted(tenant_keys(), key=str):
        try_to_name_another(story, key)


def try_to_name_another(story: Story, key: CompositeKey) -> None:
    """What is tried is undone."""
    with transaction.atomic():
        copy = latest(story.shops.shop, key.table) | {"id": 10**12} | OTHERWISE.get(key.table, {})
        own, foreign = (latest(shop, key.target)["id"] for shop in (story.shops.shop, story.shops.other))
        if key.table in ALONE:
            with connection.cursor() as cursor:
                cursor.execute(f"DELETE FROM {key.table} WHERE shop_id = %s", [story.shops.shop.pk])
        with pytest.raises(IntegrityError, match="violates foreign key constraint"):
            insert(key.table, copy | {key.column: foreign})
        insert(key.table, copy | {key.column: own})
        transaction.set_rollback(True)
