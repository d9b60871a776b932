"""Lots know their award; what moves their expiry on is found without looking at the others."""

from django.db import migrations

FORWARD = [
    """
    UPDATE loyalty_lot l SET award_id = e.award_id FROM loyalty_entry e
    WHERE e.shop_id = l.shop_id AND e.id = l.entry_id AND e.award_id IS NOT NULL AND l.award_id IS NULL
    """,
    # The end of the day so many months after an instant, on the shop's clock; the first of a midnight that comes twice.
    """
    CREATE FUNCTION loyalty_idle_until(instant timestamptz, months int, zone text)
    RETURNS timestamptz LANGUAGE sql STABLE PARALLEL SAFE AS $$
        SELECT CASE
            WHEN (m.local AT TIME ZONE zone - interval '1 hour') AT TIME ZONE zone = m.local
            THEN m.local AT TIME ZONE zone - interval '1 hour' ELSE m.local AT TIME ZONE zone END
        FROM (SELECT date_trunc('day', instant AT TIME ZONE zone) + make_interval(months => months)
            + interval '1 day' AS local) m
    $$
    """,
]
BACKWARD = ["DROP FUNCTION loyalty_idle_until"]


class Migration(migrations.Migration):
    dependencies = [("loyalty", "0010_member_keys")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
