"""Programs, their versions, and the points ledger.

Accounts, awards, entries, lots and lot uses are written by `loyalty/ledger.py` alone.
"""

from typing import ClassVar

from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _
from django_scopes import ScopedManager

from lib.clock import now
from lib.tenancy import TenantKey
from shops.models import Customer, Shop


class Program(models.Model):
    """The draft of a shop's program; what is live is the newest `ProgramVersion`."""

    class Rounding(models.TextChoices):
        FLOOR = "floor", _("Down")
        HALF_UP = "half_up", _("To the nearest, halves up")
        CEIL = "ceil", _("Up")

    class Deficit(models.TextChoices):
        CARRY = "carry", _("Let the balance go below zero; later points fill it first")
        CLAMP = "clamp", _("Stop at zero and record what was missing")

    shop = models.OneToOneField(Shop, models.PROTECT, related_name="program")
    points_name = models.CharField(_("name of the points"), max_length=40, default="points")
    rounding = models.CharField(_("rounding"), max_length=8, choices=Rounding.choices, default=Rounding.FLOOR)
    deficit = models.CharField(
        _("when returned points were already spent"),
        max_length=8,
        choices=Deficit.choices,
        default=Deficit.CARRY,
    )
    award_guests_later = models.BooleanField(
        _("award guest orders later"),
        default=True,
        help_text=_(
            "When a guest registers with the same verified e-mail address, their past orders earn points"
        ),
    )
    include_tax = models.BooleanField(_("tax earns points"), default=False)
    include_shipping = models.BooleanField(_("shipping earns points"), default=False)
    include_gift_cards = models.BooleanField(_("buying gift cards earns points"), default=False)
    exclusions = models.JSONField(_("exclusions"), default=dict, blank=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects = ScopedManager(shop="shop")

    def __str__(self) -> str:
        return f"Program of {self.shop}"


class EarningRule(models.Model):
    """One rule of the draft."""

    shop = models.ForeignKey(Shop, models.PROTECT, related_name="earning_rules", db_index=False)
    program = TenantKey(Program, models.CASCADE, related_name="rules")
    key = models.CharField(max_length=40)
    name = models.CharField(_("name"), max_length=80)
    kind = models.CharField(max_length=20, default="per_currency", editable=False)
    points = models.DecimalField(_("points"), max_digits=12, decimal_places=4)
    per = models.DecimalField(_("for every"), max_digits=12, decimal_places=4)
    active = models.BooleanField(_("active"), default=True)
    position = models.PositiveSmallIntegerField(default=0)

    objects = ScopedManager(shop="shop")

    class Meta:
        ordering: ClassVar = ["position", "id"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["shop", "key"], name="rule_key_once"),
            models.CheckConstraint(condition=Q(points__gt=0), name="rule_points_positive"),
            models.CheckConstraint(condition=Q(per__gt=0), name="rule_per_positive"),
        ]

    def __str__(self) -> str:
        return self.name


class ProgramVersion(models.Model):
    """A published program. Immutable: the database refuses to change or delete it."""

    shop = models.ForeignKey(Shop, models.PROTECT, related_name="versions", db_index=False)
    number = models.PositiveIntegerField()
    document = models.JSONField()
    published_at = models.DateTimeField()
    published_by = models.CharField(max_length=320)
    note = models.CharField(max_length=255, default="", blank=True)

    objects = ScopedManager(shop="shop")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["shop", "number"], name="version_number_once")
        ]

    def __str__(self) -> str:
        return f"Version {self.number}"


class Account(models.Model):
    """A member's points. `balance` (below zero: a deficit) and `pending` are projections of the entries.

    `lifetime_earned` is net of what returns took back; `seq` is the number of the newest entry. A frozen
    account takes credits and refuses debits.
    """

    shop = models.ForeignKey(Shop, models.PROTECT, related_name="accounts", db_index=False)
    customer = TenantKey(Customer, related_name="accounts")
    balance = models.BigIntegerField(default=0, db_default=0)
    pending = models.BigIntegerField(default=0, db_default=0)
    lifetime_earned = models.BigIntegerField(default=0, db_default=0)
    lifetime_spent = models.BigIntegerField(default=0, db_default=0)
    seq = models.IntegerField(default=0, db_default=0)
    created_at = models.DateTimeField(default=now, db_default=Now())
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
    """What one order earns one member. `source` is "order:<id>"; one that changed hands has one for each owner.

    `posted` is the sum of its `postings` entries.

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
    breakdown = models.JSONField()
    earlier = models.JSONField(default=list, db_default=[])

    objects = ScopedManager(shop="shop")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["shop", "source", "account"], name="award_once"),
            models.CheckConstraint(condition=Q(target__gte=0), name="award_target_not_negative"),
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
        indexes: ClassVar = [BrinIndex(fields=["occurred_at"], name="entry_by_day", autosummarize=True)]

    def __str__(self) -> str:
        return self.reference


class Lot(models.Model):
    """Points that came in together; a debit takes lots by `expires_at` (none last), `earned_at`, `id`."""

    shop = models.ForeignKey(Shop, models.PROTECT, related_name="lots", db_index=False, db_constraint=False)
    account = TenantKey(Account, related_name="lots")
    entry = TenantKey(Entry, related_name="lots")
    points = models.BigIntegerField()
    remaining = models.BigIntegerField()
    earned_at = models.DateTimeField()
    available_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True, blank=True)

    objects = ScopedManager(shop="shop")

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(points__gt=0) & Q(remaining__gte=0) & Q(remaining__lte=F("points")),
                name="lot_within_bounds",
            )
        ]
        indexes: ClassVar = [models.Index("shop", "account", condition=Q(remaining__gt=0), name="lot_open")]

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
