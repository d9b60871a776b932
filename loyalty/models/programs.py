"""The program being edited, and its published versions."""

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _
from django_scopes import ScopedManager

from shops.models import Shop


class Program(models.Model):
    """A shop's program being edited: `draft` is a document; what is live is the newest `ProgramVersion`.

    Every member has been replayed under version `replayed_version`, and up to account `replayed_to` under `replaying`.
    Open lots are being given the expiry of version `redate_version`, up to lot `redated_to`; 0 when none are.
    """

    class Rounding(models.TextChoices):
        FLOOR = "floor", _("Down")
        HALF_UP = "half_up", _("To the nearest, halves up")
        CEIL = "ceil", _("Up")

    class Deficit(models.TextChoices):
        CARRY = "carry", _("Let the balance go below zero; later points fill it first")
        CLAMP = "clamp", _("Stop at zero and record what was missing")

    shop = models.OneToOneField(Shop, models.PROTECT, related_name="program")
    draft = models.JSONField(default=dict)
    updated_at = models.DateTimeField(auto_now=True)
    replayed_version = models.PositiveIntegerField(default=0, db_default=0)
    replaying = models.PositiveIntegerField(default=0, db_default=0)
    replayed_to = models.BigIntegerField(default=0, db_default=0)
    redate_version = models.PositiveIntegerField(default=0, db_default=0)
    redated_to = models.BigIntegerField(default=0, db_default=0)

    objects = ScopedManager(shop="shop")

    def __str__(self) -> str:
        return f"Program of {self.shop}"


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
