"""Tenants: shops, the people and stores and keys that belong to them, and their customers."""

from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Lower, Now
from django.utils.translation import gettext_lazy as _
from django_scopes import ScopedManager

from lib.clock import now
from lib.ids import public_id
from lib.tenancy import TenantKey
from lib.vault import SecretField


def shop_public_id() -> str:
    return public_id("shop")


def connection_public_id() -> str:
    return public_id("conn")


class Shop(models.Model):
    """A tenant: one store's loyalty program and all that belongs to it."""

    public_id = models.CharField(max_length=40, unique=True, default=shop_public_id, editable=False)
    name = models.CharField(_("name"), max_length=120)
    currency = models.CharField(_("currency"), max_length=3)
    timezone = models.CharField(_("time zone"), max_length=64)
    created_at = models.DateTimeField(default=now, editable=False)

    def __str__(self) -> str:
        return self.name


class UserManager(BaseUserManager["User"]):
    """Users are known by their e-mail address."""

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        user = self.model(email=email.strip().lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "User":
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)


class User(AbstractBaseUser, PermissionsMixin):
    """A person who signs in to the dashboard. What they may see follows from `Staff`."""

    email = models.EmailField(_("e-mail"), unique=True)
    is_active = models.BooleanField(default=True)
    is_staff = models.BooleanField(default=True)
    date_joined = models.DateTimeField(default=now, editable=False)

    objects: ClassVar[UserManager] = UserManager()
    USERNAME_FIELD = "email"

    def __str__(self) -> str:
        return self.email


class Staff(models.Model):
    """A person's role in one shop."""

    class Role(models.TextChoices):
        OWNER = "owner", _("Owner")
        MANAGER = "manager", _("Manager")
        SUPPORT = "support", _("Support")
        VIEWER = "viewer", _("Viewer")

    shop = models.ForeignKey(Shop, models.PROTECT, related_name="staff")
    user = models.ForeignKey(User, models.CASCADE, related_name="roles")
    role = models.CharField(max_length=8, choices=Role.choices)

    objects = ScopedManager(shop="shop")

    class Meta:
        verbose_name_plural = "staff"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["shop", "user"], name="staff_one_role_a_shop")
        ]

    def __str__(self) -> str:
        return f"{self.user} ({self.role})"


class Connection(models.Model):
    """A linked store. `secret` and, during a rotation, `previous_secret` verify what it sends.

    `storefront_secret` signs shoppers' tokens. The three are never used for one another.
    """

    shop = models.ForeignKey(Shop, models.PROTECT, related_name="connections")
    public_id = models.CharField(max_length=40, unique=True, default=connection_public_id, editable=False)
    platform = models.CharField(_("platform"), max_length=16)
    domain = models.CharField(
        _("domain"), max_length=253, help_text=_("The store's own domain, without https://")
    )
    storefront_domains = ArrayField(
        models.CharField(max_length=253),
        default=list,
        blank=True,
        verbose_name=_("more storefront domains"),
        help_text=_("Other domains on which the widget may be shown, separated by commas"),
    )
    secret = SecretField(_("webhook secret"))
    previous_secret = SecretField(_("previous webhook secret"), default="", blank=True)
    storefront_secret = SecretField(_("storefront secret"))
    test_mode = models.BooleanField(
        _("test mode"), default=False, help_text=_("Count orders that are flagged as tests")
    )
    active = models.BooleanField(_("active"), default=True)
    points_from = models.DateTimeField(
        _("points for orders from"),
        null=True,
        blank=True,
        help_text=_("Orders placed before count for tiers, but earn no points; empty: every order earns"),
    )
    created_at = models.DateTimeField(default=now, editable=False)

    objects = ScopedManager(shop="shop")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                "platform",
                Lower("domain"),
                condition=models.Q(active=True),
                name="connection_one_active_a_domain",
            )
        ]

    def __str__(self) -> str:
        return f"{self.domain} ({self.platform})"


class StoreAccess(models.Model):
    """How a connected store is reached: what it gave us to come in with, and how it has answered lately.

    `credentials` is a JSON object; `scopes` what it lets us do. `failures` and `open_until` are the circuit breaker
    (lib/breaker.py). `info` is what was learnt of the store.
    """

    class State(models.TextChoices):
        ACTIVE = "active", _("Connected")
        REVOKED = "revoked", _("Access taken back")
        UNINSTALLED = "uninstalled", _("Uninstalled")

    shop = models.ForeignKey(Shop, models.PROTECT, related_name="store_accesses", db_index=False)
    connection = TenantKey(Connection, related_name="accesses")
    credentials = SecretField()
    scopes = ArrayField(models.CharField(max_length=64), default=list)
    state = models.CharField(max_length=11, choices=State.choices, default=State.ACTIVE)
    info = models.JSONField(default=dict)
    failures = models.IntegerField(default=0, db_default=0)
    open_until = models.DateTimeField(null=True)
    error = models.CharField(max_length=500, default="", db_default="")
    granted_at = models.DateTimeField(default=now)
    uninstalled_at = models.DateTimeField(null=True)
    subscribed_at = models.DateTimeField(null=True)

    objects = ScopedManager(shop="shop")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["shop", "connection"], name="access_one_a_connection")
        ]

    def __str__(self) -> str:
        return f"Access to {self.connection_id}"


class PrivacyRequest(models.Model):
    """A shopper's or a store's wish about personal data, as its platform passed it on; done by `due_at` at the latest.

    `subject` names the customer as the platform does: {"customer_id", "email", "orders"}. `export` answers a data
    request. Erasing keeps figures and forgets people.
    """

    class Kind(models.TextChoices):
        EXPORT = "export", _("Give the data")
        ERASE = "erase", _("Erase the customer")
        ERASE_SHOP = "erase_shop", _("Erase the store's customers")

    class State(models.TextChoices):
        NEW = "new", _("Waiting")
        DONE = "done", _("Done")

    shop = models.ForeignKey(Shop, models.PROTECT, related_name="privacy_requests", db_index=False)
    connection = TenantKey(Connection, related_name="privacy_requests")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    reference = models.CharField(max_length=255)
    subject = models.JSONField(default=dict)
    state = models.CharField(max_length=4, choices=State.choices, default=State.NEW)
    export = models.JSONField(null=True)
    requested_at = models.DateTimeField()
    due_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True)
    attempts = models.IntegerField(default=0)
    error = models.CharField(max_length=500, default="")

    objects = ScopedManager(shop="shop")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["shop", "connection", "kind", "reference"], name="privacy_request_once"
            )
        ]
        indexes: ClassVar = [
            models.Index("due_at", condition=models.Q(state="new"), name="privacy_request_due"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.reference}"


class ApiKey(models.Model):
    """A server's key to `/api/v1/`; only its SHA-256 is kept."""

    shop = models.ForeignKey(Shop, models.PROTECT, related_name="api_keys")
    name = models.CharField(max_length=80)
    prefix = models.CharField(max_length=16)
    digest = models.BinaryField(max_length=32, unique=True)
    created_at = models.DateTimeField(default=now, editable=False)
    revoked_at = models.DateTimeField(null=True, blank=True)

    objects = ScopedManager(shop="shop")

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"


class Customer(models.Model):
    """A shopper as a connected store knows them. `as_of` is the instant of that knowledge.

    `joined_at` is the earliest that is known of them; a birthday has no year. `subscribed_at`: since when they are, or
    are not, `subscribed` to marketing. `tags` follow from `tag_marks`, the latest word on each tag (orders/tags.py).
    """

    shop = models.ForeignKey(Shop, models.PROTECT, related_name="customers", db_index=False)
    connection = TenantKey(Connection)
    external_id = models.CharField(max_length=255)
    email = models.CharField(max_length=320, default="")
    email_verified = models.BooleanField(default=False)
    first_name = models.CharField(max_length=255, default="")
    last_name = models.CharField(max_length=255, default="")
    tags = ArrayField(models.CharField(max_length=255), default=list)
    tag_marks = models.JSONField(default=dict, db_default={})
    joined_at = models.DateTimeField(null=True)
    birth_month = models.SmallIntegerField(null=True)
    birth_day = models.SmallIntegerField(null=True)
    subscribed = models.BooleanField(default=False, db_default=False)
    subscribed_at = models.DateTimeField(null=True)
    as_of = models.DateTimeField()
    created_at = models.DateTimeField(default=now, db_default=Now())

    objects = ScopedManager(shop="shop")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["shop", "connection", "external_id"], name="customer_once")
        ]
        indexes: ClassVar = [
            models.Index("shop", Lower("email"), name="customer_by_email"),
            models.Index(
                "shop",
                "birth_month",
                "birth_day",
                condition=models.Q(birth_month__isnull=False),
                name="customer_by_birthday",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.first_name} {self.last_name}".strip() or self.email or self.external_id
