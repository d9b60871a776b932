"""The end of codes that nobody used: unusable first, then the points, with a real store and without one."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django_scopes import scope

from lib.clock import now
from loyalty.actions.points import adjust
from loyalty.models import Lot
from rewards import issuing
from rewards.actions.closing import GRACE, expire_due
from rewards.actions.pools import add_codes
from rewards.actions.redemptions import cancel, fulfil, resend, retry, revoke
from rewards.calls import Asking
from rewards.errors import NotPossible
from rewards.models import PoolCode, Redemption, RedemptionStep
from tests.bodies import shopify_customer, shopify_order
from tests.orders.post import Inbox
from tests.rewards.stories import CUSTOMER, Story, story

pytestmark = pytest.mark.django_db

State = Redemption.State
OLIVIA = "olivia@corner.example"
AGO = timedelta(seconds=1)


@pytest.fixture
def fern(db: None) -> Iterator[Story]:
    with story() as told:
        yield told


def ran_out(story: Story, **terms: object) -> Redemption:
    """An issued code whose time and grace are over."""
    redemption = story.issued(validity_days=30, **terms)
    return story.change(redemption, expires_at=now() - GRACE - AGO)


def order_with(story: Story, redemption: Redemption) -> None:
    body = shopify_order(
        customer=shopify_customer(int(CUSTOMER)),
        domain=story.connection.domain,
        discount_codes=[{"code": redemption.code, "amount": "5.00", "type": "fixed_amount"}],
    )
    Inbox(story.connection).apply(("orders/paid", body))


def test_an_expired_code_is_ended_and_its_points_come_back_once(fern: Story) -> None:
    redemption = ran_out(fern)
    assert expire_due() >= 1
    assert (fern.seen(redemption).state, fern.balance) == (State.CLOSING, 500)
    fern.issue()
    expire_due()
    fern.issue()
    found = fern.seen(redemption)
    assert (found.state, found.closing, found.posted) == (State.RETURNED, "expired", 0)
    assert (fern.entries(), fern.codes()) == ([("redeem", -500), ("return", 500)], [])
    assert fern.steps(redemption) == ["reserved", "issued", "expired", "returned"]
    with scope(shop=fern.shop):
        assert [lot.remaining for lot in Lot.objects.filter(shop=fern.shop)] == [1000]
    assert fern.clean()


def test_the_grace_is_waited_for_and_some_terms_keep_the_points(fern: Story) -> None:
    waits = fern.change(fern.issued(validity_days=30), expires_at=now() - GRACE + timedelta(minutes=5))
    keeps = ran_out(fern, return_unused=False)
    expire_due()
    expire_due()
    assert fern.seen(waits).state == State.ISSUED
    found = fern.seen(keeps)
    assert (found.state, found.closing, found.posted) == (State.ISSUED, "lapsed", 500)
    assert fern.steps(keeps) == ["reserved", "issued", "lapsed"]


def test_a_code_used_at_the_store_is_not_returned(fern: Story) -> None:
    """The order is on its way to us when the code expires: the store's word is enough."""
    redemption = ran_out(fern)
    fern.store.mark_used(redemption.code)
    expire_due()
    fern.issue()
    found = fern.seen(redemption)
    assert (found.state, found.closing, fern.balance) == (State.USED, "", 500)
    order_with(fern, redemption)
    fern.issue()
    assert fern.seen(redemption).posted == 500


def test_an_order_after_the_points_came_back_takes_them_again(fern: Story) -> None:
    reward = fern.reward(stock=5)
    redemption = fern.redeem(reward)
    fern.issue()
    revoke(redemption, OLIVIA)
    fern.issue()
    assert (fern.seen(redemption).state, fern.balance, fern.taken(reward)) == (State.RETURNED, 1000, 0)
    adjust(fern.account, -900, "Spent elsewhere", OLIVIA)
    order_with(fern, redemption)
    fern.issue()
    found = fern.seen(redemption)
    assert (found.state, found.posted, fern.taken(reward)) == (State.USED, 500, 1)
    assert fern.balance < 0
    assert fern.clean()


def test_a_crash_between_the_steps_of_the_end_returns_once(fern: Story) -> None:
    redemption = revoke(fern.issued(), OLIVIA)
    lost = fern.claim()
    asking = issuing.prepare(lost, now())
    assert isinstance(asking, Asking)
    outcome = issuing.ask(lost, asking)  # ended at the store; then the worker is gone
    assert (fern.codes(), fern.balance) == ([], 500)
    again = fern.claim(after_s=3600)
    asking = issuing.prepare(again, now())
    assert isinstance(asking, Asking)
    assert issuing.conclude(again, issuing.ask(again, asking), now())
    assert not issuing.conclude(lost, outcome, now())
    assert (fern.seen(redemption).state, fern.balance) == (State.RETURNED, 1000)
    assert fern.steps(redemption).count("returned") == 1


def test_what_is_revoked_while_it_is_being_made_is_ended_afterwards(fern: Story) -> None:
    """The code must not appear at the store after somebody looked for it and gave the points back."""
    redemption = fern.redeem()
    making = fern.claim()
    asking = issuing.prepare(making, now())
    assert isinstance(asking, Asking)
    found = revoke(redemption, OLIVIA)
    assert found.state == State.CLOSING
    retry(redemption, OLIVIA)  # changes nothing while a worker has it
    fern.issue()
    assert fern.balance == 500
    issuing.conclude(making, issuing.ask(making, asking), now())
    assert len(fern.codes()) == 1
    fern.issue()
    assert (fern.seen(redemption).state, fern.balance, fern.codes()) == (State.RETURNED, 1000, [])


def test_what_was_never_answered_is_waited_for_before_the_points_return(fern: Story) -> None:
    fern.faults.shares = {"discountCodeBasicCreate": {"drop": 1}}
    redemption = revoke(fern.issued(), OLIVIA)
    codes = fern.store["codes"]
    kept = codes.remove(redemption.code.lower())  # the store has not written it down yet
    assert kept is not None
    fern.faults.shares = {}
    fern.issue()
    assert (fern.seen(redemption).state, fern.balance) == (State.CLOSING, 500)
    codes.add(redemption.code.lower(), kept)
    fern.due_now(redemption)
    fern.issue()
    assert (fern.seen(redemption).state, fern.codes()) == (State.RETURNED, [])


def test_what_cannot_be_made_in_its_time_is_taken_back(fern: Story) -> None:
    reward = fern.reward(price=100, validity_days=30, return_unused=False)
    fern.faults.shares = {"discountCodeBasicCreate": {"500_before": 1}}
    tried, waiting = fern.redeem(reward), fern.redeem(reward)
    fern.change(waiting, due_at=now() + timedelta(minutes=5))
    fern.issue()
    for each in (tried, waiting):
        fern.change(each, expires_at=now() - AGO)
    expire_due()
    assert [fern.seen(each).state for each in (tried, waiting)] == [State.CLOSING, State.RETURNED]
    fern.issue()
    assert (fern.seen(tried).state, fern.balance) == (State.CLOSING, 900)
    fern.change(tried, due_at=now())
    with scope(shop=fern.shop):
        RedemptionStep.objects.filter(shop=fern.shop, what="unanswered").update(
            at=now() - timedelta(minutes=3)
        )
    fern.issue()
    assert (fern.seen(tried).state, fern.balance) == (State.RETURNED, 1000)


def test_without_a_store_everything_ends_at_once(fern: Story) -> None:
    pool = fern.reward(source="pool", price=100, per_member=None)
    add_codes(pool, "POOL-1\nPOOL-2", OLIVIA)
    first = fern.redeem(pool)
    assert (first.state, first.code) == (State.ISSUED, "POOL-1")
    revoke(first, OLIVIA)
    assert (fern.seen(first).state, fern.balance) == (State.RETURNED, 1000)
    assert fern.redeem(pool).code == "POOL-2"
    with scope(shop=fern.shop):
        assert not PoolCode.objects.filter(shop=fern.shop, redemption=None).exists()


def test_what_staff_hand_over(fern: Story) -> None:
    custom = fern.reward(kind="custom", price=100, value="0")
    given, kept = fern.redeem(custom), fern.redeem(custom)
    assert fulfil(given, OLIVIA).state == State.USED
    assert fulfil(given, OLIVIA).state == State.USED
    assert cancel(kept, OLIVIA).state == State.RETURNED
    for act in (cancel, revoke):
        with pytest.raises(NotPossible):
            act(given, OLIVIA)
    with pytest.raises(NotPossible):
        fulfil(kept, OLIVIA)
    with pytest.raises(NotPossible):
        cancel(fern.issued(), OLIVIA)
    assert fern.steps(given) == ["reserved", "issued", "fulfilled"]


def test_staff_try_again_and_send_again(fern: Story) -> None:
    refused = fern.issued(product_ids=["999"], price=100)
    assert (refused.state, fern.balance) == (State.FAILED, 1000)
    with pytest.raises(NotPossible):
        retry(refused, OLIVIA)
    resend(refused, OLIVIA)
    assert (fern.seen(refused).state, fern.balance) == (State.RESERVED, 900)
    fern.issue()
    assert (fern.seen(refused).state, fern.balance) == (State.FAILED, 1000)
    issued = fern.issued(price=100)
    later = resend(issued, OLIVIA)
    assert later.issued_at is not None
    assert issued.issued_at is not None
    assert later.issued_at > issued.issued_at
    fern.store.uninstall()
    stuck = fern.issued(price=100)
    assert stuck.due_at is not None
    assert stuck.due_at > now()
    again = retry(stuck, OLIVIA)
    assert again.due_at is not None
    assert again.due_at <= now()
    assert fern.clean()
