"""What is told of the ledger: members warned of points that expire, and accounting periods that are closed."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django_scopes import ScopedManager

from lib.clock import now
from lib.tenancy import TenantKey
from loyalty.models.ledger import Account
from shops.models import Shop


class ExpiryWarning(models.Model):
    """A warning that is due: `points` of a member can be spent through the day `expires_on`, `days` from `due_at`.

    While `sent_at` is empty, `points` follow what is left.
    """

    shop = models.ForeignKey(
        Shop, models.PROTECT, related_name="expiry_warnings", db_index=False, db_constraint=False
    )
    account = TenantKey(Account, related_name="expiry_warnings")
    expires_on = models.DateField()
    days = models.SmallIntegerField()
    points = models.BigIntegerField()
    due_at = models.DateTimeField()
    created_at = models.DateTimeField(default=now, db_default=Now())
    sent_at = models.DateTimeField(null=True, blank=True)

    objects = ScopedManager(shop="shop")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["shop", "account", "expires_on", "days"], name="expiry_warning_once"
            )
        ]
        indexes: ClassVar = [
            models.Index("due_at", "id", condition=Q(sent_at__isnull=True), name="expiry_warning_unsent")
        ]

    def __str__(self) -> str:
        return f"{self.points} until {self.expires_on}"


class PeriodClose(models.Model):
    """A month of the journal that is closed: the database refuses to change or delete this.

    `month` is its first day, on a clock of `timezone`. What was written into the ledger after `closed_at` belongs to a
    later month. `digest` is the SHA-256 of the month's export; `points` and `value` are its totals by account of the
    journal.
    """

    shop = models.ForeignKey(Shop, models.PROTECT, related_name="period_closes", db_index=False)
    month = models.DateField()
    closed_at = models.DateTimeField()
    closed_by = models.CharField(max_length=320)
    timezone = models.CharField(max_length=64)
    currency = models.CharField(max_length=3)
    point_value = models.DecimalField(max_digits=20, decimal_places=8)
    entries = models.BigIntegerField()
    points = models.JSONField()
    value = models.JSONField()
    digest = models.BinaryField(max_length=32)

    objects = ScopedManager(shop="shop")

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["shop", "month"], name="period_closed_once")]

    def __str__(self) -> str:
        return f"{self.month:%Y-%m}"
