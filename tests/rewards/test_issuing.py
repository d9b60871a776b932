"""From reserved points to a code at the store, whatever goes wrong on the way, against an Admin API over HTTP."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django_scopes import scope

from demo.shopify_admin.faults import Fault, Faults
from lib import bell
from lib.clock import now
from rewards import issuing, stores
from rewards.actions.redemptions import revoke
from rewards.attention import stuck
from rewards.calls import Asking, Made
from rewards.claims import claim
from rewards.models import Redemption
from rewards.tasks import issue_codes, issuing_turn
from tests.rewards.stories import Story, story

pytestmark = pytest.mark.django_db

State = Redemption.State


@pytest.fixture
def fern(db: None) -> Iterator[Story]:
    with story(Faults(hang_s=12)) as told:
        yield told


def test_points_become_a_code_that_works_at_the_store(fern: Story) -> None:
    redemption = fern.issued(validity_days=30, minimum_spend="20.00")
    assert (redemption.state, redemption.due_at, redemption.error) == (State.ISSUED, None, "")
    use = fern.store.use(redemption.code)
    assert use is not None
    assert (str(use.value), str(use.minimum_subtotal), use.left) == ("5.00", "20.00", 1)
    assert redemption.public_id in use.title
    assert (fern.balance, fern.entries()) == (500, [("redeem", -500)])
    assert fern.steps(redemption) == ["reserved", "issued"]


@pytest.mark.parametrize(
    ("fault", "attempts"), [("500_before", 2), ("500_after", 2), ("drop", 2), ("malformed", 2), ("502", 2)]
)
def test_a_lost_answer_is_followed_by_a_look(fern: Story, fault: Fault, attempts: int) -> None:
    """After each fault the code is there once, and it is the member's."""
    fern.faults.shares = {"discountCodeBasicCreate": {fault: 1}}
    redemption = fern.issued()
    assert (redemption.state, redemption.attempts) == (State.ISSUING, 1)
    assert redemption.due_at is not None
    assert redemption.error
    assert fern.balance == 500
    fern.faults.shares = {}
    fern.due_now(redemption)
    fern.issue()
    assert fern.seen(redemption).state == State.ISSUED
    assert fern.codes() == [redemption.code]


def test_a_crash_between_any_two_steps_leaves_one_code_for_the_points(fern: Story) -> None:
    """A worker is gone after it claimed, after the store made the code, or before that was written down."""
    redemption = fern.redeem()
    lost = fern.claim()
    assert lost.fresh
    assert claim(now(), 5, shop_id=fern.shop.pk) == []
    second = fern.claim(after_s=3600)  # its lease is over
    asking = issuing.prepare(second, now())
    assert isinstance(asking, Asking)
    assert asking.look_first
    assert isinstance(issuing.ask(second, asking), Made)
    third = fern.claim(after_s=7200)
    asking = issuing.prepare(third, now())
    assert isinstance(asking, Asking)
    outcome = issuing.ask(third, asking)
    assert isinstance(outcome, Made)
    assert outcome.adopted
    # The ones that come back late find that it is not theirs any more.
    assert not issuing.conclude(lost, outcome, now())
    assert not issuing.conclude(second, outcome, now())
    assert fern.seen(redemption).state == State.ISSUING
    assert issuing.conclude(third, outcome, now())
    assert not issuing.conclude(third, outcome, now()) or fern.steps(redemption).count("adopted") == 1
    assert fern.seen(redemption).state == State.ISSUED
    assert fern.codes() == [redemption.code]
    assert fern.entries() == [("redeem", -500)]


def test_a_code_of_somebody_else_is_replaced(fern: Story) -> None:
    fern.faults.shares = {"discountCodeBasicCreate": {"taken": 1}}
    redemption = fern.redeem()
    [claimed] = claim(now(), 5, shop_id=fern.shop.pk)
    asking = issuing.prepare(claimed, now())
    assert isinstance(asking, Asking)
    issuing.conclude(claimed, issuing.ask(claimed, asking), now())
    fern.faults.shares = {}
    fern.issue()
    found = fern.seen(redemption)
    assert found.state == State.ISSUED
    assert found.code != redemption.code
    assert found.code in fern.codes()
    assert "new_code" in fern.steps(redemption)


def test_what_the_store_refuses_gives_the_points_and_the_stock_back(fern: Story) -> None:
    reward = fern.reward(product_ids=["999"], stock=3)
    redemption = fern.redeem(reward)
    fern.issue()
    found = fern.seen(redemption)
    assert (found.state, found.posted, found.closing) == (State.FAILED, 0, "refused")
    assert found.error
    assert (fern.balance, fern.taken(reward)) == (1000, 0)
    assert fern.entries() == [("redeem", -500), ("return", 500)]
    assert fern.clean()


def test_access_taken_back_puts_off_and_a_new_one_goes_on(fern: Story) -> None:
    redemption = fern.redeem()
    fern.store.uninstall()
    fern.issue()
    found = fern.seen(redemption)
    assert (found.state, fern.balance) == (State.ISSUING, 500)
    access = fern.access()
    assert access.state == "revoked"
    assert access.error
    assert found.due_at is not None
    assert found.due_at > now() + timedelta(minutes=4)
    fern.store.grant(*fern.store.app.scopes)
    fern.access(state="active", error="")
    assert stores.wake(fern.connection) == 1
    fern.issue()
    assert fern.seen(redemption).state == State.ISSUED


def test_a_store_that_keeps_failing_is_left_alone_and_then_tried_once(fern: Story) -> None:
    reward = fern.reward(price=10)
    redemptions = [fern.redeem(reward) for _ in range(8)]
    fern.faults.shares = {"discountCodeBasicCreate": {"500_before": 1}}
    fern.issue()
    calls = sum(fern.faults.done.values())
    assert 5 <= calls < 8
    assert fern.access().open_until is not None
    assert not [each for each in redemptions if fern.seen(each).due_at is None]
    # Its pause is over: of all that are due one is tried, and its success opens the way for the others.
    fern.faults.shares = {}
    for _ in range(6):
        if fern.access().open_until is not None:
            fern.access(open_until=now())
        for each in redemptions:
            if fern.seen(each).state != State.ISSUED:
                fern.due_now(each)
        fern.issue()
    assert {fern.seen(each).state for each in redemptions} == {State.ISSUED}
    assert len(fern.codes()) == 8


def test_one_hanging_call_holds_no_other_up(fern: Story) -> None:
    """The first call never ends; the second redemption of another store has its code meanwhile."""
    fern.faults.hang_s = 4
    fern.faults.shares = {"discountCodeBasicCreate": {"hang": 1}}
    with story() as other:
        hanging, quick = fern.redeem(), other.redeem()
        began = now()
        other.issue()
        issued_at = other.seen(quick).issued_at
        assert issued_at is not None
        assert issued_at - began < timedelta(seconds=2)
        assert now() - began > timedelta(seconds=3)
    assert fern.seen(hanging).state == State.ISSUING
    assert len(fern.codes()) == 1


def test_throttled_calls_wait_as_told_and_open_no_breaker(fern: Story) -> None:
    fern.faults.shares = {"discountCodeBasicCreate": {"throttle": 1}}
    redemption = fern.issued()
    assert redemption.state == State.ISSUING
    assert fern.access().failures == 0
    fern.faults.shares = {}
    fern.due_now(redemption)
    fern.issue()
    assert fern.seen(redemption).state == State.ISSUED


def test_what_nobody_asked_the_store_for_can_be_taken_back_at_once(fern: Story) -> None:
    """The store is left alone: the redemption waits as it was reserved, and a merchant sees it after a day."""
    fern.access(failures=9, open_until=now() + timedelta(minutes=3))
    redemption = fern.issued()
    assert (redemption.state, redemption.attempts, redemption.first_tried_at) == (State.RESERVED, 0, None)
    assert redemption.due_at is not None
    assert redemption.due_at > now() + timedelta(minutes=2)
    with scope(shop=fern.shop):
        assert [each.pk for each in stuck(fern.shop, now() + timedelta(hours=25))] == [redemption.pk]
        assert not stuck(fern.shop, now() + timedelta(hours=23)).exists()
    assert revoke(redemption, "olivia@corner.example").state == State.RETURNED
    assert (fern.balance, sum(fern.faults.done.values())) == (1000, 0)


@pytest.mark.parametrize(
    ("terms", "kept_in"),
    [
        ({"kind": "percentage", "value": "15", "minimum_spend": "30.00"}, "codes"),
        ({"kind": "free_shipping", "value": "0"}, "codes"),
        ({"kind": "gift_card", "value": "10.00"}, "gift_cards"),
        (
            {"kind": "variable", "price": 100, "value": "1.00", "min_points": 500, "max_order_percent": 30},
            "codes",
        ),
    ],
)
def test_every_kind_is_made_and_ended(fern: Story, terms: dict[str, object], kept_in: str) -> None:
    redemption = fern.issued(**terms)
    assert redemption.state == State.ISSUED, redemption.error
    [record] = fern.store[kept_in].all()
    if terms["kind"] == "variable":
        assert record["minimumSubtotal"] == "16.67"
    revoke(redemption, "olivia@corner.example")
    fern.issue()
    assert (fern.seen(redemption).state, fern.balance, fern.codes()) == (State.RETURNED, 1000, [])


def test_one_worker_at_a_time_calls_stores(fern: Story) -> None:
    redemption = fern.redeem()
    first = issuing_turn(60)
    try:
        assert first.going_on()
        assert not issuing_turn(60).mine
        issue_codes()
        assert fern.seen(redemption).state == State.RESERVED
    finally:
        first.end()
    issue_codes()
    assert fern.seen(redemption).state == State.ISSUED
    last = issuing_turn(0)
    assert last.mine
    assert not last.going_on()
    assert issuing_turn(60).going_on()
    bell.connection().delete("regulars:turn:rewards")


def test_store_credit_is_credited_once_and_one_at_a_time(fern: Story) -> None:
    reward = fern.reward(kind="store_credit", price=100, value="2.00")
    first, second = fern.redeem(reward), fern.redeem(reward)
    [claimed] = claim(now(), 5, shop_id=fern.shop.pk)
    assert claimed.redemption.pk == first.pk
    asking = issuing.prepare(claimed, now())
    assert isinstance(asking, Asking)
    issuing.ask(claimed, asking)  # the worker dies before it writes that down
    again = fern.claim(after_s=3600)
    asking = issuing.prepare(again, now())
    assert isinstance(asking, Asking)
    issuing.conclude(again, issuing.ask(again, asking), now())
    assert fern.seen(first).state == State.USED
    assert fern.steps(first) == ["reserved", "credited"]
    fern.issue()
    assert fern.seen(second).state == State.USED
    assert len(fern.store["credits"].all()) == 2
