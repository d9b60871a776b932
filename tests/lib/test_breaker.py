"""The circuit breaker, as a state that any sequence of calls may move."""

from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from lib.breaker import JITTER, LONGEST_PAUSE, THRESHOLD, Breaker

START = datetime(2026, 3, 2, tzinfo=UTC)
MOVES = st.tuples(st.sampled_from(["fails", "fails", "fails", "works"]), st.floats(0, 400))


def failed(times: int, at: datetime = START) -> Breaker:
    breaker = Breaker()
    for _ in range(times):
        breaker = breaker.after_failure(at)
    return breaker


def test_it_opens_after_failures_in_a_row_alone() -> None:
    assert failed(THRESHOLD - 1).state(START) == "closed"
    assert failed(THRESHOLD - 1).after_success() == Breaker()
    opened = failed(THRESHOLD)
    assert opened.open_until is not None
    assert (opened.state(START), opened.allows(START)) == ("open", False)
    assert (opened.state(opened.open_until), opened.allows(opened.open_until)) == ("half-open", True)


def test_pauses_grow_from_probe_to_probe() -> None:
    breaker, pauses = failed(THRESHOLD), []
    for _ in range(9):
        assert breaker.open_until is not None
        at = breaker.open_until
        breaker = breaker.probing(at).after_failure(at)
        assert breaker.open_until is not None
        pauses.append((breaker.open_until - at).total_seconds())
    for pause, least in zip(pauses, [10, 20, 40, 80, 160, 300, 300, 300, 300], strict=True):
        assert least <= pause <= least * (1 + JITTER)


def test_one_probe_at_a_time() -> None:
    opened = failed(THRESHOLD)
    assert opened.open_until is not None
    at = opened.open_until
    probing = opened.probing(at)
    assert probing.open_until != opened.open_until
    assert not probing.allows(at + timedelta(seconds=9))
    assert probing.after_failure(at).failures == probing.failures == THRESHOLD + 1
    assert probing.after_success() == Breaker()
    assert Breaker(3).probing(at) == Breaker(3)


def test_calls_that_were_under_way_do_not_lengthen_the_pause() -> None:
    assert failed(THRESHOLD + 40).failures == THRESHOLD


@given(st.lists(MOVES, max_size=40))
@settings(max_examples=30)
def test_whatever_happens(moves: list[tuple[str, float]]) -> None:
    breaker, at, in_a_row = Breaker(), START, 0
    for what, after_s in moves:
        at += timedelta(seconds=after_s)
        assert (breaker.state(at) == "closed") == (in_a_row < THRESHOLD)
        if breaker.allows(at):
            breaker = breaker.probing(at)
        breaker = breaker.after_success() if what == "works" else breaker.after_failure(at)
        in_a_row = 0 if what == "works" else in_a_row + 1
        assert breaker.failures <= in_a_row
        if breaker.open_until is not None:
            assert not breaker.allows(at)
            assert at < breaker.open_until <= at + LONGEST_PAUSE * (1 + JITTER)
            assert breaker.allows(breaker.open_until)
