"""The ledger proved: every projection recomputed from the entries, in set-wise SQL over one snapshot."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from django.db import connection, transaction

from lib.rows import execute
from loyalty import ledger
from loyalty.actions.awards import settle_open


@dataclass(frozen=True, slots=True)
class Difference:
    """An account that differs: `what`, as `stored` and as `proved` by the other figures."""

    shop_id: int
    account_id: int
    what: str
    stored: int
    proved: int

    def __str__(self) -> str:
        return f"account {self.account_id}: {self.what} is {self.stored}, should be {self.proved}"


def verify(shop_id: int | None = None, *, freeze: bool = True) -> list[Difference]:
    """Recompute every account of a shop, or of all shops, and return what differs.

    Reads one snapshot, so deliveries may be applied meanwhile. Accounts that differ are frozen and never repaired
    here. Inside a transaction of the caller's, that transaction's view is proved instead.
    """
    own_snapshot = not connection.in_atomic_block
    with transaction.atomic():
        if own_snapshot:
            execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        # Whole tables are joined: with statistics of yesterday, a nested loop would never end.
        execute("SET LOCAL enable_nestloop = off")
        found = [
            Difference(shop, account, what, int(stored), int(proved))
            for check in CHECKS
            for shop, account, what, stored, proved in execute(check, shop=shop_id)
        ]
        execute("SET LOCAL enable_nestloop TO DEFAULT")
    if found and freeze:
        ledger.freeze(_reasons(found))
    return found


def repair(shop_id: int | None = None) -> list[Difference]:
    """Set projections to what the entries say, on a person's word; returns what still differs and stays frozen.

    Accounts that are right again can be debited again, and get what they had to miss meanwhile.
    """
    with transaction.atomic():
        ledger.rebuild(shop_id)
        left = verify(shop_id, freeze=False)
        ledger.unfreeze(shop_id)
        if left:
            ledger.freeze(_reasons(left))
    # Apart, because awards are locked before accounts everywhere else.
    with transaction.atomic():
        settle_open(shop_id)
    return left


def changes(shop_id: int | None = None) -> list[Difference]:
    """What `repair` would set by a replay of awards and entries: both figures of each account, nothing written."""
    return [Difference(*row) for row in ledger.changes(shop_id)]


def count_entries(shop_id: int | None = None) -> int:
    """How many entries `verify` reads."""
    sql = "SELECT count(*) FROM loyalty_entry e WHERE (%(shop)s::bigint IS NULL OR e.shop_id = %(shop)s)"
    return int(execute(sql, shop=shop_id)[0][0])


def _reasons(found: Sequence[Difference]) -> dict[tuple[int, int], str]:
    reasons: dict[tuple[int, int], list[str]] = defaultdict(list)
    for difference in found:
        reason = f"{difference.what} is {difference.stored}, should be {difference.proved}"
        reasons[difference.shop_id, difference.account_id].append(reason)
    return {key: "; ".join(lines)[:255] for key, lines in reasons.items()}


_SHOP = "(%(shop)s::bigint IS NULL OR {0}.shop_id = %(shop)s)"

# Each gives rows of (shop, account, what, stored, proved).
_ENTRIES = f"""
    WITH chain AS (
        SELECT e.shop_id, e.account_id, e.seq, e.kind, e.available_delta, e.pending_delta, e.balance_after,
            sum(e.available_delta) OVER w AS running,
            row_number() OVER w AS place,
            e.seal = loyalty_entry_seal(e.shop_id, e.id, e.account_id, e.seq, e.kind, e.pending_delta,
                e.available_delta, e.balance_after, e.award_id, e.revision, e.reverses_id, e.reference, e.reason,
                e.actor, e.occurred_at) AS sealed
        FROM loyalty_entry e WHERE {_SHOP.format("e")}
        WINDOW w AS (PARTITION BY e.shop_id, e.account_id ORDER BY e.seq, e.id)
    ), proved AS (
        SELECT shop_id, account_id, sum(available_delta) AS balance, sum(pending_delta) AS pending,
            count(*) AS entries, max(seq) AS seq,
            coalesce(sum(available_delta + pending_delta) FILTER (WHERE kind IN ('earn', 'reverse', 'import')), 0)
                AS earned,
            -coalesce(sum(available_delta) FILTER (WHERE kind IN ('redeem', 'return')), 0) AS spent,
            count(*) FILTER (WHERE running <> balance_after) AS unchained,
            count(*) FILTER (WHERE place <> seq) AS misplaced,
            count(*) FILTER (WHERE NOT sealed) AS unsealed
        FROM chain GROUP BY shop_id, account_id
    )
    SELECT a.shop_id, a.id, c.what, c.stored, c.proved
    FROM loyalty_account a LEFT JOIN proved p ON p.shop_id = a.shop_id AND p.account_id = a.id
    CROSS JOIN LATERAL (VALUES
        ('the balance', a.balance, coalesce(p.balance, 0)),
        ('the pending balance', a.pending, coalesce(p.pending, 0)),
        ('the number of entries', a.seq, coalesce(p.entries, 0)),
        ('the points ever earned', a.lifetime_earned, coalesce(p.earned, 0)),
        ('the points ever spent', a.lifetime_spent, coalesce(p.spent, 0)),
        ('entries with another balance after them', coalesce(p.unchained, 0), 0),
        ('entries out of sequence', coalesce(p.misplaced, 0), 0),
        ('entries changed after they were written', coalesce(p.unsealed, 0), 0)
    ) AS c(what, stored, proved)
    WHERE c.stored <> c.proved AND {_SHOP.format("a")}
    ORDER BY a.shop_id, a.id
"""
_LOTS = f"""
    WITH used AS (
        SELECT u.shop_id, u.lot_id, sum(u.points) AS points FROM loyalty_lotuse u
        WHERE {_SHOP.format("u")} GROUP BY u.shop_id, u.lot_id
    ), lots AS (
        SELECT l.shop_id, l.account_id, sum(l.remaining) AS remaining,
            sum(l.points - coalesce(used.points, 0)) AS unused,
            count(*) FILTER (WHERE l.remaining <> l.points - coalesce(used.points, 0)) AS wrong
        FROM loyalty_lot l LEFT JOIN used ON used.shop_id = l.shop_id AND used.lot_id = l.id
        WHERE {_SHOP.format("l")} GROUP BY l.shop_id, l.account_id
    )
    SELECT a.shop_id, a.id, c.what, c.stored, c.proved
    FROM loyalty_account a LEFT JOIN lots l ON l.shop_id = a.shop_id AND l.account_id = a.id
    CROSS JOIN LATERAL (VALUES
        ('what is left in the lots', coalesce(l.remaining, 0), greatest(a.balance, 0)),
        ('lots with more or less left than was used', coalesce(l.wrong, 0), 0)
    ) AS c(what, stored, proved)
    WHERE c.stored <> c.proved AND {_SHOP.format("a")}
    ORDER BY a.shop_id, a.id
"""
# A lot belongs to the entry that opened it, a use to an entry and a lot of one account. Points that come back into
# another lot still belong to the award that they were of.
_PLACES = f"""
    SELECT l.shop_id, l.account_id, 'lot ' || l.id || c.what, c.stored, c.proved
    FROM loyalty_lot l JOIN loyalty_entry e ON e.shop_id = l.shop_id AND e.id = l.entry_id
    CROSS JOIN LATERAL (VALUES
        (' belongs to account', l.account_id, e.account_id),
        (' belongs to award', coalesce(l.award_id, 0),
            coalesce(CASE WHEN e.kind = 'return' THEN l.award_id ELSE e.award_id END, 0)),
        (' was available before it was earned, by seconds',
            greatest(0, ceil(extract(epoch FROM l.earned_at - l.available_at)))::bigint, 0),
        (' was earned at (epoch)', extract(epoch FROM l.earned_at)::bigint, extract(epoch FROM e.occurred_at)::bigint)
    ) AS c(what, stored, proved)
    WHERE c.stored <> c.proved AND {_SHOP.format("l")}
    UNION ALL
    SELECT l.shop_id, l.account_id, 'lot ' || l.id || ' was used by account', e.account_id, l.account_id
    FROM loyalty_lotuse u
    JOIN loyalty_lot l ON l.shop_id = u.shop_id AND l.id = u.lot_id
    JOIN loyalty_entry e ON e.shop_id = u.shop_id AND e.id = u.entry_id
    WHERE e.account_id <> l.account_id AND {_SHOP.format("u")}
"""
# Points on hold belong to awards, a release moves them without making any, and what expires comes out of one lot.
_HOLDS = f"""
    WITH held AS (
        SELECT w.shop_id, w.account_id, sum(w.pending) AS pending FROM loyalty_award w
        WHERE w.pending <> 0 AND {_SHOP.format("w")} GROUP BY w.shop_id, w.account_id
    )
    SELECT a.shop_id, a.id, 'the points on hold', a.pending, coalesce(h.pending, 0)
    FROM loyalty_account a LEFT JOIN held h ON h.shop_id = a.shop_id AND h.account_id = a.id
    WHERE a.pending <> coalesce(h.pending, 0) AND {_SHOP.format("a")}
    UNION ALL
    SELECT e.shop_id, e.account_id, 'what entry ' || e.reference || ' released', e.available_delta,
        -e.pending_delta
    FROM loyalty_entry e
    WHERE e.kind = 'release' AND (e.available_delta <> -e.pending_delta OR e.award_id IS NULL)
        AND {_SHOP.format("e")}
"""
# A lot that got points back after it had expired may have been given another end, or none, since.
_EXPIRIES = f"""
    WITH used AS (
        SELECT u.shop_id, u.entry_id, sum(u.points) AS points, count(*) AS lots,
            count(*) FILTER (WHERE l.expires_at IS NULL AND NOT EXISTS (
                SELECT FROM loyalty_lotuse b WHERE b.shop_id = u.shop_id AND b.lot_id = u.lot_id AND b.points < 0
            )) AS unending
        FROM loyalty_lotuse u JOIN loyalty_lot l ON l.shop_id = u.shop_id AND l.id = u.lot_id
        JOIN loyalty_entry e ON e.shop_id = u.shop_id AND e.id = u.entry_id AND e.kind = 'expire'
        WHERE {_SHOP.format("u")} GROUP BY u.shop_id, u.entry_id
    )
    SELECT e.shop_id, e.account_id, c.what || e.reference, c.stored, c.proved
    FROM loyalty_entry e LEFT JOIN used u ON u.shop_id = e.shop_id AND u.entry_id = e.id
    CROSS JOIN LATERAL (VALUES
        ('what expired by ', -e.available_delta, coalesce(u.points, 0)),
        ('the lots that expired by ', coalesce(u.lots, 0), 1),
        ('the lots without an end that expired by ', coalesce(u.unending, 0), 0)
    ) AS c(what, stored, proved)
    WHERE e.kind = 'expire' AND c.stored <> c.proved AND {_SHOP.format("e")}
"""
# What an entry moved above zero came into its lot, or out of other lots.
_MOVES = f"""
    WITH opened AS (
        SELECT l.shop_id, l.entry_id, sum(l.points) AS points FROM loyalty_lot l
        WHERE {_SHOP.format("l")} GROUP BY l.shop_id, l.entry_id
    ), used AS (
        SELECT u.shop_id, u.entry_id, sum(u.points) AS points FROM loyalty_lotuse u
        WHERE {_SHOP.format("u")} GROUP BY u.shop_id, u.entry_id
    )
    SELECT e.shop_id, e.account_id, 'what entry ' || e.reference || ' moved in lots',
        coalesce(o.points, 0) - coalesce(u.points, 0),
        greatest(e.balance_after, 0) - greatest(e.balance_after - e.available_delta, 0)
    FROM loyalty_entry e
    LEFT JOIN opened o ON o.shop_id = e.shop_id AND o.entry_id = e.id
    LEFT JOIN used u ON u.shop_id = e.shop_id AND u.entry_id = e.id
    WHERE coalesce(o.points, 0) - coalesce(u.points, 0)
        <> greatest(e.balance_after, 0) - greatest(e.balance_after - e.available_delta, 0)
        AND {_SHOP.format("e")}
    ORDER BY e.shop_id, e.account_id, e.seq
"""
# Only returns put points back into lots: no more than was spent, and into no lot more than was taken from it.
_RETURNS = f"""
    WITH back AS (
        SELECT b.shop_id, b.id, b.account_id, b.reference, b.reverses_id, b.available_delta FROM loyalty_entry b
        WHERE b.kind = 'return' AND {_SHOP.format("b")}
    ), returned AS (
        SELECT b.shop_id, b.account_id, b.reverses_id, sum(b.available_delta) AS points, min(b.reference) AS reference
        FROM back b GROUP BY b.shop_id, b.account_id, b.reverses_id
    ), lots AS (
        SELECT b.shop_id, b.account_id, b.reverses_id, u.lot_id, -u.points AS given, 0 AS taken
        FROM back b JOIN loyalty_lotuse u ON u.shop_id = b.shop_id AND u.entry_id = b.id AND u.points < 0
        UNION ALL
        SELECT r.shop_id, r.account_id, r.reverses_id, u.lot_id, 0, u.points
        FROM returned r JOIN loyalty_lotuse u ON u.shop_id = r.shop_id AND u.entry_id = r.reverses_id
    )
    SELECT r.shop_id, r.account_id, 'what came back by ' || r.reference, r.points, r.spent
    FROM (
        SELECT r.*, coalesce((
            SELECT -e.available_delta FROM loyalty_entry e WHERE e.shop_id = r.shop_id AND e.id = r.reverses_id
                AND e.account_id = r.account_id AND e.kind = 'redeem'
        ), 0) AS spent FROM returned r
    ) r WHERE r.points > r.spent
    UNION ALL
    SELECT l.shop_id, l.account_id, 'what came back to lot ' || l.lot_id, sum(l.given), sum(l.taken)
    FROM lots l GROUP BY l.shop_id, l.account_id, l.reverses_id, l.lot_id HAVING sum(l.given) > sum(l.taken)
    UNION ALL
    SELECT u.shop_id, (SELECT l.account_id FROM loyalty_lot l WHERE l.shop_id = u.shop_id AND l.id = u.lot_id),
        'what entry ' || u.entry_id || ' put into lot ' || u.lot_id, -u.points, 0
    FROM loyalty_lotuse u
    WHERE u.points < 0 AND NOT EXISTS (SELECT FROM back b WHERE b.shop_id = u.shop_id AND b.id = u.entry_id)
        AND {_SHOP.format("u")}
"""
_AWARDS = f"""
    WITH posted AS (
        SELECT e.shop_id, e.award_id, sum(e.available_delta + e.pending_delta) AS points,
            sum(e.pending_delta) AS pending, min(e.account_id) AS account_id,
            count(*) FILTER (WHERE e.kind <> 'release') AS entries
        FROM loyalty_entry e WHERE e.award_id IS NOT NULL AND {_SHOP.format("e")} GROUP BY e.shop_id, e.award_id
    )
    SELECT a.shop_id, a.account_id, c.what || a.source, c.stored, c.proved
    FROM loyalty_award a LEFT JOIN posted p ON p.shop_id = a.shop_id AND p.award_id = a.id
    JOIN loyalty_account o ON o.shop_id = a.shop_id AND o.id = a.account_id
    CROSS JOIN LATERAL (VALUES
        ('the points posted for ', a.posted, coalesce(p.points, 0)),
        ('the points on hold for ', a.pending, coalesce(p.pending, 0)),
        ('the number of postings for ', a.postings, coalesce(p.entries, 0)),
        ('the account of ', a.account_id, coalesce(p.account_id, a.account_id)),
        -- A frozen account waits for what it could not post.
        ('the target of ', a.target, CASE WHEN o.frozen_at IS NULL THEN a.posted - a.shortfall ELSE a.target END),
        ('the shortfall of ', a.shortfall, greatest(a.shortfall, 0)),
        ('the explained target of ', a.target, (a.breakdown ->> 'target')::bigint)
    ) AS c(what, stored, proved)
    WHERE c.stored <> c.proved AND {_SHOP.format("a")}
    ORDER BY a.shop_id, a.account_id
"""
CHECKS = (_ENTRIES, _LOTS, _PLACES, _MOVES, _AWARDS, _HOLDS, _EXPIRIES, _RETURNS)
