"""Redeeming points: beside a bare POST that writes one row, from many hands at once, and until there is a code."""

import itertools
import json
import os
import random
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from statistics import median, quantiles

import jwt
from django.db import connection as django_connection
from django_scopes import scopes_disabled

from benchmarks import places
from benchmarks.bare import TABLE
from benchmarks.bench import OURS_QUEUE, Bench
from benchmarks.bodies import FIRST_CUSTOMER
from benchmarks.client import ask, burst, post
from benchmarks.measures.intake import Contestant, compete
from benchmarks.places import Store
from benchmarks.processes import OURS, web, worker
from benchmarks.results import Row, against
from benchmarks.storm_rewards.platform import TOKEN, Platform
from rewards.actions.catalogue import create_reward
from shops.models import Connection, Shop, StoreAccess

PATH = "/storefront/v1/me/redemptions"
SHOPPERS = 1_000
POINTS = 1_000_000
# The first member redeems from many hands; there are points for ten.
PRICE = 100
AT_ONCE = 200
ENOUGH_FOR = 10
BURSTS = 5
TERMS = {"kind": "fixed", "price": PRICE, "value": "1.00"}
POLL_S = 0.002
# The planner knows the tables of a shop that has been redeeming for a while.
BEFORE_EACH = 10


def measure(bench: Bench) -> Iterator[Row]:
    """Rows of the ratio to a bare POST, of two hundred requests for one account's points, and of the time to a code."""
    yield from _beside_bare(bench)
    yield from _at_once(bench)
    yield from _to_a_code(bench)


def _beside_bare(bench: Bench) -> Iterator[Row]:
    places.queue(OURS_QUEUE)
    redis = places.redis_url(OURS_QUEUE)
    with bench.copy("reserving") as database, bench.copy("bare") as bare, ExitStack() as stack:
        reward = _fill(database, bench.store, SHOPPERS, POINTS)
        with places.session(bare) as cursor:
            cursor.execute(TABLE)
        server = stack.enter_context(web("benchmarks.bare:application", bare, redis))
        floor = Contestant(server, _requests(bench, reward, "/bare"))
        shopper = Contestant(server, _requests(bench, reward, "/shopper"))
        ours = Contestant(stack.enter_context(web(OURS, database, redis)), _requests(bench, reward, PATH))
        compete(bench, [ours, floor, shopper])
        with places.session(database) as cursor:
            cursor.execute("SELECT count(*) FROM rewards_redemption WHERE state = 'reserved'")
            if cursor.fetchone()[0] != ours.acknowledged:
                raise RuntimeError("there are other redemptions than were answered")
    how = (
        f"POST {PATH}, of {SHOPPERS:,} shoppers with a JWT, until the redemption with its code, the entry and the lots "
        "is committed; beside it the same bytes through the same stack to a view that reads the JSON and inserts one "
        "row by a prepared statement, without looking at the JWT. 32 connections. CPU-ms a request, server + "
        f"PostgreSQL: ours {ours.cpu()}, bare {floor.cpu()}"
    )
    yield against("reserving / bare POST", "req/s", how, ours.rates, floor.rates, ">= 0.5")
    how = f"the same view behind the limits, the JWT and the headers of the shopper API. CPU-ms: {shopper.cpu()}"
    yield against("reserving / bare POST of a shopper", "req/s", how, ours.rates, shopper.rates, "")


def _at_once(bench: Bench) -> Iterator[Row]:
    """Several bursts, each of another member."""
    slowest, made = [], []
    with bench.copy("at_once") as database:
        reward = _fill(database, bench.store, BURSTS, PRICE * ENOUGH_FOR)
        with web(OURS, database, places.redis_url(OURS_QUEUE)) as server:
            for member in range(BURSTS):
                requests = [_request(bench.store, reward, member, f"{n}") for n in range(AT_ONCE)]
                answers = burst(server.port, requests)
                statuses = Counter(status for status, _ in answers)
                if statuses.keys() - {200, 409}:
                    raise RuntimeError(f"answers other than 200 and 409: {dict(statuses)}")
                slowest.append(1000 * max(seconds for _, seconds in answers))
                made.append(statuses[200])
        with places.session(database) as cursor:
            cursor.execute("SELECT sum(balance) FROM loyalty_account")
            left = int(cursor.fetchone()[0])
    how = (
        f"{AT_ONCE} requests of one member with points for {ENOUGH_FOR}, on as many connections at the same moment; "
        f"median of the slowest answers of {BURSTS} such members: {', '.join(f'{took:.0f}' for took in slowest)}"
    )
    yield Row("200 redemptions at once, slowest answer", median(slowest), "ms", how, target="<= 1000")
    exact = sum(number == ENOUGH_FOR for number in made) if left == 0 else 0
    how = f"of {BURSTS} members, how many got exactly {ENOUGH_FOR} and have no points left; got: {made}, left: {left}"
    yield Row("200 redemptions at once, exact", exact, "members", how, BURSTS, ">= 1")


def _to_a_code(bench: Bench) -> Iterator[Row]:
    samples = 20 if bench.quick else 100
    pause = random.Random(bench.seed)
    before = os.environ.get("OUTBOUND_ROUTES")
    customers = [FIRST_CUSTOMER + member for member in range(samples)]
    places.queue(OURS_QUEUE)
    try:
        with (
            bench.copy("to_a_code") as database,
            Platform([bench.store.domain], customers, bench.seed, {}) as platform,
        ):
            reward = _fill(database, bench.store, samples, POINTS)
            os.environ["OUTBOUND_ROUTES"] = platform.routes
            redis = places.redis_url(OURS_QUEUE)
            with web(OURS, database, redis) as server, worker("config", database, OURS_QUEUE):
                took = []
                for member in range(samples):
                    time.sleep(pause.uniform(0.05, 0.3))
                    started = time.perf_counter()
                    if ask(server.port, _request(bench.store, reward, member, "code"))[0] != 200:
                        raise RuntimeError("a redemption was not taken")
                    _wait_for_codes(database, member + 1)
                    took.append(1000 * (time.perf_counter() - started))
    finally:
        if before is None:
            os.environ.pop("OUTBOUND_ROUTES", None)
        else:
            os.environ["OUTBOUND_ROUTES"] = before
    # The first ones import modules and open connections.
    took = took[5:]
    late = quantiles(took, n=100)[98]
    how = (
        f"{len(took)} single redemptions after random pauses, from sending to the code that a store has made"
    )
    yield Row("time to a code", median(took), "ms", f"{how}; median", target="<= 2000")
    yield Row("time to a code, 99 of 100", late, "ms", f"{how}; slowest {max(took):.0f} ms", target="<= 2000")


def _wait_for_codes(database: str, count: int) -> None:
    deadline = time.monotonic() + 30
    with places.session(database) as cursor:
        while True:
            cursor.execute("SELECT count(*) FROM rewards_redemption WHERE state = 'issued'")
            if cursor.fetchone()[0] == count:
                return
            if time.monotonic() > deadline:
                raise TimeoutError("no code was made within 30 s")
            time.sleep(POLL_S)


def _requests(bench: Bench, reward: str, path: str) -> Iterator[bytes]:
    """Requests of one shopper after the other, each with a key of its own."""
    tokens = [_token(bench.store, member) for member in range(SHOPPERS)]
    for number in itertools.count():
        yield post(path, {"reward": reward, "key": f"{path}-{number}"}, tokens[number % SHOPPERS])


def _request(store: Store, reward: str, member: int, key: str) -> bytes:
    return post(PATH, {"reward": reward, "key": key}, _token(store, member))


def _token(store: Store, member: int) -> str:
    at = int(time.time())
    claims = {"iss": store.shop_public_id, "sub": str(FIRST_CUSTOMER + member), "iat": at, "exp": at + 3600}
    return jwt.encode(claims, store.storefront_secret, algorithm="HS256")


def _fill(database: str, store: Store, members: int, points: int) -> str:
    """Members with points, a store that lets us in, and a reward: its public id."""
    django_connection.close()
    django_connection.settings_dict["NAME"] = database
    try:
        with scopes_disabled():
            shop, connection = (
                Shop.objects.get(pk=store.shop_id),
                Connection.objects.get(pk=store.connection_id),
            )
            credentials = json.dumps({"access_token": TOKEN})
            StoreAccess.objects.create(shop=shop, connection=connection, credentials=credentials)
        reward = create_reward(shop, "1.00 off", TERMS).public_id
        with django_connection.cursor() as cursor:
            for statement in _MEMBERS:
                cursor.execute(
                    statement,
                    {
                        "shop": store.shop_id,
                        "connection": store.connection_id,
                        "first": FIRST_CUSTOMER,
                        "members": members,
                        "points": points,
                        "before": BEFORE_EACH,
                    },
                )
    finally:
        django_connection.close()
    places.settle_down(database)
    return reward


_MEMBERS = (
    """
    INSERT INTO shops_customer (shop_id, connection_id, external_id, email, email_verified, first_name, last_name,
        tags, as_of, joined_at)
    SELECT %(shop)s, %(connection)s, (%(first)s + n)::text, 'm' || n || '@example.com', true, 'Mara', 'Lindqvist',
        '{}', now(), now()
    FROM generate_series(0, %(members)s - 1) n
    """,
    """
    INSERT INTO loyalty_account (shop_id, customer_id, balance, pending, lifetime_earned, seq, active_at)
    SELECT c.shop_id, c.id, %(points)s, 0, %(points)s, 1, now() FROM shops_customer c WHERE c.shop_id = %(shop)s
    """,
    """
    WITH e AS (
        SELECT a.shop_id, nextval('loyalty_entry_id_seq') AS id, a.id AS account_id, 1 AS seq, 'adjust'::text AS kind,
            a.balance, 'start:' || a.id AS reference, now() AS at
        FROM loyalty_account a WHERE a.shop_id = %(shop)s
    ), entries AS (
        INSERT INTO loyalty_entry (shop_id, id, account_id, seq, kind, pending_delta, available_delta, balance_after,
            reference, occurred_at, reason, actor, seal)
        SELECT e.shop_id, e.id, e.account_id, e.seq, e.kind, 0, e.balance, e.balance, e.reference, e.at, '', '',
            loyalty_entry_seal(e.shop_id, e.id, e.account_id, e.seq, e.kind, 0, e.balance, e.balance, NULL, NULL, NULL,
                e.reference, '', '', e.at)
        FROM e
    )
    INSERT INTO loyalty_lot (shop_id, account_id, entry_id, points, remaining, earned_at, available_at)
    SELECT e.shop_id, e.account_id, e.id, e.balance, e.balance, e.at, e.at FROM e
    """,
    """
    WITH d AS (
        INSERT INTO rewards_redemption (shop_id, public_id, account_id, reward_id, connection_id, state, closing, name,
            terms, points, value, request_key, code, created_at, issued_at, returned_at)
        SELECT a.shop_id, 'red_before' || a.id || 'x' || n, a.id, r.id, %(connection)s, 'returned', 'expired', r.name,
            r.terms, 100, 1, 'before' || n, 'BEFORE-' || a.id || '-' || n, now(), now(), now()
        FROM loyalty_account a, rewards_reward r, generate_series(1, %(before)s) n
        WHERE a.shop_id = %(shop)s AND r.shop_id = %(shop)s RETURNING shop_id, id
    )
    INSERT INTO rewards_redemptionstep (shop_id, redemption_id, what)
    SELECT d.shop_id, d.id, what FROM d, unnest(ARRAY['reserved', 'issued', 'expired', 'returned']) AS what
    """,
)
