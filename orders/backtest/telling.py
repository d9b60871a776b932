"""A result in words and numbers: for a terminal, for a program that reads it, and the sentences of the dashboard."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext, ngettext
from django_scopes import scope

from loyalty.models import Account
from loyalty.wording import MINUS, money, number, points_text
from orders.backtest.figures import MemberChange, Result, stored
from shops.models import Shop


def headline(result: Result) -> str:
    """Such as: In the last 90 days this draft would have given 12,340 points more (+18 %), worth 123.40 €."""
    days = ngettext("In the last %(days)d day", "In the last %(days)d days", result.days) % {
        "days": result.days
    }
    if not result.orders:
        return gettext("%(period)s there was no order of a member to try this draft on.") % {"period": days}
    points = result.points
    if not points.difference:
        if not result.cost.difference:
            return gettext("%(period)s this draft would have given the same points.") % {"period": days}
        said = gettext("%(period)s this draft would have given the same points, which would cost %(money)s.")
        return said % {"period": days, "money": signed_money(result.cost.difference, result.cost.currency)}
    more = gettext("%(period)s this draft would have given %(points)s more%(percent)s, worth %(money)s.")
    fewer = gettext("%(period)s this draft would have given %(points)s less%(percent)s, worth %(money)s.")
    worth = abs(points.difference) * result.cost.value_draft
    return (more if points.difference > 0 else fewer) % {
        "period": days,
        "points": points_text(abs(points.difference), result.points_name),
        "percent": f" ({signed_percent(points.percent)})" if points.percent is not None else "",
        "money": money(worth, result.cost.currency),
    }


def signed(value: int) -> str:
    """+1,200, −1,200 or 0."""
    return f"+{number(value)}" if value > 0 else f"{MINUS}{number(-value)}" if value < 0 else "0"


def signed_money(amount: Decimal, currency: str) -> str:
    """As `signed`, with the currency."""
    shown = money(abs(amount), currency)
    return f"+{shown}" if amount > 0 else f"{MINUS}{shown}" if amount < 0 else shown


def signed_percent(percent: Decimal) -> str:
    """+18 %, without a decimal where it is whole or large."""
    shown = abs(percent if abs(percent) < 10 else percent.to_integral_value())
    return f"{'+' if percent > 0 else MINUS if percent < 0 else ''}{number(shown)} %"


def reason_text(reason: str) -> str:
    """Why orders were left out."""
    return {
        "guest": gettext("placed by guests who are no members"),
        "currency": gettext("in another currency, which wait for a decision"),
        "cancelled": gettext("cancelled"),
        "deleted": gettext("deleted"),
        "test": gettext("test orders"),
        "pending": gettext("not paid yet"),
        "authorized": gettext("not paid yet"),
        "voided": gettext("whose payment was voided"),
        "failed": gettext("whose payment failed"),
        "refunded": gettext("refunded in full"),
        "no_rules": gettext("for which the draft has no active rule"),
        "amount": gettext("with amounts too large to be true"),
    }.get(reason) or gettext("which do not count")


def as_answer(shop: Shop, run_id: int, result: Result) -> dict[str, Any]:
    """Plain JSON values; members with the ids that the store knows them by."""
    known = members(shop, result)
    answer: dict[str, Any] = {"shop": shop.public_id, "backtest": run_id, "headline": headline(result)}
    answer |= stored(result)
    for name in ("winners", "losers"):
        for change in answer[name]:
            account = known.get(change["member"])
            change["external_id"] = account.customer.external_id if account else ""
    percent = result.points.percent
    answer["points"]["percent"] = None if percent is None else str(percent)
    return answer


def as_text(shop: Shop, result: Result) -> str:
    """A plain table for a terminal."""
    return "\n".join(_lines(shop, result))


def members(shop: Shop, result: Result) -> dict[int, Account]:
    """The accounts that the result names, with their customers."""
    wanted = [change.member for change in (*result.winners, *result.losers)]
    with scope(shop=shop):
        found = Account.objects.filter(shop=shop, customer__shop=shop, pk__in=wanted)
        return {account.pk: account for account in found.select_related("customer")}


def _lines(shop: Shop, result: Result) -> Iterator[str]:
    currency = result.cost.currency
    points, cost, owed = result.points, result.cost, result.liability
    yield headline(result)
    said = gettext("Version %(version)d against draft %(digest)s; orders from %(from)s to %(to)s")
    yield said % {
        "version": result.version,
        "digest": result.digest[:12],
        "from": result.starts_at.isoformat(timespec="minutes"),
        "to": result.ends_at.isoformat(timespec="minutes"),
    }
    yield ""
    yield from _table(
        [
            ["", gettext("now"), gettext("draft"), gettext("difference")],
            [gettext("Points"), number(points.now), number(points.draft), signed(points.difference)],
            [
                gettext("Cost"),
                money(cost.now, currency),
                money(cost.draft, currency),
                signed_money(cost.difference, currency),
            ],
            [
                gettext("Liability"),
                money(owed.now, currency),
                money(owed.draft, currency),
                signed_money(owed.difference, currency),
            ],
        ]
    )
    yield ""
    words = {"orders": number(result.orders), "members": number(result.members)}
    yield gettext("Orders: %(orders)s, members: %(members)s") % words
    for reason, count in result.left_out.items():
        yield gettext("Without points: %(count)s %(why)s") % {
            "count": number(count),
            "why": reason_text(reason),
        }
    for change in result.changes:
        yield gettext("Change: %(change)s") % {"change": change}
    for move in result.tiers:
        yield _move_text(move.old, move.new, move.members, move.at_once)
    known = members(shop, result)
    yield from _members(gettext("Winners"), result.winners, known)
    yield from _members(gettext("Losers"), result.losers, known)


def _move_text(old: str, new: str, count: int, at_once: bool) -> str:
    nothing = gettext("no tier")
    when = gettext("at once") if at_once else gettext("at their next review")
    words = {"old": old or nothing, "new": new or nothing, "count": number(count), "when": when}
    return gettext("Tier: %(old)s → %(new)s: %(count)s, %(when)s") % words


def _members(title: str, changes: tuple[MemberChange, ...], known: dict[int, Account]) -> Iterator[str]:
    if not changes:
        return
    yield ""
    yield title
    rows = [
        [
            known[each.member].customer.external_id if each.member in known else "-",
            number(each.now),
            number(each.draft),
            signed(each.difference),
            each.reasons[0] if each.reasons else "",
        ]
        for each in changes
    ]
    yield from _table(rows)


def _table(rows: list[list[str]]) -> Iterator[str]:
    """Numbers to the right; the first and the fifth column are words."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = [
            cell.ljust(width) if index in (0, 4) else cell.rjust(width)
            for index, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        yield "  ".join(cells).rstrip()
