"""What members do besides ordering, how far they came, and their tiers."""

import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models

import lib.clock
import lib.tenancy


class Migration(migrations.Migration):
    dependencies = [
        ("loyalty", "0008_hold_and_expiry"),
        ("shops", "0003_customer_facts"),
    ]
    operations = [
        migrations.CreateModel(
            name="Activity",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("kind", models.CharField(max_length=20)),
                ("name", models.CharField(blank=True, db_default="", default="", max_length=80)),
                ("reference", models.CharField(max_length=255)),
                ("occurred_at", models.DateTimeField()),
                ("properties", models.JSONField(db_default={}, default=dict)),
                (
                    "tags",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=255), db_default=[], default=list, size=None
                    ),
                ),
                ("digest", models.BinaryField(default=b"", max_length=16)),
                (
                    "created_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), default=lib.clock.now
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "activities",
            },
        ),
        migrations.CreateModel(
            name="Progress",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("counted_at", models.DateTimeField()),
                ("effective_at", models.DateTimeField()),
                ("place", models.CharField(max_length=300)),
                ("number", models.SmallIntegerField(db_default=0, default=0)),
                ("orders", models.SmallIntegerField(db_default=0, default=0)),
                ("spend", models.DecimalField(db_default=0, decimal_places=8, default=0, max_digits=20)),
                ("points", models.BigIntegerField(db_default=0, default=0)),
                ("used", models.JSONField(null=True)),
                ("context", models.JSONField(null=True)),
            ],
            options={
                "verbose_name_plural": "progress",
            },
        ),
        migrations.CreateModel(
            name="Standing",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("tier", models.CharField(blank=True, db_default="", default="", max_length=40)),
                ("since", models.DateTimeField(null=True)),
                ("kept_until", models.DateTimeField(null=True)),
                ("in_grace", models.BooleanField(db_default=False, default=False)),
                ("review_at", models.DateTimeField(null=True)),
                ("review_from", models.DateTimeField(null=True)),
                ("simple", models.BooleanField(db_default=False, default=False)),
                (
                    "updated_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), default=lib.clock.now
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="TierPin",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("tier", models.CharField(max_length=40)),
                ("since", models.DateTimeField()),
                ("until", models.DateTimeField()),
                ("reason", models.CharField(max_length=500)),
                ("actor", models.CharField(max_length=320)),
            ],
        ),
        migrations.CreateModel(
            name="TierSpan",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("number", models.SmallIntegerField()),
                ("tier", models.CharField(blank=True, default="", max_length=40)),
                ("name", models.CharField(blank=True, default="", max_length=80)),
                ("since", models.DateTimeField()),
                ("until", models.DateTimeField(null=True)),
                ("kept_until", models.DateTimeField(null=True)),
                ("reason", models.CharField(max_length=20)),
                ("details", models.JSONField(default=dict)),
            ],
        ),
        migrations.AddField(
            model_name="activity",
            name="account",
            field=lib.tenancy.TenantKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="activities",
                to="loyalty.account",
            ),
        ),
        migrations.AddField(
            model_name="activity",
            name="shop",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="activities",
                to="shops.shop",
            ),
        ),
        migrations.AddField(
            model_name="progress",
            name="account",
            field=lib.tenancy.TenantKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="progress",
                to="loyalty.account",
            ),
        ),
        migrations.AddField(
            model_name="progress",
            name="award",
            field=lib.tenancy.TenantKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="progress",
                to="loyalty.award",
            ),
        ),
        migrations.AddField(
            model_name="progress",
            name="shop",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="progress",
                to="shops.shop",
            ),
        ),
        migrations.AddField(
            model_name="standing",
            name="account",
            field=lib.tenancy.TenantKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="standings",
                to="loyalty.account",
            ),
        ),
        migrations.AddField(
            model_name="standing",
            name="shop",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="standings",
                to="shops.shop",
            ),
        ),
        migrations.AddField(
            model_name="standing",
            name="version",
            field=lib.tenancy.TenantKey(
                db_constraint=False,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="standings",
                to="loyalty.programversion",
            ),
        ),
        migrations.AddField(
            model_name="tierpin",
            name="account",
            field=lib.tenancy.TenantKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="tier_pins",
                to="loyalty.account",
            ),
        ),
        migrations.AddField(
            model_name="tierpin",
            name="shop",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="tier_pins",
                to="shops.shop",
            ),
        ),
        migrations.AddField(
            model_name="tierspan",
            name="account",
            field=lib.tenancy.TenantKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="tier_spans",
                to="loyalty.account",
            ),
        ),
        migrations.AddField(
            model_name="tierspan",
            name="shop",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="tier_spans",
                to="shops.shop",
            ),
        ),
        migrations.AddField(
            model_name="tierspan",
            name="version",
            field=lib.tenancy.TenantKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="tier_spans",
                to="loyalty.programversion",
            ),
        ),
        migrations.AddIndex(
            model_name="activity",
            index=models.Index(
                models.F("shop"), models.F("account"), models.F("occurred_at"), name="activity_by_member"
            ),
        ),
        migrations.AddConstraint(
            model_name="activity",
            constraint=models.UniqueConstraint(fields=("shop", "reference"), name="activity_reference_once"),
        ),
        migrations.AddIndex(
            model_name="progress",
            index=models.Index(
                models.F("shop"), models.F("account"), models.F("counted_at"), name="progress_by_member"
            ),
        ),
        migrations.AddConstraint(
            model_name="progress",
            constraint=models.UniqueConstraint(fields=("shop", "award", "number"), name="progress_once"),
        ),
        migrations.AddIndex(
            model_name="standing",
            index=models.Index(
                models.F("review_at"),
                models.F("id"),
                condition=models.Q(("review_at__isnull", False)),
                name="standing_due",
            ),
        ),
        migrations.AddIndex(
            model_name="standing",
            index=models.Index(models.F("shop"), models.F("tier"), name="standing_by_tier"),
        ),
        migrations.AddConstraint(
            model_name="standing",
            constraint=models.UniqueConstraint(fields=("shop", "account"), name="standing_one_an_account"),
        ),
        migrations.AddIndex(
            model_name="tierpin",
            index=models.Index(models.F("shop"), models.F("account"), name="tier_pin_by_member"),
        ),
        migrations.AddConstraint(
            model_name="tierpin",
            constraint=models.CheckConstraint(
                condition=models.Q(("until__gte", models.F("since"))), name="tier_pin_forward"
            ),
        ),
        migrations.AddConstraint(
            model_name="tierspan",
            constraint=models.UniqueConstraint(fields=("shop", "account", "number"), name="tier_span_once"),
        ),
    ]
