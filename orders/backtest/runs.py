"""Back-tests as rows: asking for one, and doing the next chunk of one.

A chunk and the place where the next one starts are committed together, under the lock of the row. A worker that dies
leaves the row as the last chunk left it, and two workers never count an order twice.
"""

import time
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from hashlib import sha256
from zoneinfo import ZoneInfo

import structlog
from celery import current_app
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext
from django_scopes import scope, scopes_disabled
from kombu.exceptions import OperationalError
from redis import RedisError

from lib.clock import now
from lib.rows import passing
from loyalty.actions.programs import draft_document
from loyalty.calendar import day_start
from loyalty.documents import ProgramDocument, as_dict, encode
from loyalty.errors import InvalidProgram
from loyalty.models import Program
from loyalty.queries import live_version
from orders.backtest import rows
from orders.backtest.members import count_members, members_end
from orders.backtest.orders import count_orders
from orders.backtest.plan import Plan, plan_of
from orders.backtest.result import result_of
from orders.backtest.tally import Tally
from orders.models import Backtest
from shops.models import Shop

log = structlog.get_logger("regulars.backtest")

LEAST_DAYS, MOST_DAYS = 7, 730
BETWEEN_LOOKS_S = 0.2
TASK = "orders.run_backtests"
UNFINISHED = (Backtest.State.QUEUED, Backtest.State.RUNNING)
FINISHED = (*UNFINISHED, Backtest.State.DONE)


def start(shop: Shop, days: int, actor: str, document: ProgramDocument | None = None) -> Backtest:
    """Ask for `document`, the draft by default, to be tried on the orders of the last `days` days (7 to 730).

    Asked again for the same program and days while nothing else has come in, it is the same row. Raises
    `ValidationError` for the field `days`, or `InvalidProgram` for a program that cannot be published.
    """
    if not LEAST_DAYS <= days <= MOST_DAYS:
        said = gettext("must be from %(least)d to %(most)d days") % {"least": LEAST_DAYS, "most": MOST_DAYS}
        raise ValidationError({"days": said})
    if document is not None and document.currency != shop.currency:
        said = gettext("must be %(currency)s, the currency of the shop") % {"currency": shop.currency}
        raise InvalidProgram([("currency", said)])
    with transaction.atomic(), scope(shop=shop):
        # Two requests at once end in one row.
        Program.objects.select_for_update(no_key=True).get(shop=shop)
        run = _new(shop, days, actor, document or draft_document(shop))
        known = Backtest.objects.filter(
            shop=shop,
            digest=run.digest,
            days=days,
            base_version=run.base_version,
            starts_at=run.starts_at,
            state__in=FINISHED,
        )
        for other in known.order_by("-id")[:5]:
            if other.unfinished or other.data == run.data:
                return other
        run.save()
        transaction.on_commit(ring)
    return run


def _new(shop: Shop, days: int, actor: str, document: ProgramDocument) -> Backtest:
    ends_at = now()
    return Backtest(
        shop=shop,
        document=as_dict(document),
        digest=sha256(encode(document)).hexdigest(),
        base_version=live_version(shop),
        days=days,
        starts_at=_starts_at(shop, ends_at, days),
        ends_at=ends_at,
        data=rows.newest(shop.pk),
        requested_by=actor,
    )


def _starts_at(shop: Shop, ends_at: datetime, days: int) -> datetime:
    """The midnight, on the shop's clock, that began the day so many days ago."""
    zone = ZoneInfo(shop.timezone)
    return day_start(zone, ends_at.astimezone(zone).date() - timedelta(days=days))


def ring() -> None:
    """Wake a worker; without Redis beat does it some seconds later."""
    with suppress(OperationalError, RedisError):
        current_app.send_task(TASK, expires=60, retry=False, ignore_result=True)


def advance(only: int | None = None) -> bool:
    """Do the next chunk of the run that waits longest, or of the run with the id `only`.

    False when there is none, or another worker is at it. One that fails is marked so; a database that gives up for
    now raises its error, and the run goes on where it was.
    """
    with transaction.atomic(), scopes_disabled():
        due = Backtest.objects.select_for_update(skip_locked=True, no_key=True, of=("self",))
        waiting = due.filter(state__in=UNFINISHED).select_related("shop")
        run = (waiting.filter(pk=only) if only else waiting).order_by("updated_at", "id").first()
        if run is None:
            return False
        with scope(shop=run.shop):
            _step(run)
    return True


def _step(run: Backtest) -> None:
    try:
        with transaction.atomic():
            _go_on(run)
    except Exception as error:
        if passing(error):
            raise
        log.error("back-test failed", backtest_id=run.pk, shop_id=run.shop_id, exc_info=error)
        said = gettext("The program could not be tried on these orders (%(error)s).")
        _end(run, Backtest.State.FAILED, said % {"error": type(error).__name__})
    run.updated_at = now()
    run.save()


def _go_on(run: Backtest) -> None:
    if live_version(run.shop).pk != run.base_version_id:
        _end(run, Backtest.State.STALE, gettext("Another version went live before the back-test was done."))
        return
    plan = plan_of(run)
    tally = Tally.of(run.partial)
    run.state = Backtest.State.RUNNING
    if run.total is None:
        run.total, guests = rows.count(plan.span)
        if guests:
            tally.left_out["guest"] = guests
    elif not _count_chunk(run, plan, tally):
        run.result = result_of(run, plan, tally)
        _end(run, Backtest.State.DONE)
    run.partial = tally.as_json()


def _count_chunk(run: Backtest, plan: Plan, tally: Tally) -> bool:
    """Count the next members; False when nobody is left."""
    through = members_end(plan, run.cursor) if plan.everybody else rows.chunk_end(plan.span, run.cursor)
    if through is None:
        return False
    if plan.by_member:
        run.processed += count_members(plan, run.cursor, through, tally)
    else:
        run.processed += count_orders(plan, rows.orders(plan.span, run.cursor, through), tally)
    run.cursor = through
    return True


def _end(run: Backtest, state: str, error: str = "") -> None:
    run.state, run.error, run.finished_at = state, error, now()


def finish(run: Backtest, seen: Callable[[Backtest], None]) -> None:
    """Do all of `run` here and now, beside any worker that is at it too; `seen` is called after each chunk."""
    while run.unfinished:
        if not advance(run.pk):
            time.sleep(BETWEEN_LOOKS_S)
        with scope(shop=run.shop):
            run.refresh_from_db()
        seen(run)
