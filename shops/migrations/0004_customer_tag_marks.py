"""The latest word on each of a customer's tags; the tags that are known count as told in full when they were told."""

from django.db import migrations, models

FORWARD = """
    UPDATE shops_customer c SET tag_marks = jsonb_build_object('', jsonb_build_array(told.micros, false, '')) || (
        SELECT jsonb_object_agg(lower(btrim(tag)), jsonb_build_array(told.micros, true, tag)) FROM unnest(c.tags) AS tag
    )
    FROM (SELECT id, shop_id, floor(extract(epoch FROM as_of) * 1000000)::bigint AS micros FROM shops_customer) AS told
    WHERE told.shop_id = c.shop_id AND told.id = c.id AND c.tags <> '{}'
"""


class Migration(migrations.Migration):
    dependencies = [
        ("shops", "0003_customer_facts"),
    ]

    operations = [
        migrations.AddField(
            model_name="customer",
            name="tag_marks",
            field=models.JSONField(db_default={}, default=dict),
        ),
        migrations.RunSQL(FORWARD, migrations.RunSQL.noop),
    ]
