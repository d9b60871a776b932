"""What the demo store's platform remembers."""

from typing import ClassVar

from django.db import models


class StoreRecord(models.Model):
    """A record of the played Admin API: its kind and key are those of `demo.shopify_admin.state.KINDS`.

    It belongs to the store's platform, not to any shop of Regulars.
    """

    kind = models.CharField(max_length=32)
    key = models.CharField(max_length=255)
    gid = models.CharField(max_length=255)
    told = models.JSONField()

    objects: ClassVar[models.Manager["StoreRecord"]] = models.Manager()

    class Meta:
        app_label = "demo"  # so that it can be read where the app is not installed
        constraints: ClassVar = [models.UniqueConstraint(fields=["kind", "key"], name="store_record_once")]
        indexes: ClassVar = [models.Index("kind", "gid", name="store_record_by_gid")]

    def __str__(self) -> str:
        return f"{self.kind} {self.key}"
