"""Back-tests of a period's orders, beside applying the same orders; each in one process."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from benchmarks import bodies, places
from benchmarks.bench import OURS_QUEUE, Bench
from benchmarks.inbox import fill
from benchmarks.processes import run
from benchmarks.results import Row

ORDERS = 100_000
FEW_ORDERS = 5_000
ORDERS_EACH = 20
# More than a back-test of an order's worth of memory: what grows with the orders would show.
MOST_MB = 300


def measure(bench: Bench) -> Iterator[Row]:
    """Rows of a draft whose orders count alone, of one that replays members, and of the memory they take."""
    count = FEW_ORDERS if bench.quick else ORDERS
    customers = count // ORDERS_EACH
    begun = datetime.now(UTC) - timedelta(days=60)
    with bench.copy("trying") as database:
        places.queue(OURS_QUEUE)
        signed = bodies.orders(bench.store, count, first=0, customers=customers, start=begun)
        fill(database, ((bench.store, one) for one in signed))
        places.settle_down(database)
        shop = str(bench.store.shop_id)
        applied = run("benchmarks.trial", database, "apply", shop)
        places.settle_down(database)
        drafts = {what: run("benchmarks.trial", database, what, shop) for what in ("plain", "tiers")}
    rate = applied["count"] / applied["seconds"]
    for what, tried in drafts.items():
        if tried["count"] != count or applied["count"] != count:
            raise RuntimeError(f"{tried['count']} and {applied['count']} of {count} orders")
        how = (
            f"{count:,} orders with 3 lines of {customers:,} members in {tried['seconds']:.1f} s beside applying "
            f"them; one process each; {_DRAFTS[what]}"
        )
        name = f"back-test, {what} draft / applying"
        yield Row(name, count / tried["seconds"], "orders/s", how, rate, ">= 3")
    how = ", ".join(f"{what} draft {tried['peak_mb']:.0f} MB" for what, tried in drafts.items())
    peak = max(tried["peak_mb"] for tried in drafts.values())
    how = f"{how}; applying: {applied['peak_mb']:.0f} MB"
    yield Row("back-test, peak memory", peak, "MB", how, target=f"<= {MOST_MB}")


_DRAFTS = {
    "plain": "twice the points, orders count alone",
    "tiers": "five tiers with multipliers, every member is replayed",
}
