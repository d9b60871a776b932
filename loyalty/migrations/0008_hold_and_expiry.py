"""Points on hold, and points that expire."""

import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models

import lib.clock
import lib.tenancy


class Migration(migrations.Migration):
    dependencies = [
        ("loyalty", "0007_draft_document"),
    ]
    operations = [
        migrations.AddField(
            model_name="account",
            name="active_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="award",
            name="expires_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="award",
            name="idle_months",
            field=models.SmallIntegerField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="award",
            name="pending",
            field=models.BigIntegerField(db_default=0, default=0),
        ),
        migrations.AddField(
            model_name="award",
            name="release_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="lot",
            name="award",
            field=lib.tenancy.TenantKey(
                db_constraint=False,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="lots",
                to="loyalty.award",
            ),
        ),
        migrations.AddField(
            model_name="lot",
            name="idle_months",
            field=models.SmallIntegerField(blank=True, null=True),
        ),
        migrations.AddIndex(
            model_name="award",
            index=models.Index(
                models.F("release_at"),
                models.F("id"),
                condition=models.Q(("pending__gt", 0)),
                name="award_on_hold",
            ),
        ),
        migrations.AddIndex(
            model_name="lot",
            index=models.Index(
                models.F("expires_at"),
                models.F("id"),
                condition=models.Q(("remaining__gt", 0), ("expires_at__isnull", False)),
                name="lot_expiring",
            ),
        ),
        migrations.AddConstraint(
            model_name="award",
            constraint=models.CheckConstraint(
                condition=models.Q(("pending__gte", 0)), name="award_pending_not_negative"
            ),
        ),
    ]
