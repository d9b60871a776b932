"""The tiers of any history, against a model that works them out day by day."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from loyalty.documents import Tiers
from loyalty.tiers import Journey, Pin, Row
from tests.loyalty.tier_model import Model, levels, timeline
from tests.properties import tries

START = datetime(2023, 11, 20, 9, tzinfo=UTC)
DAYS = 700
ZONES = ["Europe/Berlin", "America/Santiago", "Australia/Lord_Howe"]

instants = st.builds(
    lambda days, hours: START + timedelta(days=days, hours=hours),
    st.integers(0, DAYS),
    st.sampled_from([0, 1, 15, 18]),
)


@st.composite
def tiers(draw: Callable[..., Any]) -> Tiers:
    thresholds = draw(st.lists(st.sampled_from([0, 50, 100, 150, 300]), max_size=4, unique=True).map(sorted))
    return Tiers(
        metric=draw(st.sampled_from(["spend", "points", "orders"])),
        window=draw(st.sampled_from(["lifetime", "rolling", "calendar_year", "anniversary"])),
        window_months=draw(st.sampled_from([1, 3, 12])),
        term=draw(st.sampled_from(["forever", "months", "calendar_year"])),
        term_months=draw(st.sampled_from([1, 2, 12])),
        grace_days=draw(st.sampled_from([0, 0, 5, 20])),
        downgrade=draw(st.sampled_from(["to_standing", "one_step"])),
        count_imports=draw(st.booleans()),
        levels=levels(*thresholds, entry_points=25),
    )


@st.composite
def histories(draw: Callable[..., Any]) -> list[Row]:
    """Orders and what refunds take of them, some effective later than they count."""
    rows = []
    for number in range(draw(st.integers(0, 12))):
        source = f"import:{number}" if draw(st.integers(0, 9)) == 0 else f"order:{number}"
        at = draw(instants)
        later = at + timedelta(days=draw(st.sampled_from([0, 0, 0, 1, 14])))
        worth = draw(st.sampled_from([20, 50, 60, 100, 160]))
        rows.append(Row(source, at, later, worth, Decimal(worth), worth))
        left = worth
        for days in draw(st.lists(st.sampled_from([0, 1, 10, 40, 100, 400]), max_size=2)):
            taken = draw(st.integers(0, left))
            left -= taken
            later += timedelta(days=days)
            rows.append(Row(source, at, later, -taken, -Decimal(taken), -taken))
    return sorted(rows, key=lambda row: row.effective_at)


@st.composite
def pins(draw: Callable[..., Any]) -> list[Pin]:
    found = []
    for _ in range(draw(st.sampled_from([0, 0, 0, 1, 2]))):
        since = draw(instants)
        until = since + timedelta(days=draw(st.sampled_from([0, 3, 90])))
        found.append(Pin(f"t{draw(st.integers(0, 3))}", since, until, "a friend", "ada"))
    return found


@st.composite
def publishes(draw: Callable[..., Any]) -> list[tuple[datetime, Tiers]]:
    dates = draw(st.lists(instants, max_size=3, unique=True).map(sorted))
    first = START - timedelta(days=draw(st.sampled_from([0, 30])))
    return [(at, draw(tiers())) for at in sorted({first, *dates})]


def play(journey: Journey, rows: Sequence[Row], until: datetime) -> Journey:
    for row in rows:
        if row.effective_at <= until:
            journey.advance(row.effective_at)
            journey.count(row)
    journey.advance(until)
    return journey


@settings(max_examples=tries(80, 1500), deadline=None)
@given(st.sampled_from(ZONES), publishes(), histories(), pins(), instants)
def test_every_day_is_as_the_model_has_it(
    zone: str, published: list[tuple[datetime, Tiers]], rows: list[Row], pinned: list[Pin], joined: datetime
) -> None:
    until = START + timedelta(days=DAYS + 200)
    model = Model(ZoneInfo(zone), published, joined, pinned)
    days = model.run(rows, until)
    journey = play(Journey(timeline(zone, *published), joined, pinned), rows, until)
    spans = [span for span in journey.spans if span.until is None or span.until > span.since]
    for at, tier, kept in days:
        span = next((one for one in spans if one.since <= at and (one.until is None or at < one.until)), None)
        assert (span.tier if span else "", span.kept_until if span else None) == (tier, kept), at
    found = [[entry.tier, entry.n, entry.points, entry.undone] for entry in journey.entries]
    assert found == model.entries


@settings(max_examples=tries(40, 750), deadline=None)
@given(st.sampled_from(ZONES), publishes(), histories(), pins(), st.lists(instants, max_size=8))
def test_looking_in_between_changes_nothing(
    zone: str,
    published: list[tuple[datetime, Tiers]],
    rows: list[Row],
    pinned: list[Pin],
    looks: list[datetime],
) -> None:
    """A review job may run at any time, and as often as it likes."""
    until = START + timedelta(days=DAYS)
    once = play(Journey(timeline(zone, *published), START, pinned), rows, until)
    often = Journey(timeline(zone, *published), START, pinned)
    done: list[Row] = []
    for look in [*sorted(look for look in looks if look < until), until]:
        new = [row for row in rows[len(done) :] if row.effective_at <= look]
        play(often, new, look)
        done += new
    assert often.spans == once.spans
    assert often.entries == once.entries
    assert often.standing() == once.standing()


@settings(max_examples=tries(50, 1000), deadline=None)
@given(st.sampled_from(ZONES), publishes(), histories(), pins())
def test_a_simple_review_is_a_comparison_with_the_thresholds(
    zone: str, published: list[tuple[datetime, Tiers]], rows: list[Row], pinned: list[Pin]
) -> None:
    """And nothing changes before the review that a standing names."""
    versions = timeline(zone, *published)
    journey = play(Journey(versions, START, pinned), rows, START + timedelta(days=DAYS // 2))
    rows = [row for row in rows if row.effective_at <= START + timedelta(days=DAYS // 2)]
    state = journey.standing()
    publish = next((at for at in versions.since if at > START + timedelta(days=DAYS // 2)), None)
    if state.review_at is None or (publish and publish <= state.review_at):
        return
    journey.advance(state.review_at - timedelta(microseconds=1))
    assert journey.standing() == state
    journey.advance(state.review_at)
    if not state.simple:
        return
    settings_of = versions.at(state.review_at).document.tiers
    figure = sum(
        getattr(row, settings_of.metric)
        for row in rows
        if (state.review_from is None or state.review_from <= row.counted_at)
        and row.counted_at < state.review_at
        if settings_of.count_imports or not row.source.startswith("import:")
    )
    enough = [level.key for level in settings_of.levels if level.threshold <= figure]
    if state.tier in enough:
        assert journey.tier == state.tier
        assert not journey.standing().in_grace
    elif (
        settings_of.term != "forever"
        and not settings_of.grace_days
        and settings_of.downgrade == "to_standing"
    ):
        assert journey.tier == (enough[-1] if enough else "")
