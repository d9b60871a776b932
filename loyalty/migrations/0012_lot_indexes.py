"""Find lots whose expiry moves, and lots of an award that expire; both are empty where nothing expires."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("loyalty", "0011_lot_awards")]
    operations = [
        AddIndexConcurrently(
            model_name="lot",
            index=models.Index(
                "shop",
                "account",
                condition=models.Q(("remaining__gt", 0), ("idle_months__isnull", False)),
                name="lot_sliding",
            ),
        ),
        AddIndexConcurrently(
            model_name="lot",
            index=models.Index(
                "shop",
                "award",
                condition=models.Q(("expires_at__isnull", False)),
                name="lot_of_award_expiring",
            ),
        ),
    ]
