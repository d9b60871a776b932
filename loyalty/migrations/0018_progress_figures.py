"""Add up the progress of a member from an index alone: their rows lie far apart in the table."""

from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("loyalty", "0017_redating")]
    operations = [
        AddIndexConcurrently(
            "progress",
            models.Index(
                fields=["shop", "account", "counted_at"],
                include=["effective_at", "orders", "spend", "points"],
                name="progress_figures",
            ),
        ),
        RemoveIndexConcurrently("progress", "progress_by_member"),
    ]
