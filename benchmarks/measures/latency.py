"""One webhook on a quiet system: how long until it is in the shopper's balance."""

import random
import time
from collections.abc import Iterator
from statistics import median

from benchmarks import bodies, places
from benchmarks.bench import OURS_QUEUE, Bench
from benchmarks.client import ask
from benchmarks.processes import OURS, web, worker
from benchmarks.results import Row

POLL_S = 0.002
CUSTOMERS = 10


def measure(bench: Bench) -> Iterator[Row]:
    """A row of the median over single orders."""
    samples = 8 if bench.quick else 40
    pause = random.Random(bench.seed)
    with bench.copy("latency") as database:
        places.queue(OURS_QUEUE)
        redis = places.redis_url(OURS_QUEUE)
        with web(OURS, database, redis) as server, worker("config", database, OURS_QUEUE):
            path = f"/webhooks/{bench.store.public_id}/"
            signed = bodies.orders(bench.store, samples + 5, first=0, customers=CUSTOMERS)
            took = []
            for number, request in enumerate(bodies.requests(bench.store, path, signed)):
                time.sleep(pause.uniform(0.05, 0.4))
                started = time.perf_counter()
                if ask(server.port, request)[0] != 200:
                    raise RuntimeError("a webhook was not taken in")
                _wait_for_entry(database, number + 1)
                took.append(1000 * (time.perf_counter() - started))
    took = sorted(took[5:])
    how = (
        f"{samples} single webhooks after random pauses, from sending to the committed balance (polled every "
        f"{1000 * POLL_S:.0f} ms); slowest {took[-1]:.0f} ms"
    )
    yield Row("latency, webhook to balance", median(took), "ms", how, target="<= 300")


def _wait_for_entry(database: str, count: int) -> None:
    deadline = time.monotonic() + 30
    with places.session(database) as cursor:
        while True:
            cursor.execute("SELECT sum(seq) FROM loyalty_account")
            if cursor.fetchone()[0] == count:
                return
            if time.monotonic() > deadline:
                raise TimeoutError("the order was not applied within 30 s")
            time.sleep(POLL_S)
