"""The rows that an order leaves, as models."""

from typing import ClassVar

from django.db import models


class Webhook(models.Model):
    delivery_id = models.CharField(max_length=255, unique=True)
    topic = models.CharField(max_length=64)
    body = models.JSONField()
    state = models.CharField(max_length=8, default="new", db_index=True)
    received_at = models.DateTimeField(auto_now_add=True)

    objects: ClassVar["models.Manager[Webhook]"] = models.Manager()

    def __str__(self) -> str:
        return self.delivery_id


class Customer(models.Model):
    external_id = models.CharField(max_length=255, unique=True)
    email = models.CharField(max_length=320, db_index=True)
    first_name = models.CharField(max_length=255)
    last_name = models.CharField(max_length=255)
    tags = models.JSONField(default=list)
    updated_at = models.DateTimeField()

    objects: ClassVar["models.Manager[Customer]"] = models.Manager()

    def __str__(self) -> str:
        return self.external_id


class Account(models.Model):
    customer = models.OneToOneField(Customer, models.PROTECT)
    customer_id: int
    balance = models.BigIntegerField(default=0)
    lifetime_earned = models.BigIntegerField(default=0)
    pending = models.BigIntegerField(default=0)
    seq = models.IntegerField(default=0)
    tier = models.CharField(max_length=40, default="")
    review_at = models.DateTimeField(null=True, db_index=True)

    objects: ClassVar["models.Manager[Account]"] = models.Manager()

    def __str__(self) -> str:
        return f"account {self.pk}"


class Order(models.Model):
    external_id = models.CharField(max_length=255, unique=True)
    customer = models.ForeignKey(Customer, models.PROTECT)
    number = models.CharField(max_length=64)
    email = models.CharField(max_length=320)
    currency = models.CharField(max_length=3)
    status = models.CharField(max_length=20)
    placed_at = models.DateTimeField()
    total = models.DecimalField(max_digits=20, decimal_places=8)
    lines = models.JSONField(default=list)
    refunds = models.JSONField(default=list)

    objects: ClassVar["models.Manager[Order]"] = models.Manager()

    def __str__(self) -> str:
        return self.number


class Award(models.Model):
    order = models.OneToOneField(Order, models.PROTECT)
    order_id: int
    account = models.ForeignKey(Account, models.PROTECT)
    account_id: int
    target = models.BigIntegerField()
    posted = models.BigIntegerField()
    pending = models.BigIntegerField(default=0)
    release_at = models.DateTimeField(null=True, db_index=True)
    breakdown = models.JSONField()

    objects: ClassVar["models.Manager[Award]"] = models.Manager()

    def __str__(self) -> str:
        return f"award {self.pk}"


class Entry(models.Model):
    account = models.ForeignKey(Account, models.PROTECT)
    award = models.ForeignKey(Award, models.PROTECT)
    seq = models.IntegerField()
    kind = models.CharField(max_length=8)
    points = models.BigIntegerField()
    balance_after = models.BigIntegerField()
    reference = models.CharField(max_length=255, unique=True)
    occurred_at = models.DateTimeField()
    created_at = models.DateTimeField(auto_now_add=True)

    objects: ClassVar["models.Manager[Entry]"] = models.Manager()

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["account", "seq"], name="textbook_seq_once")]

    def __str__(self) -> str:
        return self.reference


class Lot(models.Model):
    account = models.ForeignKey(Account, models.PROTECT)
    account_id: int
    entry = models.ForeignKey(Entry, models.PROTECT)
    points = models.BigIntegerField()
    remaining = models.BigIntegerField()
    earned_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True, db_index=True)

    objects: ClassVar["models.Manager[Lot]"] = models.Manager()

    def __str__(self) -> str:
        return f"{self.remaining} of {self.points}"


class TierChange(models.Model):
    account = models.ForeignKey(Account, models.PROTECT)
    tier = models.CharField(max_length=40)
    since = models.DateTimeField()
    reason = models.CharField(max_length=20)
    spend = models.DecimalField(max_digits=20, decimal_places=8)

    objects: ClassVar["models.Manager[TierChange]"] = models.Manager()

    def __str__(self) -> str:
        return f"{self.tier} since {self.since}"
