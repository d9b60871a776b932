"""Back-tests on the command line: done in process, with progress on stderr."""

import sys
import time
from collections.abc import Mapping
from typing import Any

from django.core.management.base import CommandError

from loyalty.documents import ProgramDocument
from orders.backtest import runs, telling
from orders.backtest.figures import result_from
from orders.models import Backtest
from shops.models import Shop

BETWEEN_LINES_S = 1.0


def backtest(
    shop: Shop, days: int, actor: str, document: ProgramDocument | None, json: bool
) -> Mapping[str, Any]:
    """The whole result, or for people its `text`. Raises CommandError for a run that has no result."""
    run = runs.start(shop, days, actor, document)
    runs.finish(run, Progress())
    if run.state != Backtest.State.DONE:
        raise CommandError(run.error)
    result = result_from(run.result)
    return telling.as_answer(shop, run.pk, result) if json else {"text": telling.as_text(shop, result)}


class Progress:
    """Says on stderr how far a run is, once a second and at its end."""

    def __init__(self) -> None:
        self._next = time.monotonic() + BETWEEN_LINES_S

    def __call__(self, run: Backtest) -> None:
        if run.total is None or (run.unfinished and time.monotonic() < self._next):
            return
        self._next = time.monotonic() + BETWEEN_LINES_S
        sys.stderr.write(f"{run.processed} of {run.total} orders\n")
        sys.stderr.flush()
