"""Rows are known by (shop_id, id); a key between two rows of a shop is composite."""

from django.db import migrations

TABLES = [
    "loyalty_program",
    "loyalty_earningrule",
    "loyalty_programversion",
    "loyalty_account",
    "loyalty_award",
    "loyalty_entry",
    "loyalty_lot",
    "loyalty_lotuse",
]

# (table, name, column, referenced table)
KEYS = [
    ("loyalty_earningrule", "rule_program", "program_id", "loyalty_program"),
    ("loyalty_account", "account_customer", "customer_id", "shops_customer"),
    ("loyalty_award", "award_account", "account_id", "loyalty_account"),
    ("loyalty_award", "award_version", "program_version_id", "loyalty_programversion"),
    ("loyalty_entry", "entry_account", "account_id", "loyalty_account"),
    ("loyalty_entry", "entry_award", "award_id", "loyalty_award"),
    ("loyalty_entry", "entry_reverses", "reverses_id", "loyalty_entry"),
    ("loyalty_lot", "lot_account", "account_id", "loyalty_account"),
    ("loyalty_lot", "lot_entry", "entry_id", "loyalty_entry"),
    ("loyalty_lotuse", "lot_use_entry", "entry_id", "loyalty_entry"),
    ("loyalty_lotuse", "lot_use_lot", "lot_id", "loyalty_lot"),
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
    dependencies = [("loyalty", "0002_initial"), ("shops", "0002_tenant_keys")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
