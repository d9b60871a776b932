"""Points by a file: check it, apply it, undo it; each can be interrupted anywhere and goes on where it was."""

import time
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any
from zoneinfo import ZoneInfo

from celery import current_app
from django.db import transaction
from django.utils.translation import gettext
from django_scopes import scope, scopes_disabled
from kombu.exceptions import OperationalError
from redis import RedisError

from lib.clock import now
from lib.rows import execute
from loyalty.actions.batch_plan import Ground, Plan, plan, totals
from loyalty.actions.batch_posting import lock_shop, post_claimed, post_waiting, undo_done
from loyalty.calendar import local_day
from loyalty.models import Batch, BatchRow
from loyalty.sheets.formats import columns_of
from loyalty.sheets.reading import read
from loyalty.sheets.rows import wishes
from shops.models import Shop

TASK = "loyalty.continue_batches"
CHUNK = 500
STORED_AT_ONCE = 5_000
# Files up to so many rows are applied while the person waits.
SMALL = 500
# A worker turns to the next batch after this long.
LONGEST_S = 30.0

Kind, State = Batch.Kind, Batch.State


class BatchRefused(ValueError):
    """A batch cannot be applied or undone as it stands; the message says why."""


class BadRows(BatchRefused):
    """Some rows cannot be used, and nobody said to leave them out. `count` of them."""

    def __init__(self, count: int) -> None:
        self.count = count
        super().__init__(gettext("%(count)d rows cannot be used. Nothing was written.") % {"count": count})


class AppliedBefore(BatchRefused):
    """The same file was applied before, as `batch`."""

    def __init__(self, batch: Batch) -> None:
        self.batch = batch
        super().__init__(gettext("This very file was applied before, as batch %(id)d.") % {"id": batch.pk})


@dataclass(frozen=True, slots=True)
class Upload:
    """A file of points as it was sent. `reason` is for rows that have none; a member is there once, or
    `allow_repeats`.
    """

    data: bytes
    kind: str
    actor: str
    format: str = "regulars"
    file_name: str = ""
    reason: str = ""
    allow_repeats: bool = False


def check(shop: Shop, upload: Upload) -> Batch:
    """Read a file and say what it would do: a batch with a row for each of the file's, and control totals.

    No points move. Raises `InvalidSheet` when the file cannot be read; then nothing is kept of it.
    """
    balances = upload.kind == Kind.IMPORT
    sheet = read(upload.data)
    columns = columns_of(sheet, upload.format)
    ground = Ground.of(shop, now())
    today = local_day(ZoneInfo(shop.timezone), ground.at)
    reason = _printable(" ".join(upload.reason.split())) or (gettext("Imported balance") if balances else "")
    wanted = list(wishes(sheet, columns, balances=balances, reason=reason, today=today))
    plans = plan(ground, wanted, balances=balances, allow_repeats=upload.allow_repeats)
    with scope(shop=shop), transaction.atomic():
        batch: Batch = Batch.objects.create(
            shop=shop,
            kind=upload.kind,
            format=upload.format,
            file_name=_printable(upload.file_name)[:255],
            digest=sha256(upload.data).digest(),
            notices=columns.notices,
            totals=totals(plans),
            actor=upload.actor,
        )
        for start in range(0, len(plans), STORED_AT_ONCE):
            rows = [_stored(each) for each in plans[start : start + STORED_AT_ONCE]]
            execute(_INSERT_ROWS, rows, shop=shop.pk, batch=batch.pk)
    return batch


def apply(batch: Batch, actor: str, *, skip_bad: bool = False, again: bool = False) -> Batch:
    """Set a checked batch going; `carry_on` does the work. One that is being applied already is left to go on.

    Raises `BadRows` when some rows are bad, unless they are to be left out (`skip_bad`); `AppliedBefore` when the
    same file was applied before, unless it is meant to be applied `again`; `BatchRefused` in every other state.
    """
    with scope(shop=batch.shop), transaction.atomic():
        lock_shop(batch.shop_id)
        batch.refresh_from_db()
        if batch.state == State.APPLYING:
            return batch
        if batch.state != State.CHECKED:
            raise BatchRefused(gettext("This batch was applied before."))
        if batch.totals["bad"] and not skip_bad:
            raise BadRows(batch.totals["bad"])
        if not batch.totals["good"]:
            raise BatchRefused(gettext("There is nothing to apply: no row can be used."))
        if not again and (other := same_file(batch)) is not None:
            raise AppliedBefore(other)
        batch.state, batch.applied_by, batch.applied_at = State.APPLYING, actor, now()
        batch.save(update_fields=["state", "applied_by", "applied_at"])
    return batch


def undo(batch: Batch, actor: str) -> Batch:
    """Set an applied batch to be undone by reversing entries; `carry_on` does the work.

    Where the points were spent meanwhile, the program's deficit policy decides. Raises `BatchRefused`.
    """
    with scope(shop=batch.shop), transaction.atomic():
        lock_shop(batch.shop_id)
        batch.refresh_from_db()
        if batch.state == State.UNDOING:
            return batch
        if batch.state != State.DONE:
            raise BatchRefused(gettext("Only a batch that was applied can be undone."))
        batch.state, batch.undone_by, batch.undone_at = State.UNDOING, actor, now()
        batch.save(update_fields=["state", "undone_by", "undone_at"])
        execute(_GIVE_UP_UNCLAIMED, shop=batch.shop_id, batch=batch.pk)
    return batch


def carry_on(batch: Batch, *, longest_s: float | None = None, chunk: int = CHUNK) -> bool:
    """Work on a batch that is being applied or undone, `chunk` rows a transaction; True when it has ended.

    May be called by several workers at once and after a crash: every row is dealt with once.
    """
    ends = None if longest_s is None else time.monotonic() + longest_s
    line: int | None = 0
    while True:
        with scope(shop=batch.shop), transaction.atomic():
            lock_shop(batch.shop_id)
            batch.refresh_from_db()
            ground = Ground.of(batch.shop, now())
            if batch.state == State.APPLYING:
                more = post_waiting(ground, batch.pk, chunk) > 0
            elif batch.state == State.UNDOING:
                line = undo_done(ground, batch.pk, batch.undone_by, line or 0, chunk)
                more = line is not None
            else:
                return True
            if not more:
                _finish(batch)
                return True
        if ends is not None and time.monotonic() > ends:
            return False


def continue_batches() -> int:
    """Carry on with every batch that is under way, those a crash left behind too; returns how many ended."""
    with scopes_disabled():
        found = list(Batch.objects.filter(state__in=(State.APPLYING, State.UNDOING)).order_by("id"))
    return sum(carry_on(batch, longest_s=LONGEST_S) for batch in found)


def call_worker() -> None:
    """Wake a worker for the batches under way; without Redis beat does it within a minute."""
    with suppress(OperationalError, RedisError):
        current_app.send_task(TASK, expires=60, retry=False, ignore_result=True)


def claim_waiting(at: datetime | None = None) -> int:
    """Credit rows whose member was not known, where a customer has proved to own that e-mail address by now."""
    shops = [row[0] for row in execute(_SHOPS_WITH_UNCLAIMED)]
    credited = 0
    for shop in Shop.objects.filter(pk__in=shops).order_by("pk"):
        dealt_with = CHUNK
        while dealt_with == CHUNK:
            with scope(shop=shop), transaction.atomic():
                lock_shop(shop.pk)
                dealt_with, done = post_claimed(Ground.of(shop, at or now()), CHUNK)
                credited += done
    return credited


def same_file(batch: Batch) -> Batch | None:
    """Another batch of the same file that was applied, and not undone since."""
    others = Batch.objects.filter(shop=batch.shop_id, digest=bytes(batch.digest), kind=batch.kind)
    applied = others.filter(state__in=(State.APPLYING, State.DONE, State.UNDOING))
    return applied.exclude(pk=batch.pk).order_by("-pk").first()


def outcome(batch: Batch) -> dict[str, int]:
    """How far a batch is: rows by state, points moved and moved back, points that wait for their members."""
    counts, figures = dict.fromkeys(BatchRow.State.values, 0), [0, 0, 0, 0]
    for state, count, *sums in execute(_OUTCOME, shop=batch.shop_id, batch=batch.pk):
        counts[state] = count
        figures = [figure + int(one) for figure, one in zip(figures, sums, strict=True)]
    names = ("points_in", "points_out", "undone_points", "points_waiting")
    return counts | dict(zip(names, figures, strict=True))


def _finish(batch: Batch) -> None:
    """No row is left to be dealt with. A batch with rows that could not be undone stays applied."""
    if batch.state == State.APPLYING:
        batch.state, batch.finished_at = State.DONE, now()
    else:
        left = BatchRow.objects.filter(shop=batch.shop_id, batch=batch.pk, state=BatchRow.State.DONE)
        batch.state = State.DONE if left.exists() else State.UNDONE
    batch.save(update_fields=["state", "finished_at"])


def _printable(text: str) -> str:
    """The text without what cannot be kept, such as half characters of a file's name on disk."""
    return "".join(letter for letter in text if letter.isprintable())


def _stored(each: Plan) -> dict[str, Any]:
    state = BatchRow.State.BAD if each.wish.problem else BatchRow.State.WAITING
    return asdict(each.wish) | {"customer": each.customer_id, "state": state}


_INSERT_ROWS = """
    INSERT INTO loyalty_batchrow (shop_id, batch_id, line, state, email, external_id, customer_id, points, reason,
        reference, expires_on, earned_on, birth_month, birth_day, joined_at, problem, note)
    SELECT %(shop)s, %(batch)s, r.line, r.state, r.email, r.external_id, r.customer, r.points, r.reason,
        r.reference, r.expires_on, r.earned_on, r.birth_month, r.birth_day, r.joined_at, r.problem, r.note
    FROM json_to_recordset(%(rows)s) AS r(line int, state text, email text, external_id text, customer bigint,
        points bigint, reason text, reference text, expires_on date, earned_on date, birth_month smallint,
        birth_day smallint, joined_at timestamptz, problem text, note text)
"""
_GIVE_UP_UNCLAIMED = """
    UPDATE loyalty_batchrow SET state = 'undone'
    WHERE shop_id = %(shop)s AND batch_id = %(batch)s AND state = 'unclaimed'
"""
_SHOPS_WITH_UNCLAIMED = "SELECT DISTINCT shop_id FROM loyalty_batchrow WHERE state = 'unclaimed'"
_OUTCOME = """
    SELECT state, count(*), coalesce(sum(moved) FILTER (WHERE moved > 0), 0),
        -coalesce(sum(moved) FILTER (WHERE moved < 0), 0), coalesce(sum(undone), 0),
        coalesce(sum(points) FILTER (WHERE state = 'unclaimed'), 0)
    FROM loyalty_batchrow WHERE shop_id = %(shop)s AND batch_id = %(batch)s GROUP BY state
"""
