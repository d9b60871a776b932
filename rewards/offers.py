"""What a reward is to one member at one instant: its price, what is missing, and what a redemption would be.

Nothing here reads or writes: the same facts give the same answer.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from django.utils.translation import gettext, ngettext

from lib.money import LIMIT
from loyalty.field_rules import MOST_POINTS
from loyalty.moments import local_moment
from loyalty.wording import number, points_text
from rewards.abilities import unavailable_at
from rewards.errors import NotRedeemed
from rewards.terms import Terms
from rewards.wanted import minimum
from rewards.wording import moment_text, tiers_text


@dataclass(frozen=True, slots=True)
class Listed:
    """A reward as the catalogue has it. `left`: of its stock or its uploaded codes, None where there is no end."""

    id: int
    public_id: str
    revision: int
    name: str
    terms: Terms
    description: str = ""
    active: bool = True
    archived: bool = False
    left: int | None = None


@dataclass(frozen=True, slots=True)
class MemberFacts:
    """What decides on a member's rewards: `tier` is a key or "", `redeemed_of` counts by reward id.

    `zone` and `currency` are the shop's, `platform` that of the member's store. Names are for sentences.
    """

    balance: int
    zone: ZoneInfo
    currency: str
    platform: str
    tier: str = ""
    redeemed_of: Mapping[int, int] = field(default_factory=dict)
    tier_names: Mapping[str, str] = field(default_factory=dict)
    points_name: str = "points"

    def points_text(self, points: int) -> str:
        return points_text(points, self.points_name)


@dataclass(frozen=True, slots=True)
class Slide:
    """What a variable reward allows this member: from `least` to `most` points by `step`, each worth `value_each`.

    `most` is what the balance allows; below `least` there is nothing to choose.
    """

    least: int
    most: int
    step: int
    value_each: Decimal

    def value_of(self, points: int) -> Decimal:
        """What so many points (whole steps) are worth, in the shop's currency."""
        return self.value_each * (points // self.step)


@dataclass(frozen=True, slots=True)
class Offer:
    """A reward for one member. `price`: points, of a variable reward the least. `missing`: points to it.

    `obstacle` is "" or why not, as `NotRedeemed.code` has it, and `why` the sentence.
    """

    listed: Listed
    price: int
    missing: int
    obstacle: str
    why: str
    slide: Slide | None = None

    @property
    def redeemable(self) -> bool:
        return not self.obstacle


@dataclass(frozen=True, slots=True)
class Quote:
    """What a redemption takes and gives: `value` in the shop's currency (or per cent), `minimum` to be spent."""

    points: int
    value: Decimal
    minimum: Decimal | None


def price_for(terms: Terms, tier: str) -> int:
    """The price for a member of that tier: points, of a variable reward those of one step."""
    return terms.tier_prices.get(tier, terms.price)


def offer(listed: Listed, member: MemberFacts, at: datetime) -> Offer:
    """What the reward is to this member at `at`."""
    terms = listed.terms
    slide = _slide(terms, member) if terms.kind == "variable" else None
    price = slide.least if slide else price_for(terms, member.tier)
    missing = max(0, price - member.balance)
    obstacle, why = next(_obstacles(listed, member, at), ("", ""))
    if missing and not obstacle:
        obstacle = "not_enough_points"
        why = gettext("%(points)s to go") % {"points": member.points_text(missing)}
    return Offer(listed, price, missing, obstacle, why, slide)


def quote(
    listed: Listed, member: MemberFacts, points: object, order_total: Decimal | None, at: datetime
) -> Quote:
    """What redeeming takes and gives. `points`: of a variable reward how many, of others None or the price shown.

    `order_total`: of the cart, where it is known. Raises `NotRedeemed`.
    """
    for code, message in _obstacles(listed, member, at):
        raise NotRedeemed(code, message)
    terms = listed.terms
    wanted = _whole(points)
    if terms.kind == "variable":
        return _variable_quote(terms, member, wanted, _total(order_total))
    price = price_for(terms, member.tier)
    if wanted is not None and wanted != price:
        shown = {"points": member.points_text(price)}
        raise NotRedeemed("price_changed", gettext("The price is %(points)s now.") % shown, "points")
    _afford(price, member)
    return Quote(price, terms.value, terms.minimum_spend)


def free_quote(terms: Terms, currency: str) -> Quote:
    """What a reward gives that costs nothing; of a variable one the least amount."""
    steps = -(-(terms.min_points or terms.price) // terms.price) if terms.kind == "variable" else 1
    value = terms.value * steps
    return Quote(0, value, minimum(terms, value, currency))


def _obstacles(listed: Listed, member: MemberFacts, at: datetime) -> Iterator[tuple[str, str]]:
    """Every reason besides points for which this member cannot have it now, as (code, sentence)."""
    terms = listed.terms
    if listed.archived or not listed.active:
        yield "withdrawn", gettext("This reward is not offered any more.")
    if unavailable_at(terms, member.platform):
        yield "unavailable", gettext("This store cannot give this reward.")
    starts = local_moment(terms.starts).replace(tzinfo=member.zone) if terms.starts else None
    if starts and at < starts:
        opens = {"day": moment_text(starts, member.zone, at)}
        yield "not_open", gettext("Opens on %(day)s") % opens
    if terms.ends and at >= local_moment(terms.ends).replace(tzinfo=member.zone):
        yield "ended", gettext("This offer has ended.")
    if terms.tiers and member.tier not in terms.tiers:
        yield "tier", tiers_text(terms.tiers, member.tier_names)
    had = member.redeemed_of.get(listed.id, 0)
    if terms.per_member is not None and had >= terms.per_member:
        text = ngettext("You have had this once already", "You have had this %(count)d times already", had)
        yield "per_member", text % {"count": had} if had > 1 else text
    if listed.left is not None and listed.left <= 0:
        yield "sold_out", gettext("Sold out")


def _slide(terms: Terms, member: MemberFacts) -> Slide:
    step = price_for(terms, member.tier)
    least = -(-max(terms.min_points or step, step) // step) * step
    most = min(member.balance, terms.max_points or MOST_POINTS)
    return Slide(least, max(0, most // step * step), step, terms.value)


def _variable_quote(terms: Terms, member: MemberFacts, wanted: int | None, total: Decimal | None) -> Quote:
    if wanted is None:
        raise NotRedeemed("bad_points", gettext("Say how many points to redeem."), "points")
    slide = _slide(terms, member)
    if wanted % slide.step:
        text = gettext("Choose a multiple of %(points)s.") % {"points": member.points_text(slide.step)}
        raise NotRedeemed("not_a_step", text, "points")
    if wanted < slide.least:
        text = gettext("Redeem at least %(points)s.") % {"points": member.points_text(slide.least)}
        raise NotRedeemed("below_minimum", text, "points")
    if terms.max_points is not None and wanted > terms.max_points:
        text = gettext("Redeem at most %(points)s.") % {"points": member.points_text(terms.max_points)}
        raise NotRedeemed("above_maximum", text, "points")
    _fit_order(terms, slide, member, wanted, total)
    _afford(wanted, member)
    value = slide.value_of(wanted)
    return Quote(wanted, value, minimum(terms, value, member.currency))


def _fit_order(terms: Terms, slide: Slide, member: MemberFacts, wanted: int, total: Decimal | None) -> None:
    """Refuse what is more than the part of this order that points may pay for."""
    if total is None or terms.max_order_percent is None:
        return
    most = int(total * terms.max_order_percent / 100 // terms.value) * slide.step
    if most < slide.least:
        raise NotRedeemed("above_order", gettext("This order is too small for this reward."), "points")
    if wanted > most:
        shown = {"points": member.points_text(most), "percent": terms.max_order_percent}
        text = gettext("On this order at most %(points)s can be redeemed, %(percent)d%% of it.") % shown
        raise NotRedeemed("above_order", text, "points")


def _afford(points: int, member: MemberFacts) -> None:
    if points > member.balance:
        raise not_enough(member.balance, points, member.points_name)


def not_enough(balance: int, points: int, points_name: str = "points") -> NotRedeemed:
    """The refusal of what the balance does not cover."""
    shown = {"balance": points_text(max(0, balance), points_name), "points": points_text(points, points_name)}
    text = gettext("You have %(balance)s, and this takes %(points)s.") % shown
    return NotRedeemed("not_enough_points", text, "points")


def _whole(points: object) -> int | None:
    """The points asked for. Raises `NotRedeemed` where it is no count of points."""
    if points is None:
        return None
    if type(points) is not int or not 0 < points <= MOST_POINTS:
        text = gettext("Points are whole numbers from 1 to %(most)s.") % {"most": number(MOST_POINTS)}
        raise NotRedeemed("bad_points", text, "points")
    return points


def _total(order_total: object) -> Decimal | None:
    if order_total is None:
        return None
    if not isinstance(order_total, Decimal) or not (order_total.is_finite() and 0 <= order_total < LIMIT):
        text = gettext("The total of the order is no amount of money.")
        raise NotRedeemed("bad_order_total", text, "order_total")
    return order_total
