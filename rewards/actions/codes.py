"""Codes shown at a till or a checkout of the merchant's own, over the server API.

Whoever asks has the shop's key. All the same a code of another shop, an unknown one and one that is not ready yet are
answered alike, after the same statements.
"""

from datetime import datetime
from decimal import Decimal

from django.db import transaction
from django.db.models import Value
from django.db.models.functions import Upper
from django.utils.translation import gettext
from django_scopes import scope

from lib.clock import now
from rewards.actions.closing import GRACE
from rewards.errors import CodeNotUsable
from rewards.models import CodeUse, Redemption
from rewards.settling import at_a_store, settle
from rewards.terms import read_terms
from rewards.wanted import minimum
from shops.models import Shop

State = Redemption.State
REFERENCE_LENGTH = 200
_READY = frozenset({State.ISSUED, State.USED, State.CLOSING, State.RETURNED})


def validate_code(shop: Shop, code: str, order_total: Decimal | None = None) -> Redemption:
    """The redemption whose code could be used now, for an order of `order_total` where that is known.

    Raises `CodeNotUsable`.
    """
    with scope(shop=shop):
        redemption = _usable(_found(shop, code, lock=False), now())
    _check_total(shop, redemption, order_total)
    return redemption


def use_code(shop: Shop, code: str, reference: str, order_total: Decimal | None = None) -> Redemption:
    """Use the code up for the order or receipt `reference`; again with the same reference it changes nothing.

    Raises `CodeNotUsable`; a reference that has released the code cannot use it again.
    """
    source = _source(reference)
    at = now()
    with scope(shop=shop), transaction.atomic():
        redemption = _found(shop, code, lock=True)
        use = _use_of(redemption, source)
        if redemption is not None and use is not None and use.live:
            return redemption
        if use is not None:
            raise CodeNotUsable("released", gettext("This order has released the code."))
        redemption = _usable(redemption, at)
        _check_total(shop, redemption, order_total)
        CodeUse.objects.create(shop=shop, redemption=redemption, source=source, number=reference[:64], at=at)
        settle(redemption, at)
    return redemption


def release_code(shop: Shop, code: str, reference: str) -> Redemption:
    """The order or receipt `reference` does not use the code after all: it can be used elsewhere.

    Fine when it never was, or is released already; if it comes before its use, that use is refused. Raises
    `CodeNotUsable` where the code is unknown.
    """
    source = _source(reference)
    at = now()
    with scope(shop=shop), transaction.atomic():
        redemption = _ready(_found(shop, code, lock=True))
        use = _use_of(redemption, source)
        if use is None:
            CodeUse.objects.create(
                shop=shop, redemption=redemption, source=source, number=reference[:64], at=at, live=False
            )
        elif use.live:
            use.live = False
            use.save(update_fields=["live"])
            settle(redemption, at)
    return redemption


def _source(reference: str) -> str:
    if not (0 < len(reference) <= REFERENCE_LENGTH and reference.isprintable()):
        message = gettext("A reference has 1 to %(most)d printable characters.") % {"most": REFERENCE_LENGTH}
        raise CodeNotUsable("bad_reference", message)
    return f"api:{reference}"


def _found(shop: Shop, code: str, *, lock: bool) -> Redemption | None:
    rows = Redemption.objects.select_related("connection")
    if lock:
        rows = rows.select_for_update(no_key=True, of=("self",))
    # In the database's own capitals, which are not always Python's.
    shown = Upper(Value(code.strip().replace("\x00", "")))
    rows = rows.alias(capitals=Upper("code")).exclude(code="")
    found: Redemption | None = rows.filter(shop=shop, capitals=shown).first()
    return found


def _use_of(redemption: Redemption | None, source: str) -> CodeUse | None:
    """Asked for an unknown code too, so that its answer takes as long."""
    redemption_id = redemption.pk if redemption else 0
    shop_id = redemption.shop_id if redemption else 0
    use: CodeUse | None = CodeUse.objects.filter(
        shop_id=shop_id, redemption_id=redemption_id, source=source
    ).first()
    return use


def _ready(redemption: Redemption | None) -> Redemption:
    """A code that was handed to its member."""
    if redemption is None or redemption.state not in _READY:
        raise CodeNotUsable("unknown", gettext("There is no such code."))
    if at_a_store(redemption):
        raise CodeNotUsable("elsewhere", gettext("This code is used at the store's own checkout."))
    return redemption


def _usable(redemption: Redemption | None, at: datetime) -> Redemption:
    found = _ready(redemption)
    if found.state == State.USED:
        raise CodeNotUsable("used", gettext("This code was used already."))
    if (found.expires_at is not None and found.expires_at + GRACE <= at) or found.closing in (
        "expired",
        "lapsed",
    ):
        raise CodeNotUsable("expired", gettext("This code has expired."))
    if found.state != State.ISSUED:
        raise CodeNotUsable("ended", gettext("This code was taken back."))
    return found


def _check_total(shop: Shop, redemption: Redemption, order_total: Decimal | None) -> None:
    if order_total is None:
        return
    if not order_total.is_finite() or order_total < 0:
        raise CodeNotUsable("bad_total", gettext("The order's total is not an amount."))
    least = minimum(read_terms(redemption.terms), redemption.value, shop.currency)
    if least is not None and order_total < least:
        message = gettext("The order is too small for this code: it takes %(amount)s %(currency)s.")
        raise CodeNotUsable("minimum", message % {"amount": least, "currency": shop.currency})
