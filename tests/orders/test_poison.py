"""A delivery that the database will not take: it is put off, others are not, and it is never lost."""

from collections.abc import Callable

import pytest
from django.db import connection as database
from django.db.models.functions import Now
from django_scopes import scope

from orders.actions import replay
from orders.inbox import MAX_ATTEMPTS
from orders.models import Delivery
from shops.models import Shop
from tests.orders.stores import Store, open_store, order_body

pytestmark = pytest.mark.django_db

REFUSE = """
    CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN RAISE EXCEPTION 'refused' USING ERRCODE = '{code}'; END $$;
    CREATE TRIGGER refuse BEFORE INSERT ON orders_order FOR EACH ROW WHEN (NEW.external_id = '666')
        EXECUTE FUNCTION refuse();
"""


@pytest.fixture
def store(shop: Shop) -> Store:
    return open_store(shop, "shopify")


@pytest.fixture
def poison() -> Callable[[str], None]:
    """Makes the database refuse order 666 with an error code; the test's rollback undoes it."""

    def make(code: str) -> None:
        with database.cursor() as cursor:
            cursor.execute(REFUSE.format(code=code))

    return make


def send(store: Store, *ids: int) -> None:
    for id in ids:
        assert store.post(order_body("shopify", id, "10.00", admin_graphql_api_id=None)).status_code == 200


def outcomes(store: Store) -> dict[str, int]:
    """The state and the attempts of every delivery, the oldest first."""
    return {f"{number}: {d.state}": d.attempts for number, d in enumerate(store.deliveries(), start=1)}


def due_now(store: Store) -> None:
    with scope(shop=store.connection.shop):
        Delivery.objects.filter(shop=store.connection.shop, state="new").update(due_at=Now())


@pytest.mark.parametrize("code", ["23514", "22003", "P0001", "XX000", "54000", "57014", "53200"])
def test_others_in_the_batch_are_applied(store: Store, poison: Callable[[str], None], code: str) -> None:
    poison(code)
    send(store, 1, 666, 2)
    store.drain()
    assert outcomes(store) == {"1: done": 1, "2: new": 1, "3: done": 1}
    assert store.accounts()[0].balance == 20


def test_after_some_attempts_the_merchant_is_asked_and_may_replay(
    store: Store, poison: Callable[[str], None]
) -> None:
    poison("23514")
    send(store, 666)
    for attempt in range(1, MAX_ATTEMPTS + 1):
        due_now(store)
        store.drain()
        assert store.deliveries()[0].attempts == attempt
    (dead,) = store.deliveries()
    assert dead.state == "dead"
    assert dead.error.startswith("Could not be applied")
    with database.cursor() as cursor:
        cursor.execute("DROP TRIGGER refuse ON orders_order")
    assert replay([dead.pk], store.connection.shop) == 1
    store.drain()
    assert outcomes(store) == {"1: done": 1}
    assert store.moves() == [10]
