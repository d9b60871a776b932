"""Deliveries of a store under faults; afterwards each is applied exactly once, and the ledger is clean.

The shop has tiers, a hold, expiry, caps, a punch card and points for joining. Its jobs ring all the while, versions go
live in between, drafts are tried. At the end every target, balance and tier must be as in a second shop that got the
same facts once, in order, with nothing going wrong.

STORM_EVENTS sets how many deliveries there are (2,000), STORM_SEED what happens (printed, so that it can be
repeated). The last line is the verdict; the exit status is 1 on any loss, double or drift.
"""

import os
import random
import sys

import django

from benchmarks.storm.running import run
from config import embedded

PACE_PER_S = 50


def main() -> int:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    from benchmarks.storm.storm import ride  # noqa: PLC0415 - needs the settings

    count = int(os.environ.get("STORM_EVENTS") or 2000)
    seed = int(os.environ.get("STORM_SEED") or random.SystemRandom().randrange(10**6))
    print(f"storm: {count} deliveries, seed {seed}", flush=True)
    return run(seed, lambda dice, folder: ride(count, dice, folder, count / PACE_PER_S))


if __name__ == "__main__":
    if not embedded.owned():
        sys.exit(
            "storm: it kills its servers, so it only uses the project's own; unset DATABASE_URL and REDIS_URL"
        )
    sys.exit(main())
