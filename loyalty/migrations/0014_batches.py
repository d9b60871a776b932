"""Files of points: batches and their rows."""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models

import lib.clock
import lib.tenancy


class Migration(migrations.Migration):
    dependencies = [
        ("loyalty", "0013_books"),
        ("shops", "0003_customer_facts"),
    ]

    operations = [
        migrations.CreateModel(
            name="Batch",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[("adjust", "Adjustment"), ("import", "Import of balances")], max_length=8
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("checked", "Checked"),
                            ("applying", "Being applied"),
                            ("done", "Applied"),
                            ("undoing", "Being undone"),
                            ("undone", "Undone"),
                        ],
                        default="checked",
                        max_length=8,
                    ),
                ),
                ("format", models.CharField(max_length=16)),
                ("file_name", models.CharField(blank=True, default="", max_length=255)),
                ("digest", models.BinaryField(max_length=32)),
                ("notices", models.JSONField(default=list)),
                ("totals", models.JSONField(default=dict)),
                ("actor", models.CharField(max_length=320)),
                (
                    "created_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), default=lib.clock.now
                    ),
                ),
                ("applied_by", models.CharField(blank=True, default="", max_length=320)),
                ("applied_at", models.DateTimeField(null=True)),
                ("finished_at", models.DateTimeField(null=True)),
                ("undone_by", models.CharField(blank=True, default="", max_length=320)),
                ("undone_at", models.DateTimeField(null=True)),
                (
                    "shop",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="batches",
                        to="shops.shop",
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "batches",
            },
        ),
        migrations.CreateModel(
            name="BatchRow",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("line", models.IntegerField()),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("bad", "Not usable"),
                            ("waiting", "Ready"),
                            ("unclaimed", "Waits for the member"),
                            ("done", "Done"),
                            ("failed", "Failed"),
                            ("undone", "Undone"),
                        ],
                        max_length=9,
                    ),
                ),
                ("email", models.CharField(blank=True, default="", max_length=320)),
                ("external_id", models.CharField(blank=True, default="", max_length=255)),
                ("points", models.BigIntegerField(default=0)),
                ("reason", models.CharField(blank=True, default="", max_length=500)),
                ("reference", models.CharField(blank=True, default="", max_length=255)),
                ("expires_on", models.DateField(null=True)),
                ("earned_on", models.DateField(null=True)),
                ("birth_month", models.SmallIntegerField(null=True)),
                ("birth_day", models.SmallIntegerField(null=True)),
                ("joined_at", models.DateTimeField(null=True)),
                ("problem", models.TextField(blank=True, default="")),
                ("note", models.TextField(blank=True, default="")),
                ("moved", models.BigIntegerField(db_default=0, default=0)),
                ("undone", models.BigIntegerField(db_default=0, default=0)),
                (
                    "batch",
                    lib.tenancy.TenantKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="rows",
                        to="loyalty.batch",
                    ),
                ),
                (
                    "customer",
                    lib.tenancy.TenantKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="batch_rows",
                        to="shops.customer",
                    ),
                ),
                (
                    "entry",
                    lib.tenancy.TenantKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="batch_rows",
                        to="loyalty.entry",
                    ),
                ),
                (
                    "shop",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="batch_rows",
                        to="shops.shop",
                    ),
                ),
            ],
        ),
        migrations.AddIndex(
            model_name="batch",
            index=models.Index(models.F("shop"), models.F("digest"), name="batch_by_digest"),
        ),
        migrations.AddIndex(
            model_name="batch",
            index=models.Index(
                models.F("id"),
                condition=models.Q(("state__in", ["applying", "undoing"])),
                name="batch_under_way",
            ),
        ),
        migrations.AddIndex(
            model_name="batchrow",
            index=models.Index(
                models.F("shop"),
                models.F("batch"),
                models.F("line"),
                condition=models.Q(("state", "waiting")),
                name="batch_row_waiting",
            ),
        ),
        migrations.AddIndex(
            model_name="batchrow",
            index=models.Index(
                models.F("shop"),
                models.F("email"),
                condition=models.Q(("state", "unclaimed")),
                name="batch_row_unclaimed",
            ),
        ),
        migrations.AddConstraint(
            model_name="batchrow",
            constraint=models.UniqueConstraint(fields=("shop", "batch", "line"), name="batch_row_once"),
        ),
        migrations.AddConstraint(
            model_name="batchrow",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state", "done"), models.Q(("reference", ""), _negated=True)),
                fields=("shop", "reference"),
                name="batch_row_reference_once",
            ),
        ),
    ]
