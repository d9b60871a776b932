"""What a file's rows would do, as things stand: whose they are, and what speaks against them. Nothing is written."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from django.utils.translation import gettext

from lib.rows import execute
from loyalty.calendar import LotTerms, day_after, day_start, lot_terms
from loyalty.documents import ProgramDocument, decode
from loyalty.queries import live_version
from loyalty.sheets.rows import Wish
from shops.models import Shop

CHUNK = 5_000


@dataclass(slots=True)
class Plan:
    """A wish, the customer it is for (None: not known yet), and their balance where they have an account."""

    wish: Wish
    customer_id: int | None = None
    balance: int = 0
    frozen: bool = False


@dataclass(frozen=True, slots=True)
class Ground:
    """What the rows are judged by: the shop, its live program, its zone, and the time."""

    shop: Shop
    document: ProgramDocument
    zone: ZoneInfo
    at: datetime

    @classmethod
    def of(cls, shop: Shop, at: datetime) -> "Ground":
        return cls(shop, decode(live_version(shop).document), ZoneInfo(shop.timezone), at)

    def terms(self, wish: Wish) -> LotTerms:
        """When the points of a wish expire: after the day it names, else as the program has it from when they were
        earned; with expiry after idleness, from now.
        """
        if wish.expires_on:
            return LotTerms(day_after(self.zone, wish.expires_on), None)
        earned = wish.earned_on if self.document.expiry.mode != "inactivity" else None
        return lot_terms(self.document, self.zone, day_start(self.zone, earned) if earned else self.at)


def plan(ground: Ground, wishes: Sequence[Wish], *, balances: bool, allow_repeats: bool) -> list[Plan]:
    """A plan for each wish, in their order; what cannot be done has its wish's `problem` set."""
    plans = [found for chunk in _chunks(wishes) for found in _resolved(ground.shop, chunk, balances)]
    if not allow_repeats:
        _refuse_repeats(plans)
    _refuse_used_references(ground.shop, plans)
    _judge(ground, plans)
    return plans


def totals(plans: Sequence[Plan]) -> dict[str, int]:
    """Control totals: rows, members and points of those that can be applied, and balances before and after."""
    good = [each for each in plans if not each.wish.problem]
    known = [each for each in good if each.customer_id is not None]
    waiting = [each for each in good if each.customer_id is None and each.wish.points]
    before = {each.customer_id: each.balance for each in known}
    points_in = sum(each.wish.points for each in known if each.wish.points > 0)
    points_out = -sum(each.wish.points for each in known if each.wish.points < 0)
    return {
        "rows": len(plans),
        "good": len(good),
        "bad": len(plans) - len(good),
        "known": len(before),
        "unknown": len({each.wish.email for each in waiting}),
        "points_in": points_in,
        "points_out": points_out,
        "points_waiting": sum(each.wish.points for each in waiting),
        "balances_before": sum(before.values()),
        "balances_after": sum(before.values()) + points_in - points_out,
    }


def _chunks(wishes: Sequence[Wish]) -> Iterator[Sequence[Wish]]:
    for start in range(0, len(wishes), CHUNK):
        yield wishes[start : start + CHUNK]


def add_problem(wish: Wish, problem: str) -> None:
    wish.problem = f"{wish.problem}; {problem}" if wish.problem else problem


def _resolved(shop: Shop, wishes: Sequence[Wish], balances: bool) -> list[Plan]:
    rows = [{"line": each.line, "email": each.email, "external_id": each.external_id} for each in wishes]
    by_id = dict(execute(_BY_EXTERNAL_ID, rows, shop=shop.pk))
    by_email = {line: (ids, verified) for line, ids, verified in execute(_BY_EMAIL, rows, shop=shop.pk)}
    plans = [
        _whose(Plan(wish), by_id.get(wish.line, []), *by_email.get(wish.line, ([], 0)), balances)
        for wish in wishes
    ]
    customers = sorted({each.customer_id for each in plans if each.customer_id is not None})
    accounts = {row[0]: row[1:] for row in execute(_ACCOUNTS, shop=shop.pk, customers=customers)}
    for each in plans:
        each.balance, each.frozen = accounts.get(each.customer_id, (0, False))
    return plans


def _whose(found: Plan, by_id: list[int], by_email: list[int], verified: int, balances: bool) -> Plan:
    """Set the customer: of those who have the id, of those who have the address (`verified` of them proved to)."""
    wish = found.wish
    if not wish.email and not wish.external_id:
        return found  # the wish says so already
    both = [customer for customer in by_id if customer in by_email] or by_id
    if by_id and by_email and both is by_id:
        add_problem(wish, gettext("the customer id and the e-mail address belong to different customers"))
    elif len(both) > 1:
        add_problem(
            wish, gettext("external_id: customers of several stores have it; name the e-mail address")
        )
    elif both:
        found.customer_id = both[0]
    elif len(by_email) > 1 and verified != 1:
        add_problem(wish, gettext("email: several customers have this address; name the external_id"))
    elif by_email:
        found.customer_id = by_email[0]
        if balances and not verified:
            wish.note = "; ".join(
                filter(None, (wish.note, gettext("the store has not verified this address")))
            )
    elif not (balances and wish.email):  # a balance is kept until a customer with the address becomes known
        add_problem(wish, gettext("no customer of the shop is known by this"))
    return found


def _refuse_repeats(plans: Sequence[Plan]) -> None:
    """A member who is there more than once is refused in every place, each naming the first or the next one."""
    lines: dict[object, list[Plan]] = {}
    for each in plans:
        key: object = each.customer_id or each.wish.email or each.wish.external_id
        if key:
            lines.setdefault(key, []).append(each)
    for same in lines.values():
        for each in same if len(same) > 1 else ():
            other = same[0] if each is not same[0] else same[1]
            said = gettext("the same member is also in line %(line)d") % {"line": other.wish.line}
            add_problem(each.wish, said)


def _refuse_used_references(shop: Shop, plans: Sequence[Plan]) -> None:
    first: dict[str, int] = {}
    for each in plans:
        if not each.wish.reference:
            continue
        line = first.setdefault(each.wish.reference, each.wish.line)
        if line != each.wish.line:
            add_problem(each.wish, gettext("reference: line %(line)d has it too") % {"line": line})
    used = execute(_USED_REFERENCES, shop=shop.pk, references=list(first)) if first else []
    places = {row[0]: row[1:] for row in used}
    for each in plans:
        if each.wish.reference in places:
            add_problem(each.wish, already_used(*places[each.wish.reference]))


def already_used(batch_id: int, line: int) -> str:
    """That a reference was applied before."""
    said = gettext("reference: it was applied before, in batch %(batch)d, line %(line)d")
    return said % {"batch": batch_id, "line": line}


def _judge(ground: Ground, plans: Sequence[Plan]) -> None:
    """Balances that do not cover what is taken, frozen accounts, and points that would have expired already."""
    left: dict[int, int] = {}
    for each in plans:
        wish, customer_id = each.wish, each.customer_id
        if wish.problem:
            continue
        if wish.points > 0 and expired(ground, wish):
            add_problem(wish, gettext("earned_on: by your program these points would have expired already"))
        if customer_id is None or wish.problem:
            continue
        balance = left.setdefault(customer_id, each.balance)
        if wish.points < 0 and each.frozen:
            add_problem(wish, gettext("this account is frozen: points can be added, but none taken away"))
        elif wish.points < 0 and balance + wish.points < 0:
            said = gettext("points: that is more than the balance of %(balance)d")
            add_problem(wish, said % {"balance": balance})
        else:
            left[customer_id] = balance + wish.points


def expired(ground: Ground, wish: Wish) -> bool:
    """Whether the points of a wish would be expired when they are given."""
    expires_at = ground.terms(wish).expires_at
    return expires_at is not None and expires_at <= ground.at


_BY_EXTERNAL_ID = """
    SELECT r.line, array_agg(c.id ORDER BY c.id)
    FROM json_to_recordset(%(rows)s) AS r(line int, external_id text)
    JOIN shops_connection n ON n.shop_id = %(shop)s
    JOIN shops_customer c ON c.shop_id = n.shop_id AND c.connection_id = n.id AND c.external_id = r.external_id
    WHERE r.external_id <> ''
    GROUP BY r.line
"""
_BY_EMAIL = """
    SELECT r.line, array_agg(c.id ORDER BY c.email_verified DESC, c.id), count(*) FILTER (WHERE c.email_verified)
    FROM json_to_recordset(%(rows)s) AS r(line int, email text)
    JOIN shops_customer c ON c.shop_id = %(shop)s AND lower(c.email) = r.email
    WHERE r.email <> ''
    GROUP BY r.line
"""
_ACCOUNTS = """
    SELECT a.customer_id, a.balance, a.frozen_at IS NOT NULL
    FROM loyalty_account a
    WHERE a.shop_id = %(shop)s AND a.customer_id = ANY(%(customers)s::bigint[])
"""
_USED_REFERENCES = """
    SELECT r.reference, r.batch_id, r.line FROM loyalty_batchrow r
    WHERE r.shop_id = %(shop)s AND r.state = 'done' AND r.reference = ANY(%(references)s)
        AND r.reference <> ''
"""
