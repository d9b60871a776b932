"""What changed between two programs, in words."""

from collections.abc import Iterator

from django.utils.translation import gettext

from loyalty.documents import PerCurrency, ProgramDocument
from loyalty.wording import money, number, rate_text


def diff(old: ProgramDocument, new: ProgramDocument) -> list[str]:
    """One line for each difference, such as "Points per 1 €: 1 → 2"; empty when both mean the same."""
    return [*_settings(old, new), *_rules(old, new), *_exclusions(old, new)]


def _change(what: str, old: str, new: str) -> str:
    return gettext("%(what)s: %(old)s → %(new)s") % {"what": what, "old": old, "new": new}


def _settings(old: ProgramDocument, new: ProgramDocument) -> Iterator[str]:
    rounding = {"floor": gettext("down"), "half_up": gettext("to the nearest"), "ceil": gettext("up")}
    deficit = {"carry": gettext("balance goes below zero"), "clamp": gettext("stops at zero")}
    yes = {True: gettext("yes"), False: gettext("no")}
    rows = [
        (gettext("Format"), old.format, new.format),
        (gettext("Currency"), old.currency, new.currency),
        (gettext("Name of the points"), old.points_name, new.points_name),
        (gettext("Rounding"), rounding[old.rounding], rounding[new.rounding]),
        (gettext("When returned points were already spent"), deficit[old.deficit], deficit[new.deficit]),
        (gettext("Award guest orders later"), yes[old.award_guests_later], yes[new.award_guests_later]),
        (gettext("Include tax"), yes[old.basis.include_tax], yes[new.basis.include_tax]),
        (gettext("Include shipping"), yes[old.basis.include_shipping], yes[new.basis.include_shipping]),
        (gettext("Include gift cards"), yes[old.basis.include_gift_cards], yes[new.basis.include_gift_cards]),
    ]
    for what, before, after in rows:
        if before != after:
            yield _change(what, before, after)


def _rules(old: ProgramDocument, new: ProgramDocument) -> Iterator[str]:
    before = {rule.key: rule for rule in old.rules}
    after = {rule.key: rule for rule in new.rules}
    for key, rule in before.items():
        if key not in after:
            yield gettext("Rule removed: %(rule)s") % {"rule": _rule_text(rule, old.currency)}
    for key, rule in after.items():
        if key not in before:
            yield gettext("Rule added: %(rule)s") % {"rule": _rule_text(rule, new.currency)}
        else:
            prefix = f"{rule.name}: " if len(before) > 1 or len(after) > 1 else ""
            changes = _rule_changes(before[key], rule, old.currency, new.currency)
            yield from (prefix + text for text in changes)
    kept = [key for key in before if key in after]
    if kept != [key for key in after if key in before]:
        yield _change(
            gettext("Order of the rules"),
            ", ".join(before[key].name for key in kept),
            ", ".join(rule.name for key, rule in after.items() if key in before),
        )


def _rule_text(rule: PerCurrency, currency: str) -> str:
    state = "" if rule.active else gettext(" (switched off)")
    return f"{rule.name}, {rate_text(rule.points, rule.per, currency)}{state}"


def _rule_changes(old: PerCurrency, new: PerCurrency, currency: str, new_currency: str) -> Iterator[str]:
    if old.name != new.name:
        yield _change(gettext("Name of the rule"), old.name, new.name)
    if old.per != new.per:
        before = rate_text(old.points, old.per, currency)
        yield _change(gettext("Earning"), before, rate_text(new.points, new.per, new_currency))
    elif old.points != new.points:
        per = money(new.per, new_currency, short=True)
        yield _change(
            gettext("Points per %(amount)s") % {"amount": per}, number(old.points), number(new.points)
        )
    if old.active != new.active:
        states = {True: gettext("on"), False: gettext("off")}
        yield _change(gettext("Switched"), states[old.active], states[new.active])


def _exclusions(old: ProgramDocument, new: ProgramDocument) -> Iterator[str]:
    rows = [
        (gettext("Excluded products"), old.exclusions.product_ids, new.exclusions.product_ids),
        (gettext("Excluded variants"), old.exclusions.variant_ids, new.exclusions.variant_ids),
        (gettext("Excluded SKUs"), old.exclusions.skus, new.exclusions.skus),
        (gettext("Excluded vendors"), old.exclusions.vendors, new.exclusions.vendors),
        (gettext("Excluded product types"), old.exclusions.product_types, new.exclusions.product_types),
        (gettext("Excluded tags"), old.exclusions.tags, new.exclusions.tags),
    ]
    for what, before, after in rows:
        changes = []
        if added := [text for text in after if text not in before]:
            changes.append(gettext("added %(names)s") % {"names": ", ".join(added)})
        if removed := [text for text in before if text not in after]:
            changes.append(gettext("removed %(names)s") % {"names": ", ".join(removed)})
        if changes:
            yield f"{what}: {'; '.join(changes)}"
