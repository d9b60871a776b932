"""Ends that come rarely: changed titles, credits told apart, workers after their time, codes for nothing."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django_scopes import scope

from lib.clock import now
from loyalty.models import Lot
from rewards import issuing
from rewards.actions.redeem import give
from rewards.actions.redemptions import resend, revoke
from rewards.calls import Asking
from rewards.claims import Claim, claim
from rewards.models import Redemption
from tests.bodies import shopify_customer, shopify_order
from tests.orders.post import Inbox
from tests.rewards.stories import CUSTOMER, Story, story

pytestmark = pytest.mark.django_db

State = Redemption.State
OLIVIA = "olivia@corner.example"
CREDIT: dict[str, Any] = {"kind": "store_credit", "price": 100, "value": "2.00"}


@pytest.fixture
def fern(db: None) -> Iterator[Story]:
    with story() as told:
        yield told


def asking(claimed: Claim) -> Asking:
    asked = issuing.prepare(claimed, now())
    assert isinstance(asked, Asking)
    return asked


def order(fern: Story, *codes: str, at: str, **changes: Any) -> None:
    """The order 71 as it is then."""
    body = shopify_order(
        id=71,
        customer=shopify_customer(int(CUSTOMER)),
        domain=fern.connection.domain,
        discount_codes=[{"code": code, "amount": "5.00", "type": "fixed_amount"} for code in codes],
        updated_at=f"2026-03-0{at}T09:00:00+01:00",
        **changes,
    )
    Inbox(fern.connection).apply(("orders/updated", body))
    fern.issue()


def test_a_code_is_ended_whatever_the_merchant_made_of_its_title(fern: Story) -> None:
    redemption = fern.issued()
    [record] = fern.store["codes"].all()
    record["title"] = "Spring campaign"
    revoke(redemption, OLIVIA)
    fern.issue()
    assert (fern.seen(redemption).state, fern.balance, fern.codes()) == (State.RETURNED, 1000, [])


def test_a_credit_is_not_taken_for_one_that_was_given_before(fern: Story) -> None:
    """Both are of the same amount in the same second; the second was never made."""
    reward = fern.reward(**CREDIT)
    first, second = fern.redeem(reward), fern.redeem(reward)
    [claimed] = claim(now(), 5, shop_id=fern.shop.pk)
    issuing.conclude(claimed, issuing.ask(claimed, asking(claimed)), now())
    fern.claim()  # and the worker is gone before it asks
    again = fern.claim(after_s=3600)
    issuing.conclude(again, issuing.ask(again, asking(again)), now())
    credited = [fern.seen(each) for each in (first, second)]
    assert [each.state for each in credited] == [State.USED, State.USED]
    assert len({each.platform_id for each in credited}) == len(fern.store["credits"].all()) == 2


def test_a_credit_that_was_given_stays_given(fern: Story) -> None:
    """It was taken back while it was being made: nobody can take it from the customer, so its points are spent."""
    redemption = fern.redeem(fern.reward(**CREDIT))
    making = fern.claim()
    revoke(redemption, OLIVIA)
    issuing.conclude(making, issuing.ask(making, asking(making)), now())
    fern.issue()
    assert (fern.seen(redemption).state, fern.balance) == (State.USED, 900)
    assert fern.steps(redemption) == ["reserved", "revoked", "credited"]


def test_no_two_credits_wait_for_each_other(fern: Story) -> None:
    """The second is being made when staff try the first again, which the store had refused."""
    reward = fern.reward(**CREDIT)
    first, second = fern.redeem(reward), fern.redeem(reward)
    fern.change(first, state=State.FAILED, posted=0, due_at=None, returned_at=now())
    fern.claim()
    resend(first, OLIVIA)
    fern.due_now(second)
    fern.issue()
    assert [fern.seen(each).state for each in (first, second)] == [State.USED, State.USED]


def test_what_a_worker_makes_after_its_time_is_ended(fern: Story) -> None:
    """Another has looked meanwhile, found nothing, and given the points back."""
    redemption = fern.redeem(fern.reward(stock=3))
    late = fern.claim()
    asked = asking(late)
    revoke(redemption, OLIVIA)
    fern.due_now(redemption)
    fern.issue()
    assert (fern.seen(redemption).state, fern.balance) == (State.RETURNED, 1000)
    assert not issuing.conclude(late, issuing.ask(late, asked), now())
    assert len(fern.codes()) == 1
    fern.issue()
    assert (fern.seen(redemption).state, fern.balance, fern.codes()) == (State.RETURNED, 1000, [])
    assert fern.clean()


@pytest.mark.parametrize(("cancelled", "ends"), [(False, State.ISSUED), (True, State.RETURNED)])
def test_a_code_for_nothing_ends_with_its_order_alone(fern: Story, cancelled: bool, ends: str) -> None:
    """Taken off an order it can still be used."""
    redemption = give(fern.account, fern.reward(), "gift", "A gift")
    fern.issue()
    order(fern, redemption.code, at="5")
    assert fern.seen(redemption).state == State.USED
    if cancelled:
        order(fern, redemption.code, at="6", cancelled_at="2026-03-06T09:00:00+01:00")
    else:
        order(fern, at="6")
    assert (fern.seen(redemption).state, fern.balance - 1000 >= 0) == (ends, True)


def test_a_damaged_account_holds_up_nobody_else(fern: Story) -> None:
    """Its lots do not cover its balance, and a code that was taken back is used after all."""
    late = fern.issued(price=100)
    revoke(late, OLIVIA)
    fern.issue()
    with scope(shop=fern.shop):
        Lot.objects.filter(shop=fern.shop).update(remaining=1)
    fern.use(late)
    fern.change(late, due_at=now() - timedelta(minutes=1))
    with story() as other:
        redemption = other.redeem()
        other.issue()
        assert other.seen(redemption).state == State.ISSUED
    found = fern.seen(late)
    assert (found.state, found.posted) == (State.RETURNED, 0)
    assert found.due_at is not None
    assert found.due_at > now() + timedelta(minutes=50)
