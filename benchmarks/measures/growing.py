"""Whether applying stays as fast in a grown database, and with many small shops."""

from collections.abc import Iterator
from contextlib import ExitStack

from benchmarks import places, shops
from benchmarks.bench import OURS_QUEUE, SECOND_QUEUE, Bench
from benchmarks.measures.applying import Ours
from benchmarks.processes import worker
from benchmarks.results import Row, against

SHOPS = 2_000


def measure(bench: Bench) -> Iterator[Row]:
    """Rows of a grown database to an empty one, and of many shops to one."""
    yield from _grown(bench)
    yield from _many_shops(bench)


def _grown(bench: Bench) -> Iterator[Row]:
    count = bench.scaled(10_000)
    large = bench.large
    with ExitStack() as stack:
        empty = stack.enter_context(bench.copy("empty"))
        places.queue(OURS_QUEUE)
        places.queue(SECOND_QUEUE)
        fresh = Ours(bench, empty, stack.enter_context(worker("config", empty, OURS_QUEUE)))
        grown_pid = stack.enter_context(worker("config", large, SECOND_QUEUE))
        grown = Ours(bench, large, grown_pid, SECOND_QUEUE)
        fresh.first = grown.first = bench.scaled(1_000_000)
        for warm_up in (True, *([False] * min(3, bench.rounds))):
            for contestant in (fresh, grown):
                contestant.run(count, warm_up=warm_up)
    how = (
        f"{count:,} orders of 5,000 members into a database with {bench.scaled(1_000_000):,} orders, "
        f"{bench.scaled(5_000_000):,} entries and {bench.scaled(100_000):,} buying members beside an empty one"
    )
    yield against("applying, grown / empty", "orders/s", how, grown.rates, fresh.rates, ">= 0.8")


def _many_shops(bench: Bench) -> Iterator[Row]:
    count = bench.scaled(SHOPS)
    with ExitStack() as stack:
        database = stack.enter_context(bench.copy("shops"))
        stores = shops.open_many(database, bench.store, count)
        places.queue(OURS_QUEUE)
        pid = stack.enter_context(worker("config", database, OURS_QUEUE))
        one = Ours(bench, database, pid)
        many = shops.Many(bench, database, pid, stores)
        for warm_up in (True, *([False] * bench.rounds)):
            one.run(count, warm_up=warm_up)
            many.run(warm_up=warm_up)
    how = (
        f"{count:,} shops with an order each beside {count:,} orders of one shop, same database and workers; "
        f"the very first time, programs not yet loaded: {many.cold:,.0f}/s"
    )
    yield against("applying, many small shops / one", "orders/s", how, many.rates, one.rates, ">= 0.5")
