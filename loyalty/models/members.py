"""What members do besides ordering, how far they came, and their tiers."""

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django_scopes import ScopedManager

from lib.clock import now
from lib.tenancy import TenantKey
from loyalty.models.ledger import Account, Award
from loyalty.models.programs import ProgramVersion
from shops.models import Shop


class Activity(models.Model):
    """Something a member did besides ordering, or a day of theirs: one award for each `reference`.

    `kind`: signup, birthday, anniversary, newsletter, review, social_follow, visit, or custom with `name`; or a
    note, which earns nothing. `digest` tells whether a repeated reference means the same. `tags` are the customer's at
    the time.
    """

    shop = models.ForeignKey(
        Shop, models.PROTECT, related_name="activities", db_index=False, db_constraint=False
    )
    account = TenantKey(Account, related_name="activities")
    kind = models.CharField(max_length=20)
    name = models.CharField(max_length=80, default="", db_default="", blank=True)
    reference = models.CharField(max_length=255)
    occurred_at = models.DateTimeField()
    properties = models.JSONField(default=dict, db_default={})
    tags = ArrayField(models.CharField(max_length=255), default=list, db_default=[])
    digest = models.BinaryField(max_length=16, default=b"")
    created_at = models.DateTimeField(default=now, db_default=Now())

    objects = ScopedManager(shop="shop")

    class Meta:
        verbose_name_plural = "activities"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["shop", "reference"], name="activity_reference_once")
        ]
        indexes: ClassVar = [models.Index("shop", "account", "occurred_at", name="activity_by_member")]

    def __str__(self) -> str:
        return self.reference


class Progress(models.Model):
    """What one source contributes to tiers, caps and counts from `effective_at` on, as dated differences.

    It counts in the window that `counted_at` falls in. The first row of a source holds the `context` that it was
    evaluated in, and in `used` when it happened, what it was worth before refunds and what of the limits of rules it
    used. `place` orders sources of one instant.
    """

    shop = models.ForeignKey(
        Shop, models.PROTECT, related_name="progress", db_index=False, db_constraint=False
    )
    account = TenantKey(Account, related_name="progress")
    award = TenantKey(Award, related_name="progress")
    counted_at = models.DateTimeField()
    effective_at = models.DateTimeField()
    place = models.CharField(max_length=300)
    number = models.SmallIntegerField(default=0, db_default=0)
    orders = models.SmallIntegerField(default=0, db_default=0)
    spend = models.DecimalField(max_digits=20, decimal_places=8, default=0, db_default=0)
    points = models.BigIntegerField(default=0, db_default=0)
    used = models.JSONField(null=True)
    context = models.JSONField(null=True)

    objects = ScopedManager(shop="shop")

    class Meta:
        verbose_name_plural = "progress"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["shop", "award", "number"], name="progress_once")
        ]
        # What a review adds up is read from the index alone: the rows of a member lie far apart.
        indexes: ClassVar = [
            models.Index(
                fields=["shop", "account", "counted_at"],
                include=["effective_at", "orders", "spend", "points"],
                name="progress_figures",
            )
        ]

    def __str__(self) -> str:
        return f"{self.place} at {self.effective_at}"


class Standing(models.Model):
    """A member's tier ("" is none), a projection of progress, pins and program versions.

    `review_at` is when it must be looked at again, and `review_from` where the window starts that is judged then;
    `simple` tells that the review is no more than a comparison with the thresholds. Its row is the member's lock.
    """

    shop = models.ForeignKey(Shop, models.PROTECT, related_name="standings", db_index=False)
    account = TenantKey(Account, related_name="standings")
    tier = models.CharField(max_length=40, default="", db_default="", blank=True)
    since = models.DateTimeField(null=True)
    kept_until = models.DateTimeField(null=True)
    in_grace = models.BooleanField(default=False, db_default=False)
    review_at = models.DateTimeField(null=True)
    review_from = models.DateTimeField(null=True)
    simple = models.BooleanField(default=False, db_default=False)
    version = TenantKey(ProgramVersion, null=True, related_name="standings")
    updated_at = models.DateTimeField(default=now, db_default=Now())

    objects = ScopedManager(shop="shop")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["shop", "account"], name="standing_one_an_account")
        ]
        indexes: ClassVar = [
            models.Index("review_at", "id", condition=Q(review_at__isnull=False), name="standing_due"),
            models.Index("shop", "tier", name="standing_by_tier"),
        ]

    def __str__(self) -> str:
        return self.tier or "no tier"


class TierSpan(models.Model):
    """One stretch of a member's tier history: which tier, since and until when, and why.

    `details` are plain JSON values: the figure, the threshold, the window; `entry` counts how often the member reached
    the tier, and `reward` is the public id of what is given for it. Spans are written anew when facts come late.
    """

    shop = models.ForeignKey(
        Shop, models.PROTECT, related_name="tier_spans", db_index=False, db_constraint=False
    )
    account = TenantKey(Account, related_name="tier_spans")
    number = models.SmallIntegerField()
    tier = models.CharField(max_length=40, default="", blank=True)
    name = models.CharField(max_length=80, default="", blank=True)
    since = models.DateTimeField()
    until = models.DateTimeField(null=True)
    kept_until = models.DateTimeField(null=True)
    reason = models.CharField(max_length=20)
    details = models.JSONField(default=dict)
    version = TenantKey(ProgramVersion, related_name="tier_spans")

    objects = ScopedManager(shop="shop")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["shop", "account", "number"], name="tier_span_once")
        ]
        indexes: ClassVar = [
            models.Index("since", "id", condition=Q(details__has_key="reward"), name="tier_span_rewarded")
        ]

    def __str__(self) -> str:
        return f"{self.tier} since {self.since}"


class TierPin(models.Model):
    """A tier that a person gave a member, from `since` until `until`, whatever they earn."""

    shop = models.ForeignKey(Shop, models.PROTECT, related_name="tier_pins", db_index=False)
    account = TenantKey(Account, related_name="tier_pins")
    tier = models.CharField(max_length=40)
    since = models.DateTimeField()
    until = models.DateTimeField()
    reason = models.CharField(max_length=500)
    actor = models.CharField(max_length=320)

    objects = ScopedManager(shop="shop")

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(until__gte=F("since")), name="tier_pin_forward")
        ]
        indexes: ClassVar = [models.Index("shop", "account", name="tier_pin_by_member")]

    def __str__(self) -> str:
        return f"{self.tier} until {self.until}"
