"""The digest of an entry, made by the same function when it is written and when it is verified."""

from django.db import migrations

FORWARD = """
CREATE FUNCTION loyalty_entry_seal(
    shop_id bigint, id bigint, account_id bigint, seq int, kind text, pending_delta bigint, available_delta bigint,
    balance_after bigint, award_id bigint, revision smallint, reverses_id bigint, reference text, reason text,
    actor text, occurred_at timestamptz
) RETURNS bytea LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT substring(sha256(convert_to(concat_ws('|', shop_id, id, account_id, seq, kind, pending_delta,
        available_delta, balance_after, coalesce(award_id, 0), coalesce(revision, -1), coalesce(reverses_id, 0),
        length(reference), reference, length(reason), reason, length(actor), actor,
        extract(epoch FROM occurred_at)), 'UTF8')) FOR 16)
$$
"""
BACKWARD = "DROP FUNCTION loyalty_entry_seal"


class Migration(migrations.Migration):
    dependencies = [("loyalty", "0004_append_only")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
