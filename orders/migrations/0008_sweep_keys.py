"""Rows are known by (shop_id, id); a key between two rows of a shop is composite."""

from django.db import migrations

TABLES = [
    "orders_fetch",
    "orders_sweep",
]

# (table, name, column, referenced table)
KEYS = [
    ("orders_fetch", "fetch_connection", "connection_id", "shops_connection"),
    ("orders_sweep", "sweep_connection", "connection_id", "shops_connection"),
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
    dependencies = [("orders", "0007_sweeps")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
