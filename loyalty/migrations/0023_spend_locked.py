"""The spending apart from its checks, for who holds the account's lock and has checked already."""

from importlib import import_module

from django.db import migrations

_SPEND = import_module("loyalty.migrations.0020_spend")

# Returns the id of the entry. The caller has locked the account, found it not frozen, its balance covering the points
# and no lot of it due, and hands over its balance, seq and active_at as they were read with the lock.
LOCKED = """
CREATE FUNCTION loyalty_spend_locked(
    p_shop bigint, p_account bigint, p_balance bigint, p_seq integer, p_active_at timestamptz, p_points bigint,
    p_reference text, p_reason text, p_actor text, p_at timestamptz
) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    entry bigint := nextval('loyalty_entry_id_seq');
    first record;
    taken bigint;
    activity timestamptz;
BEGIN
    INSERT INTO loyalty_entry (shop_id, id, account_id, seq, kind, pending_delta, available_delta, balance_after,
        reference, reason, actor, occurred_at, seal)
    VALUES (p_shop, entry, p_account, p_seq + 1, 'redeem', 0, -p_points, p_balance - p_points,
        p_reference, p_reason, p_actor, p_at,
        loyalty_entry_seal(p_shop, entry, p_account, p_seq + 1, 'redeem', 0, -p_points,
            p_balance - p_points, NULL, NULL, NULL, p_reference, p_reason, p_actor, p_at));

    SELECT l.id, l.remaining INTO first FROM loyalty_lot l
    WHERE l.shop_id = p_shop AND l.account_id = p_account AND l.remaining > 0
    ORDER BY l.expires_at NULLS LAST, l.earned_at, l.id LIMIT 1;
    IF first.remaining >= p_points THEN
        INSERT INTO loyalty_lotuse (shop_id, entry_id, lot_id, points) VALUES (p_shop, entry, first.id, p_points);
        UPDATE loyalty_lot l SET remaining = l.remaining - p_points WHERE l.shop_id = p_shop AND l.id = first.id;
    ELSE
        WITH lots AS (
            SELECT l.id, l.remaining,
                sum(l.remaining) OVER (ORDER BY l.expires_at NULLS LAST, l.earned_at, l.id) - l.remaining AS before
            FROM loyalty_lot l WHERE l.shop_id = p_shop AND l.account_id = p_account AND l.remaining > 0
        ), uses AS (
            INSERT INTO loyalty_lotuse (shop_id, entry_id, lot_id, points)
            SELECT p_shop, entry, o.id, least(o.remaining, p_points - o.before)::bigint FROM lots o
            WHERE o.before < p_points ORDER BY o.before
            RETURNING lot_id, points
        ), used AS (
            UPDATE loyalty_lot l SET remaining = l.remaining - u.points FROM uses u
            WHERE l.shop_id = p_shop AND l.id = u.lot_id
            RETURNING u.points
        )
        SELECT sum(u.points) INTO taken FROM used u;
        IF taken IS DISTINCT FROM p_points THEN
            RAISE EXCEPTION 'account %: its lots do not cover its balance', p_account
                USING ERRCODE = 'data_corrupted';
        END IF;
    END IF;

    UPDATE loyalty_account a SET balance = a.balance - p_points, seq = a.seq + 1,
        lifetime_spent = a.lifetime_spent + p_points, active_at = greatest(a.active_at, p_at)
    WHERE a.shop_id = p_shop AND a.id = p_account;

    -- Lots that slide move on with this activity; when it comes late, with the later ones anew.
    PERFORM FROM loyalty_lot l
    WHERE l.shop_id = p_shop AND l.account_id = p_account AND l.remaining > 0 AND l.idle_months IS NOT NULL LIMIT 1;
    IF FOUND THEN
        FOR activity IN
            SELECT p_at
            UNION
            SELECT e.occurred_at FROM loyalty_entry e
            WHERE p_active_at > p_at AND e.shop_id = p_shop AND e.account_id = p_account
                AND e.occurred_at > p_at AND e.kind IN ('earn', 'redeem')
            ORDER BY 1
        LOOP
            UPDATE loyalty_lot l
            SET expires_at = loyalty_idle_until(greatest(activity, l.available_at), l.idle_months, s.timezone)
            FROM shops_shop s
            WHERE s.id = p_shop AND l.shop_id = p_shop AND l.account_id = p_account AND l.remaining > 0
                AND l.idle_months IS NOT NULL AND l.expires_at > activity AND l.expires_at
                    < loyalty_idle_until(greatest(activity, l.available_at), l.idle_months, s.timezone);
        END LOOP;
    END IF;
    RETURN entry;
END $$
"""
# As before: 0: not enough points, -1: the account is frozen, -2: a lot is due and must expire first, -3: there is no
# such account.
SPEND = """
CREATE OR REPLACE FUNCTION loyalty_spend(
    p_shop bigint, p_account bigint, p_points bigint, p_reference text, p_reason text, p_actor text, p_at timestamptz
) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    account record;
BEGIN
    IF p_points IS NULL OR p_points <= 0 OR p_at IS NULL THEN
        RAISE EXCEPTION 'points to spend must be above 0, at an instant' USING ERRCODE = 'invalid_parameter_value';
    END IF;

    SELECT a.balance, a.seq, a.active_at, a.frozen_at INTO account FROM loyalty_account a
    WHERE a.shop_id = p_shop AND a.id = p_account FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RETURN -3;
    ELSIF account.frozen_at IS NOT NULL THEN
        RETURN -1;
    END IF;
    PERFORM FROM loyalty_lot l
    WHERE l.shop_id = p_shop AND l.account_id = p_account AND l.remaining > 0 AND l.expires_at <= p_at LIMIT 1;
    IF FOUND THEN
        RETURN -2;
    ELSIF account.balance < p_points THEN
        RETURN 0;
    END IF;
    RETURN loyalty_spend_locked(p_shop, p_account, account.balance, account.seq, account.active_at, p_points,
        p_reference, p_reason, p_actor, p_at);
END $$
"""


class Migration(migrations.Migration):
    dependencies = [("loyalty", "0022_tier_rewards")]
    operations = [
        migrations.RunSQL(LOCKED, "DROP FUNCTION loyalty_spend_locked"),
        migrations.RunSQL(SPEND, _SPEND.FORWARD.replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION")),
    ]
