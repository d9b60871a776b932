"""Reserve as before, with fewer statements: for a shopper whom the store's customer id names, the account locked once."""

from importlib import import_module

from django.db import migrations

_RESERVE = import_module("rewards.migrations.0003_reserve")

# As 0003 tells. Without `p_account` the account is that of the customer `p_external` of the connection. The terms are
# those of the revision: where the reward has another one, nothing is written.
FORWARD = """
CREATE FUNCTION rewards_reserve(
    p_shop bigint, p_account bigint, p_connection bigint, p_reward bigint, p_revision integer, p_key text,
    p_public_id text, p_name text, p_points bigint, p_value numeric, p_state text, p_code text,
    p_pool boolean, p_given boolean, p_tier text, p_per_member integer, p_expires timestamptz, p_reason text,
    p_actor text, p_at timestamptz, p_external text,
    OUT o_outcome text, OUT o_redemption bigint, OUT o_code text, OUT o_balance bigint
) LANGUAGE plpgsql AS $$
DECLARE
    member record;
    offered record;
    pooled record;
BEGIN
    IF p_account IS NULL THEN
        SELECT a.id INTO p_account FROM loyalty_account a
        WHERE a.shop_id = p_shop AND a.customer_id = (
            SELECT c.id FROM shops_customer c
            WHERE c.shop_id = p_shop AND c.connection_id = p_connection AND c.external_id = p_external
        );
    END IF;
    SELECT a.balance, a.seq, a.active_at, a.frozen_at INTO member FROM loyalty_account a
    WHERE a.shop_id = p_shop AND a.id = p_account FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        o_outcome := 'account';
        RETURN;
    END IF;
    o_balance := member.balance;
    SELECT d.id INTO o_redemption FROM rewards_redemption d
    WHERE d.shop_id = p_shop AND d.account_id = p_account AND d.request_key = p_key;
    IF FOUND THEN
        o_outcome := 'there';
        RETURN;
    END IF;

    SELECT r.active OR p_given AS active, r.archived_at, r.revision, r.stock, r.taken, r.terms INTO offered
    FROM rewards_reward r WHERE r.shop_id = p_shop AND r.id = p_reward;
    IF NOT FOUND OR offered.archived_at IS NOT NULL OR NOT offered.active THEN
        o_outcome := 'withdrawn';
    ELSIF offered.revision <> p_revision THEN
        o_outcome := 'changed';
    ELSIF offered.taken >= offered.stock THEN
        o_outcome := 'sold_out';
    ELSIF p_tier IS NOT NULL AND p_tier <> coalesce((
        SELECT s.tier FROM loyalty_standing s WHERE s.shop_id = p_shop AND s.account_id = p_account
    ), '') THEN
        o_outcome := 'tier';
    ELSIF p_per_member IS NOT NULL AND p_per_member <= (
        SELECT count(*) FROM rewards_redemption d
        WHERE d.shop_id = p_shop AND d.account_id = p_account AND d.reward_id = p_reward
            AND d.state NOT IN ('returned', 'failed')
    ) THEN
        o_outcome := 'per_member';
    ELSIF p_points > 0 THEN
        IF member.frozen_at IS NOT NULL THEN
            o_outcome := 'frozen';
        ELSIF EXISTS (
            SELECT FROM loyalty_lot l
            WHERE l.shop_id = p_shop AND l.account_id = p_account AND l.remaining > 0 AND l.expires_at <= p_at
        ) THEN
            o_outcome := 'due';
        ELSIF p_points > member.balance THEN
            o_outcome := 'not_enough_points';
        END IF;
    END IF;
    IF o_outcome IS NOT NULL THEN
        RETURN;
    END IF;

    o_code := p_code;
    IF p_pool THEN
        SELECT p.id, p.code INTO pooled FROM rewards_poolcode p
        WHERE p.shop_id = p_shop AND p.reward_id = p_reward AND p.redemption_id IS NULL
        ORDER BY p.id LIMIT 1 FOR UPDATE SKIP LOCKED;
        IF NOT FOUND THEN
            o_outcome := 'sold_out';
            RETURN;
        END IF;
        o_code := pooled.code;
    END IF;
    IF offered.stock IS NOT NULL THEN
        UPDATE rewards_reward r SET taken = r.taken + 1
        WHERE r.shop_id = p_shop AND r.id = p_reward AND r.revision = p_revision AND r.taken < r.stock;
        IF NOT FOUND THEN
            o_outcome := CASE WHEN EXISTS (
                SELECT FROM rewards_reward r
                WHERE r.shop_id = p_shop AND r.id = p_reward AND r.revision = p_revision
            ) THEN 'sold_out' ELSE 'changed' END;
            RETURN;
        END IF;
    END IF;

    o_redemption := nextval('rewards_redemption_id_seq');
    IF p_points > 0 THEN
        PERFORM loyalty_spend_locked(p_shop, p_account, member.balance, member.seq, member.active_at, p_points,
            'redemption:' || o_redemption || '/1', p_reason, p_actor, p_at);
    END IF;
    o_balance := o_balance - p_points;
    INSERT INTO rewards_redemption (shop_id, id, public_id, account_id, reward_id, connection_id, state, name, terms,
        points, value, posted, postings, request_key, code, expires_at, due_at, actor, created_at, issued_at,
        platform_id, closing, attempts, lease, error)
    VALUES (p_shop, o_redemption, p_public_id, p_account, p_reward, p_connection, p_state, p_name, offered.terms,
        p_points, p_value, p_points, CASE WHEN p_points > 0 THEN 1 ELSE 0 END, p_key, o_code, p_expires,
        CASE WHEN p_state = 'reserved' THEN p_at END, p_actor, p_at, CASE WHEN p_state = 'issued' THEN p_at END,
        '', '', 0, 0, '');
    INSERT INTO rewards_redemptionstep (shop_id, redemption_id, what, detail, answer, actor, at)
    VALUES (p_shop, o_redemption, 'reserved', p_reason, '', p_actor, p_at);
    IF p_state = 'issued' THEN
        INSERT INTO rewards_redemptionstep (shop_id, redemption_id, what, detail, answer, actor, at)
        VALUES (p_shop, o_redemption, 'issued', '', '', p_actor, p_at);
    END IF;
    IF p_pool THEN
        UPDATE rewards_poolcode p SET redemption_id = o_redemption WHERE p.shop_id = p_shop AND p.id = pooled.id;
    END IF;
    o_outcome := 'made';
END $$
"""


class Migration(migrations.Migration):
    dependencies = [("rewards", "0004_queues"), ("loyalty", "0023_spend_locked")]
    operations = [
        migrations.RunSQL("DROP FUNCTION rewards_reserve", _RESERVE.FORWARD),
        migrations.RunSQL(FORWARD, "DROP FUNCTION rewards_reserve"),
    ]
