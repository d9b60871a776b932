"""Rows are known by (shop_id, id); a key between two rows of a shop is composite."""

from django.db import migrations

TABLES = ["shops_staff", "shops_connection", "shops_apikey", "shops_customer"]

FORWARD = [
    *(f"ALTER TABLE {table} DROP CONSTRAINT {table}_pkey, ADD PRIMARY KEY (shop_id, id)" for table in TABLES),
    """ALTER TABLE shops_customer ADD CONSTRAINT customer_connection
       FOREIGN KEY (shop_id, connection_id) REFERENCES shops_connection (shop_id, id)""",
]
BACKWARD = [
    "ALTER TABLE shops_customer DROP CONSTRAINT customer_connection",
    *(f"ALTER TABLE {table} DROP CONSTRAINT {table}_pkey, ADD PRIMARY KEY (id)" for table in TABLES),
]


class Migration(migrations.Migration):
    dependencies = [("shops", "0001_initial")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
