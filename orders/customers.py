"""Customers as the deliveries tell of them, in set-wise SQL."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple
from zlib import crc32

from msgspec.structs import replace

from lib.rows import execute
from orders import tags
from orders.tags import Marks
from platforms.reading import EARLIEST
from platforms.snapshots import CustomerSnapshot, CustomerTagged

CustomerKey = tuple[int, int, str]  # (shop id, connection id, the platform's id)
EmailKey = tuple[int, int, str]  # (shop id, connection id, lower-cased e-mail)
CustomerTold = CustomerSnapshot | CustomerTagged

EMAIL_LOCK_KIND = 0x656D  # apart from other advisory locks
EMAIL_LOCKS = 512


@dataclass(frozen=True, slots=True)
class News:
    """What was not known before of a customer: since when the store knows them, if that is earlier than was thought;
    when they subscribed; their birthday ("MM-DD") and when it was told. None or "" where there is nothing new.
    """

    shop_id: int
    customer_id: int
    joined_at: datetime | None
    subscribed_at: datetime | None
    birthday: str
    told_at: datetime


@dataclass(slots=True)
class Remembered:
    """`ids` of every customer told of; `verified`: the e-mails that became theirs, and verified, just now."""

    ids: dict[CustomerKey, int]
    verified: set[EmailKey]
    news: list[News] = field(default_factory=list)


class _Told(NamedTuple):
    """The newest of what was told of a customer, with what only older tellings say; when they first subscribed.

    `marks`: what was told of tags, by every telling.
    """

    snapshot: CustomerSnapshot
    subscribed_at: datetime | None
    marks: Marks


class _Known(NamedTuple):
    id: int
    marks: Marks
    content: tuple[Any, ...]
    joined_at: datetime
    birthday: str
    subscribed: bool
    subscribed_at: datetime | None


def remember(told: Iterable[tuple[CustomerKey, CustomerTold]], guests: Iterable[EmailKey]) -> Remembered:
    """Keep the newest of what was told of each customer, and since when they are known at the earliest.

    Takes a lock on each e-mail of `guests` and on each newly verified one until the transaction ends: a guest's
    order and the registration of that guest, applied side by side, would otherwise not see each other.
    """
    newest = _newest(told)
    known = _known(newest)
    changed = {key: new for key, new in newest.items() if _differs(known.get(key), new)}
    verified = {
        (shop_id, connection_id, new.email.lower())
        for (shop_id, connection_id, external_id), (new, _, _) in changed.items()
        if new.email
        and new.email_verified
        and _newer(known.get((shop_id, connection_id, external_id)), new)
        and _email(known.get((shop_id, connection_id, external_id))) != new.email.lower()
    }
    _lock_emails(verified | set(guests))
    ids = {key: row.id for key, row in known.items()}
    if changed:
        rows = [_row(key, changed[key]) for key in sorted(changed)]
        ids |= {(row[0], row[1], row[2]): row[3] for row in execute(_UPSERT, rows)}
    news = [_news(key, ids[key], known.get(key), new) for key, new in changed.items()]
    return Remembered(ids, verified, [each for each in news if each is not None])


def registered(emails: Iterable[EmailKey]) -> dict[EmailKey, int]:
    """The id of the customer who owns each verified e-mail."""
    rows = [{"shop_id": s, "connection_id": c, "email": e} for s, c, e in sorted(set(emails))]
    found = execute(_BY_EMAIL, rows) if rows else []
    return {(row[0], row[1], row[2]): row[3] for row in found if row[3] is not None}


def _newest(told: Iterable[tuple[CustomerKey, CustomerTold]]) -> dict[CustomerKey, _Told]:
    by_key: dict[CustomerKey, list[CustomerSnapshot]] = {}
    marks: dict[CustomerKey, Marks] = {}
    for key, new in told:
        if isinstance(new, CustomerTagged):
            marks[key] = tags.joined(marks.get(key, {}), tags.changed(new))
            # As of long ago: it overwrites nothing else that is known.
            new = CustomerSnapshot(new.customer_id, EARLIEST, joined_at=new.as_of)
        elif new.tags is not None:
            marks[key] = tags.joined(marks.get(key, {}), tags.listed(new.tags, new.as_of))
        by_key.setdefault(key, []).append(new)
    return {key: _merged(tellings, marks.get(key, {})) for key, tellings in by_key.items()}


def _merged(tellings: Sequence[CustomerSnapshot], marks: Marks) -> _Told:
    first, *more = tellings
    if not more:
        return _Told(first, _said_at(first) if first.subscribed else None, marks)
    ordered = sorted(tellings, key=_content)
    said = [telling for telling in tellings if telling.subscribed is not None]
    last = max(said, key=_consent, default=ordered[-1])
    merged = replace(
        ordered[-1],
        joined_at=min(map(_joined_at, tellings)),
        birthday=next((telling.birthday for telling in reversed(ordered) if telling.birthday), ""),
        subscribed=last.subscribed,
        subscribed_at=_said_at(last) if said else None,
    )
    subscribed_at = min((_said_at(telling) for telling in said if telling.subscribed), default=None)
    return _Told(merged, subscribed_at, marks)


def _content(told: CustomerSnapshot) -> tuple[Any, ...]:
    return told.as_of, told.email_verified, told.email, told.first_name, told.last_name


def _joined_at(told: CustomerSnapshot) -> datetime:
    return told.joined_at or told.as_of


def _said_at(told: CustomerSnapshot) -> datetime:
    """Since when they are subscribed, or are not, as far as this telling knows."""
    return told.subscribed_at or told.as_of


def _consent(told: CustomerSnapshot) -> tuple[datetime, bool]:
    return _said_at(told), bool(told.subscribed)


def _newer(known: _Known | None, new: CustomerSnapshot) -> bool:
    return known is None or known.content < _content(new)


def _differs(known: _Known | None, told: _Told) -> bool:
    """Whether there is something to write. An instant of consent that only moves on is not."""
    new = told.snapshot
    if known is None or _newer(known, new) or _joined_at(new) < known.joined_at:
        return True
    if told.marks and tags.joined(known.marks, told.marks) != known.marks:
        return True
    if new.birthday and not known.birthday:
        return True
    if new.subscribed is None or (known.subscribed_at and new.subscribed == known.subscribed):
        return False
    return known.subscribed_at is None or (known.subscribed_at, known.subscribed) < _consent(new)


def _news(key: CustomerKey, id_: int, known: _Known | None, told: _Told) -> News | None:
    new = told.snapshot
    joined_at: datetime | None = _joined_at(new)
    birthday, subscribed_at = new.birthday, told.subscribed_at
    if known is not None:
        if known.joined_at <= _joined_at(new):
            joined_at = None
        if birthday == known.birthday or (known.birthday and not _newer(known, new)):
            birthday = ""
        if known.subscribed:
            subscribed_at = None
    if joined_at or birthday or subscribed_at:
        return News(key[0], id_, joined_at, subscribed_at, birthday, new.as_of)
    return None


def _email(known: _Known | None) -> str | None:
    """The verified e-mail of a customer that is known."""
    return str(known.content[2]).lower() if known and known.content[1] else None


def _known(keys: Iterable[CustomerKey]) -> dict[CustomerKey, _Known]:
    rows = [{"shop_id": s, "connection_id": c, "external_id": e} for s, c, e in keys]
    if not rows:
        return {}
    return {
        (row[0], row[1], row[2]): _Known(row[3], tags.stored(row[4]), row[5:10], *row[10:])
        for row in execute(_KNOWN, rows)
    }


def _lock_emails(emails: set[EmailKey]) -> None:
    """By one of a fixed number of locks each: PostgreSQL has room for so many and no more."""
    if emails:
        buckets = sorted(
            {
                crc32(f"{shop}/{connection}/{email}".encode()) % EMAIL_LOCKS
                for shop, connection, email in emails
            }
        )
        sql = "SELECT pg_advisory_xact_lock(%(kind)s, n) FROM unnest(%(buckets)s) AS n"
        execute(sql, kind=EMAIL_LOCK_KIND, buckets=buckets)


def _row(key: CustomerKey, new: _Told) -> dict[str, Any]:
    told = new.snapshot
    month, _, day = told.birthday.partition("-")
    return {
        "shop_id": key[0],
        "connection_id": key[1],
        "external_id": key[2],
        "as_of": told.as_of,
        "email": told.email,
        "email_verified": told.email_verified,
        "first_name": told.first_name,
        "last_name": told.last_name,
        "tags": tags.present(new.marks),
        "tag_marks": new.marks,
        "joined_at": _joined_at(told),
        "birth_month": int(month) if month else None,
        "birth_day": int(day) if day else None,
        "subscribed": bool(told.subscribed),
        "subscribed_at": None if told.subscribed is None else _said_at(told),
    }


_KNOWN = """
    SELECT c.shop_id, c.connection_id, c.external_id, c.id, c.tag_marks,
        c.as_of, c.email_verified, c.email, c.first_name, c.last_name,
        coalesce(c.joined_at, c.created_at),
        coalesce(to_char(c.birth_month, 'FM00') || '-' || to_char(c.birth_day, 'FM00'), ''),
        c.subscribed, c.subscribed_at
    FROM json_to_recordset(%(rows)s) AS r(shop_id bigint, connection_id bigint, external_id text)
    JOIN shops_customer c USING (shop_id, connection_id, external_id)
"""
# Of a state, the newest telling counts; of a consent, the newest consent; of joining, the earliest that is known; of
# each tag, the latest word, joined as `tags.joined` does it.
_NEWER = "c.as_of <= excluded.as_of"
_BORN = f"excluded.birth_month IS NOT NULL AND (c.birth_month IS NULL OR {_NEWER})"
_CONSENT = """excluded.subscribed_at IS NOT NULL AND (c.subscribed_at IS NULL
        OR (excluded.subscribed_at, excluded.subscribed) > (c.subscribed_at, c.subscribed))"""
_UNTAGGED = "excluded.tag_marks = '{}'"
_MARKS = """
    (
        SELECT name, greatest(c.tag_marks -> name, excluded.tag_marks -> name) AS mark
        FROM jsonb_object_keys(c.tag_marks || excluded.tag_marks) AS name
    ) AS latest
    WHERE (name = '' OR mark > greatest(c.tag_marks -> '', excluded.tag_marks -> '', '[-1, false, ""]'))
"""
_UPSERT = f"""
    INSERT INTO shops_customer AS c
        (shop_id, connection_id, external_id, as_of, email, email_verified, first_name, last_name, tags, tag_marks,
        joined_at, birth_month, birth_day, subscribed, subscribed_at)
    SELECT r.shop_id, r.connection_id, r.external_id, r.as_of, r.email, r.email_verified, r.first_name, r.last_name,
        r.tags, r.tag_marks, r.joined_at, r.birth_month, r.birth_day, r.subscribed, r.subscribed_at
    FROM json_to_recordset(%(rows)s) AS r(shop_id bigint, connection_id bigint, external_id text,
        as_of timestamptz, email text, email_verified boolean, first_name text, last_name text, tags text[],
        tag_marks jsonb, joined_at timestamptz, birth_month smallint, birth_day smallint, subscribed boolean,
        subscribed_at timestamptz)
    ON CONFLICT (shop_id, connection_id, external_id) DO UPDATE SET
        as_of = greatest(c.as_of, excluded.as_of),
        email = CASE WHEN {_NEWER} THEN excluded.email ELSE c.email END,
        email_verified = CASE WHEN {_NEWER} THEN excluded.email_verified ELSE c.email_verified END,
        first_name = CASE WHEN {_NEWER} THEN excluded.first_name ELSE c.first_name END,
        last_name = CASE WHEN {_NEWER} THEN excluded.last_name ELSE c.last_name END,
        tag_marks = CASE WHEN {_UNTAGGED} THEN c.tag_marks
            ELSE (SELECT jsonb_object_agg(name, mark) FROM {_MARKS}) END,
        tags = CASE WHEN {_UNTAGGED} THEN c.tags
            ELSE ARRAY(SELECT mark ->> 2 FROM {_MARKS} AND (mark -> 1)::boolean ORDER BY name COLLATE "C") END,
        joined_at = least(coalesce(c.joined_at, c.created_at), excluded.joined_at),
        birth_month = CASE WHEN {_BORN} THEN excluded.birth_month ELSE c.birth_month END,
        birth_day = CASE WHEN {_BORN} THEN excluded.birth_day ELSE c.birth_day END,
        subscribed = CASE WHEN {_CONSENT} THEN excluded.subscribed ELSE c.subscribed END,
        subscribed_at = CASE WHEN {_CONSENT} THEN excluded.subscribed_at ELSE c.subscribed_at END
    RETURNING shop_id, connection_id, external_id, id
"""
_BY_EMAIL = """
    SELECT r.shop_id, r.connection_id, r.email, (
        SELECT c.id FROM shops_customer c
        WHERE c.shop_id = r.shop_id AND c.connection_id = r.connection_id AND lower(c.email) = r.email
            AND c.email_verified
        ORDER BY c.external_id LIMIT 1
    ) AS customer_id
    FROM json_to_recordset(%(rows)s) AS r(shop_id bigint, connection_id bigint, email text)
"""
