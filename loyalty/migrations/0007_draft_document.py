"""The draft of a program is a document like that of a version, not a row for each rule."""

from django.db import migrations, models

FILL = """
UPDATE loyalty_program p SET draft = jsonb_build_object(
    'currency', s.currency,
    'points_name', p.points_name,
    'rounding', p.rounding,
    'deficit', p.deficit,
    'award_guests_later', p.award_guests_later,
    'basis', jsonb_build_object('include_tax', p.include_tax, 'include_shipping', p.include_shipping,
        'include_gift_cards', p.include_gift_cards),
    'exclusions', p.exclusions,
    'rules', coalesce((
        SELECT jsonb_agg(jsonb_build_object('kind', r.kind, 'key', r.key, 'name', r.name, 'active', r.active,
            'points', trim_scale(r.points)::text, 'per', trim_scale(r.per)::text) ORDER BY r.position, r.id)
        FROM loyalty_earningrule r WHERE r.shop_id = p.shop_id AND r.program_id = p.id
    ), '[]')
)
FROM shops_shop s WHERE s.id = p.shop_id
"""


class Migration(migrations.Migration):
    dependencies = [
        ("loyalty", "0006_storage"),
    ]
    operations = [
        migrations.AddField(
            model_name="program",
            name="draft",
            field=models.JSONField(default=dict),
        ),
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
        migrations.RemoveField(
            model_name="earningrule",
            name="program",
        ),
        migrations.RemoveField(
            model_name="earningrule",
            name="shop",
        ),
        migrations.RemoveField(
            model_name="program",
            name="award_guests_later",
        ),
        migrations.RemoveField(
            model_name="program",
            name="deficit",
        ),
        migrations.RemoveField(
            model_name="program",
            name="exclusions",
        ),
        migrations.RemoveField(
            model_name="program",
            name="include_gift_cards",
        ),
        migrations.RemoveField(
            model_name="program",
            name="include_shipping",
        ),
        migrations.RemoveField(
            model_name="program",
            name="include_tax",
        ),
        migrations.RemoveField(
            model_name="program",
            name="points_name",
        ),
        migrations.RemoveField(
            model_name="program",
            name="rounding",
        ),
        migrations.DeleteModel(
            name="EarningRule",
        ),
    ]
