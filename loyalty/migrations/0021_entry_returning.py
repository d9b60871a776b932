"""Find what has come back of a spending, without looking at the member's other entries."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("loyalty", "0020_spend")]
    operations = [
        AddIndexConcurrently(
            "entry",
            models.Index("shop", "reverses", condition=models.Q(kind="return"), name="entry_returning"),
        )
    ]
