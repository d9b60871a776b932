"""Rows are known by (shop_id, id); a key between two rows of a shop is composite."""

from django.db import migrations

TABLES = ["loyalty_batch", "loyalty_batchrow"]

# (table, name, column, referenced table)
KEYS = [
    ("loyalty_batchrow", "batch_row_batch", "batch_id", "loyalty_batch"),
    ("loyalty_batchrow", "batch_row_customer", "customer_id", "shops_customer"),
    ("loyalty_batchrow", "batch_row_entry", "entry_id", "loyalty_entry"),
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
    dependencies = [("loyalty", "0014_batches")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
