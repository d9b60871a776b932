"""The jobs of a night in one process, as a worker does them: `python -m benchmarks.night <instant>`.

Prints a JSON object: of each job how many it did, in what time, and the longest transaction; and the peak of memory.
"""

import json
import os
import resource
import sys
import time
from collections.abc import Callable
from datetime import datetime
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

from django.db import connection  # noqa: E402 - after django.setup(): models are imported

from loyalty import ledger  # noqa: E402
from loyalty.reviews import review_all_due  # noqa: E402

JOBS: dict[str, Callable[[datetime], int]] = {
    "released": ledger.release_all_due,
    "expired": ledger.expire_all_due,
    "reviewed": review_all_due,
}


class Batches:
    """When transactions began: each starts by claiming rows that nobody else has."""

    def __init__(self) -> None:
        self.began: list[float] = []

    def __call__(self, execute: Callable[..., Any], sql: str, *more: Any) -> Any:
        if "SKIP LOCKED" in sql:
            self.began.append(time.perf_counter())
        return execute(sql, *more)

    def longest(self) -> float:
        """Seconds of the longest transaction, its commit included; the last claim finds nothing."""
        return max(later - earlier for earlier, later in zip(self.began, self.began[1:], strict=False))


def main(at: datetime) -> dict[str, Any]:
    done: dict[str, Any] = {}
    for name, job in JOBS.items():
        batches = Batches()
        with connection.execute_wrapper(batches):
            started = time.perf_counter()
            count = job(at)
            took = time.perf_counter() - started
        done[name] = {"count": count, "seconds": took, "longest_s": batches.longest()}
    # Linux counts in kB, macOS in bytes.
    unit = 2**20 if sys.platform == "darwin" else 2**10
    done["peak_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit
    return done


if __name__ == "__main__":
    print(json.dumps(main(datetime.fromisoformat(sys.argv[1]))))
