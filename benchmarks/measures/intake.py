"""Taking in a webhook: ours beside a bare INSERT, the textbook, and itself without Redis."""

import random
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field

from benchmarks import bodies, places
from benchmarks.bench import OURS_QUEUE, TEXTBOOK_QUEUE, TEXTBOOK_SETTINGS, Bench
from benchmarks.client import drive
from benchmarks.floor import TABLE
from benchmarks.processes import OURS, Server, cpu_s, postgres_pids, web
from benchmarks.results import Row, against

NOBODY_LISTENS = "unix:///tmp/regulars-nobody-listens-here.sock?db=0"


@dataclass(slots=True)
class Contestant:
    """One server under load: rates of the rounds, answers 200 in all, CPU seconds of server and PostgreSQL."""

    server: Server
    requests: Iterator[bytes]
    rates: list[float] = field(default_factory=list)
    acknowledged: int = 0
    measured: int = 0
    server_s: float = 0.0
    postgres_s: float = 0.0

    def run(self, seconds: float, *, warm_up: bool = False) -> None:
        postgres = postgres_pids()
        before = cpu_s(self.server.pid), cpu_s(*postgres)
        load = drive(self.server.port, self.requests, seconds=seconds)
        self.acknowledged += load.ok
        if load.ok != sum(load.statuses.values()):
            raise RuntimeError(f"answers other than 200: {dict(load.statuses)}")
        if warm_up:
            return
        self.rates.append(load.rate)
        self.measured += load.ok
        self.server_s += cpu_s(self.server.pid) - before[0]
        self.postgres_s += cpu_s(*postgres) - before[1]

    def cpu(self) -> str:
        server, postgres = (1000 * spent / self.measured for spent in (self.server_s, self.postgres_s))
        return f"{server:.2f} + {postgres:.2f}"


def compete(bench: Bench, contestants: list[Contestant]) -> None:
    """A round to warm up, then the measured ones, each in an order of its own: nobody always follows the same one."""
    dice = random.Random(bench.seed)
    for number in range(bench.rounds + 1):
        for contestant in dice.sample(contestants, len(contestants)):
            with places.session() as cursor:
                cursor.execute("CHECKPOINT")  # what others wrote is not written out at this one's expense
            contestant.run(bench.round_s, warm_up=number == 0)


def measure(bench: Bench) -> Iterator[Row]:
    """Rows of the ratios to the floor and to the textbook, and of bodies lost without Redis."""
    most = int(bench.round_s * (bench.rounds + 1) * 4000)
    signed = bodies.orders(bench.store, most, first=0, customers=5_000)
    requests = bodies.requests(bench.store, f"/webhooks/{bench.store.public_id}/", signed)
    with ExitStack() as stack:
        ours_in = stack.enter_context(bench.copy("intake"))
        alone_in = stack.enter_context(bench.copy("intake_alone"))
        textbook_in = stack.enter_context(bench.textbook())
        floor_in = places.create("floor")
        with places.session(floor_in) as cursor:
            cursor.execute(TABLE)
        for number in (OURS_QUEUE, TEXTBOOK_QUEUE):
            places.queue(number)
        textbook_redis = places.redis_url(TEXTBOOK_QUEUE)
        servers = {
            "floor": web("benchmarks.floor:application", floor_in, textbook_redis),
            "ours": web(OURS, ours_in, places.redis_url(OURS_QUEUE)),
            "textbook": web(
                "benchmarks.textbook.wsgi:application", textbook_in, textbook_redis, TEXTBOOK_SETTINGS
            ),
            "alone": web(OURS, alone_in, NOBODY_LISTENS),
        }
        of = {
            name: Contestant(stack.enter_context(server), iter(requests)) for name, server in servers.items()
        }
        compete(bench, list(of.values()))
        yield from _rows(of, stored=_count(alone_in))
    for number in (OURS_QUEUE, TEXTBOOK_QUEUE):
        places.queue(number)


def _rows(of: dict[str, Contestant], stored: int) -> Iterator[Row]:
    ours, floor, textbook, alone = (of[name] for name in ("ours", "floor", "textbook", "alone"))
    cost = "CPU-ms a request, server + PostgreSQL: ours {}, {} {}"
    yield against(
        "intake / floor",
        "req/s",
        "8 kB signed orders, 32 connections, medians of interleaved rounds. "
        + cost.format(ours.cpu(), "floor", floor.cpu()),
        ours.rates,
        floor.rates,
        ">= 0.55",
    )
    yield against(
        "intake / textbook",
        "req/s",
        "the same requests to DRF, get_or_create on a JSONField, a Celery message each. "
        + cost.format(ours.cpu(), "textbook", textbook.cpu()),
        ours.rates,
        textbook.rates,
        ">= 3",
    )
    yield against(
        "intake without Redis / floor",
        "req/s",
        f"REDIS_URL names a socket where nobody listens. CPU-ms: {alone.cpu()}",
        alone.rates,
        floor.rates,
        ">= 0.5",
    )
    how = "rows in the inbox beside answers 200, Redis away"
    yield Row("bodies kept without Redis", stored, "rows", how, alone.acknowledged, ">= 1")


def _count(database: str) -> int:
    with places.session(database) as cursor:
        cursor.execute("SELECT count(*) FROM orders_delivery")
        return int(cursor.fetchone()[0])
