"""A shop's ledger proved at a person's word, and when that was last done."""

from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime

import msgspec
import redis
from celery import current_app
from django.db import connection
from kombu.exceptions import OperationalError

from lib import bell
from lib.clock import now
from loyalty.models import Account, Entry
from loyalty.proof import Difference, verify
from shops.models import Shop

TASK = "loyalty.verify_ledger"
AT_ONCE = 200_000
ASKED_S = 900


class LastProof(msgspec.Struct, frozen=True):
    """When the ledger was last proved. `entries` of the shop were read, None where it was the nightly proof of all."""

    at: datetime
    entries: int | None = None


@dataclass(frozen=True, slots=True)
class Proof:
    """What a proof found. `accounts` and `entries` is how much of the shop it read."""

    accounts: int
    entries: int
    differences: list[Difference]


def prove(shop: Shop) -> Proof | None:
    """Prove the shop's ledger now and freeze what differs; None where it is too big for that.

    With more than `AT_ONCE` entries a worker is asked to prove the whole ledger. Raises `redis.RedisError` or
    `kombu.exceptions.OperationalError` when none can be asked.
    """
    entries = Entry.objects.filter(shop=shop).order_by()[: AT_ONCE + 1].count()
    if entries > AT_ONCE:
        _ask()
        return None
    accounts = Account.objects.filter(shop=shop).count()
    found = verify(shop.pk)
    remember(shop, entries)
    return Proof(accounts, entries, found)


def remember(shop: Shop | None = None, entries: int | None = None) -> None:
    """Note that the ledger of the shop, or of all shops, was proved just now. Without Redis it is forgotten."""
    told = LastProof(now(), entries)
    with suppress(redis.RedisError):
        bell.connection().set(_key(shop), msgspec.json.encode(told))


def last_proof(shop: Shop) -> LastProof | None:
    """The newest proof that took in the shop; None where none is known."""
    with suppress(redis.RedisError):
        notes = [bell.connection().get(_key(one)) for one in (shop, None)]
        known = [msgspec.json.decode(note, type=LastProof) for note in notes if isinstance(note, bytes)]
        return max(known, key=lambda proof: proof.at.astimezone(UTC), default=None)
    return None


def _ask() -> None:
    """Have the whole ledger proved, unless that was asked for a while ago."""
    asked = f"{_key(None)}:asked"
    if not bell.connection().set(asked, b"1", nx=True, ex=ASKED_S):
        return
    try:
        current_app.send_task(TASK, retry=False, ignore_result=True)
    except OperationalError:
        bell.connection().delete(asked)
        raise


def _key(shop: Shop | None) -> str:
    """Redis may serve more than one database."""
    return f"regulars:proof:{connection.settings_dict['NAME']}:{shop.public_id if shop else 'all'}"
