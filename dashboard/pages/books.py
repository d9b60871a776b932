"""What the shop owes in points, and the months of its journal."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import redirect
from django.utils.formats import date_format
from django.utils.translation import gettext
from django.views.decorators.http import require_POST

from dashboard.bars import bars
from dashboard.coming import expiring_months, lets_expire
from dashboard.desk import Desk, DeskRequest, Right
from dashboard.site import site
from lib.clock import now
from loyalty.actions.periods import close_month, first_open_month
from loyalty.calendar import add_months, local_day
from loyalty.errors import InvalidPeriod, JournalChanged
from loyalty.journal import export
from loyalty.liability import liability
from loyalty.models import PeriodClose
from loyalty.wording import money, number

MONTHS_SHOWN = 12


@dataclass(frozen=True)
class Sum:
    """What a closed month did to one account of the journal: credits less debits."""

    account: str
    points: int
    value: Decimal


@dataclass(frozen=True)
class Month:
    """A month of the journal. `close` where it is closed; `running` while it is not over."""

    first: date
    name: str
    running: bool
    close: PeriodClose | None = None
    sums: tuple[Sum, ...] = ()


def books(request: DeskRequest) -> HttpResponse:
    """The liability, what will expire, and the journal by month."""
    desk, at = request.desk, now()
    owed = liability(desk.shop, at)
    months = expiring_months(desk.shop, desk.zone, at)
    context = {
        "title": gettext("Books"),
        "owed": owed,
        "point_value": money(owed.point_value, owed.currency, short=True),
        "breakage": _percent(owed.breakage_rate),
        "expiring": bars([(_short(one.month), one.points) for one in months]) if months else None,
        "page": Paginator(_months(desk), MONTHS_SHOWN).get_page(request.GET.get("page")),
        "closable": _closable(desk),
        "lets_expire": lets_expire(desk.shop),
        "may_book": desk.may(Right.DATA),
    }
    return site.show(request, "books", context)


@require_POST
def journal(request: DeskRequest, month: str) -> HttpResponseBase:
    """A month of the journal as CSV, written while it is read."""
    first = _first_day(month)
    try:
        lines = export(request.desk.shop, first)
    except JournalChanged:
        said = gettext(
            "The journal of %(month)s is not what it was when it was closed, so it is not handed out. "
            "Look at “Proof” first."
        )
        messages.error(request, said % {"month": month_name(first)})
        return redirect("dashboard:books")
    response = StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="journal-{first:%Y-%m}.csv"'
    return response


def close(request: DeskRequest, month: str) -> HttpResponse:
    """Ask whether a month is to be closed; a POST closes it."""
    first, closable = _first_day(month), _closable(request.desk)
    if request.method == "POST":
        try:
            closed = close_month(request.desk.shop, first, request.user.get_username())
        except InvalidPeriod as error:
            messages.error(request, str(error))
        else:
            said = gettext("%(month)s is closed: it cannot change any more.")
            messages.success(request, said % {"month": month_name(closed.month)})
        return redirect("dashboard:books")
    if closable is None or closable.first != first:
        raise Http404
    context = {
        "title": gettext("Close %(month)s") % {"month": closable.name},
        "month": closable,
        "may_book": request.desk.may(Right.DATA),
    }
    return site.show(request, "books_close", context)


def month_name(month: date) -> str:
    """November 2026."""
    return date_format(month, "F Y")


def _months(desk: Desk) -> list[Month]:
    """From the one of now back to the first with entries."""
    closes = {one.month: one for one in PeriodClose.objects.filter(shop=desk.shop)}
    this_month = local_day(desk.zone, now()).replace(day=1)
    first_open = first_open_month(desk.shop)
    if first_open is None:
        return []
    first = min([first_open, *closes])
    months = [this_month]
    while months[-1] > first:
        months.append(add_months(months[-1], -1))
    return [_month(month, month == this_month, closes.get(month)) for month in months]


def _month(month: date, running: bool, close: PeriodClose | None) -> Month:
    sums = (
        [Sum(account, close.points.get(account, 0), Decimal(value)) for account, value in close.value.items()]
        if close
        else []
    )
    return Month(month, month_name(month), running, close, tuple(sums))


def _closable(desk: Desk) -> Month | None:
    """The month that is next to be closed; None while it is not over."""
    first = first_open_month(desk.shop)
    if first is None or first >= local_day(desk.zone, now()).replace(day=1):
        return None
    return _month(first, False, None)


def _first_day(month: str) -> date:
    try:
        first = date.fromisoformat(f"{month}-01")
    except ValueError:
        raise Http404 from None
    if not 1900 <= first.year <= 9000:
        raise Http404
    return first


def _short(month: date | None) -> str:
    return date_format(month, "M Y") if month else gettext("Later")


def _percent(rate: Decimal | None) -> str:
    return "" if rate is None else f"{number((rate * 100).quantize(Decimal('0.1')))} %"
