"""Applying a full inbox, or trying a draft on what was applied, in one process: `python -m benchmarks.trial <what> …`.

Given `apply`, `plain` (a draft whose orders count alone) or `tiers` (one that replays every member), and a shop's id.
Prints a JSON object: how many orders, in what time, and the peak of memory.
"""

import json
import os
import resource
import sys
import time
from decimal import Decimal
from typing import Any

import django
from msgspec import structs

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

from django_scopes import scope  # noqa: E402 - after django.setup(): models are imported

from benchmarks.crowd import document as tiered  # noqa: E402
from loyalty.documents import ProgramDocument, default_document  # noqa: E402
from orders.backtest import runs  # noqa: E402
from orders.inbox import apply_due  # noqa: E402
from orders.models import Backtest, Order  # noqa: E402
from shops.models import Shop  # noqa: E402

DAYS = 90


def main(what: str, shop_id: int) -> dict[str, Any]:
    shop = Shop.objects.get(pk=shop_id)
    started = time.perf_counter()
    count = _apply(shop) if what == "apply" else _try(shop, what)
    # Linux counts in kB, macOS in bytes.
    unit = 2**20 if sys.platform == "darwin" else 2**10
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit
    return {"count": count, "seconds": time.perf_counter() - started, "peak_mb": peak}


def _apply(shop: Shop) -> int:
    while apply_due():
        pass
    with scope(shop=shop):
        return Order.objects.filter(shop=shop).count()


def _try(shop: Shop, what: str) -> int:
    run = runs.start(shop, DAYS, "benchmark", _draft(what, shop.currency))
    runs.finish(run, lambda _: None)
    if run.state != Backtest.State.DONE:
        raise RuntimeError(f"the back-test ended as {run.state}: {run.error}")
    return run.processed


def _draft(what: str, currency: str) -> ProgramDocument:
    """Twice the points of the default program, or tiers with multipliers."""
    if what == "plain":
        document = default_document(currency)
        (rule,) = document.rules
        return structs.replace(document, rules=(structs.replace(rule, points=2 * rule.points),))
    levels = tuple(
        structs.replace(level, multiplier=1 + Decimal(rank) / 4)
        for rank, level in enumerate(tiered().tiers.levels)
    )
    return structs.replace(tiered(), tiers=structs.replace(tiered().tiers, levels=levels))


if __name__ == "__main__":
    print(json.dumps(main(sys.argv[1], int(sys.argv[2]))))
