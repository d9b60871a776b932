"""What every measurement needs: the template store, how long to measure, and databases made when first wanted."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property

from benchmarks import ledgers, places
from benchmarks.places import Store

OURS_QUEUE = 1
TEXTBOOK_QUEUE = 2
SECOND_QUEUE = 3
TEXTBOOK_SETTINGS = "benchmarks.textbook.settings"


@dataclass
class Bench:
    """One run. `quick` measures briefly and on small data: for trying things, not for figures."""

    store: Store
    quick: bool
    seed: int

    @property
    def rounds(self) -> int:
        return 2 if self.quick else 5

    @property
    def round_s(self) -> float:
        return 1.0 if self.quick else 3.0

    def scaled(self, count: int) -> int:
        """A count of things for a full run, or a tenth of it for a quick one."""
        return count // 10 if self.quick else count

    @cached_property
    def small(self) -> str:
        """A database with 1,000 members and 10,000 entries."""
        return self._ledger("small", members=1_000, orders=10_000, more_entries=0)

    @cached_property
    def large(self) -> str:
        """A database with 1,000,000 orders of 100,000 members, and 5,000,000 entries in all."""
        return self._ledger(
            "large",
            members=self.scaled(100_000),
            orders=self.scaled(1_000_000),
            more_entries=self.scaled(4_000_000),
        )

    def _ledger(self, name: str, members: int, orders: int, more_entries: int) -> str:
        made = places.create(name, places.TEMPLATE)
        ledgers.generate(made, self.store, members, orders, more_entries)
        return made

    @contextmanager
    def copy(self, name: str) -> Iterator[str]:
        """A copy of the template database for one measurement."""
        made = places.create(name, places.TEMPLATE)
        try:
            yield made
        finally:
            places.drop(made)

    @contextmanager
    def textbook(self) -> Iterator[str]:
        """The textbook app's database."""
        made = places.create("textbook")
        variables = {"DATABASE_URL": places.database_url(made), "DJANGO_SETTINGS_MODULE": TEXTBOOK_SETTINGS}
        os.environ["TEXTBOOK_SECRET"] = self.store.secret
        command = [sys.executable, "-m", "django", "migrate", "--run-syncdb", "--verbosity", "0"]
        subprocess.run(command, env=os.environ | variables, check=True)
        try:
            yield made
        finally:
            places.drop(made)
