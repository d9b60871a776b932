"""What members do besides ordering: kept once for each reference, and awarded at once."""

from collections.abc import Sequence, Set
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import blake2b
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from django.db import transaction
from django_scopes import scope

from lib.clock import now
from lib.rows import execute
from loyalty.actions.members import settle_activities
from loyalty.calendar import local_day
from loyalty.errors import ReferenceConflict
from loyalty.models import Account, Activity, Award
from loyalty.versions import LoadedVersion, Timeline, hold

ActivityKey = tuple[int, int]  # (shop id, activity id)

# A row that only takes its reference, and earns nothing.
NOTE = "note"

_encode = msgspec.json.Encoder(order="deterministic").encode


@dataclass(frozen=True, slots=True)
class NewActivity:
    """An activity of a customer to be kept. `digest` tells whether a repeated `reference` means the same."""

    shop_id: int
    customer_id: int
    kind: str
    reference: str
    occurred_at: datetime
    name: str = ""
    properties: dict[str, Any] = field(default_factory=dict)
    digest: bytes = b""


@dataclass(frozen=True, slots=True)
class Recorded:
    """What became of a reference. `award` is None where it earns nothing of its own: what may be done once
    (a day, a network, ever) was done before as `activity`. `created`: the reference is new.
    """

    activity: Activity
    award: Award | None
    created: bool


def record(
    account: Account,
    kind: str,
    reference: str,
    occurred_at: datetime | None = None,
    *,
    name: str = "",
    network: str = "",
    properties: dict[str, Any] | None = None,
    once: str = "",
) -> Recorded:
    """Keep what a member did, by default now, and award it by the program in force at that instant.

    `kind` as in `Activity`; `name` of a custom one, `network` of a follow. `once`, a reference as `once_reference`
    gives it: what may earn a single time is kept under that, and `reference` only names this telling of it.
    Raises `ReferenceConflict` when the reference came with other content before.
    """
    content = dict(properties or {}) | ({"network": network} if network else {})
    new = NewActivity(
        shop_id=account.shop_id,
        customer_id=account.customer_id,
        kind=kind,
        reference=reference,
        occurred_at=occurred_at or now(),
        name=name,
        properties=content,
        digest=_digest(account.pk, kind, name, content, occurred_at),
    )
    with transaction.atomic(), scope(shop=account.shop):
        hold([account.shop_id])
        return _record_once(account, new, once) if once else _record(account, new)


def claim(account: Account, kind: str, zone: ZoneInfo, network: str = "") -> Recorded:
    """What a shopper says they do now and may say a single time: a visit a day, a follow of each network."""
    at = now()
    new = NewActivity(
        shop_id=account.shop_id,
        customer_id=account.customer_id,
        kind=kind,
        reference=once_reference(kind, account.customer_id, zone, at, network),
        occurred_at=at,
        properties={"network": network} if network else {},
    )
    with transaction.atomic(), scope(shop=account.shop):
        hold([account.shop_id])
        keys = _settled([new])
        activity = Activity.objects.get(shop=account.shop, reference=new.reference)
        return Recorded(activity, _award(activity), bool(keys))


def _settled(rows: Sequence[NewActivity]) -> list[ActivityKey]:
    keys = record_many(rows)
    if keys:
        settle_activities(keys)
    return keys


def _record(account: Account, new: NewActivity) -> Recorded:
    keys = _settled([new])
    activity = Activity.objects.get(shop=account.shop, reference=new.reference)
    if bytes(activity.digest) != new.digest:
        raise ReferenceConflict(f"The reference {new.reference} was used for something else.")
    return Recorded(activity, _award(activity), bool(keys))


def _record_once(account: Account, new: NewActivity, once: str) -> Recorded:
    """The telling is a note that names the activity; the activity names the telling that made it."""
    note = NewActivity(
        shop_id=new.shop_id,
        customer_id=new.customer_id,
        kind=NOTE,
        reference=new.reference,
        occurred_at=new.occurred_at,
        name=new.kind,
        properties={"counted_as": once},
        digest=new.digest,
    )
    created = bool(record_many([note]))
    told = Activity.objects.get(shop=account.shop, reference=new.reference)
    if bytes(told.digest) != new.digest:
        raise ReferenceConflict(f"The reference {new.reference} was used for something else.")
    if created:
        counted = NewActivity(
            shop_id=new.shop_id,
            customer_id=new.customer_id,
            kind=new.kind,
            reference=once,
            occurred_at=new.occurred_at,
            properties=new.properties | {"told_as": new.reference},
        )
        _settled([counted])
    activity = Activity.objects.get(shop=account.shop, reference=told.properties["counted_as"])
    own = activity.properties.get("told_as") == new.reference
    return Recorded(activity, _award(activity) if own else None, created)


def record_many(rows: Sequence[NewActivity]) -> list[ActivityKey]:
    """Keep those whose reference is new; returns their keys, to be settled in the same transaction.

    Each customer needs an account. Waits for a transaction that is keeping the same reference.
    """
    if not rows:
        return []
    told = [
        {
            "shop_id": row.shop_id,
            "customer_id": row.customer_id,
            "kind": row.kind,
            "name": row.name,
            "reference": row.reference,
            "occurred_at": row.occurred_at,
            "properties": row.properties,
            "digest": row.digest.hex(),
        }
        for row in rows
    ]
    return [(row[0], row[1]) for row in execute(_INSERT, told)]


def once_reference(kind: str, customer_id: int, zone: ZoneInfo, at: datetime, network: str = "") -> str:
    """The reference of what earns a single time: a visit a local day, a network, a sign-up; "" of other kinds."""
    if kind == "visit":
        return f"visit:{customer_id}:{local_day(zone, at).isoformat()}"
    if kind == "social_follow":
        return f"follow:{customer_id}:{network}"
    return f"{kind}:{customer_id}" if kind in ("signup", "newsletter") else ""


def activity_rules(timeline: Timeline) -> set[str]:
    """The kinds of activity that some version of the shop rewards."""
    return set().union(*map(active_kinds, timeline.versions))


def active_kinds(version: LoadedVersion) -> Set[str]:
    """The kinds of activity that this version rewards."""
    return version.program.activities.keys()


def rewarded(timeline: Timeline, kind: str, at: datetime) -> bool:
    """Whether a version that was in force at `at` has an active rule of that kind; before the first one none was."""
    return timeline.since[0] <= at and kind in active_kinds(timeline.at(at))


def _award(activity: Activity) -> Award | None:
    found: Award | None = (
        Award.objects.select_related("program_version")
        .filter(
            shop_id=activity.shop_id,
            program_version__shop_id=activity.shop_id,
            source=f"activity:{activity.pk}",
            account_id=activity.account_id,
        )
        .first()
    )
    return found


def _digest(
    account_id: int, kind: str, name: str, properties: dict[str, Any], occurred_at: datetime | None
) -> bytes:
    content = [account_id, kind, name, properties, occurred_at]
    return blake2b(_encode(content), digest_size=16).digest()


_INSERT = """
    INSERT INTO loyalty_activity (shop_id, account_id, kind, name, reference, occurred_at, properties, tags, digest)
    SELECT a.shop_id, a.id, r.kind, r.name, r.reference, r.occurred_at, r.properties, c.tags, decode(r.digest, 'hex')
    FROM json_to_recordset(%(rows)s) AS r(shop_id bigint, customer_id bigint, kind text, name text, reference text,
        occurred_at timestamptz, properties jsonb, digest text)
    JOIN shops_customer c ON c.shop_id = r.shop_id AND c.id = r.customer_id
    JOIN loyalty_account a ON a.shop_id = c.shop_id AND a.customer_id = c.id
    ORDER BY r.shop_id, r.reference
    ON CONFLICT (shop_id, reference) DO NOTHING
    RETURNING shop_id, id
"""
