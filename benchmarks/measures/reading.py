"""A shopper's balance: beside a view that does nothing, and with a small and a large ledger."""

import itertools
import random
import time
from collections.abc import Iterator
from contextlib import ExitStack

import jwt

from benchmarks import places
from benchmarks.bench import OURS_QUEUE, Bench
from benchmarks.bodies import FIRST_CUSTOMER
from benchmarks.client import get
from benchmarks.measures.intake import Contestant, compete
from benchmarks.processes import OURS, web
from benchmarks.results import Row, against

PATH = "/storefront/v1/me"
SHOPPERS = 1_000


def measure(bench: Bench) -> Iterator[Row]:
    """Rows of the ratio to a Django no-op and of a large ledger to a small one."""
    small, large = bench.small, bench.large
    redis = places.redis_url(OURS_QUEUE)
    with ExitStack() as stack:
        servers = {
            "noop": web("benchmarks.noop:application", small, redis, "benchmarks.noop"),
            "small": web(OURS, small, redis),
            "large": web(OURS, large, redis),
        }
        members = {"noop": 1_000, "small": 1_000, "large": bench.scaled(100_000)}
        of = {
            name: Contestant(stack.enter_context(server), _requests(bench, members[name]))
            for name, server in servers.items()
        }
        compete(bench, list(of.values()))
    how = (
        f"{PATH} with a JWT beside a Django view without middleware, same server, 32 connections, "
        f"{SHOPPERS:,} shoppers. CPU-ms, server + PostgreSQL: {of['small'].cpu()}, no-op {of['noop'].cpu()}"
    )
    yield against("reading / Django no-op", "req/s", how, of["small"].rates, of["noop"].rates, ">= 0.35")
    entries = f"{bench.scaled(5_000_000):,}"
    how = (
        f"the same with {entries} entries of up to {bench.scaled(300_000):,} accounts beside 10,000 of 1,000"
    )
    yield against(
        "reading, large / small ledger", "req/s", how, of["large"].rates, of["small"].rates, ">= 0.9"
    )


def _requests(bench: Bench, members: int) -> Iterator[bytes]:
    """Requests of shoppers picked at random, over and over."""
    store, now = bench.store, int(time.time())
    picked = random.Random(bench.seed).sample(range(members), min(members, SHOPPERS))
    claims = (
        {"iss": store.shop_public_id, "sub": str(FIRST_CUSTOMER + number), "iat": now, "exp": now + 3600}
        for number in picked
    )
    return itertools.cycle(
        [get(PATH, jwt.encode(claim, store.storefront_secret, algorithm="HS256")) for claim in claims]
    )
