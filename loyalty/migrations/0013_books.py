"""Warnings of points that expire, and closed periods, which the database refuses to change."""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models

import lib.clock
import lib.tenancy

FORWARD = [
    "ALTER TABLE loyalty_expirywarning DROP CONSTRAINT loyalty_expirywarning_pkey, ADD PRIMARY KEY (shop_id, id)",
    "ALTER TABLE loyalty_periodclose DROP CONSTRAINT loyalty_periodclose_pkey, ADD PRIMARY KEY (shop_id, id)",
    """
    ALTER TABLE loyalty_expirywarning ADD CONSTRAINT expiry_warning_account
    FOREIGN KEY (shop_id, account_id) REFERENCES loyalty_account (shop_id, id)
    """,
    """
    CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON loyalty_periodclose
    FOR EACH STATEMENT EXECUTE FUNCTION loyalty_refuse_change()
    """,
    "ALTER TABLE loyalty_periodclose ENABLE ALWAYS TRIGGER append_only",
]
BACKWARD = [
    "DROP TRIGGER append_only ON loyalty_periodclose",
    "ALTER TABLE loyalty_expirywarning DROP CONSTRAINT expiry_warning_account",
    "ALTER TABLE loyalty_expirywarning DROP CONSTRAINT loyalty_expirywarning_pkey, ADD PRIMARY KEY (id)",
    "ALTER TABLE loyalty_periodclose DROP CONSTRAINT loyalty_periodclose_pkey, ADD PRIMARY KEY (id)",
]


class Migration(migrations.Migration):
    dependencies = [
        ("loyalty", "0012_lot_indexes"),
        ("shops", "0003_customer_facts"),
    ]
    run_before = [("loyalty", "0014_batches")]
    operations = [
        migrations.CreateModel(
            name="ExpiryWarning",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("expires_on", models.DateField()),
                ("days", models.SmallIntegerField()),
                ("points", models.BigIntegerField()),
                ("due_at", models.DateTimeField()),
                (
                    "created_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), default=lib.clock.now
                    ),
                ),
                ("sent_at", models.DateTimeField(blank=True, null=True)),
                (
                    "account",
                    lib.tenancy.TenantKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="expiry_warnings",
                        to="loyalty.account",
                    ),
                ),
                (
                    "shop",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="expiry_warnings",
                        to="shops.shop",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        models.F("due_at"),
                        models.F("id"),
                        condition=models.Q(("sent_at__isnull", True)),
                        name="expiry_warning_unsent",
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("shop", "account", "expires_on", "days"), name="expiry_warning_once"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="PeriodClose",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("month", models.DateField()),
                ("closed_at", models.DateTimeField()),
                ("closed_by", models.CharField(max_length=320)),
                ("timezone", models.CharField(max_length=64)),
                ("currency", models.CharField(max_length=3)),
                ("point_value", models.DecimalField(decimal_places=8, max_digits=20)),
                ("entries", models.BigIntegerField()),
                ("points", models.JSONField()),
                ("value", models.JSONField()),
                ("digest", models.BinaryField(max_length=32)),
                (
                    "shop",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="period_closes",
                        to="shops.shop",
                    ),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("shop", "month"), name="period_closed_once")],
            },
        ),
        migrations.RunSQL(FORWARD, BACKWARD),
    ]
