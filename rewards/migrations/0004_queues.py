"""The queues of redemptions apart: to be driven on, to be settled, and to expire without those that have run out."""

from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("rewards", "0003_reserve")]
    operations = [
        AddIndexConcurrently(
            "redemption",
            models.Index(
                models.F("due_at"),
                models.F("id"),
                condition=models.Q(
                    ("due_at__isnull", False), ("state__in", ["reserved", "issuing", "closing"])
                ),
                name="redemption_driven",
            ),
        ),
        AddIndexConcurrently(
            "redemption",
            models.Index(
                models.F("due_at"),
                models.F("id"),
                condition=models.Q(
                    ("due_at__isnull", False), ("state__in", ["issued", "used", "returned", "failed"])
                ),
                name="redemption_to_settle",
            ),
        ),
        AddIndexConcurrently(
            "redemption",
            models.Index(
                models.F("expires_at"),
                models.F("id"),
                condition=models.Q(("state", "issued"), ("expires_at__isnull", False), ("closing", "")),
                name="redemption_to_expire",
            ),
        ),
        RemoveIndexConcurrently("redemption", "redemption_due"),
        RemoveIndexConcurrently("redemption", "redemption_expiring"),
    ]
