"""The meaning of an award once more, slow and plain, in fractions only: what the real one is held against."""

from collections import defaultdict
from collections.abc import Callable
from datetime import datetime
from fractions import Fraction
from math import ceil, floor, prod
from typing import Any

from loyalty.context import ALONE, Context
from loyalty.documents import (
    ORDER_RULES,
    Campaign,
    Conditions,
    FirstOrder,
    NthOrder,
    OrderRule,
    PerCurrency,
    PerUnit,
    ProductSet,
    ProgramDocument,
)
from loyalty.earning import OrderFacts
from platforms.snapshots import Line

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
NOTHING = Fraction(0)


def model_kept(order: OrderFacts) -> tuple[list[tuple[Fraction, Fraction]], tuple[Fraction, Fraction]]:
    """(net, tax) kept of each line, and of shipping."""
    net = [max(Fraction(line.net), NOTHING) for line in order.lines]
    tax = [max(Fraction(line.tax), NOTHING) for line in order.lines]
    places = defaultdict(list)
    for index, line in enumerate(order.lines):
        places[line.id].append(index)
    loose = NOTHING
    shipping = [max(Fraction(order.shipping_net), NOTHING), max(Fraction(order.shipping_tax), NOTHING)]
    for refund in order.refunds:
        if refund.void:
            continue
        loose += max(Fraction(refund.amount), NOTHING)
        shipping[0] -= max(Fraction(refund.shipping_net), NOTHING)
        shipping[1] -= max(Fraction(refund.shipping_tax), NOTHING)
        for taken in refund.lines:
            parts = [max(Fraction(taken.net), NOTHING), max(Fraction(taken.tax), NOTHING)]
            if taken.line_id not in places:
                loose += sum(parts)
            for index in places.get(taken.line_id, []):
                for column, amounts in enumerate((net, tax)):
                    step = min(parts[column], amounts[index])
                    amounts[index] -= step
                    parts[column] -= step
    total = sum(net) + sum(tax)
    factor = 1 - min(Fraction(1), loose / total) if total else Fraction(1)
    shipping_kept = max(shipping[0], NOTHING), max(shipping[1], NOTHING)
    return [(a * factor, b * factor) for a, b in zip(net, tax, strict=True)], shipping_kept


class ModelOrder:
    """The counted lines of an order: amounts bought and kept, and of shipping."""

    def __init__(self, document: ProgramDocument, order: OrderFacts) -> None:
        switches = document.basis

        def amount(pair: tuple[Fraction, Fraction]) -> Fraction:
            return pair[0] + (pair[1] if switches.include_tax else 0)

        bought, shipped = model_kept(_unrefunded(order))
        kept, shipping = model_kept(order)
        rows = zip(order.lines, bought, kept, strict=True)
        self.lines = [
            (line, amount(before), amount(after))
            for line, before, after in rows
            if (not line.gift_card or switches.include_gift_cards)
            and (document.exclusions == ProductSet() or not _is_in(line, document.exclusions))
        ]
        self.shipping = (NOTHING, NOTHING)
        if switches.include_shipping:
            self.shipping = amount(shipped), amount(shipping)
        self.before = sum((before for _, before, _ in self.lines), self.shipping[0])
        self.after = sum((after for _, _, after in self.lines), self.shipping[1])

    def has(self, products: ProductSet) -> bool:
        """Whether any line is among them."""
        return any(_is_in(line, products) for line, _, _ in self.lines)


def _unrefunded(order: OrderFacts) -> OrderFacts:
    return OrderFacts(
        order.status,
        order.currency,
        order.placed_at,
        lines=order.lines,
        shipping_net=order.shipping_net,
        shipping_tax=order.shipping_tax,
    )


def _is_in(line: Line, products: ProductSet) -> bool:
    if products == ProductSet():
        return True
    lists: list[tuple[tuple[str, ...], tuple[str, ...]]] = [
        (products.product_ids, (line.product_id,)),
        (products.variant_ids, (line.variant_id,)),
        (products.skus, (line.sku,)),
        (products.vendors, (line.vendor,)),
        (products.product_types, (line.product_type,)),
        (products.tags, line.tags),
    ]
    return any(
        {value.lower() for value in values} & {name.lower() for name in names} for names, values in lists
    )


def model_holds(
    conditions: Conditions, order: OrderFacts, context: Context, before: Fraction, local: datetime
) -> bool:
    """Whether all conditions but the products hold; `local`: placed at, on the shop's clock."""
    clock = local.replace(tzinfo=None)
    tags = {tag.lower() for tag in order.customer_tags}
    return (
        (not conditions.starts or datetime.fromisoformat(conditions.starts) <= clock)
        and (not conditions.ends or clock < datetime.fromisoformat(conditions.ends))
        and (not conditions.weekdays or DAYS[clock.weekday()] in conditions.weekdays)
        and (not conditions.channels or order.channel in conditions.channels)
        and (conditions.min_basis is None or before >= Fraction(conditions.min_basis))
        and (not conditions.first_order or context.ordinal == 1)
        and (not conditions.tiers or context.tier in conditions.tiers)
        and (not conditions.customer_tags or any(tag.lower() in tags for tag in conditions.customer_tags))
    )


def _matches(thing: Any, goods: ModelOrder, order: OrderFacts, context: Context) -> bool:
    """Whether a rule or campaign is for this order."""
    if isinstance(thing, FirstOrder) and context.ordinal != 1:
        return False
    if isinstance(thing, NthOrder) and context.ordinal % thing.every:
        return False
    shipped = isinstance(thing, PerCurrency) and thing.conditions.products == ProductSet()
    return (
        thing.active
        and (shipped or goods.has(thing.conditions.products))
        and model_holds(thing.conditions, order, context, goods.before, order.placed_at)
    )


def model_exact(document: ProgramDocument, order: OrderFacts, context: Context = ALONE) -> Fraction:
    """What an order that counts earns, before rounding and before what the program's limits leave."""
    goods = ModelOrder(document, order)
    campaigns = [campaign for campaign in document.campaigns if _matches(campaign, goods, order, context)]
    rules = [
        rule
        for rule in document.rules
        if isinstance(rule, ORDER_RULES) and _matches(rule, goods, order, context)
    ]
    alone = [
        rule
        for rule in rules
        if rule.exclusive and _room(rule.key, context) != 0 and goods.has(rule.conditions.products)
    ]
    if alone:
        rules = [max(alone, key=lambda rule: rule.priority)]
    if goods.before and not goods.after:
        return NOTHING
    multiplier = _multiplier(document, campaigns, context)
    rated = fixed = NOTHING
    for rule in rules:
        points = _points(rule, goods, order, multiplier)
        points = min([points, *_bounds(rule.max_points, _room(rule.key, context))])
        if isinstance(rule, PerCurrency):
            rated += points
        else:
            fixed += points
    for campaign in campaigns:
        if campaign.points is not None:
            fixed += Fraction(campaign.points) * _share(goods, campaign.conditions.products)
    least, most = document.caps.min_points, document.caps.max_points
    if least is not None and rated and goods.after:
        rated = max(rated, Fraction(least))
    return (rated if most is None else min(rated, Fraction(most))) + fixed


def _points(
    rule: OrderRule, goods: ModelOrder, order: OrderFacts, multiplier: Callable[[Line | None], Fraction]
) -> Fraction:
    """What one rule gives before it is cut."""
    products = rule.conditions.products
    if isinstance(rule, PerUnit):
        return Fraction(rule.points) * _units(order, goods, products)
    if not isinstance(rule, PerCurrency):
        return Fraction(rule.points) * _share(goods, products)
    amounts = [after * multiplier(line) for line, _, after in goods.lines if _is_in(line, products)]
    if products == ProductSet():
        amounts.append(goods.shipping[1] * multiplier(None))
    return sum(amounts, NOTHING) * Fraction(rule.points) / Fraction(rule.per)


def _bounds(*bounds: Fraction | int | None) -> list[Fraction]:
    return [Fraction(bound) for bound in bounds if bound is not None]


def _room(key: str, context: Context) -> Fraction | None:
    room = context.rooms.get(key)
    if room is None:
        return None
    if room.times is not None and room.times <= 0:
        return NOTHING
    return None if room.points is None else max(NOTHING, Fraction(room.points))


def _multiplier(
    document: ProgramDocument, campaigns: list[Campaign], context: Context
) -> Callable[[Line | None], Fraction]:
    """The multiplier of a line, or of shipping (None)."""
    tiers = [Fraction(tier.multiplier) for tier in document.tiers.levels if tier.key == context.tier]

    def multiplier(line: Line | None) -> Fraction:
        factors = tiers + [
            Fraction(campaign.multiplier)
            for campaign in campaigns
            if campaign.multiplier is not None
            and (
                campaign.conditions.products == ProductSet()
                or (line is not None and _is_in(line, campaign.conditions.products))
            )
        ]
        return (
            max([Fraction(1), *factors])
            if document.multipliers == "best"
            else prod(factors, start=Fraction(1))
        )

    return multiplier


def _share(goods: ModelOrder, products: ProductSet) -> Fraction:
    """How much is kept of the goods that fixed points are about."""
    before, after = goods.before, goods.after
    if products != ProductSet():
        bought = sum((amount for line, amount, _ in goods.lines if _is_in(line, products)), NOTHING)
        if bought:
            before = bought
            after = sum((amount for line, _, amount in goods.lines if _is_in(line, products)), NOTHING)
    return after / before if before else Fraction(1)


def _units(order: OrderFacts, goods: ModelOrder, products: ProductSet) -> Fraction:
    """Units kept of the goods in `products`; the lines of one id must all be among them, or none."""
    units = NOTHING
    kept, _ = model_kept(order)
    bought = [(max(Fraction(line.net), NOTHING), max(Fraction(line.tax), NOTHING)) for line in order.lines]
    counted = [id(line) for line, _, _ in goods.lines if _is_in(line, products)]
    loose = _without_loose(order)
    for index, line in enumerate(order.lines):
        if id(line) not in counted:
            continue
        taken = [
            part
            for refund in order.refunds
            if not refund.void
            for part in refund.lines
            if part.line_id == line.id
        ]
        gross = sum(bought[index])
        left = Fraction(line.quantity) - sum(part.quantity for part in taken if part.quantity > 0)
        if gross:
            amounts = sum(
                (
                    max(Fraction(part.net), NOTHING) + max(Fraction(part.tax), NOTHING)
                    for part in taken
                    if part.quantity <= 0
                ),
                NOTHING,
            )
            left -= line.quantity * min(amounts, gross) / gross
            if not sum(kept[index]):
                left = NOTHING
        units += max(left, NOTHING) * loose
    return units


def _without_loose(order: OrderFacts) -> Fraction:
    """The share that refunds without a line leave of every line."""
    known = {line.id for line in order.lines}
    loose = NOTHING
    for refund in (refund for refund in order.refunds if not refund.void):
        loose += max(Fraction(refund.amount), NOTHING)
        for part in refund.lines:
            if part.line_id not in known:
                loose += max(Fraction(part.net), NOTHING) + max(Fraction(part.tax), NOTHING)
    if not loose:
        return Fraction(1)
    named = _only_named(order)
    total = sum((net + tax for net, tax in model_kept(named)[0]), NOTHING)
    return 1 - loose / total if total > loose else Fraction(1)


def _only_named(order: OrderFacts) -> OrderFacts:
    """The order with only those parts of its refunds that name its lines."""
    known = {line.id for line in order.lines}
    refunds = tuple(
        type(refund)(
            refund.id,
            refund.as_of,
            tuple(part for part in refund.lines if part.line_id in known),
            void=refund.void,
        )
        for refund in order.refunds
    )
    return OrderFacts(order.status, order.currency, order.placed_at, lines=order.lines, refunds=refunds)


def model_target(document: ProgramDocument, order: OrderFacts, context: Context = ALONE) -> int:
    """The award of an order that counts."""
    exact = model_exact(document, order, context)
    target = {"floor": floor(exact), "ceil": ceil(exact), "half_up": floor(exact + Fraction(1, 2))}[
        document.rounding
    ]
    return target if context.room.points is None else min(target, max(0, floor(context.room.points)))


def model_allocation(target: int, weights: list[Fraction]) -> list[int]:
    """`target` by largest remainder: point by point to whoever is furthest behind, the earlier on a tie."""
    if not target:
        return [0] * len(weights)
    quotas = [target * weight / sum(weights) for weight in weights]
    shares = [floor(quota) for quota in quotas]
    behind = [quota - share for quota, share in zip(quotas, shares, strict=True)]
    while sum(shares) < target:
        index = behind.index(max(behind))
        shares[index] += 1
        behind[index] -= 1
    return shares
