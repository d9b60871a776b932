"""Rows are known by (shop_id, id); a key between two rows of a shop is composite."""

from django.db import migrations

FORWARD = [
    "ALTER TABLE orders_delivery DROP CONSTRAINT orders_delivery_pkey, ADD PRIMARY KEY (shop_id, id)",
    "ALTER TABLE orders_order DROP CONSTRAINT orders_order_pkey, ADD PRIMARY KEY (shop_id, id)",
    """ALTER TABLE orders_delivery ADD CONSTRAINT delivery_connection
       FOREIGN KEY (shop_id, connection_id) REFERENCES shops_connection (shop_id, id)""",
    """ALTER TABLE orders_order ADD CONSTRAINT order_connection
       FOREIGN KEY (shop_id, connection_id) REFERENCES shops_connection (shop_id, id)""",
    """ALTER TABLE orders_order ADD CONSTRAINT order_customer
       FOREIGN KEY (shop_id, customer_id) REFERENCES shops_customer (shop_id, id)""",
    # Compressed already: PostgreSQL should not try again.
    "ALTER TABLE orders_delivery ALTER COLUMN body SET STORAGE EXTERNAL",
]
BACKWARD = [
    "ALTER TABLE orders_delivery ALTER COLUMN body SET STORAGE EXTENDED",
    "ALTER TABLE orders_order DROP CONSTRAINT order_customer, DROP CONSTRAINT order_connection",
    "ALTER TABLE orders_delivery DROP CONSTRAINT delivery_connection",
    "ALTER TABLE orders_order DROP CONSTRAINT orders_order_pkey, ADD PRIMARY KEY (id)",
    "ALTER TABLE orders_delivery DROP CONSTRAINT orders_delivery_pkey, ADD PRIMARY KEY (id)",
]


class Migration(migrations.Migration):
    dependencies = [("orders", "0002_initial"), ("shops", "0002_tenant_keys")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
