"""Beside the deliveries: the jobs ring all the while, new versions go live, a draft is tried."""

import random
import threading
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from functools import partial

from django.db import DatabaseError, InterfaceError, connection
from kombu.exceptions import OperationalError
from redis import RedisError

from benchmarks.storm import programs
from config.celery import app
from loyalty.actions.programs import load_draft, publish
from loyalty.documents import ProgramDocument
from loyalty.errors import NothingToPublish
from orders.backtest import runs
from shops.models import Shop

JOBS = (
    "loyalty.release_points",
    "loyalty.expire_points",
    "loyalty.redate_points",
    "loyalty.review_tiers",
    "loyalty.catch_up",
    "loyalty.mark_days",
    "loyalty.continue_batches",
    "loyalty.write_warnings",
    "loyalty.verify_ledger",
    "orders.run_backtests",
)
PUBLISHES = 3
TRIED_DAYS = 90
PAUSE_S = 1.0


class Bells(threading.Thread):
    """Rings for every job about once a second; publishes now and then and has a draft tried, at last once more."""

    def __init__(self, shop: Shop, document: ProgramDocument, dice: random.Random, seconds: float) -> None:
        super().__init__(name="bells")
        self.happened: Counter[str] = Counter()
        self.problem: BaseException | None = None
        self.backtest: int | None = None
        self._shop, self._document, self._dice = shop, document, dice
        self._between = seconds / (PUBLISHES + 1)
        self._over = threading.Event()

    def run(self) -> None:
        try:
            for number in range(1, PUBLISHES + 1):
                self._ring_for(self._between * self._dice.uniform(0.6, 1.0))
                document = programs.next_of(self._document, number)
                self._again(partial(self._publish, document))
                self._again(self._try)
            while not self._over.is_set():
                self._ring_for(PAUSE_S)
            # Nothing goes live any more, so that this one comes to an end.
            self._again(self._try)
        except BaseException as error:
            self.problem = error
            raise
        finally:
            connection.close()

    def stop(self) -> None:
        """Publish and try what is still to be, then end."""
        self._over.set()
        self.join()

    def _ring_for(self, seconds: float) -> None:
        left = seconds
        while left > 0 and not self._over.is_set():
            for job in self._dice.sample(JOBS, len(JOBS)):
                self._ring(job)
            self._over.wait(min(PAUSE_S, left))
            left -= PAUSE_S

    def _ring(self, job: str) -> None:
        try:
            app.send_task(job, expires=10, retry=False, ignore_result=True)
            self.happened["rings"] += 1
        except (OperationalError, RedisError, OSError):
            self.happened["rings lost"] += 1

    def _again(self, what: Callable[[], None]) -> None:
        """Do it, again and again while the database is away."""
        for _ in range(100):
            try:
                what()
            except (DatabaseError, InterfaceError):
                connection.close()
                threading.Event().wait(0.2)
            else:
                return
        raise TimeoutError("the database did not come back")

    def _publish(self, document: ProgramDocument) -> None:
        load_draft(self._shop, document)
        # There is nothing to publish where the last try was committed after all.
        with suppress(NothingToPublish):
            publish(self._shop, "storm")
        self.happened["publishes"] += 1

    def _try(self) -> None:
        run = runs.start(self._shop, TRIED_DAYS, "storm", programs.next_of(self._document, PUBLISHES + 1))
        self.backtest = run.pk
