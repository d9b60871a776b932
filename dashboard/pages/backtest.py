"""What a draft would have given: asking for a back-test, its progress, and its result."""

from dataclasses import dataclass
from decimal import Decimal
from hashlib import sha256

from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.utils.translation import gettext, ngettext

from dashboard.desk import DeskRequest, Right
from dashboard.site import site
from dashboard.stretches import chart_of
from loyalty.actions.drafts import draft_as_written
from loyalty.actions.programs import draft_document
from loyalty.diff import diff
from loyalty.documents import decode, encode
from loyalty.errors import InvalidProgram, Problem
from loyalty.models import Account
from loyalty.queries import live_version
from loyalty.wording import number
from orders.backtest import runs, telling
from orders.backtest.figures import MemberChange, Result, result_from
from orders.models import Backtest

PERIODS = (30, 90, 365)
USUAL = 90
SHOWN = 10


@dataclass(frozen=True)
class Changed:
    """One of the greatest changes, and the member's page."""

    change: MemberChange
    account: Account | None

    @property
    def difference(self) -> str:
        return telling.signed(self.change.difference)


@dataclass(frozen=True)
class LeftOut:
    count: int
    why: str


def backtest(request: DeskRequest) -> HttpResponse:
    """Choose a period, and see earlier back-tests; a POST starts one."""
    if request.method != "POST":
        return _show(request)
    given = request.POST.get("days", "")
    days = int(given) if given.isascii() and given.isdecimal() and len(given) < 5 else 0
    try:
        run = runs.start(request.desk.shop, days, request.user.get_username())
    except ValidationError as error:
        return _show(request, " ".join(error.messages))
    except InvalidProgram:
        return redirect("dashboard:backtest")
    return redirect("dashboard:backtest_run", backtest_id=run.pk)


def _show(request: DeskRequest, days_error: str = "") -> HttpResponse:
    shop = request.desk.shop
    problems = _problems(request)
    live = live_version(shop)
    context = {
        "title": gettext("Preview impact"),
        "problems": problems,
        "changes": [] if problems else diff(decode(live.document), draft_document(shop)),
        "live": live,
        "periods": [(days, _period(days)) for days in PERIODS],
        "usual": USUAL,
        "days_error": days_error,
        "runs": Backtest.objects.filter(shop=shop).order_by("-id")[:SHOWN],
        "may_start": request.desk.may(Right.PROGRAM),
    }
    return site.show(request, "backtest", context, status=422 if days_error else 200)


def backtest_run(request: DeskRequest, backtest_id: int) -> HttpResponse:
    """How far a back-test is, or what came of it."""
    run = _run(request, backtest_id)
    if run.state != Backtest.State.DONE:
        context = {"title": gettext("Preview impact"), "run": run, "progress": _progress(run)}
        return site.show(request, "backtest_progress", context)
    return site.show(request, "backtest_result", _result_context(request, run))


def backtest_progress(request: DeskRequest, backtest_id: int) -> HttpResponse:
    """JSON for the progress bar: `finished`, `percent` and a sentence."""
    return JsonResponse(_progress(_run(request, backtest_id)))


def _run(request: DeskRequest, backtest_id: int) -> Backtest:
    found = Backtest.objects.filter(shop=request.desk.shop, pk=backtest_id)
    run = found.select_related("base_version").filter(base_version__shop=request.desk.shop).first()
    if run is None:
        raise Http404
    return run


def _problems(request: DeskRequest) -> list[Problem]:
    try:
        draft_document(request.desk.shop)
    except InvalidProgram as error:
        return error.errors
    return []


def _progress(run: Backtest) -> dict[str, object]:
    percent = min(99, 100 * run.processed // run.total) if run.total else 0
    if run.total is None:
        said = gettext("Counting the orders of the period.")
    else:
        words = {"done": number(min(run.processed, run.total)), "total": number(run.total)}
        said = gettext("%(done)s of %(total)s orders looked at") % words
    return {"finished": not run.unfinished, "percent": percent, "said": said}


def _result_context(request: DeskRequest, run: Backtest) -> dict[str, object]:
    result = result_from(run.result)
    known = telling.members(request.desk.shop, result)
    draft = draft_as_written(request.desk.shop)
    currency = result.cost.currency
    return {
        "title": gettext("Preview impact"),
        "run": run,
        "result": result,
        "headline": telling.headline(result),
        "chart": chart_of(result),
        "period": _period(run.days),
        "points_difference": telling.signed(result.points.difference),
        "cost_difference": telling.signed_money(result.cost.difference, currency),
        "liability_difference": telling.signed_money(result.liability.difference, currency),
        "expected": _expected(result),
        "sides": [
            (
                gettext("Biggest winners"),
                gettext("Nobody gets more points."),
                _changed(result.winners, known),
            ),
            (gettext("Biggest losers"), gettext("Nobody gets fewer points."), _changed(result.losers, known)),
        ],
        "left_out": [LeftOut(count, telling.reason_text(why)) for why, count in result.left_out.items()],
        "draft_changed": sha256(encode(draft)).hexdigest() != run.digest,
        "live": live_version(request.desk.shop),
        "may_edit": request.desk.may(Right.PROGRAM),
    }


def _changed(changes: tuple[MemberChange, ...], known: dict[int, Account]) -> list[Changed]:
    return [Changed(change, known.get(change.member)) for change in changes]


def _expected(result: Result) -> str:
    """What of the liability is likely to be spent, by what members spent so far."""
    owed = result.liability
    if owed.spent_share is None or owed.expected is None or not owed.difference:
        return ""
    words = {
        "share": f"{number((owed.spent_share * 100).quantize(Decimal('0.1')))} %",
        "money": telling.signed_money(owed.expected, result.cost.currency),
    }
    return gettext("%(money)s at the %(share)s your members spent so far") % words


def _period(days: int) -> str:
    return ngettext("Last %(days)d day", "Last %(days)d days", days) % {"days": days}
