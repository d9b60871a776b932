"""A store against the ledger: what the looks of the last weeks have found, and what became of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from lib.rows import execute
from orders.comparing import is_right, known
from orders.models import Sweep
from shops.models import Connection

PERIODS_DAYS = (7, 30)
# Of looks that found something, and of their findings; more is a store without webhooks.
MOST_LOOKS = 300
MOST_SHOWN = 50


@dataclass
class Period:
    """The looks of the last `days` days: what they saw and found. Of the `listed` findings so many are `repaired`."""

    days: int
    looks: int
    seen: int
    missed: int
    late: int
    differing: int
    listed: int = 0
    repaired: int = 0

    @property
    def found(self) -> int:
        return self.missed + self.late + self.differing


@dataclass
class Found:
    """One finding; `member` is the account of the order's customer, where there is one."""

    at: datetime
    order_id: str
    number: str
    what: str
    repaired: bool
    member: int | None = None


@dataclass(frozen=True)
class Report:
    """The latest look, the totals of `PERIODS_DAYS`, and the latest findings."""

    last: Sweep | None
    last_done: Sweep | None
    periods: list[Period]
    findings: list[Found]


def report(connection: Connection, at: datetime) -> Report:
    """What reconciling this store has come to; `at` is now. Inside the scope of its shop."""
    looks = Sweep.objects.filter(
        shop_id=connection.shop_id, connection_id=connection.pk, kind=Sweep.Kind.RECONCILE
    ).order_by("-id")
    fruitful = looks.filter(created_at__gte=at - timedelta(days=max(PERIODS_DAYS)))
    findings = _findings(connection, fruitful.exclude(missed=0, late=0, differing=0)[:MOST_LOOKS])
    periods = [_period(connection, at, days) for days in PERIODS_DAYS]
    for period in periods:
        recent = [each for each in findings if each.at >= at - timedelta(days=period.days)]
        period.listed, period.repaired = len(recent), sum(each.repaired for each in recent)
    # What is not repaired yet stands before all that is.
    shown = sorted(findings, key=lambda each: each.repaired)[:MOST_SHOWN]
    _name_members(connection, shown)
    return Report(looks.first(), looks.filter(state=Sweep.State.DONE).first(), periods, shown)


def _period(connection: Connection, at: datetime, days: int) -> Period:
    since = at - timedelta(days=days)
    (row,) = execute(_TOTALS, shop=connection.shop_id, connection=connection.pk, since=since)
    return Period(days, *row)


def _findings(connection: Connection, sweeps: Sequence[Sweep]) -> list[Found]:
    sweeps = list(sweeps)
    ours = known(connection, sorted({each["order_id"] for sweep in sweeps for each in sweep.examples}))
    return [
        Found(
            at=sweep.created_at,
            order_id=each["order_id"],
            number=each["number"],
            what=each["what"],
            repaired=is_right(ours.get(each["order_id"]), each),
        )
        for sweep in sweeps
        for each in sweep.examples
    ]


def _name_members(connection: Connection, findings: Sequence[Found]) -> None:
    ids = sorted({each.order_id for each in findings})
    members = dict(execute(_MEMBERS, shop=connection.shop_id, connection=connection.pk, ids=ids))
    for each in findings:
        each.member = members.get(each.order_id)


_TOTALS = """
    SELECT count(*), coalesce(sum(seen), 0), coalesce(sum(missed), 0), coalesce(sum(late), 0),
        coalesce(sum(differing), 0)
    FROM orders_sweep
    WHERE shop_id = %(shop)s AND connection_id = %(connection)s AND kind = 'reconcile' AND created_at >= %(since)s
"""
_MEMBERS = """
    SELECT o.external_id, a.id FROM orders_order o
    JOIN loyalty_account a ON a.shop_id = o.shop_id AND a.customer_id = o.customer_id
    WHERE o.shop_id = %(shop)s AND o.connection_id = %(connection)s AND o.external_id = ANY(%(ids)s)
"""
