"""The inbox of deliveries, and orders as they were last seen."""

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower, Now
from django.utils.translation import gettext_lazy as _
from django_scopes import ScopedManager

from lib.clock import now
from lib.packing import unpack
from lib.tenancy import TenantKey
from loyalty.models import ProgramVersion
from shops.models import Connection, Customer, Shop


class Delivery(models.Model):
    """A verified webhook, kept as it came. A `new` row whose `due_at` has passed is the queue.

    `body` is the raw body, compressed; `raw` gives it back byte for byte.
    """

    class State(models.TextChoices):
        NEW = "new", _("Waiting")
        DONE = "done", _("Applied")
        IGNORED = "ignored", _("Not needed")
        DEAD = "dead", _("Needs attention")

    shop = models.ForeignKey(
        Shop, models.PROTECT, related_name="deliveries", db_index=False, db_constraint=False
    )
    connection = TenantKey(Connection, related_name="deliveries")
    topic = models.CharField(_("topic"), max_length=64)
    dedupe_key = models.CharField(max_length=272)
    body = models.BinaryField()
    notes = models.JSONField(default=dict, db_default={})
    received_at = models.DateTimeField(_("received"), default=now, db_default=Now())
    state = models.CharField(
        _("state"), max_length=7, choices=State.choices, default=State.NEW, db_default="new"
    )
    attempts = models.SmallIntegerField(_("attempts"), default=0, db_default=0)
    due_at = models.DateTimeField(default=now, db_default=Now())
    error = models.CharField(_("reason"), max_length=500, default="", db_default="")

    objects = ScopedManager(shop="shop")

    class Meta:
        verbose_name_plural = "deliveries"
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["shop", "connection", "topic", "dedupe_key"], name="delivery_once"
            )
        ]
        indexes: ClassVar = [
            models.Index("due_at", "id", condition=Q(state="new"), name="delivery_due"),
            models.Index("shop", "id", condition=Q(state="dead"), name="delivery_dead"),
        ]

    def __str__(self) -> str:
        return f"Delivery {self.pk}"

    @property
    def raw(self) -> bytes:
        """The body as it came."""
        return unpack(bytes(self.body))


class Order(models.Model):
    """An order as last seen. The newest snapshot wins; refunds are merged by their id.

    `customer_tags` are those that the order's own snapshot told, or else those known of the customer at first.
    `guest`: the snapshot names no customer, so that `customer` was found by e-mail. `deleted_at` and
    `restored_at` are when we were told last. `refunds` is all there was as of `refunds_complete_as_of`.
    `placed_at` is null while only a refund or a deletion of the order is known. `digest` decides between two
    snapshots of one instant. `held` says why the order waits for a decision of the merchant ("" when it does not).
    """

    shop = models.ForeignKey(Shop, models.PROTECT, related_name="orders", db_index=False, db_constraint=False)
    connection = TenantKey(Connection, related_name="orders")
    external_id = models.CharField(max_length=255)
    customer = TenantKey(Customer, null=True, related_name="orders")
    number = models.CharField(_("number"), max_length=64, default="")
    email = models.CharField(max_length=320, default="")
    currency = models.CharField(_("currency"), max_length=3, default="")
    status = models.CharField(_("status"), max_length=20, default="")
    placed_at = models.DateTimeField(_("placed"), null=True)
    platform_updated_at = models.DateTimeField(null=True)
    digest = models.BinaryField(max_length=8, default=b"")
    paid_at = models.DateTimeField(null=True)
    cancelled_at = models.DateTimeField(null=True)
    deleted_at = models.DateTimeField(null=True)
    restored_at = models.DateTimeField(null=True)
    guest = models.BooleanField(default=False)
    refunds_complete_as_of = models.DateTimeField(null=True)
    test = models.BooleanField(default=False)
    channel = models.CharField(max_length=64, default="")
    shipping_net = models.DecimalField(max_digits=20, decimal_places=8, default=0)
    shipping_tax = models.DecimalField(max_digits=20, decimal_places=8, default=0)
    total = models.DecimalField(_("total"), max_digits=20, decimal_places=8, default=0)
    lines = models.JSONField(default=list)
    refunds = models.JSONField(default=list)
    discount_codes = ArrayField(models.CharField(max_length=255), default=list)
    customer_tags = ArrayField(models.CharField(max_length=255), default=list, db_default=[])
    held = models.CharField(max_length=32, default="")
    first_seen_at = models.DateTimeField(default=now, db_default=Now())

    objects = ScopedManager(shop="shop")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["shop", "connection", "external_id"], name="order_once")
        ]
        indexes: ClassVar = [
            models.Index("shop", "customer", "placed_at", name="order_by_customer"),
            models.Index(
                "shop",
                "connection",
                Lower("email"),
                condition=Q(customer=None) & ~Q(email=""),
                name="order_of_guest",
            ),
            models.Index("shop", "id", condition=~Q(held=""), name="order_held"),
        ]

    def __str__(self) -> str:
        return self.number or self.external_id

    @property
    def deleted(self) -> bool:
        """Whether the platform deleted the order, and did not restore it since."""
        return self.deleted_at is not None and (
            self.restored_at is None or self.restored_at < self.deleted_at
        )


class Backtest(models.Model):
    """A program (`document`) tried on the shop's orders placed in [`starts_at`, `ends_at`), beside what is live.

    `data` names what it looks at: the newest ids of orders, entries and deliveries when it was asked for. `total` and
    `processed` count members' orders; `cursor` (the customer done last) and `partial` are where the next chunk goes on.
    A queued or running row is the queue. One is `stale` when another version went live before it was done.
    """

    class State(models.TextChoices):
        QUEUED = "queued", _("Waiting")
        RUNNING = "running", _("Running")
        DONE = "done", _("Done")
        FAILED = "failed", _("Failed")
        STALE = "stale", _("Out of date")

    shop = models.ForeignKey(Shop, models.PROTECT, related_name="backtests", db_index=False)
    document = models.JSONField()
    digest = models.CharField(max_length=64)
    base_version = TenantKey(ProgramVersion, related_name="backtests")
    days = models.SmallIntegerField()
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    data = models.JSONField()
    state = models.CharField(
        _("state"), max_length=7, choices=State.choices, default=State.QUEUED, db_default="queued"
    )
    cursor = models.BigIntegerField(default=0, db_default=0)
    processed = models.BigIntegerField(default=0, db_default=0)
    total = models.BigIntegerField(null=True)
    partial = models.JSONField(default=dict, db_default={})
    result = models.JSONField(null=True)
    error = models.CharField(_("reason"), max_length=500, default="", db_default="")
    requested_by = models.CharField(max_length=320)
    created_at = models.DateTimeField(default=now, db_default=Now())
    updated_at = models.DateTimeField(default=now, db_default=Now())
    finished_at = models.DateTimeField(null=True)

    objects = ScopedManager(shop="shop")

    class Meta:
        indexes: ClassVar = [
            models.Index(
                "updated_at", "id", condition=Q(state__in=["queued", "running"]), name="backtest_due"
            ),
        ]

    def __str__(self) -> str:
        return f"Back-test {self.pk}"

    @property
    def unfinished(self) -> bool:
        """Whether the result is still to come."""
        return self.state in (self.State.QUEUED, self.State.RUNNING)


class Fetch(models.Model):
    """Something that a webhook only named, to be fetched from the store into the inbox. A `new` row is the queue."""

    class State(models.TextChoices):
        NEW = "new", _("Waiting")
        DONE = "done", _("Fetched")
        DEAD = "dead", _("Needs attention")

    shop = models.ForeignKey(Shop, models.PROTECT, related_name="fetches", db_index=False)
    connection = TenantKey(Connection, related_name="fetches")
    kind = models.CharField(max_length=32)
    external_id = models.CharField(max_length=255)
    state = models.CharField(max_length=4, choices=State.choices, default=State.NEW, db_default="new")
    asked = models.IntegerField(
        default=1, db_default=1
    )  # rises with every webhook: what came meanwhile is not missed
    attempts = models.IntegerField(default=0, db_default=0)
    due_at = models.DateTimeField(default=now, db_default=Now())
    error = models.CharField(max_length=500, default="", db_default="")

    objects = ScopedManager(shop="shop")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["shop", "connection", "kind", "external_id"], name="fetch_once")
        ]
        indexes: ClassVar = [
            models.Index("due_at", "id", condition=Q(state="new"), name="fetch_due"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.external_id}"


class Sweep(models.Model):
    """A look through a store's orders: those changed lately ("reconcile"), or its whole past ("history").

    Orders placed or changed in [`since`, `until`) go into the inbox, page by page; `cursor` is where to go on. `seen`
    counts them; `missed`: we did not know of; `late`: we knew an older state; `differing`: the same state said
    something else; `same`. `examples` lists some findings, as `orders.comparing.example` writes them. A queued or
    running row is the queue.
    """

    class Kind(models.TextChoices):
        RECONCILE = "reconcile", _("Reconciliation")
        HISTORY = "history", _("Past orders")

    class State(models.TextChoices):
        QUEUED = "queued", _("Waiting")
        RUNNING = "running", _("Running")
        DONE = "done", _("Done")
        FAILED = "failed", _("Failed")

    shop = models.ForeignKey(Shop, models.PROTECT, related_name="sweeps", db_index=False)
    connection = TenantKey(Connection, related_name="sweeps")
    kind = models.CharField(max_length=9, choices=Kind.choices)
    state = models.CharField(max_length=7, choices=State.choices, default=State.QUEUED, db_default="queued")
    since = models.DateTimeField(null=True)
    until = models.DateTimeField()
    cursor = models.CharField(max_length=500, default="", db_default="")
    total = models.IntegerField(null=True)
    seen = models.IntegerField(default=0, db_default=0)
    missed = models.IntegerField(default=0, db_default=0)
    late = models.IntegerField(default=0, db_default=0)
    differing = models.IntegerField(default=0, db_default=0)
    same = models.IntegerField(default=0, db_default=0)
    examples = models.JSONField(default=list, db_default=[])
    attempts = models.IntegerField(default=0, db_default=0)
    due_at = models.DateTimeField(default=now, db_default=Now())
    error = models.CharField(max_length=500, default="", db_default="")
    requested_by = models.CharField(max_length=320, default="", db_default="")
    created_at = models.DateTimeField(default=now, db_default=Now())
    finished_at = models.DateTimeField(null=True)

    objects = ScopedManager(shop="shop")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["shop", "connection", "kind"],
                condition=Q(state__in=["queued", "running"]),
                name="sweep_one_at_a_time",
            )
        ]
        indexes: ClassVar = [
            models.Index("due_at", "id", condition=Q(state__in=["queued", "running"]), name="sweep_due"),
            models.Index("shop", "connection", "kind", "id", name="sweep_newest"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"
