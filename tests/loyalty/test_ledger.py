"""The ledger: lots, deficits, references, append-only, proof."""

import threading
from datetime import UTC, datetime, timedelta

import pytest
from django.db import DatabaseError, IntegrityError, connection, connections, transaction
from django_scopes import scope
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lib.clock import now
from loyalty import ledger
from loyalty.actions.awards import open_accounts
from loyalty.actions.points import adjust
from loyalty.actions.programs import open_shop
from loyalty.errors import AccountFrozen, InvalidAdjustment, NotEnoughPoints, ReferenceConflict
from loyalty.models import Account, Entry, Lot, LotUse
from loyalty.proof import repair, verify
from platforms.connect import connect_store
from shops.models import Customer, Shop
from tests.bodies import line, shopify_order, shopify_refund, shopify_refund_line
from tests.orders.post import Inbox
from tests.properties import tries

DAY = timedelta(days=1)
START = datetime(2026, 1, 1, tzinfo=UTC)


def open_account(shop: Shop) -> Account:
    store = connect_store(shop, "standard", f"{shop.public_id.replace('_', '-')}.example")
    with scope(shop=shop):
        customer = Customer.objects.create(shop=shop, connection=store, external_id="c1", as_of=now())
        open_accounts([(shop.pk, customer.pk)])
        return Account.objects.get(shop=shop, customer=customer)


@pytest.fixture
def account(shop: Shop) -> Account:
    return open_account(shop)


def move(
    account: Account, points: int, *, day: int = 0, expires: int | None = None, **more: object
) -> ledger.Posted:
    """Post one move on a day after the start; it expires on another day, or never."""
    fields: dict[str, object] = {
        "kind": "earn" if points > 0 else "redeem",
        "reference": f"t:{next(_numbers)}",
        **more,
    }
    when = START + DAY * day
    expires_at = None if expires is None else START + DAY * expires
    wish = ledger.Move(
        shop_id=account.shop_id,
        account_id=account.pk,
        points=points,
        occurred_at=when,
        expires_at=expires_at,
        **fields,  # type: ignore[arg-type]
    )
    with transaction.atomic():
        return ledger.post([wish])[0]


_numbers = iter(range(1, 10**9))


def lots(account: Account) -> list[tuple[int, int]]:
    """(points, remaining) of every lot, in the order they were opened."""
    with scope(shop=account.shop):
        return list(Lot.objects.filter(account=account).order_by("id").values_list("points", "remaining"))


def balance(account: Account) -> int:
    with scope(shop=account.shop):
        return int(Account.objects.get(shop=account.shop_id, pk=account.pk).balance)


def test_a_debit_takes_the_lot_that_expires_first(account: Account) -> None:
    move(account, 50, expires=60)
    move(account, 50, day=1, expires=30)
    move(account, -70, day=2)
    assert lots(account) == [(50, 30), (50, 0)]
    assert balance(account) == 30


def test_lots_without_expiry_come_last_and_then_the_older_first(account: Account) -> None:
    move(account, 10, day=2)
    move(account, 10, day=1)
    move(account, 10, day=3, expires=400)
    move(account, -15, day=4)
    assert lots(account) == [(10, 10), (10, 5), (10, 0)]


def test_a_credit_first_fills_a_deficit(account: Account) -> None:
    move(account, 30)
    assert move(account, -50, kind="reverse", uncovered="carry").balance_after == -20
    assert move(account, 15).balance_after == -5
    assert lots(account) == [(30, 0)]
    assert move(account, 12).balance_after == 7
    assert lots(account) == [(30, 0), (7, 7)]


def test_a_clamped_debit_stops_at_zero_and_tells_the_shortfall(account: Account) -> None:
    move(account, 30)
    posted = move(account, -50, kind="reverse", uncovered="clamp")
    assert (posted.points, posted.shortfall, posted.balance_after) == (-30, 20, 0)
    nothing = move(account, -5, kind="reverse", uncovered="clamp")
    assert (nothing.entry_id, nothing.points, nothing.shortfall) == (None, 0, 5)


def test_a_debit_beyond_the_balance_is_refused_and_writes_nothing(account: Account) -> None:
    move(account, 30)
    with pytest.raises(NotEnoughPoints) as refused:
        move(account, -31)
    assert refused.value.balance == 30
    assert balance(account) == 30


def test_one_batch_may_credit_and_debit_an_account(account: Account) -> None:
    wishes = [
        ledger.Move(account.shop_id, account.pk, kind, points, f"b:{points}", START, uncovered="carry")
        for kind, points in (("earn", 40), ("redeem", -25), ("earn", 5), ("reverse", -30))
    ]
    assert [posted.balance_after for posted in ledger.post(wishes)] == [40, 15, 20, -10]
    assert lots(account) == [(40, 0), (5, 0)]
    assert verify(account.shop_id) == []


def test_lifetime_figures_are_net_of_returns(account: Account) -> None:
    move(account, 100)
    move(account, -40, kind="reverse", uncovered="carry")
    move(account, -20)
    account.refresh_from_db()
    assert (account.lifetime_earned, account.lifetime_spent) == (60, 20)


def test_a_reference_is_taken_once_in_a_shop(account: Account) -> None:
    move(account, 5, reference="same")
    with pytest.raises(IntegrityError), transaction.atomic():
        move(account, 5, reference="same")


def test_adjusting_twice_with_one_reference_moves_points_once(account: Account) -> None:
    first = adjust(account, 25, "sorry for the delay", "ada@shop.example", reference="r1")
    assert adjust(account, 25, "sorry for the delay", "ada@shop.example", reference="r1") == first
    with pytest.raises(ReferenceConflict):
        adjust(account, 26, "sorry for the delay", "ada@shop.example", reference="r1")
    assert balance(account) == 25


@pytest.mark.parametrize(
    ("points", "reason", "field"),
    [
        (0, "why", "points"),
        (5, "  ", "reason"),
        (10**12, "why", "points"),
        (5, "x" * 501, "reason"),
        (5, "a\x00", "reason"),
    ],
)
def test_an_adjustment_that_cannot_be_made_names_the_field(
    account: Account, points: int, reason: str, field: str
) -> None:
    with pytest.raises(InvalidAdjustment) as refused:
        adjust(account, points, reason, "ada@shop.example")
    assert refused.value.field == field
    assert balance(account) == 0


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE loyalty_entry SET reason = 'x' WHERE account_id = %s",
        "DELETE FROM loyalty_entry WHERE account_id = %s",
        "TRUNCATE loyalty_entry CASCADE -- %s",
        "SET LOCAL session_replication_role = replica; UPDATE loyalty_entry SET seq = 9 WHERE account_id = %s",
    ],
)
def test_the_database_refuses_to_change_entries(account: Account, statement: str) -> None:
    """Also for the owner of the table, who this is."""
    move(account, 5)
    with (
        pytest.raises(DatabaseError, match="append-only"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement, [account.pk])
    assert verify(account.shop_id) == []


TAMPERINGS = [
    "UPDATE loyalty_entry SET available_delta = available_delta + 1 WHERE account_id = %s AND seq = 1",
    "UPDATE loyalty_entry SET balance_after = balance_after + 1 WHERE account_id = %s AND seq = 2",
    "UPDATE loyalty_entry SET reason = 'gift' WHERE account_id = %s AND seq = 1",
    "UPDATE loyalty_entry SET kind = 'adjust' WHERE account_id = %s AND seq = 1",
    "UPDATE loyalty_entry SET occurred_at = occurred_at - interval '1 year' WHERE account_id = %s AND seq = 1",
    "UPDATE loyalty_entry SET reference = 'other' WHERE account_id = %s AND seq = 1",
    "DELETE FROM loyalty_lotuse WHERE entry_id IN (SELECT id FROM loyalty_entry WHERE account_id = %s)",
    "UPDATE loyalty_account SET balance = balance + 1 WHERE id = %s",
    "UPDATE loyalty_account SET seq = seq + 1 WHERE id = %s",
    "UPDATE loyalty_account SET lifetime_earned = 0 WHERE id = %s",
    "UPDATE loyalty_lot SET remaining = remaining - 1 WHERE account_id = %s AND remaining > 0",
    "UPDATE loyalty_lot SET points = points + 1 WHERE account_id = %s",
    "UPDATE loyalty_lot SET earned_at = earned_at - interval '1 year' WHERE account_id = %s",
]


@pytest.mark.parametrize("statement", TAMPERINGS)
def test_verify_finds_a_tampered_row_and_freezes_the_account(account: Account, statement: str) -> None:
    other = open_account(open_shop("Elsewhere", "EUR", "Europe/Berlin"))
    for one in (account, other):
        move(one, 50)
        move(one, -20)
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE loyalty_entry DISABLE TRIGGER append_only")
        cursor.execute("ALTER TABLE loyalty_lotuse DISABLE TRIGGER kept")
        cursor.execute(statement, [account.pk])
        cursor.execute("ALTER TABLE loyalty_entry ENABLE ALWAYS TRIGGER append_only")
        cursor.execute("ALTER TABLE loyalty_lotuse ENABLE ALWAYS TRIGGER kept")
    assert {found.account_id for found in verify()} == {account.pk}
    with pytest.raises(AccountFrozen):
        move(account, -1)
    move(account, 5)
    move(other, -1)


def test_repair_sets_projections_right_and_thaws(account: Account) -> None:
    move(account, 50)
    move(account, -20)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE loyalty_account SET balance = 999, seq = 7 WHERE id = %s", [account.pk])
        cursor.execute("UPDATE loyalty_lot SET remaining = 1 WHERE account_id = %s", [account.pk])
    assert {found.what for found in verify()} == {
        "the balance",
        "the number of entries",
        "what is left in the lots",
        "lots with more or less left than was used",
    }
    assert repair(account.shop_id) == []
    assert balance(account) == 30
    assert move(account, -30).balance_after == 0


@pytest.mark.parametrize(
    "damage",
    ["target = target + 400", "posted = posted - 30", "postings = 0", "shortfall = 50", "target = 0"],
)
def test_a_tampered_award_is_found_and_set_right_without_points(shop: Shop, damage: str) -> None:
    inbox = Inbox(connect_store(shop, "shopify", "teahouse.myshopify.com"))
    inbox.apply(("orders/paid", shopify_order(lines=[line("100.00", id=1)])))
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE loyalty_award SET {damage} WHERE shop_id = %s", [shop.pk])
    assert verify(shop.pk)
    assert repair(shop.pk) == []
    assert (inbox.balance(), verify(shop.pk)) == (100, [])
    inbox.apply(("refunds/create", shopify_refund(lines=[shopify_refund_line(1, "60.00")], paid="60.00")))
    assert inbox.balance() == 40


MOVES = st.lists(
    st.tuples(
        st.integers(-120, 120).filter(bool),
        st.sampled_from(["carry", "clamp"]),
        st.one_of(st.none(), st.integers(1, 5)),
    ),
    max_size=25,
)


@settings(
    max_examples=tries(12, 200), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(MOVES)
def test_any_history_keeps_lots_and_balance_together(
    shop: Shop, history: list[tuple[int, str, int | None]]
) -> None:
    account = open_account(open_shop("Any", "EUR", "UTC"))
    expected = 0
    for day, (points, uncovered, expires) in enumerate(history):
        kind = "earn" if points > 0 else "reverse"
        move(account, points, day=day, expires=expires, kind=kind, uncovered=uncovered)
        floor = min(expected, 0) if uncovered == "clamp" and points < 0 else None
        expected = expected + points if floor is None else max(expected + points, floor)
    assert balance(account) == expected
    with scope(shop=account.shop):
        open_points = sum(Lot.objects.filter(account=account).values_list("remaining", flat=True))
    assert open_points == max(expected, 0)
    assert verify(account.shop_id) == []


def test_64_threads_never_overspend(committed: None) -> None:
    account = open_account(open_shop("Crowded", "EUR", "UTC"))
    adjust(account, 100, "start", "test")
    done: list[int] = []

    def spend() -> None:
        try:
            adjust(account, -10, "spend", "test")
            done.append(1)
        except NotEnoughPoints:
            pass
        finally:
            connections.close_all()

    threads = [threading.Thread(target=spend) for _ in range(64)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(done) == 10
    assert balance(account) == 0
    assert verify(account.shop_id) == []
    with scope(shop=account.shop):
        assert Entry.objects.filter(account=account).count() == 11
        assert sum(LotUse.objects.filter(shop=account.shop).values_list("points", flat=True)) == 100
