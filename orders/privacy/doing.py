"""Wishes are carried out one after the other; a row that waits is the queue."""

import time
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

import msgspec
import structlog
from django.db import transaction
from django_scopes import scope, scopes_disabled

from lib.clock import now
from lib.rows import passing
from orders.models import Order
from orders.privacy.bodies import empty_bodies, speaks_of, waiting
from orders.privacy.erasing import forget, next_customers
from orders.privacy.exporting import document_of
from orders.privacy.subjects import Words, subject_of
from platforms.registry import PLATFORMS
from shops.models import PrivacyRequest, StoreAccess

log = structlog.get_logger("regulars.privacy")

# A request that takes longer is gone on with by the next task.
LONGEST_S = 15.0
CUSTOMERS_AT_ONCE = 100
REQUESTS_AT_ONCE = 50
# How long a request waits for deliveries of its store that cannot be applied.
PATIENCE = timedelta(hours=1)


def carry_out_due() -> int:
    """Work on what waits, what is due first first; returns how many requests were finished.

    One that fails keeps its reason, and is tried again with the next task.
    """
    with scopes_disabled():
        new = PrivacyRequest.objects.filter(state=PrivacyRequest.State.NEW).select_related("connection")
        requests = list(new.order_by("attempts", "due_at", "pk")[:REQUESTS_AT_ONCE])
    ends = time.monotonic() + LONGEST_S
    done = 0
    for request in requests:
        if time.monotonic() > ends:
            break
        try:
            done += _carry_out(request, ends)
        except Exception as error:
            if passing(error):
                raise
            log.exception("privacy request failed", request_id=request.pk)
            _keep(request, attempts=request.attempts + 1, error=type(error).__name__)
    return done


def _carry_out(request: PrivacyRequest, ends: float) -> bool:
    """Whether it is done; False where it has to wait or takes longer."""
    if request.kind == PrivacyRequest.Kind.EXPORT:
        subject = subject_of(request)
        _done(request, export=document_of(request.shop_id, subject.customers, subject.orders))
        return True
    late = now() > request.requested_at + PATIENCE
    if not late and waiting(request.shop_id, request.connection_id, request.requested_at):
        return False
    if request.kind == PrivacyRequest.Kind.ERASE_SHOP:
        return _erase_shop(request, ends)
    return _erase(request, ends)


def _erase(request: PrivacyRequest, ends: float) -> bool:
    """The words are kept with the request until every body was looked at: the customer's row has them no more."""
    if "words" not in request.subject:
        with transaction.atomic():
            subject = subject_of(request)
            forget(request.shop_id, subject, now())
            _keep(request, subject=request.subject | {"words": msgspec.to_builtins(subject.words)})
    words = msgspec.convert(request.subject["words"], Words)
    platform = PLATFORMS[request.connection.platform]
    if not _empty_bodies(request, ends, partial(speaks_of, platform, words)):
        return False
    _done(request, subject={"customer_id": request.subject.get("customer_id", "")})
    return True


def _erase_shop(request: PrivacyRequest, ends: float) -> bool:
    if _connected(request):
        # It came back before it was forgotten: its customers are customers.
        _done(request, error="The store is connected again, so nothing was erased.")
        return True
    shop_id, connection_id = request.shop_id, request.connection_id
    while found := next_customers(
        shop_id, connection_id, request.subject.get("customers", 0), CUSTOMERS_AT_ONCE
    ):
        if time.monotonic() > ends:
            return False
        with transaction.atomic():
            for _, external_id in found:
                one = {"customer_id": external_id}
                who = PrivacyRequest(shop_id=shop_id, connection_id=connection_id, subject=one)
                forget(shop_id, subject_of(who), now())
            _keep(request, subject=request.subject | {"customers": found[-1][0]})
    with scope(shop=shop_id):
        left = Order.objects.filter(shop_id=shop_id, connection_id=connection_id).exclude(email="")
        left.update(email="")
    if not _empty_bodies(request, ends, lambda _topic, _body: True):
        return False
    _done(request, subject={})
    return True


def _connected(request: PrivacyRequest) -> bool:
    with scope(shop=request.shop_id):
        active = StoreAccess.objects.filter(
            shop_id=request.shop_id,
            connection_id=request.connection_id,
            state=StoreAccess.State.ACTIVE,
        )
        return active.exists()


def _empty_bodies(request: PrivacyRequest, ends: float, theirs: Callable[[str, bytes], bool]) -> bool:
    """Go on emptying from where the request stands; whether all bodies were looked at."""
    after: int | None = request.subject.get("looked_at", 0)
    while after is not None:
        if time.monotonic() > ends:
            return False
        with transaction.atomic():
            after = empty_bodies(request.shop_id, request.connection_id, after, theirs)
            if after is not None:
                _keep(request, subject=request.subject | {"looked_at": after})
    return True


def _done(request: PrivacyRequest, **more: Any) -> None:
    _keep(request, **{"state": PrivacyRequest.State.DONE, "done_at": now(), "error": "", **more})
    log.info("privacy request done", request_id=request.pk, kind=request.kind)


def _keep(request: PrivacyRequest, **changes: Any) -> None:
    for name, value in changes.items():
        setattr(request, name, value)
    with scope(shop=request.shop_id):
        PrivacyRequest.objects.filter(shop_id=request.shop_id, pk=request.pk).update(**changes)
