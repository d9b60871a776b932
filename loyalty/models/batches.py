"""Points moved by a file: the batch, and what became of each of its rows."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _
from django_scopes import ScopedManager

from lib.clock import now
from lib.tenancy import TenantKey
from loyalty.models.ledger import Entry
from shops.models import Customer, Shop


class Batch(models.Model):
    """A file of points: checked, then perhaps applied, then perhaps undone. `digest` is the file's SHA-256.

    `totals` are the figures of the check, `notices` what is to be said of the file's columns.
    """

    class Kind(models.TextChoices):
        ADJUST = "adjust", _("Adjustment")
        IMPORT = "import", _("Import of balances")

    class State(models.TextChoices):
        CHECKED = "checked", _("Checked")
        APPLYING = "applying", _("Being applied")
        DONE = "done", _("Applied")
        UNDOING = "undoing", _("Being undone")
        UNDONE = "undone", _("Undone")

    shop = models.ForeignKey(Shop, models.PROTECT, related_name="batches", db_index=False)
    kind = models.CharField(max_length=8, choices=Kind.choices)
    state = models.CharField(max_length=8, choices=State.choices, default=State.CHECKED)
    format = models.CharField(max_length=16)
    file_name = models.CharField(max_length=255, default="", blank=True)
    digest = models.BinaryField(max_length=32)
    notices = models.JSONField(default=list)
    totals = models.JSONField(default=dict)
    actor = models.CharField(max_length=320)
    created_at = models.DateTimeField(default=now, db_default=Now())
    applied_by = models.CharField(max_length=320, default="", blank=True)
    applied_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    undone_by = models.CharField(max_length=320, default="", blank=True)
    undone_at = models.DateTimeField(null=True)

    objects = ScopedManager(shop="shop")

    class Meta:
        verbose_name_plural = "batches"
        indexes: ClassVar = [
            models.Index("shop", "digest", name="batch_by_digest"),
            models.Index("id", condition=Q(state__in=["applying", "undoing"]), name="batch_under_way"),
        ]

    def __str__(self) -> str:
        return self.file_name or f"Batch {self.pk}"


class BatchRow(models.Model):
    """One row of a file. `line` counts from 1, the header included; `points` is what it asks for.

    `moved` is what it moved when it was applied, `undone` what undoing it moved back (with the opposite sign).
    `reference` is the merchant's own name for the row: one that was applied is not applied again.
    """

    class State(models.TextChoices):
        BAD = "bad", _("Not usable")
        WAITING = "waiting", _("Ready")
        UNCLAIMED = "unclaimed", _("Waits for the member")
        DONE = "done", _("Done")
        FAILED = "failed", _("Failed")
        UNDONE = "undone", _("Undone")

    shop = models.ForeignKey(
        Shop, models.PROTECT, related_name="batch_rows", db_index=False, db_constraint=False
    )
    batch = TenantKey(Batch, related_name="rows")
    line = models.IntegerField()
    state = models.CharField(max_length=9, choices=State.choices)
    email = models.CharField(max_length=320, default="", blank=True)
    external_id = models.CharField(max_length=255, default="", blank=True)
    customer = TenantKey(Customer, null=True, related_name="batch_rows")
    points = models.BigIntegerField(default=0)
    reason = models.CharField(max_length=500, default="", blank=True)
    reference = models.CharField(max_length=255, default="", blank=True)
    expires_on = models.DateField(null=True)
    earned_on = models.DateField(null=True)
    birth_month = models.SmallIntegerField(null=True)
    birth_day = models.SmallIntegerField(null=True)
    joined_at = models.DateTimeField(null=True)
    problem = models.TextField(default="", blank=True)
    note = models.TextField(default="", blank=True)
    entry = TenantKey(Entry, null=True, related_name="batch_rows")
    moved = models.BigIntegerField(default=0, db_default=0)
    undone = models.BigIntegerField(default=0, db_default=0)

    objects = ScopedManager(shop="shop")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["shop", "batch", "line"], name="batch_row_once"),
            models.UniqueConstraint(
                fields=["shop", "reference"],
                condition=Q(state="done") & ~Q(reference=""),
                name="batch_row_reference_once",
            ),
        ]
        indexes: ClassVar = [
            models.Index("shop", "batch", "line", condition=Q(state="waiting"), name="batch_row_waiting"),
            models.Index("shop", "email", condition=Q(state="unclaimed"), name="batch_row_unclaimed"),
        ]

    def __str__(self) -> str:
        return f"Line {self.line}"
