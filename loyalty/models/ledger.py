"""The points ledger. Written by `loyalty.ledger` and `loyalty.actions.awards` alone."""

from typing import ClassVar

from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _
from django_scopes import ScopedManager

from lib.clock import now
from lib.tenancy import TenantKey
from loyalty.models.programs import ProgramVersion
from shops.models import Customer, Shop


class Account(models.Model):
    """A member's points. `balance` (below zero: a deficit) and `pending` are projections of the entries.

    `lifetime_earned` is net of what returns took back; `seq` is the number of the newest entry. A frozen
    account takes credits and refuses debits. `active_at` is the newest earning or spending.
    """

    shop = models.ForeignKey(Shop, models.PROTECT, related_name="accounts", db_index=False)
    customer = TenantKey(Customer, related_name="accounts")
    balance = models.BigIntegerField(default=0, db_default=0)
    pending = models.BigIntegerField(default=0, db_default=0)
    lifetime_earned = models.BigIntegerField(default=0, db_default=0)
    lifetime_spent = models.BigIntegerField(default=0, db_default=0)
    seq = models.IntegerField(default=0, db_default=0)
    created_at = models.DateTimeField(default=now, db_default=Now())
    active_at = models.DateTimeField(null=True, blank=True)
    frozen_at = models.DateTimeField(null=True, blank=True)
    frozen_reason = models.CharField(max_length=255, default="", db_default="", blank=True)

    objects = ScopedManager(shop="shop")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["shop", "customer"], name="account_one_a_customer")
        ]

    def __str__(self) -> str:
        return f"Account {self.pk}"


class Award(models.Model):
    """What one source earns one member: an order ("order:<id>"), an activity ("activity:<id>") or a tier's entry
    reward ("tier:<account>:<key>:<n>"). An order that changed hands has one for each owner.

    `posted` is the sum of its `postings` entries, `pending` the part of it that is on hold until `release_at`. What
    is released expires at `expires_at`, or so many months after the member's last activity (`idle_months`).

    `shortfall` is what a clamped clawback could not take. `breakdown` explains `target`; `earlier` holds the
    former breakdowns, the oldest first, so that entry `revision` n was explained by `(earlier + [breakdown])[n]`.
    """

    shop = models.ForeignKey(Shop, models.PROTECT, related_name="awards", db_index=False)
    account = TenantKey(Account, related_name="awards")
    source = models.CharField(max_length=64)
    program_version = TenantKey(ProgramVersion, related_name="awards")
    target = models.BigIntegerField()
    posted = models.BigIntegerField()
    shortfall = models.BigIntegerField(default=0, db_default=0)
    postings = models.SmallIntegerField(default=0, db_default=0)
    pending = models.BigIntegerField(default=0, db_default=0)
    release_at = models.DateTimeField(null=True, blank=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    idle_months = models.SmallIntegerField(null=True, blank=True)
    breakdown = models.JSONField()
    earlier = models.JSONField(default=list, db_default=[])

    objects = ScopedManager(shop="shop")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["shop", "source", "account"], name="award_once"),
            models.CheckConstraint(condition=Q(target__gte=0), name="award_target_not_negative"),
            models.CheckConstraint(condition=Q(pending__gte=0), name="award_pending_not_negative"),
        ]
        indexes: ClassVar = [
            models.Index("release_at", "id", condition=Q(pending__gt=0), name="award_on_hold"),
        ]

    def __str__(self) -> str:
        return self.source


class Entry(models.Model):
    """One move of points. Append-only: the database refuses to change or delete it.

    `balance_after` is the available balance after it, `seq` counts within the account, `seal` is a digest of the
    row. `revision` tells which of the award's breakdowns explains it.
    """

    class Kind(models.TextChoices):
        EARN = "earn", _("Earned")
        RELEASE = "release", _("Released")
        REDEEM = "redeem", _("Redeemed")
        RETURN = "return", _("Given back")
        EXPIRE = "expire", _("Expired")
        REVERSE = "reverse", _("Taken back")
        ADJUST = "adjust", _("Adjusted")
        TRANSFER = "transfer", _("Transferred")
        IMPORT = "import", _("Imported")

    shop = models.ForeignKey(
        Shop, models.PROTECT, related_name="entries", db_index=False, db_constraint=False
    )
    account = TenantKey(Account, related_name="entries")
    seq = models.IntegerField()
    kind = models.CharField(max_length=8, choices=Kind.choices)
    pending_delta = models.BigIntegerField()
    available_delta = models.BigIntegerField()
    balance_after = models.BigIntegerField()
    award = TenantKey(Award, null=True, related_name="entries")
    revision = models.SmallIntegerField(null=True)
    reverses = TenantKey("Entry", null=True, related_name="reversed_by")
    reference = models.CharField(max_length=255)
    reason = models.CharField(max_length=500, default="")
    actor = models.CharField(max_length=320, default="")
    occurred_at = models.DateTimeField()
    created_at = models.DateTimeField(default=now, db_default=Now())
    seal = models.BinaryField(max_length=16)

    objects = ScopedManager(shop="shop")

    class Meta:
        verbose_name_plural = "entries"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["shop", "reference"], name="entry_reference_once"),
            models.UniqueConstraint(fields=["shop", "account", "seq"], name="entry_seq_once"),
            models.CheckConstraint(
                condition=~Q(pending_delta=0) | ~Q(available_delta=0), name="entry_moves_something"
            ),
        ]
        indexes: ClassVar = [
            BrinIndex(fields=["occurred_at"], name="entry_by_day", autosummarize=True),
            models.Index("shop", "reverses", condition=Q(kind="return"), name="entry_returning"),
        ]

    def __str__(self) -> str:
        return self.reference


class Lot(models.Model):
    """Points that came in together; a debit takes lots by `expires_at` (none last), `earned_at`, `id`.

    With `idle_months` the expiry moves on with every earning and spending of the member.
    """

    shop = models.ForeignKey(Shop, models.PROTECT, related_name="lots", db_index=False, db_constraint=False)
    account = TenantKey(Account, related_name="lots")
    entry = TenantKey(Entry, related_name="lots")
    award = TenantKey(Award, null=True, related_name="lots")
    points = models.BigIntegerField()
    remaining = models.BigIntegerField()
    earned_at = models.DateTimeField()
    available_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True, blank=True)
    idle_months = models.SmallIntegerField(null=True, blank=True)

    objects = ScopedManager(shop="shop")

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(points__gt=0) & Q(remaining__gte=0) & Q(remaining__lte=F("points")),
                name="lot_within_bounds",
            )
        ]
        indexes: ClassVar = [
            models.Index("shop", "account", condition=Q(remaining__gt=0), name="lot_open"),
            models.Index(
                "expires_at",
                "id",
                condition=Q(remaining__gt=0) & Q(expires_at__isnull=False),
                name="lot_expiring",
            ),
            models.Index(
                "shop",
                "account",
                condition=Q(remaining__gt=0) & Q(idle_months__isnull=False),
                name="lot_sliding",
            ),
            models.Index(
                "shop", "award", condition=Q(expires_at__isnull=False), name="lot_of_award_expiring"
            ),
        ]

    def __str__(self) -> str:
        return f"Lot {self.pk}"


class LotUse(models.Model):
    """What an entry took from a lot; negative where it gave points back to it."""

    shop = models.ForeignKey(
        Shop, models.PROTECT, related_name="lot_uses", db_index=False, db_constraint=False
    )
    entry = TenantKey(Entry, related_name="lot_uses")
    lot = TenantKey(Lot, related_name="uses")
    points = models.BigIntegerField()

    objects = ScopedManager(shop="shop")

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=~Q(points=0), name="lot_use_moves_something")
        ]
        indexes: ClassVar = [
            models.Index("shop", "lot", name="lot_use_by_lot"),
            models.Index("shop", "entry", name="lot_use_by_entry"),
        ]

    def __str__(self) -> str:
        return f"{self.points} of lot {self.lot_id}"
