"""From the HTTP request to the balance, web server and worker running side by side."""

import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from statistics import median

from benchmarks import bodies, places
from benchmarks.bench import OURS_QUEUE, TEXTBOOK_QUEUE, TEXTBOOK_SETTINGS, Bench
from benchmarks.client import drive
from benchmarks.inbox import wait_until_applied
from benchmarks.processes import OURS, Server, cpu_s, postgres_pids, redis_pids, web, worker
from benchmarks.results import Row, against

CUSTOMERS = 2_000


@dataclass(slots=True)
class Pair:
    """A web server with its worker, and what it did: orders a second by round, CPU-ms of an order by part."""

    whose: str
    database: str
    server: Server
    worker_pid: int
    rates: list[float] = field(default_factory=list)
    cpu_ms: list[dict[str, float]] = field(default_factory=list)
    first: int = 0

    def run(self, bench: Bench, count: int, *, warm_up: bool = False) -> None:
        signed = bodies.orders(bench.store, count, self.first, CUSTOMERS)
        requests = bodies.requests(bench.store, f"/webhooks/{bench.store.public_id}/", signed)
        self.first += count
        places.settle_down(self.database)
        before, started = self._spent(), time.perf_counter()
        load = drive(self.server.port, iter(requests))
        if load.ok != count:
            raise RuntimeError(f"answers other than 200: {dict(load.statuses)}")
        wait_until_applied(self.database, self.whose)
        took = time.perf_counter() - started
        if not warm_up:
            self.rates.append(count / took)
            after = self._spent()
            self.cpu_ms.append({part: 1000 * (after[part] - before[part]) / count for part in after})

    def total_ms(self) -> float:
        """CPU-ms an order of all parts, median of the rounds."""
        return median(sum(parts.values()) for parts in self.cpu_ms)

    def parts(self) -> str:
        """The medians of the parts, as text."""
        return ", ".join(f"{part} {median(ms[part] for ms in self.cpu_ms):.2f}" for part in self.cpu_ms[0])

    def _spent(self) -> dict[str, float]:
        return {
            "web": cpu_s(self.server.pid),
            "worker": cpu_s(self.worker_pid),
            "PostgreSQL": cpu_s(*postgres_pids()),
            "Redis": cpu_s(*redis_pids()),
        }


def measure(bench: Bench) -> Iterator[Row]:
    """Rows of the ratio to the textbook, and of the CPU time of an order."""
    counts = {"ours": bench.scaled(6_000), "textbook": bench.scaled(400)}
    with ExitStack() as stack:
        pairs = [_ours(bench, stack), _textbook(bench, stack)]
        for pair in pairs:
            pair.run(bench, counts[pair.whose], warm_up=True)
        for _ in range(min(3, bench.rounds)):
            for pair in pairs:
                pair.run(bench, counts[pair.whose])
        ours, textbook = pairs
        _check(ours)
    how = (
        f"{counts['ours']:,} orders by HTTP (textbook: {counts['textbook']:,}), 32 connections, "
        "until the last is in its balance; 2 worker processes"
    )
    yield against("end to end / textbook", "orders/s", how, ours.rates, textbook.rates, ">= 10")
    how = f"{ours.parts()}; the textbook: {textbook.parts()}"
    yield Row("end to end, CPU", ours.total_ms(), "ms/order", how, target="<= 1.5")


def _ours(bench: Bench, stack: ExitStack) -> Pair:
    database = stack.enter_context(bench.copy("end_to_end"))
    places.queue(OURS_QUEUE)
    server = stack.enter_context(web(OURS, database, places.redis_url(OURS_QUEUE)))
    return Pair("ours", database, server, stack.enter_context(worker("config", database, OURS_QUEUE)))


def _textbook(bench: Bench, stack: ExitStack) -> Pair:
    database = stack.enter_context(bench.textbook())
    places.queue(TEXTBOOK_QUEUE)
    application, redis = "benchmarks.textbook.wsgi:application", places.redis_url(TEXTBOOK_QUEUE)
    server = stack.enter_context(web(application, database, redis, TEXTBOOK_SETTINGS))
    started = worker("benchmarks.textbook", database, TEXTBOOK_QUEUE, TEXTBOOK_SETTINGS)
    return Pair("textbook", database, server, stack.enter_context(started))


def _check(ours: Pair) -> None:
    """Every order has its entry."""
    with places.session(ours.database) as cursor:
        cursor.execute("SELECT count(*) FROM loyalty_entry")
        entries = cursor.fetchone()[0]
    if entries != ours.first:
        raise RuntimeError(f"{entries} entries of {ours.first} orders")
