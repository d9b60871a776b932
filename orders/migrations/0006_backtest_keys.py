"""Rows are known by (shop_id, id); a key between two rows of a shop is composite."""

from django.db import migrations

FORWARD = [
    "ALTER TABLE orders_backtest DROP CONSTRAINT orders_backtest_pkey, ADD PRIMARY KEY (shop_id, id)",
    """ALTER TABLE orders_backtest ADD CONSTRAINT backtest_version
       FOREIGN KEY (shop_id, base_version_id) REFERENCES loyalty_programversion (shop_id, id)""",
]
BACKWARD = [
    "ALTER TABLE orders_backtest DROP CONSTRAINT backtest_version",
    "ALTER TABLE orders_backtest DROP CONSTRAINT orders_backtest_pkey, ADD PRIMARY KEY (id)",
]


class Migration(migrations.Migration):
    dependencies = [("orders", "0005_backtest"), ("loyalty", "0010_member_keys")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
