"""Proving a ledger: every figure, lot, award and seal is calculated anew from the entries."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator

from benchmarks import places
from benchmarks.bench import Bench
from benchmarks.processes import LONGEST_RUN_S
from benchmarks.results import Row


def measure(bench: Bench) -> Iterator[Row]:
    """A row of the large ledger; its few seconds of starting count too."""
    yield proof(bench.large, "ledger verify", target="<= 60")


def proof(database: str, name: str, target: str = "") -> Row:
    """Seconds that a million entries take. Raises RuntimeError where the ledger differs."""
    with places.session(database) as cursor:
        cursor.execute("SELECT (SELECT count(*) FROM loyalty_entry), (SELECT count(*) FROM loyalty_lot)")
        entries, lots = cursor.fetchone()
    started = time.perf_counter()
    said = subprocess.run(
        [sys.executable, "manage.py", "ledger", "verify"],
        env=os.environ | {"DATABASE_URL": places.database_url(database)},
        capture_output=True,
        text=True,
        timeout=LONGEST_RUN_S,
    )
    took = time.perf_counter() - started
    if said.returncode:
        raise RuntimeError(f"the ledger differs: {said.stdout[:500]}{said.stderr[-500:]}")
    how = f"{entries:,} entries with {lots:,} lots proved in {took:.1f} s, in SQL, start of the process included"
    return Row(name, took / entries * 1_000_000, "s/million", how, target=target)
