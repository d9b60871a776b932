"""Find the tiers that members reached and that give a reward; empty where no tier does."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("loyalty", "0021_entry_returning")]
    operations = [
        AddIndexConcurrently(
            model_name="tierspan",
            index=models.Index(
                "since",
                "id",
                condition=models.Q(("details__has_key", "reward")),
                name="tier_span_rewarded",
            ),
        ),
    ]
