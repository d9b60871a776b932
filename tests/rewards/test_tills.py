"""Codes at a till of the merchant's own: used once, whatever is repeated, and nothing told to guessers."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from decimal import Decimal
from functools import partial

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from lib.clock import now
from rewards.actions.codes import release_code, use_code, validate_code
from rewards.actions.pools import add_codes
from rewards.actions.redemptions import revoke
from rewards.errors import CodeNotUsable
from rewards.models import Redemption
from tests.rewards.stories import Story, story

pytestmark = pytest.mark.django_db

State = Redemption.State
OLIVIA = "olivia@corner.example"


@pytest.fixture
def fern(db: None) -> Iterator[Story]:
    with story() as told:
        yield told


@pytest.fixture
def code(fern: Story) -> Redemption:
    """A member's code of an uploaded pool, for orders of 20.00 or more."""
    reward = fern.reward(source="pool", minimum_spend="20.00")
    add_codes(reward, "Till-1", OLIVIA)
    return fern.redeem(reward)


def refusal(act: Callable[[], object]) -> str:
    with pytest.raises(CodeNotUsable) as refused:
        act()
    assert str(refused.value)
    return refused.value.code


def test_a_code_is_used_once_however_often_that_is_told(fern: Story, code: Redemption) -> None:
    assert validate_code(fern.shop, " till-1 ", Decimal("20.00")) == code
    assert use_code(fern.shop, "TILL-1", "receipt 7", Decimal("25.00")).state == State.USED
    assert use_code(fern.shop, "till-1", "receipt 7", Decimal("25.00")).state == State.USED
    assert refusal(lambda: use_code(fern.shop, "TILL-1", "receipt 8")) == "used"
    assert refusal(lambda: validate_code(fern.shop, "TILL-1")) == "used"
    assert (fern.seen(code).state, fern.balance) == (State.USED, 500)


def test_a_released_code_can_be_used_by_another_receipt_only(fern: Story, code: Redemption) -> None:
    use_code(fern.shop, "TILL-1", "receipt 7")
    for _ in range(2):
        assert release_code(fern.shop, "TILL-1", "receipt 7").state == State.ISSUED
    assert refusal(lambda: use_code(fern.shop, "TILL-1", "receipt 7")) == "released"
    release_code(fern.shop, "TILL-1", "receipt 8")  # overtook its use
    assert refusal(lambda: use_code(fern.shop, "TILL-1", "receipt 8")) == "released"
    assert use_code(fern.shop, "TILL-1", "receipt 9").state == State.USED
    assert (fern.seen(code).posted, fern.balance) == (500, 500)
    assert fern.clean()


def test_what_cannot_be_used(fern: Story, code: Redemption) -> None:
    at_the_store, reserved = fern.issued(price=100), fern.redeem(fern.reward(price=100))
    with story() as other:
        for shop, text in [
            (fern.shop, "NO-SUCH"),
            (other.shop, "TILL-1"),
            (fern.shop, reserved.code),
            (fern.shop, "\x00"),
        ]:
            assert refusal(partial(validate_code, shop, text)) == "unknown"
            assert refusal(partial(use_code, shop, text, "receipt 7")) == "unknown"
            assert refusal(partial(release_code, shop, text, "receipt 7")) == "unknown"
    assert refusal(lambda: use_code(fern.shop, at_the_store.code, "receipt 7")) == "elsewhere"
    assert refusal(lambda: use_code(fern.shop, "TILL-1", "receipt 7", Decimal("19.99"))) == "minimum"
    assert refusal(lambda: validate_code(fern.shop, "TILL-1", Decimal("NaN"))) == "bad_total"
    assert refusal(lambda: use_code(fern.shop, "TILL-1", "r" * 201)) == "bad_reference"
    fern.change(code, expires_at=now() - timedelta(hours=2))
    assert refusal(lambda: validate_code(fern.shop, "TILL-1")) == "expired"
    fern.change(code, expires_at=None)
    revoke(code, OLIVIA)
    assert refusal(lambda: use_code(fern.shop, "TILL-1", "receipt 7")) == "ended"
    assert fern.balance == 800


def test_an_unknown_code_is_answered_after_the_same_statements(fern: Story, code: Redemption) -> None:
    use_code(fern.shop, "TILL-1", "receipt 7")
    counts = []
    for text in ("TILL-1", "NO-SUCH"):
        with CaptureQueriesContext(connection) as seen, pytest.raises(CodeNotUsable):
            use_code(fern.shop, text, "receipt 8")
        counts.append(len(seen))
    assert counts[0] == counts[1]
