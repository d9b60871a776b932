"""Accounts and lots are updated in place: leave room on their pages."""

from django.db import migrations

FORWARD = [
    "ALTER TABLE loyalty_account SET (fillfactor = 80)",
    "ALTER TABLE loyalty_lot SET (fillfactor = 90)",
]
BACKWARD = ["ALTER TABLE loyalty_account RESET (fillfactor)", "ALTER TABLE loyalty_lot RESET (fillfactor)"]


class Migration(migrations.Migration):
    dependencies = [("loyalty", "0005_entry_seal")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
