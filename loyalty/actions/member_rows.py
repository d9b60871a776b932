"""Members in the database: locked reads, and set-wise writes of what their replay came to."""

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

import msgspec

from lib.rows import execute
from loyalty.context import Context
from loyalty.replay import Outcome, Stored
from loyalty.tiers import Journey, Pin, Row, Span
from platforms.snapshots import ZERO

AccountKey = tuple[int, int]  # (shop id, account id)

_decode = msgspec.json.Decoder().decode  # jsonb comes as text
_decode_context = msgspec.json.Decoder(Context).decode


class Kept(NamedTuple):
    """A source as its progress rows keep it."""

    award_id: int
    place: str
    at: datetime
    stored: Stored


def reward_source(account_id: int, tier: str, entry: int) -> str:
    """The source of what an account got for reaching `tier` for the `entry`th time."""
    return f"tier:{account_id}:{tier}:{entry}"


@dataclass(slots=True)
class Known:
    """What the database knows of a member. `seeded`: their sources have been replayed before."""

    key: AccountKey
    customer_id: int
    joined_at: datetime
    seeded: bool
    standing: tuple[Any, ...] = ()
    pins: list[Pin] = field(default_factory=list)
    imports: list[Row] = field(default_factory=list)
    kept: dict[str, Kept] = field(default_factory=dict)
    spans: list[dict[str, Any]] = field(default_factory=list)

    @property
    def entry_rewards(self) -> set[str]:
        """The sources of entry rewards that may have been given."""
        return {
            reward_source(self.key[1], span["tier"], span["details"]["entry"])
            for span in self.spans
            if span["tier"] and "entry" in span["details"]
        }


@dataclass(slots=True)
class Writes:
    """What is to be written, of all members of a batch."""

    stale: list[dict[str, Any]] = field(default_factory=list)  # awards whose progress goes
    progress: list[dict[str, Any]] = field(default_factory=list)
    standings: list[dict[str, Any]] = field(default_factory=list)
    spans: list[dict[str, Any]] = field(default_factory=list)
    gone: list[dict[str, Any]] = field(default_factory=list)  # accounts with fewer spans than before


def owners(sources: Sequence[tuple[int, str]]) -> list[AccountKey]:
    """The accounts that were awarded for these sources, (shop id, source), before."""
    rows = [{"shop_id": shop_id, "source": source} for shop_id, source in sources]
    return [(row[0], row[1]) for row in execute(_OWNERS, rows)] if rows else []


def without_standing(keys: Iterable[AccountKey]) -> list[AccountKey]:
    """Those of the accounts that have no standing yet."""
    rows = [{"shop_id": shop_id, "account_id": id_} for shop_id, id_ in keys]
    return [(row[0], row[1]) for row in execute(_WITHOUT, rows)] if rows else []


def lock(keys: Iterable[AccountKey]) -> dict[AccountKey, Known]:
    """Lock the standings of these accounts in the order of their ids, opening those that are missing; read all."""
    rows = [{"shop_id": shop_id, "account_id": id_} for id_, shop_id in sorted({(a, s) for s, a in keys})]
    new = {(row[0], row[1]) for row in execute(_OPEN_STANDINGS, rows)}
    members: dict[AccountKey, Known] = {}
    execute(_LOCK_STANDINGS, rows)
    # Apart: a statement that waited for the lock sees the customers as they were before.
    for shop_id, account_id, customer_id, joined_at, *standing in execute(_MEMBERS, rows):
        key = shop_id, account_id
        members[key] = Known(key, customer_id, joined_at, key not in new, tuple(standing))
    old = [row for row in rows if (row["shop_id"], row["account_id"]) not in new]
    if rows:
        _read_pins(members, rows)
    if old:
        _read_spans(members, old)
        _read_progress(members, old)
    return members


def read_imports(members: dict[AccountKey, Known], shops: Set[int]) -> None:
    """Read the imported points of the members of `shops`. What undoes an import counts when that did."""
    rows = [{"shop_id": shop_id, "account_id": id_} for shop_id, id_ in members if shop_id in shops]
    for shop_id, account_id, entry_id, counted_at, occurred_at, points in (
        execute(_IMPORTS, rows) if rows else ()
    ):
        row = Row(f"import:{entry_id}", counted_at, max(counted_at, occurred_at), 0, ZERO, points)
        members[shop_id, account_id].imports.append(row)


def _read_pins(members: dict[AccountKey, Known], rows: list[dict[str, int]]) -> None:
    for shop_id, account_id, *pin in execute(_PINS, rows):
        members[shop_id, account_id].pins.append(Pin(*pin))


def _read_spans(members: dict[AccountKey, Known], rows: list[dict[str, int]]) -> None:
    for shop_id, account_id, *values in execute(_SPANS, rows):
        span = dict(zip(_SPAN_FIELDS, values, strict=True))
        span["details"] = _decode(span["details"])
        members[shop_id, account_id].spans.append(span)


def _read_progress(members: dict[AccountKey, Known], rows: list[dict[str, int]]) -> None:
    for shop_id, account_id, source, award_id, place, counted_at, *row in execute(_PROGRESS, rows):
        effective_at, orders, spend, points, used, context = row
        kept = members[shop_id, account_id].kept
        step = Row(source, counted_at, effective_at, orders, spend, points)
        if used is not None:
            tally = _decode(used)
            stored = Stored(
                _decode_context(context), (step,), tally["gross"], tally["counted"], tally.get("rules", {})
            )
            at = datetime.fromisoformat(tally["at"]) if "at" in tally else counted_at
            kept[source] = Kept(award_id, place, at, stored)
        else:
            first = kept[source]
            kept[source] = first._replace(stored=first.stored._replace(rows=(*first.stored.rows, step)))


def collect(writes: Writes, known: Known, final: dict[str, Kept], outcome: Outcome) -> None:
    """Add to `writes` what differs between what the database knows of a member and what the replay came to."""
    for source, kept in known.kept.items():
        if final.get(source) != kept:
            writes.stale.append({"shop_id": known.key[0], "award_id": kept.award_id})
    for source, kept in final.items():
        if known.kept.get(source) != kept:
            writes.progress += _progress_rows(known.key, kept)
    state = outcome.journey.standing()
    review_at, simple = state.review_at, state.simple
    if outcome.waiting_until and (review_at is None or outcome.waiting_until <= review_at):
        review_at, simple = outcome.waiting_until, False
    simple = simple and not known.imports
    standing = (
        state.tier,
        state.since,
        state.kept_until,
        state.in_grace,
        review_at,
        state.review_from,
        simple,
        state.version_id,
    )
    if standing != known.standing:
        writes.standings.append(
            {"shop_id": known.key[0], "account_id": known.key[1]}
            | dict(zip(_STANDING_FIELDS, standing, strict=True))
        )
    _collect_spans(writes, known, outcome.journey)


def _collect_spans(writes: Writes, known: Known, journey: Journey) -> None:
    shop_id, account_id = known.key
    spans = journey.spans
    rewards = {
        (entry.tier, entry.n): entry.reward for entry in journey.entries if entry.reward and not entry.undone
    }
    for number, span in enumerate(spans):
        row = {
            "number": number,
            "tier": span.tier,
            "name": span.name,
            "since": span.since,
            "until": span.until,
            "kept_until": span.kept_until,
            "reason": span.reason,
            "details": span.details | _entered(span, rewards),
            "version_id": span.version_id,
        }
        if number >= len(known.spans) or known.spans[number] != row:
            writes.spans.append({"shop_id": shop_id, "account_id": account_id} | row)
    if len(spans) < len(known.spans):
        writes.gone.append({"shop_id": shop_id, "account_id": account_id, "number": len(spans)})


def _entered(span: Span, rewards: Mapping[tuple[str, int], str]) -> dict[str, Any]:
    """How often the tier was reached then; and which reward is given for it, unless a refund undid it."""
    if not span.entered:
        return {}
    reward = rewards.get((span.tier, span.entered))
    return {"entry": span.entered} | ({"reward": reward} if reward else {})


def _progress_rows(key: AccountKey, kept: Kept) -> Iterable[dict[str, Any]]:
    for number, row in enumerate(kept.stored.rows):
        yield {
            "shop_id": key[0],
            "account_id": key[1],
            "award_id": kept.award_id,
            "counted_at": row.counted_at,
            "effective_at": row.effective_at,
            "place": kept.place,
            "number": number,
            "orders": row.orders,
            "spend": row.spend,
            "points": row.points,
            "used": None if number else _tally(kept),
            "context": None if number else kept.stored.context,
        }


def _tally(kept: Kept) -> dict[str, Any]:
    stored = kept.stored
    return {"at": kept.at, "gross": stored.gross, "counted": stored.counted, "rules": stored.used}


def write(writes: Writes) -> None:
    """Write it, one statement for each kind of row."""
    if writes.stale:
        execute(_DELETE_PROGRESS, writes.stale)
    if writes.progress:
        execute(_INSERT_PROGRESS, writes.progress)
    if writes.standings:
        execute(_UPDATE_STANDINGS, writes.standings)
    if writes.gone:
        execute(_DELETE_SPANS, writes.gone)
    if writes.spans:
        execute(_UPSERT_SPANS, writes.spans)


_STANDING_FIELDS = (
    "tier",
    "since",
    "kept_until",
    "in_grace",
    "review_at",
    "review_from",
    "simple",
    "version_id",
)
_SPAN_FIELDS = (
    "number",
    "tier",
    "name",
    "since",
    "until",
    "kept_until",
    "reason",
    "details",
    "version_id",
)
_KEYS = "json_to_recordset(%(rows)s) AS r(shop_id bigint, account_id bigint)"
_OWNERS = """
    SELECT DISTINCT a.shop_id, a.account_id
    FROM json_to_recordset(%(rows)s) AS r(shop_id bigint, source text)
    JOIN loyalty_award a ON a.shop_id = r.shop_id AND a.source = r.source
"""
_WITHOUT = f"""
    SELECT r.shop_id, r.account_id FROM {_KEYS}
    LEFT JOIN loyalty_standing s ON s.shop_id = r.shop_id AND s.account_id = r.account_id WHERE s.id IS NULL
"""
_OPEN_STANDINGS = f"""
    INSERT INTO loyalty_standing (shop_id, account_id) SELECT r.shop_id, r.account_id FROM {_KEYS}
    ON CONFLICT (shop_id, account_id) DO NOTHING RETURNING shop_id, account_id
"""
_LOCK_STANDINGS = f"""
    SELECT s.id FROM {_KEYS}
    JOIN loyalty_standing s ON s.shop_id = r.shop_id AND s.account_id = r.account_id
    ORDER BY s.account_id FOR NO KEY UPDATE OF s
"""
_MEMBERS = f"""
    SELECT s.shop_id, s.account_id, a.customer_id, coalesce(c.joined_at, c.as_of),
        {", ".join(f"s.{name}" for name in _STANDING_FIELDS)}
    FROM {_KEYS}
    JOIN loyalty_standing s ON s.shop_id = r.shop_id AND s.account_id = r.account_id
    JOIN loyalty_account a ON a.shop_id = r.shop_id AND a.id = r.account_id
    JOIN shops_customer c ON c.shop_id = a.shop_id AND c.id = a.customer_id
    ORDER BY s.account_id
"""
_PINS = f"""
    SELECT p.shop_id, p.account_id, p.tier, p.since, p.until, p.reason, p.actor
    FROM {_KEYS} JOIN loyalty_tierpin p ON p.shop_id = r.shop_id AND p.account_id = r.account_id
    ORDER BY p.since, p.id
"""
_IMPORTS = f"""
    SELECT e.shop_id, e.account_id, e.id, coalesce(o.occurred_at, e.occurred_at), e.occurred_at,
        e.pending_delta + e.available_delta
    FROM {_KEYS} JOIN loyalty_entry e ON e.shop_id = r.shop_id AND e.account_id = r.account_id
    LEFT JOIN loyalty_entry o ON o.shop_id = e.shop_id AND o.id = e.reverses_id
    WHERE e.kind = 'import'
"""
_SPANS = f"""
    SELECT p.shop_id, p.account_id, {", ".join(f"p.{name}" for name in _SPAN_FIELDS)}
    FROM {_KEYS} JOIN loyalty_tierspan p ON p.shop_id = r.shop_id AND p.account_id = r.account_id
    ORDER BY p.account_id, p.number
"""
_PROGRESS = f"""
    SELECT p.shop_id, p.account_id, w.source, p.award_id, p.place, p.counted_at,
        p.effective_at, p.orders, p.spend, p.points, p.used, p.context
    FROM {_KEYS}
    JOIN loyalty_progress p ON p.shop_id = r.shop_id AND p.account_id = r.account_id
    JOIN loyalty_award w ON w.shop_id = p.shop_id AND w.id = p.award_id
    ORDER BY p.award_id, p.number
"""
_DELETE_PROGRESS = """
    DELETE FROM loyalty_progress p
    USING json_to_recordset(%(rows)s) AS r(shop_id bigint, award_id bigint)
    WHERE p.shop_id = r.shop_id AND p.award_id = r.award_id
"""
_INSERT_PROGRESS = """
    INSERT INTO loyalty_progress (shop_id, account_id, award_id, counted_at, effective_at, place, number, orders,
        spend, points, used, context)
    SELECT * FROM json_to_recordset(%(rows)s) AS r(shop_id bigint, account_id bigint, award_id bigint,
        counted_at timestamptz, effective_at timestamptz, place text, number smallint, orders smallint,
        spend numeric, points bigint, used jsonb, context jsonb)
"""
_UPDATE_STANDINGS = """
    UPDATE loyalty_standing s SET tier = r.tier, since = r.since, kept_until = r.kept_until, in_grace = r.in_grace,
        review_at = r.review_at, review_from = r.review_from, simple = r.simple, version_id = r.version_id,
        updated_at = now()
    FROM json_to_recordset(%(rows)s) AS r(shop_id bigint, account_id bigint, tier text, since timestamptz,
        kept_until timestamptz, in_grace boolean, review_at timestamptz, review_from timestamptz, simple boolean,
        version_id bigint)
    WHERE s.shop_id = r.shop_id AND s.account_id = r.account_id
"""
_DELETE_SPANS = """
    DELETE FROM loyalty_tierspan p
    USING json_to_recordset(%(rows)s) AS r(shop_id bigint, account_id bigint, number smallint)
    WHERE p.shop_id = r.shop_id AND p.account_id = r.account_id AND p.number >= r.number
"""
_UPSERT_SPANS = """
    INSERT INTO loyalty_tierspan (shop_id, account_id, number, tier, name, since, until, kept_until, reason, details,
        version_id)
    SELECT * FROM json_to_recordset(%(rows)s) AS r(shop_id bigint, account_id bigint, number smallint, tier text,
        name text, since timestamptz, until timestamptz, kept_until timestamptz, reason text, details jsonb,
        version_id bigint)
    ON CONFLICT (shop_id, account_id, number) DO UPDATE SET tier = excluded.tier, name = excluded.name,
        since = excluded.since, until = excluded.until, kept_until = excluded.kept_until, reason = excluded.reason,
        details = excluded.details, version_id = excluded.version_id
"""
