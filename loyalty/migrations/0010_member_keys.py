"""Rows are known by (shop_id, id); a key between two rows of a shop is composite."""

from django.db import migrations

TABLES = [
    "loyalty_activity",
    "loyalty_progress",
    "loyalty_standing",
    "loyalty_tierspan",
    "loyalty_tierpin",
]

# (table, name, column, referenced table)
KEYS = [
    ("loyalty_lot", "lot_award", "award_id", "loyalty_award"),
    ("loyalty_activity", "activity_account", "account_id", "loyalty_account"),
    ("loyalty_progress", "progress_account", "account_id", "loyalty_account"),
    ("loyalty_progress", "progress_award", "award_id", "loyalty_award"),
    ("loyalty_standing", "standing_account", "account_id", "loyalty_account"),
    ("loyalty_standing", "standing_version", "version_id", "loyalty_programversion"),
    ("loyalty_tierspan", "tier_span_account", "account_id", "loyalty_account"),
    ("loyalty_tierspan", "tier_span_version", "version_id", "loyalty_programversion"),
    ("loyalty_tierpin", "tier_pin_account", "account_id", "loyalty_account"),
]

FORWARD = [
    *(f"ALTER TABLE {table} DROP CONSTRAINT {table}_pkey, ADD PRIMARY KEY (shop_id, id)" for table in TABLES),
    *(
        f"ALTER TABLE {table} ADD CONSTRAINT {name} FOREIGN KEY (shop_id, {column}) REFERENCES {to} (shop_id, id)"
        for table, name, column, to in KEYS
    ),
]
BACKWARD = [
    *(f"ALTER TABLE {table} DROP CONSTRAINT {name}" for table, name, _, _ in KEYS),
    *(f"ALTER TABLE {table} DROP CONSTRAINT {table}_pkey, ADD PRIMARY KEY (id)" for table in TABLES),
]


class Migration(migrations.Migration):
    dependencies = [("loyalty", "0009_members")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
