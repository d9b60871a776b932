"""Projections of the entries: set right by `rebuild`, on a person's word; accounts that differ are frozen."""

from collections.abc import Mapping

from lib.rows import execute


def freeze(accounts: Mapping[tuple[int, int], str]) -> None:
    """Refuse debits of these accounts, {(shop id, account id): reason}, until their figures are right again."""
    execute(
        _FREEZE, [{"shop_id": s, "id": a, "reason": reason} for (s, a), reason in sorted(accounts.items())]
    )


def rebuild(shop_id: int | None) -> None:
    """Set balances, counters, what is left in lots and what awards have posted to what entries and uses say.

    An award's target is set to what its explanation says.
    """
    execute(_LOCK_ALL, shop=shop_id)
    execute(_REBUILD_ACCOUNTS, shop=shop_id)
    execute(_REBUILD_LOTS, shop=shop_id)
    execute(_REBUILD_AWARDS, shop=shop_id)


def unfreeze(shop_id: int | None) -> None:
    """Let frozen accounts be debited again; for after a verification that found nothing."""
    execute(_UNFREEZE, shop=shop_id)


def changes(shop_id: int | None) -> list[tuple[int, int, str, int, int]]:
    """What `rebuild` would set, without writing: (shop, account, what, figure stored, figure replayed)."""
    return [
        (shop, account, what, int(stored), int(replayed))
        for sql in (_ACCOUNT_CHANGES, _LOT_CHANGES, _AWARD_CHANGES)
        for shop, account, what, stored, replayed in execute(sql, shop=shop_id)
    ]


_FREEZE = """
    UPDATE loyalty_account a SET frozen_at = coalesce(a.frozen_at, now()), frozen_reason = r.reason
    FROM json_to_recordset(%(rows)s) AS r(shop_id bigint, id bigint, reason text)
    WHERE a.shop_id = r.shop_id AND a.id = r.id
"""
_UNFREEZE = """
    UPDATE loyalty_account a SET frozen_at = NULL, frozen_reason = ''
    WHERE a.frozen_at IS NOT NULL AND (%(shop)s::bigint IS NULL OR a.shop_id = %(shop)s)
"""
_LOCK_ALL = """
    SELECT count(*) FROM (
        SELECT 1 FROM loyalty_account a WHERE %(shop)s::bigint IS NULL OR a.shop_id = %(shop)s
        ORDER BY a.id FOR NO KEY UPDATE
    ) locked
"""
# What accounts, lots and awards are by a replay of the entries.
_ACCOUNTS = """
    SELECT b.shop_id, b.id, coalesce(sum(e.available_delta), 0) AS balance,
        coalesce(sum(e.pending_delta), 0) AS pending, coalesce(max(e.seq), 0) AS seq,
        coalesce(sum(e.available_delta + e.pending_delta)
            FILTER (WHERE e.kind IN ('earn', 'reverse', 'import')), 0) AS earned,
        -coalesce(sum(e.available_delta) FILTER (WHERE e.kind IN ('redeem', 'return')), 0) AS spent
    FROM loyalty_account b LEFT JOIN loyalty_entry e ON e.shop_id = b.shop_id AND e.account_id = b.id
    WHERE %(shop)s::bigint IS NULL OR b.shop_id = %(shop)s GROUP BY b.shop_id, b.id
"""
_LOTS = """
    SELECT b.shop_id, b.id, b.points - coalesce(sum(u.points), 0) AS remaining
    FROM loyalty_lot b LEFT JOIN loyalty_lotuse u ON u.shop_id = b.shop_id AND u.lot_id = b.id
    WHERE %(shop)s::bigint IS NULL OR b.shop_id = %(shop)s GROUP BY b.shop_id, b.id, b.points
"""
# A release moves points that were posted before.
_AWARDS = """
    SELECT b.shop_id, b.id, coalesce(sum(e.available_delta + e.pending_delta), 0) AS posted,
        coalesce(sum(e.pending_delta), 0) AS pending,
        count(e.id) FILTER (WHERE e.kind <> 'release') AS postings,
        coalesce(min(e.account_id), b.account_id) AS account_id,
        coalesce((b.breakdown ->> 'target')::bigint, b.target) AS target
    FROM loyalty_award b LEFT JOIN loyalty_entry e ON e.shop_id = b.shop_id AND e.award_id = b.id
    WHERE %(shop)s::bigint IS NULL OR b.shop_id = %(shop)s GROUP BY b.shop_id, b.id
"""
_REBUILD_ACCOUNTS = f"""
    UPDATE loyalty_account a SET balance = p.balance, pending = p.pending, seq = p.seq, lifetime_earned = p.earned,
        lifetime_spent = p.spent
    FROM ({_ACCOUNTS}) p
    WHERE a.shop_id = p.shop_id AND a.id = p.id
        AND (a.balance, a.pending, a.seq, a.lifetime_earned, a.lifetime_spent)
            IS DISTINCT FROM (p.balance, p.pending, p.seq, p.earned, p.spent)
"""
_REBUILD_LOTS = f"""
    UPDATE loyalty_lot l SET remaining = p.remaining
    FROM ({_LOTS}) p
    WHERE l.shop_id = p.shop_id AND l.id = p.id AND l.remaining <> p.remaining
        AND p.remaining BETWEEN 0 AND l.points
"""
_REBUILD_AWARDS = f"""
    UPDATE loyalty_award a SET posted = p.posted, pending = p.pending, postings = p.postings,
        account_id = p.account_id, target = p.target
    FROM ({_AWARDS}) p
    WHERE a.shop_id = p.shop_id AND a.id = p.id AND p.pending >= 0
        AND (a.posted, a.pending, a.postings, a.account_id, a.target)
            IS DISTINCT FROM (p.posted, p.pending, p.postings, p.account_id, p.target)
"""
_ACCOUNT_CHANGES = f"""
    SELECT a.shop_id, a.id, c.what, c.stored, c.replayed
    FROM ({_ACCOUNTS}) p JOIN loyalty_account a ON a.shop_id = p.shop_id AND a.id = p.id
    CROSS JOIN LATERAL (VALUES
        ('the balance', a.balance, p.balance),
        ('the pending balance', a.pending, p.pending),
        ('the number of entries', a.seq, p.seq),
        ('the points ever earned', a.lifetime_earned, p.earned),
        ('the points ever spent', a.lifetime_spent, p.spent)
    ) AS c(what, stored, replayed)
    WHERE c.stored <> c.replayed ORDER BY a.shop_id, a.id
"""
_LOT_CHANGES = f"""
    SELECT l.shop_id, l.account_id, 'what is left in lot ' || l.id, l.remaining, p.remaining
    FROM ({_LOTS}) p JOIN loyalty_lot l ON l.shop_id = p.shop_id AND l.id = p.id
    WHERE l.remaining <> p.remaining ORDER BY l.shop_id, l.account_id
"""
_AWARD_CHANGES = f"""
    SELECT a.shop_id, a.account_id, c.what || a.source, c.stored, c.replayed
    FROM ({_AWARDS}) p JOIN loyalty_award a ON a.shop_id = p.shop_id AND a.id = p.id
    CROSS JOIN LATERAL (VALUES
        ('the points posted for ', a.posted, p.posted),
        ('the points on hold for ', a.pending, p.pending),
        ('the number of postings for ', a.postings, p.postings),
        ('the account of ', a.account_id, p.account_id),
        ('the target of ', a.target, p.target)
    ) AS c(what, stored, replayed)
    WHERE c.stored <> c.replayed ORDER BY a.shop_id, a.account_id
"""
