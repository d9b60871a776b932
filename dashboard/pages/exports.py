"""Members, entries and lots as CSV files."""

from django.http import Http404, HttpResponse, StreamingHttpResponse
from django.utils.timezone import localdate
from django.utils.translation import gettext
from django.views.decorators.http import require_POST

from dashboard.desk import DeskRequest, Right
from dashboard.site import site
from loyalty.sheets.exports import TABLES, lines


def exports(request: DeskRequest) -> HttpResponse:
    """What can be exported."""
    tables = [
        (
            "members",
            "group",
            gettext("Members"),
            gettext("Who they are, their balance, lifetime points and tier."),
        ),
        (
            "entries",
            "receipt_long",
            gettext("Entries"),
            gettext("Every move of points, with when, who and why."),
        ),
        (
            "lots",
            "inventory_2",
            gettext("Lots"),
            gettext("Points as they came in: what is left, when it expires."),
        ),
    ]
    context = {
        "title": gettext("Import and export"),
        "tables": tables,
        "may_export": request.desk.may(Right.DATA),
    }
    return site.show(request, "exports", context)


@require_POST
def export_table(request: DeskRequest, table: str) -> StreamingHttpResponse:
    """One table as a file, written while it is read."""
    if table not in TABLES:
        raise Http404
    shop = request.desk.shop
    response = StreamingHttpResponse(lines(table, shop), content_type="text/csv; charset=utf-8")
    name = f"{table}-{localdate().isoformat()}.csv"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
