"""The meaning of an award once more, slow and plain, in fractions only: what the real one is held against."""

from collections import defaultdict
from fractions import Fraction
from math import ceil, floor

from loyalty.documents import ProgramDocument
from loyalty.earning import OrderFacts


def model_kept(order: OrderFacts) -> tuple[list[tuple[Fraction, Fraction]], tuple[Fraction, Fraction]]:
    """(net, tax) kept of each line, and of shipping."""
    net = [max(Fraction(line.net), Fraction(0)) for line in order.lines]
    tax = [max(Fraction(line.tax), Fraction(0)) for line in order.lines]
    places = defaultdict(list)
    for index, line in enumerate(order.lines):
        places[line.id].append(index)
    loose = Fraction(0)
    shipping = [
        max(Fraction(order.shipping_net), Fraction(0)),
        max(Fraction(order.shipping_tax), Fraction(0)),
    ]
    for refund in order.refunds:
        if refund.void:
            continue
        loose += max(Fraction(refund.amount), Fraction(0))
        shipping[0] -= max(Fraction(refund.shipping_net), Fraction(0))
        shipping[1] -= max(Fraction(refund.shipping_tax), Fraction(0))
        for taken in refund.lines:
            parts = [max(Fraction(taken.net), Fraction(0)), max(Fraction(taken.tax), Fraction(0))]
            if taken.line_id not in places:
                loose += sum(parts)
            for index in places.get(taken.line_id, []):
                for column, amounts in enumerate((net, tax)):
                    step = min(parts[column], amounts[index])
                    amounts[index] -= step
                    parts[column] -= step
    total = sum(net) + sum(tax)
    factor = 1 - min(Fraction(1), loose / total) if total else Fraction(1)
    shipping_kept = max(shipping[0], Fraction(0)), max(shipping[1], Fraction(0))
    return [(a * factor, b * factor) for a, b in zip(net, tax, strict=True)], shipping_kept


def model_target(document: ProgramDocument, order: OrderFacts) -> int:
    """The award of an order that counts, for programs without lists of exclusions."""
    amounts, shipping = model_kept(order)
    basis = Fraction(0)
    for line, (net, tax) in zip(order.lines, amounts, strict=True):
        if not line.gift_card or document.basis.include_gift_cards:
            basis += net + (tax if document.basis.include_tax else 0)
    if document.basis.include_shipping:
        basis += shipping[0] + (shipping[1] if document.basis.include_tax else 0)
    exact = sum(
        (Fraction(rule.points) / Fraction(rule.per) * basis for rule in document.rules if rule.active),
        Fraction(0),
    )
    return {"floor": floor(exact), "ceil": ceil(exact), "half_up": floor(exact + Fraction(1, 2))}[
        document.rounding
    ]


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
