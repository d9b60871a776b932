"""Redemptions at stores that fail; afterwards codes and redemptions match one to one, and the ledger is clean.

The stores hang after having made a code, answer 500 before or after, throttle, drop the connection, and say that a code
is taken; workers are killed, Redis is emptied, PostgreSQL restarts. Meanwhile staff revoke, shoppers use their codes,
and orders are refunded.

STORM_REDEMPTIONS sets how many are wished for (10,000), STORM_SEED what happens (printed, so that it can be repeated).
The last line is the verdict; the exit status is 1 on any loss, double or drift.
"""

import os
import random
import sys
import time

import django

from benchmarks.storm.running import run
from benchmarks.storm_rewards.plan import customer_of, members_for
from benchmarks.storm_rewards.platform import HANG_S, Platform
from config import embedded

PACE_PER_S = 20
STORES = 3
# Short, so that what was interrupted is taken up again while somebody waits for it.
SHORT = {
    "OUTBOUND_LONGEST_S": "1",
    "CODE_LEASE_S": "6",
    "CODE_UNANSWERED_S": str(HANG_S),
    "CODE_CALLS_AT_ONCE": "32",
    "STOREFRONT_REQUESTS_PER_MINUTE": "1000000",
    "LOG_LEVEL": "WARNING",
}


def main() -> int:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    count = int(os.environ.get("STORM_REDEMPTIONS") or 10_000)
    seed = int(os.environ.get("STORM_SEED") or random.SystemRandom().randrange(10**6))
    print(f"storm: {count} redemptions, seed {seed}", flush=True)
    # What an earlier storm has left in the database is connected under other names.
    domains = [f"storm-{time.time_ns()}-{number}.myshopify.com" for number in range(STORES)]
    customers = [customer_of(member) for member in range(members_for(count))]
    with Platform(domains, customers, seed) as platform:
        os.environ.update(SHORT | {"OUTBOUND_ROUTES": platform.routes})
        django.setup()
        from benchmarks.storm_rewards.storm import ride  # noqa: PLC0415 - needs the settings

        return run(seed, lambda dice, folder: ride(count, dice, folder, count / PACE_PER_S, platform))


if __name__ == "__main__":
    if not embedded.owned():
        sys.exit(
            "storm: it kills its servers, so it only uses the project's own; unset DATABASE_URL and REDIS_URL"
        )
    sys.exit(main())
