"""Rows are known by (shop_id, id); a key between two rows of a shop is composite."""

from django.db import migrations

TABLES = [
    "shops_storeaccess",
    "shops_privacyrequest",
]

# (table, name, column, referenced table)
KEYS = [
    ("shops_storeaccess", "store_access_connection", "connection_id", "shops_connection"),
    ("shops_privacyrequest", "privacy_request_connection", "connection_id", "shops_connection"),
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
    dependencies = [("shops", "0005_store_access")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
