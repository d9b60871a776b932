"""The statements of `loyalty.actions.awards`."""

COLUMNS = """
    a.source, a.id, a.shop_id, a.account_id, a.posted, a.shortfall, a.postings, jsonb_array_length(a.earlier),
    a.target, a.program_version_id, a.pending, a.release_at, a.expires_at, a.idle_months, a.breakdown
"""
OPEN = f"""
    SELECT {COLUMNS}, CASE WHEN a.source LIKE 'tier:%%' THEN 'unused' ELSE
        coalesce(v.document ->> 'deficit', 'carry') END
    FROM loyalty_award a
    JOIN loyalty_account c ON c.shop_id = a.shop_id AND c.id = a.account_id
    JOIN loyalty_programversion v ON v.shop_id = a.shop_id AND v.id = a.program_version_id
    WHERE a.target <> a.posted - a.shortfall AND c.frozen_at IS NULL
        AND (%(shop)s::bigint IS NULL OR a.shop_id = %(shop)s)
    ORDER BY a.id FOR NO KEY UPDATE OF a
"""
ACCOUNTS = """
    SELECT a.shop_id, a.customer_id, a.id
    FROM json_to_recordset(%(rows)s) AS r(shop_id bigint, customer_id bigint)
    JOIN loyalty_account a ON a.shop_id = r.shop_id AND a.customer_id = r.customer_id
"""
OPEN_ACCOUNTS = """
    INSERT INTO loyalty_account (shop_id, customer_id)
    SELECT r.shop_id, r.customer_id FROM json_to_recordset(%(rows)s) AS r(shop_id bigint, customer_id bigint)
    ON CONFLICT (shop_id, customer_id) DO NOTHING
"""
AWARDS = f"""
    SELECT {COLUMNS}
    FROM json_to_recordset(%(rows)s) AS r(shop_id bigint, source text)
    JOIN loyalty_award a ON a.shop_id = r.shop_id AND a.source = r.source
    ORDER BY a.id FOR NO KEY UPDATE OF a
"""
ENTRIES = """
    SELECT e.shop_id, e.reference, e.id
    FROM json_to_recordset(%(rows)s) AS r(shop_id bigint, reference text)
    JOIN loyalty_entry e ON e.shop_id = r.shop_id AND e.reference = r.reference
"""
INSERT_AWARDS = """
    INSERT INTO loyalty_award (shop_id, id, account_id, source, program_version_id, target, posted, pending, postings,
        release_at, expires_at, idle_months, breakdown)
    SELECT r.shop_id, r.id, r.account_id, r.source, r.version_id, r.target, r.target, r.pending, r.postings,
        r.release_at, r.expires_at, r.idle_months, r.breakdown
    FROM json_to_recordset(%(rows)s) AS r(shop_id bigint, id bigint, account_id bigint, source text,
        version_id bigint, target bigint, pending bigint, postings smallint, release_at timestamptz,
        expires_at timestamptz, idle_months smallint, breakdown jsonb)
"""
UPDATE_AWARDS = """
    UPDATE loyalty_award a SET program_version_id = r.version_id, target = r.target,
        posted = r.posted, pending = r.pending, shortfall = r.shortfall, postings = r.postings,
        release_at = r.release_at, expires_at = r.expires_at, idle_months = r.idle_months, breakdown = r.breakdown,
        earlier = CASE WHEN r.changed THEN a.earlier || jsonb_build_array(a.breakdown) ELSE a.earlier END
    FROM json_to_recordset(%(rows)s) AS r(shop_id bigint, id bigint, version_id bigint, target bigint, posted bigint,
        pending bigint, shortfall bigint, postings smallint, release_at timestamptz, expires_at timestamptz,
        idle_months smallint, changed boolean, breakdown jsonb)
    WHERE a.shop_id = r.shop_id AND a.id = r.id
"""
