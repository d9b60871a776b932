"""Measure, print a table, write `.regulars/bench.json`.

    python -m benchmarks                       everything, in about half an hour
    python -m benchmarks --only intake         one measurement (may be given more than once)
    python -m benchmarks --quick               briefly and on small data, to try whether it runs

A missed target is printed, not an error: the exit status is 1 only when something could not be measured.
"""

import argparse
import os
import random
import sys
import time
import traceback

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

from benchmarks import places  # noqa: E402 - after django.setup(): models are imported
from benchmarks.bench import Bench  # noqa: E402
from benchmarks.measures import MEASURES  # noqa: E402
from benchmarks.results import Row, head, save, show  # noqa: E402


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Speed as ratios of one run.")
    parser.add_argument("--only", action="append", choices=MEASURES, help="this measurement alone")
    parser.add_argument("--quick", action="store_true", help="briefly and on small data")
    parser.add_argument(
        "--seed", type=int, default=random.randrange(10_000), help="of what is picked at random"
    )
    given = parser.parse_args()
    print(f"seed {given.seed}{', quick: these are no figures' if given.quick else ''}")
    started = time.monotonic()
    rows: list[Row] = []
    failed = []
    try:
        places.drop_all()
        bench = Bench(places.template(), quick=given.quick, seed=given.seed)
        head()
        for name in given.only or MEASURES:
            try:
                for row in MEASURES[name](bench):
                    rows.append(row)
                    show(row)
            except Exception:
                failed.append(name)
                traceback.print_exc()
            print(f"    [{name}: at {time.monotonic() - started:.0f} s]", flush=True)
    finally:
        places.drop_all()
    save(rows)
    missed = [row.name for row in rows if row.ok is False]
    print(f"{len(rows)} rows in {time.monotonic() - started:.0f} s; missed: {', '.join(missed) or 'none'}")
    for name in failed:
        print(f"{name} could not be measured")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
