"""Rewards, what members redeemed, and the codes they got for it."""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now, Upper
from django.utils.translation import gettext_lazy as _
from django_scopes import ScopedManager

from lib.clock import now
from lib.ids import public_id
from lib.tenancy import TenantKey
from loyalty.models import Account
from shops.models import Connection, Shop


def reward_public_id() -> str:
    return public_id("rwd")


def redemption_public_id() -> str:
    return public_id("red")


class Reward(models.Model):
    """Something that points can be redeemed for. `terms` is a `rewards.terms.Terms`, `revision` rises with each change.

    `stock` is how many there ever were (none: no end), `taken` how many of them are gone. An archived reward is
    never offered again.
    """

    class Kind(models.TextChoices):
        FIXED = "fixed", _("Amount off")
        PERCENTAGE = "percentage", _("Percentage off")
        FREE_SHIPPING = "free_shipping", _("Free shipping")
        FREE_PRODUCT = "free_product", _("Free product")
        GIFT_CARD = "gift_card", _("Gift card")
        STORE_CREDIT = "store_credit", _("Store credit")
        VARIABLE = "variable", _("Amount off, as much as the member likes")
        CUSTOM = "custom", _("Something you hand over yourself")

    shop = models.ForeignKey(Shop, models.PROTECT, related_name="rewards", db_index=False)
    public_id = models.CharField(max_length=40, unique=True, default=reward_public_id, editable=False)
    kind = models.CharField(max_length=13, choices=Kind.choices)
    name = models.CharField(_("name"), max_length=120)
    description = models.CharField(_("description"), max_length=500, default="", blank=True)
    terms = models.JSONField()
    active = models.BooleanField(_("offered"), default=True)
    position = models.IntegerField(default=0)
    stock = models.IntegerField(_("stock"), null=True, blank=True)
    taken = models.IntegerField(default=0, db_default=0)
    revision = models.IntegerField(default=1)
    archived_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(default=now, db_default=Now())
    updated_at = models.DateTimeField(default=now, db_default=Now())

    objects = ScopedManager(shop="shop")

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(taken__gte=0) & (Q(stock__isnull=True) | Q(taken__lte=F("stock"))),
                name="reward_stock_covers_taken",
            )
        ]

    def __str__(self) -> str:
        return self.name


class Redemption(models.Model):
    """Points exchanged for a reward, under the `terms` of that moment.

    reserved → issuing → issued → used, or closing → returned; failed where no code could be made. In reserved,
    issuing, issued and closing a row whose `due_at` has passed is the queue of the workers. `points` is the price,
    `posted` what the ledger took net of what it gave back, in `postings` entries "redemption:<id>/<n>".

    `code` is in capitals and was stored before any store was asked to make it. `closing` tells why it ends: expired,
    revoked, refused, or undone like its order; an issued one that is "lapsed" ran out and keeps its points. It holds a
    piece of the stock as long as `returned_at` is empty. `connection` is the store that makes it, or whose customer the
    member is. `lease` rises with every claim: a worker that comes back late finds another one.
    """

    class State(models.TextChoices):
        RESERVED = "reserved", _("Being prepared")
        ISSUING = "issuing", _("Being prepared")
        ISSUED = "issued", _("Ready to use")
        USED = "used", _("Used")
        CLOSING = "closing", _("Being taken back")
        RETURNED = "returned", _("Points returned")
        FAILED = "failed", _("Not possible")

    shop = models.ForeignKey(Shop, models.PROTECT, related_name="redemptions", db_index=False)
    public_id = models.CharField(max_length=40, unique=True, default=redemption_public_id, editable=False)
    account = TenantKey(Account, related_name="redemptions")
    reward = TenantKey(Reward, related_name="redemptions")
    connection = TenantKey(Connection, related_name="redemptions")
    state = models.CharField(max_length=8, choices=State.choices, default=State.RESERVED)
    name = models.CharField(max_length=120)
    terms = models.JSONField()
    points = models.BigIntegerField()
    value = models.DecimalField(max_digits=20, decimal_places=8, default=0)
    posted = models.BigIntegerField(default=0, db_default=0)
    postings = models.SmallIntegerField(default=0, db_default=0)
    request_key = models.CharField(max_length=200)
    code = models.CharField(max_length=255, default="", db_default="")
    platform_id = models.CharField(max_length=255, default="", db_default="")
    closing = models.CharField(max_length=8, default="", db_default="")
    expires_at = models.DateTimeField(null=True)
    due_at = models.DateTimeField(null=True, default=now)
    attempts = models.IntegerField(default=0, db_default=0)
    lease = models.IntegerField(default=0, db_default=0)
    first_tried_at = models.DateTimeField(null=True)
    error = models.CharField(max_length=500, default="", db_default="")
    actor = models.CharField(max_length=320, default="", db_default="")
    created_at = models.DateTimeField(default=now, db_default=Now())
    issued_at = models.DateTimeField(null=True)
    used_at = models.DateTimeField(null=True)
    returned_at = models.DateTimeField(null=True)

    objects = ScopedManager(shop="shop")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["shop", "account", "request_key"], name="redemption_once"),
            models.UniqueConstraint(
                "shop", Upper("code"), condition=~Q(code=""), name="redemption_code_once"
            ),
            models.CheckConstraint(
                condition=Q(points__gte=0) & Q(posted__gte=0) & Q(posted__lte=F("points")),
                name="redemption_within_its_price",
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                "due_at",
                "id",
                condition=Q(due_at__isnull=False) & Q(state__in=["reserved", "issuing", "closing"]),
                name="redemption_driven",
            ),
            models.Index(
                "due_at",
                "id",
                condition=Q(due_at__isnull=False) & Q(state__in=["issued", "used", "returned", "failed"]),
                name="redemption_to_settle",
            ),
            models.Index(
                "expires_at",
                "id",
                condition=Q(state="issued") & Q(expires_at__isnull=False) & Q(closing=""),
                name="redemption_to_expire",
            ),
            models.Index("shop", "account", "id", name="redemption_of_member"),
            models.Index("shop", "reward", "id", name="redemption_of_reward"),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.public_id})"


class RedemptionStep(models.Model):
    """What happened to a redemption, for the merchant to read: `what` in a word, `detail` in a sentence, the store's
    `answer` as it came (cut).
    """

    shop = models.ForeignKey(Shop, models.PROTECT, related_name="redemption_steps", db_index=False)
    redemption = TenantKey(Redemption, related_name="steps")
    what = models.CharField(max_length=16)
    detail = models.CharField(max_length=500, default="", db_default="")
    answer = models.CharField(max_length=2000, default="", db_default="")
    actor = models.CharField(max_length=320, default="", db_default="")
    at = models.DateTimeField(default=now, db_default=Now())

    objects = ScopedManager(shop="shop")

    class Meta:
        indexes: ClassVar = [models.Index("shop", "redemption", "id", name="step_of_redemption")]

    def __str__(self) -> str:
        return self.what


class CodeUse(models.Model):
    """A code seen on an order ("order:<id>"), or said to be used through the API ("api:<reference>").

    `live`: the use still stands. `returned_points`: the part of the price that the order's refunds give back. A
    changed use makes its redemption due: a worker brings the ledger to what the uses say.
    """

    shop = models.ForeignKey(Shop, models.PROTECT, related_name="code_uses", db_index=False)
    redemption = TenantKey(Redemption, related_name="uses")
    source = models.CharField(max_length=220)
    number = models.CharField(max_length=64, default="", db_default="")
    at = models.DateTimeField()
    live = models.BooleanField(default=True)
    returned_points = models.BigIntegerField(default=0, db_default=0)

    objects = ScopedManager(shop="shop")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["shop", "redemption", "source"], name="code_use_once")
        ]
        indexes: ClassVar = [models.Index("shop", "source", name="code_use_by_source")]

    def __str__(self) -> str:
        return self.source


class PoolCode(models.Model):
    """A code that the merchant uploaded for a reward; taken once, by the redemption that got it."""

    shop = models.ForeignKey(Shop, models.PROTECT, related_name="pool_codes", db_index=False)
    reward = TenantKey(Reward, related_name="pool_codes")
    code = models.CharField(max_length=255)
    redemption = TenantKey(Redemption, null=True, related_name="pool_codes")
    added_at = models.DateTimeField(default=now, db_default=Now())
    added_by = models.CharField(max_length=320, default="", db_default="")

    objects = ScopedManager(shop="shop")

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint("shop", Upper("code"), name="pool_code_once")]
        indexes: ClassVar = [
            models.Index("shop", "reward", "id", condition=Q(redemption=None), name="pool_code_free"),
        ]

    def __str__(self) -> str:
        return f"A code of {self.reward_id}"
