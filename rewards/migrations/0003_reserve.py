"""Reserve a redemption in one call: every check under the account's lock, the spending, and its rows."""

from django.db import migrations

# o_outcome: 'made'; 'there': this key was used already, o_redemption says for what; 'due': lots must expire first;
# or why not: 'account', 'withdrawn', 'changed', 'tier', 'per_member', 'sold_out', 'frozen', 'not_enough_points'.
# Whatever can be missing is looked at before anything is written, so that a "no" leaves nothing to undo. The account
# is locked first and the reward last; a pool's code is never waited for. After the lock each statement sees what
# those it waited for have committed.
FORWARD = """
CREATE FUNCTION rewards_reserve(
    p_shop bigint, p_account bigint, p_connection bigint, p_reward bigint, p_revision integer, p_key text,
    p_public_id text, p_name text, p_terms jsonb, p_points bigint, p_value numeric, p_state text, p_code text,
    p_pool boolean, p_given boolean, p_tier text, p_per_member integer, p_expires timestamptz, p_reason text,
    p_actor text, p_at timestamptz,
    OUT o_outcome text, OUT o_redemption bigint, OUT o_code text, OUT o_balance bigint
) LANGUAGE plpgsql AS $$
DECLARE
    member record;
    offered record;
    pooled record;
BEGIN
    SELECT a.balance, a.frozen_at INTO member FROM loyalty_account a
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

    SELECT r.active OR p_given AS active, r.archived_at, r.revision, r.stock, r.taken INTO offered
    FROM rewards_reward r WHERE r.shop_id = p_shop AND r.id = p_reward;
    o_outcome := CASE
        WHEN NOT FOUND OR offered.archived_at IS NOT NULL OR NOT offered.active THEN 'withdrawn'
        WHEN offered.revision <> p_revision THEN 'changed'
        WHEN offered.taken >= offered.stock THEN 'sold_out'
        WHEN p_tier IS NOT NULL AND p_tier <> coalesce((
            SELECT s.tier FROM loyalty_standing s WHERE s.shop_id = p_shop AND s.account_id = p_account
        ), '') THEN 'tier'
        WHEN p_per_member IS NOT NULL AND p_per_member <= (
            SELECT count(*) FROM rewards_redemption d
            WHERE d.shop_id = p_shop AND d.account_id = p_account AND d.reward_id = p_reward
                AND d.state NOT IN ('returned', 'failed')
        ) THEN 'per_member'
        WHEN p_points > 0 AND member.frozen_at IS NOT NULL THEN 'frozen'
        WHEN p_points > 0 AND EXISTS (
            SELECT FROM loyalty_lot l
            WHERE l.shop_id = p_shop AND l.account_id = p_account AND l.remaining > 0 AND l.expires_at <= p_at
        ) THEN 'due'
        WHEN p_points > member.balance AND p_points > 0 THEN 'not_enough_points'
    END;
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
    IF p_points > 0 AND loyalty_spend(
        p_shop, p_account, p_points, 'redemption:' || o_redemption || '/1', p_reason, p_actor, p_at
    ) <= 0 THEN
        RAISE EXCEPTION 'account %: its points could not be spent', p_account USING ERRCODE = 'data_corrupted';
    END IF;
    o_balance := o_balance - p_points;
    INSERT INTO rewards_redemption (shop_id, id, public_id, account_id, reward_id, connection_id, state, name, terms,
        points, value, posted, postings, request_key, code, expires_at, due_at, actor, created_at, issued_at,
        platform_id, closing, attempts, lease, error)
    VALUES (p_shop, o_redemption, p_public_id, p_account, p_reward, p_connection, p_state, p_name, p_terms,
        p_points, p_value, p_points, CASE WHEN p_points > 0 THEN 1 ELSE 0 END, p_key, o_code, p_expires,
        CASE WHEN p_state = 'reserved' THEN p_at END, p_actor, p_at, CASE WHEN p_state = 'issued' THEN p_at END,
        '', '', 0, 0, '');
    INSERT INTO rewards_redemptionstep (shop_id, redemption_id, what, detail, answer, actor, at)
    SELECT p_shop, o_redemption, s.what, s.detail, '', p_actor, p_at
    FROM (VALUES ('reserved', p_reason), ('issued', '')) AS s (what, detail)
    WHERE s.what = 'reserved' OR p_state = 'issued';
    IF p_pool THEN
        UPDATE rewards_poolcode p SET redemption_id = o_redemption WHERE p.shop_id = p_shop AND p.id = pooled.id;
    END IF;
    o_outcome := 'made';
END $$
"""
BACKWARD = "DROP FUNCTION rewards_reserve"


class Migration(migrations.Migration):
    dependencies = [("rewards", "0002_tenant_keys"), ("loyalty", "0020_spend")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
