"""Lots that expire some months after the member's last activity: every activity moves their expiry on."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime

from lib.rows import execute
from loyalty.ledger.accounts import LockedAccount, OpenLot


def slide(accounts: Iterable[LockedAccount], opened: Sequence[OpenLot]) -> None:
    """Move on the expiry of the lots of `accounts`, which have some that slide, by this batch's activities.

    An activity moves a lot that had not expired by then. One that comes late is followed by the later ones anew.
    """
    new: dict[int, datetime] = {}
    for lot in opened:
        if lot.row is not None and lot.row["idle_months"] is not None:
            account_id, at = lot.row["account_id"], lot.row["available_at"]
            new[account_id] = min(new.get(account_id, at), at)
    touched = [a for a in accounts if a.id in new or a.activities]
    if not touched:
        return
    _start([lot for lot in opened if lot.row is not None and lot.row["idle_months"] is not None])
    since = {a.id: min([*a.activities, *([new[a.id]] if a.id in new else [])]) for a in touched}
    instants = {a.id: set(a.activities) for a in touched}
    late = [a for a in touched if a.active_at is not None and a.active_at > since[a.id]]
    if late:
        rows = [{"shop_id": a.shop_id, "id": a.id, "since": since[a.id]} for a in late]
        for account_id, at in execute(_ACTIVITIES, rows):
            instants[account_id].add(at)
    _in_waves(touched, instants)


def _start(lots: Sequence[OpenLot]) -> None:
    """Give new lots that came with months alone the expiry that follows from when they became available."""
    rows = [{"shop_id": lot.shop_id, "id": lot.id} for lot in lots if lot.expires_at is None]
    if rows:
        execute(_START, rows)


def _in_waves(accounts: Sequence[LockedAccount], instants: dict[int, set[datetime]]) -> None:
    """The first activity of each account, then the second of each, and so on."""
    waves = defaultdict(list)
    for account in accounts:
        for number, at in enumerate(sorted(instants[account.id])):
            waves[number].append({"shop_id": account.shop_id, "id": account.id, "at": at})
    for wave in waves.values():
        execute(_SLIDE, wave)


_ACTIVITIES = """
    SELECT e.account_id, e.occurred_at
    FROM json_to_recordset(%(rows)s) AS r(shop_id bigint, id bigint, since timestamptz)
    JOIN loyalty_entry e ON e.shop_id = r.shop_id AND e.account_id = r.id AND e.occurred_at > r.since
        AND e.kind IN ('earn', 'redeem')
"""
_START = """
    UPDATE loyalty_lot l SET expires_at = loyalty_idle_until(l.available_at, l.idle_months, s.timezone)
    FROM json_to_recordset(%(rows)s) AS r(shop_id bigint, id bigint)
    JOIN shops_shop s ON s.id = r.shop_id
    WHERE l.shop_id = r.shop_id AND l.id = r.id
"""
_SLIDE = """
    UPDATE loyalty_lot l
    SET expires_at = loyalty_idle_until(greatest(r.at, l.available_at), l.idle_months, s.timezone)
    FROM json_to_recordset(%(rows)s) AS r(shop_id bigint, id bigint, at timestamptz)
    JOIN shops_shop s ON s.id = r.shop_id
    WHERE l.shop_id = r.shop_id AND l.account_id = r.id AND l.remaining > 0 AND l.idle_months IS NOT NULL
        AND l.expires_at > r.at
        AND l.expires_at < loyalty_idle_until(greatest(r.at, l.available_at), l.idle_months, s.timezone)
"""
