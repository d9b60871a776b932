"""How a store's access, its answering and the looks at its orders are told."""

from datetime import datetime

from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext, ngettext

from loyalty.wording import number
from orders.models import Sweep
from platforms.registry import PLATFORMS
from shops.models import Connection, StoreAccess

FINDINGS = ("missed", "late", "differing")


def access_label(connection: Connection, access: StoreAccess | None) -> tuple[str, str]:
    """Whether the store lets Regulars in, in words, and the colour of the label."""
    if not PLATFORMS[connection.platform].credentials:
        return gettext("Webhooks only"), "info"
    if access is None:
        return gettext("No access: only webhooks"), "warning"
    if access.state == StoreAccess.State.ACTIVE:
        return gettext("Connected"), "success"
    if access.state == StoreAccess.State.UNINSTALLED:
        return gettext("App uninstalled: connect again"), "danger"
    return gettext("Access taken back: connect again"), "danger"


def not_answering(access: StoreAccess, at: datetime) -> str:
    """That the store is left alone for a while, because it did not answer; "" when it did."""
    if access.open_until is None or access.state != StoreAccess.State.ACTIVE:
        return ""
    said = ngettext(
        "Not answering: %(count)d call failed.",
        "Not answering: %(count)d calls in a row failed.",
        access.failures,
    ) % {"count": access.failures}
    if access.open_until <= at:
        return f"{said} {gettext('It is tried again with the next call.')}"
    return f"{said} {gettext('Next try at %(time)s.') % {'time': clock(access.open_until)}}"


def last_look(connection: Connection) -> str:
    """When the store's orders were last compared with ours, and what came of it; "" before the first time."""
    looks = Sweep.objects.filter(
        shop_id=connection.shop_id, connection_id=connection.pk, kind=Sweep.Kind.RECONCILE
    )
    sweep = looks.filter(state=Sweep.State.DONE).order_by("-id").first()
    return look_text(sweep) if sweep else ""


def look_text(sweep: Sweep) -> str:
    """A look that is over, in a sentence."""
    when = {"when": date_format(localtime(sweep.finished_at or sweep.created_at), "j M Y, H:i")}
    found = sum(getattr(sweep, name) for name in FINDINGS)
    if not sweep.seen:
        return gettext("%(when)s: no order had changed.") % when
    seen = ngettext("%(count)s changed order", "%(count)s changed orders", sweep.seen) % {
        "count": number(sweep.seen)
    }
    if not found:
        return gettext("%(when)s: %(seen)s, all known here.") % {**when, "seen": seen}
    news = ngettext("%(count)s was not known", "%(count)s were not known", found) % {"count": number(found)}
    return gettext("%(when)s: %(seen)s, of which %(news)s and came in this way.") % {
        **when,
        "seen": seen,
        "news": news,
    }


def finding_text(what: str) -> str:
    """What a finding is called."""
    words = {"missed": gettext("Missed"), "late": gettext("Late"), "differing": gettext("Differing")}
    return words.get(what, what)


def clock(value: datetime) -> str:
    """The time of day on the shop's clock."""
    return date_format(localtime(value), "H:i")
