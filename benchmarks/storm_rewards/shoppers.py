"""What people do in a storm: redeem, take back, use codes on orders, refund. Each goes on until it is answered.

A wish is a story: a generator that does a step and says for how many seconds it waits for the next. So a few threads
tell thousands of them.
"""

import heapq
import itertools
import json
import random
import threading
import time
from collections import Counter
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import psycopg2
from django.db import DatabaseError, InterfaceError, connection
from django_scopes import scope

from benchmarks.storm.history import order_body, order_line, refund_body
from benchmarks.storm.web import ask, post_webhook
from benchmarks.storm_rewards.plan import LINES, Wish
from benchmarks.storm_rewards.platform import Platform
from benchmarks.storm_rewards.world import STAFF, Member, World
from lib.clock import now
from rewards.actions.redeem import redeem_as
from rewards.actions.redemptions import revoke
from rewards.errors import NotPossible, NotRedeemed
from rewards.models import Redemption

THREADS = 12
AGAIN_S = 0.2
LOOK_S = 0.5
PATIENCE_TRIES = 1000
AWAY = (DatabaseError, InterfaceError, psycopg2.Error)
State = Redemption.State
Story = Generator[float, None, None]


@dataclass(slots=True)
class Told:
    """What came of a wish, as it was answered: `made` is the public id. `code` is what the shopper saw.

    `undone`: the order was cancelled; `refunded`: one of its lines came back; `revoked`: staff were told so.
    """

    made: str = ""
    refused: str = ""
    code: str = ""
    ordered: bool = False
    refunded: bool = False
    undone: bool = False
    revoked: bool = False


@dataclass
class Book:
    """What was answered, by the number of the wish. `problems` in sentences."""

    told: dict[int, Told] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    happened: Counter[str] = field(default_factory=Counter)


class Shoppers:
    """Everybody at once. `redeeming`: wishes without an answer; `unfinished`: stories that go on."""

    def __init__(
        self, world: World, platform: Platform, port: int, wishes: Sequence[Wish], seed: int
    ) -> None:
        self.book = Book({wish.number: Told() for wish in wishes})
        self.redeeming = sum(wish.taps for wish in wishes)
        self._world, self._platform, self._port, self._seed = world, platform, port, seed
        self._count = itertools.count()
        self._lock = threading.Condition()
        self._running = 0
        begin = time.monotonic()
        self._due: list[tuple[float, int, Story]] = [
            (begin + wish.at_s, next(self._count), self._story(wish, first=tap == 0))
            for wish in wishes
            for tap in range(wish.taps)
        ]
        heapq.heapify(self._due)
        self._over = False
        self._threads = [threading.Thread(target=self._work, name="shopper") for _ in range(THREADS)]

    @property
    def unfinished(self) -> int:
        with self._lock:
            return len(self._due) + self._running

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Leave what is unfinished."""
        with self._lock:
            self._over = True
            self._lock.notify_all()
        for thread in self._threads:
            thread.join()

    def _work(self) -> None:
        try:
            while (story := self._next()) is not None:
                self._go_on(story)
        finally:
            connection.close()

    def _next(self) -> Story | None:
        """The next story that is due; None at the end."""
        with self._lock:
            while not self._over:
                left = self._due[0][0] - time.monotonic() if self._due else LOOK_S
                if self._due and left <= 0:
                    self._running += 1
                    return heapq.heappop(self._due)[2]
                self._lock.wait(min(left, LOOK_S))
        return None

    def _go_on(self, story: Story) -> None:
        pause: float | None = None
        try:
            pause = next(story, None)
        except AWAY as error:  # only where a story does not expect it
            self._problem(f"a story broke: {error!r}")
        except Exception as error:
            self._problem(f"a story broke: {error!r}")
        with self._lock:
            self._running -= 1
            if pause is not None:
                heapq.heappush(self._due, (time.monotonic() + pause, next(self._count), story))
            self._lock.notify()

    def _problem(self, what: str) -> None:
        with self._lock:
            self.book.problems.append(what)

    def _happened(self, what: str) -> None:
        with self._lock:
            self.book.happened[what] += 1

    def _story(self, wish: Wish, *, first: bool) -> Story:
        member = self._world.members[wish.member]
        yield from self._redeem(wish, member)
        with self._lock:
            self.redeeming -= 1
        told = self.book.told[wish.number]
        if not first or not told.made or wish.fate == "keep":
            return
        yield wish.later_s
        if wish.fate == "revoke":
            yield from self._revoke(told)
        elif wish.fate != "revoke and use":
            yield from self._use(wish, member, told)
        else:
            yield from self._see_code(told)
            # The staff take it back while the shopper is at the checkout.
            self._aside(self._revoke(told))
            yield from self._use(wish, member, told)

    def _aside(self, story: Story) -> None:
        with self._lock:
            heapq.heappush(self._due, (time.monotonic(), next(self._count), story))
            self._lock.notify()

    def _redeem(self, wish: Wish, member: Member) -> Story:
        """Ask until it is answered, always under the same key."""
        how = self._by_http if wish.by_http else self._directly
        for _ in range(PATIENCE_TRIES):
            answer = how(wish, member)
            if answer is not None:
                self._note(wish, *answer)
                return
            self._happened("asked again")
            yield AGAIN_S
        self._problem(f"wish {wish.number} was never answered")

    def _note(self, wish: Wish, made: str, refused: str) -> None:
        """Every tap is answered alike: a redemption by its id, or a refusal."""
        told = self.book.told[wish.number]
        with self._lock:
            if (told.made and told.made != made) or (told.refused and made and wish.taps == 1):
                self.book.problems.append(f"wish {wish.number} made {told.made or told.refused} and {made}")
            told.made, told.refused = told.made or made, refused

    def _by_http(self, wish: Wish, member: Member) -> tuple[str, str] | None:
        body: dict[str, Any] = {"reward": self._world.rewards[wish.reward], "key": wish.key}
        if wish.points is not None:
            body["points"] = wish.points
        headers = {"Authorization": f"Bearer {member.token()}", "Content-Type": "application/json"}
        status, said = ask(
            self._port, "POST", "/storefront/v1/me/redemptions", json.dumps(body).encode(), headers
        )
        if status == 200:
            return said["id"], ""
        if status in (0, 500, 502, 503):
            if status == 500:
                self._happened("answers 500")
            return None
        return "", said["error"]["code"]

    def _directly(self, wish: Wish, member: Member) -> tuple[str, str] | None:
        store = member.store
        reward = self._world.rewards[wish.reward]
        try:
            redeemed = redeem_as(store.shop_id, store.pk, member.external_id, reward, wish.key, wish.points)
        except NotRedeemed as error:
            return "", error.code
        except AWAY:
            connection.close()
            return None
        return str(redeemed.redemption.public_id), ""

    def _row(self, told: Told) -> Redemption | None:
        """The redemption as it is; None while the database is away."""
        try:
            with scope(shop=self._world.shop):
                rows = Redemption.objects.select_related("shop")
                found: Redemption = rows.get(shop=self._world.shop, public_id=told.made)
        except AWAY:
            connection.close()
            return None
        return found

    def _revoke(self, told: Told) -> Story:
        while True:
            row = self._row(told)
            try:
                if row is not None:
                    # It may have been revoked by a try whose answer was lost.
                    told.revoked = row.closing == "revoked" or revoke(row, STAFF).closing == "revoked"
                    self._happened("revoked")
                    return
            except NotPossible:
                self._happened("too late to revoke")
                return
            except AWAY:
                connection.close()
            yield AGAIN_S

    def _see_code(self, told: Told) -> Story:
        """Wait until the code can be used, or never can."""
        while True:
            row = self._row(told)
            if row is not None and row.state == State.ISSUED:
                told.code = row.code
                return
            if row is not None and row.state in (State.RETURNED, State.FAILED):
                return
            yield LOOK_S

    def _use(self, wish: Wish, member: Member, told: Told) -> Story:
        """An order with the code, and what is told of it later: in any order, and some of it twice."""
        yield from self._see_code(told)
        if not told.code or not self._platform.checkout(member.store.domain, told.code):
            return
        told.ordered = True
        told.refunded, told.undone = wish.fate == "refund", wish.fate == "cancel"
        self._happened("orders")
        dice = random.Random(f"{self._seed} {wish.number}")
        deliveries = list(_deliveries(wish, member, dice.choice([told.code, told.code.lower()])))
        deliveries += dice.sample(deliveries, dice.randint(0, 1))
        dice.shuffle(deliveries)
        for topic, step, body in deliveries:
            name = f"{wish.number}-{step}"
            while not post_webhook(member.store, self._port, topic, name, json.dumps(body).encode()):
                yield AGAIN_S
            yield dice.uniform(0, 1)


def _deliveries(wish: Wish, member: Member, code: str) -> Iterator[tuple[str, int, dict[str, Any]]]:
    number, at = wish.number + 1, now()
    lines = [order_line(number * 10 + place, cents) for place, cents in enumerate(LINES)]
    codes = [{"code": code, "amount": "1.00", "type": "fixed_amount"}]
    customer = int(member.external_id)
    yield "orders/paid", 1, order_body(number, customer, lines, at, at, discount_codes=codes)
    later = at + timedelta(seconds=1)
    if wish.fate == "refund":
        yield "refunds/create", 2, refund_body(number, lines[0]["id"], LINES[0], later)
    elif wish.fate == "cancel":
        over = later.isoformat()
        body = order_body(number, customer, lines, at, later, discount_codes=codes, cancelled_at=over)
        yield "orders/cancelled", 2, body
