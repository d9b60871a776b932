"""What changed between two programs, in words, and whom publishing it touches."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Literal

from django.utils.translation import gettext
from msgspec import Struct

from loyalty import labels
from loyalty.documents import Campaign, Conditions, Expiry, PerCurrency, ProgramDocument, Rule, Tier, Tiers
from loyalty.labels import Label, Words, listed, words_of
from loyalty.wording import campaign_gift_text, conditions_text, money, rule_text

Policy = Literal["tiers", "expiry", "hold"]


def diff(old: ProgramDocument, new: ProgramDocument) -> list[str]:
    """One line for each difference, such as "Points per 1 €: 1 → 2"; empty when both mean the same."""
    return list(_Diff(old, new).lines())


def affects(old: ProgramDocument, new: ProgramDocument) -> set[Policy]:
    """Which policies publishing `new` changes, beyond what orders to come earn: who is in which tier, when points
    expire, and how long they are on hold.
    """
    judged: dict[Policy, Callable[[ProgramDocument], object]] = {
        "tiers": _standing_terms,
        "expiry": lambda document: _expiry_terms(document.expiry),
        "hold": lambda document: document.hold_days,
    }
    return {policy for policy, terms in judged.items() if terms(old) != terms(new)}


def _standing_terms(document: ProgramDocument) -> object:
    """All that decides on a member's tier; names, perks and multipliers do not."""
    tiers = document.tiers
    if not tiers.levels:
        return None
    return (
        [(level.key, level.threshold) for level in tiers.levels],
        (tiers.metric, tiers.window, tiers.window_months if tiers.window == "rolling" else None),
        (tiers.term, tiers.term_months if tiers.term == "months" else None),
        (tiers.grace_days, tiers.downgrade, tiers.count_imports),
    )


def _expiry_terms(expiry: Expiry) -> object:
    if expiry.mode == "none":
        return None
    if expiry.mode == "calendar":
        return expiry.mode, expiry.month, expiry.day
    return expiry.mode, expiry.months, expiry.to_month_end


class _Diff:
    """`lines` tells what changed from `old` to `new`."""

    def __init__(self, old: ProgramDocument, new: ProgramDocument) -> None:
        self.old, self.new = old, new
        self.before, self.after = words_of(old), words_of(new)

    def lines(self) -> Iterator[str]:
        old, new = self.old, self.new
        yield from self.fields(old, new, labels.SETTINGS)
        yield from self.fields(old.basis, new.basis, labels.BASIS)
        yield from self.rules()
        yield from self.campaigns()
        yield from self.fields(old.caps, new.caps, labels.CAPS)
        yield from self.fields(old.tiers, new.tiers, labels.TIERS)
        yield from self.levels()
        yield from self.fields(old.expiry, new.expiry, labels.EXPIRY)
        yield from self.fields(old.exclusions, new.exclusions, labels.EXCLUSIONS)

    def fields(self, old: Struct, new: Struct, known: Mapping[str, Label]) -> Iterator[str]:
        """What changed in the fields that both have and that are `known`."""
        for name, label in known.items():
            before, after = getattr(old, name, None), getattr(new, name, None)
            if before == after or not (hasattr(old, name) and hasattr(new, name)):
                continue
            if isinstance(before, tuple) and isinstance(after, tuple):
                yield self.items(before, after, label)
            else:
                yield _change(
                    str(label.name), label.shown(before, self.before), label.shown(after, self.after)
                )

    def items(self, before: Sequence[Any], after: Sequence[Any], label: Label) -> str:
        changes = []
        if added := [item for item in after if item not in before]:
            changes.append(gettext("added %(names)s") % {"names": listed(added, label, self.after)})
        if removed := [item for item in before if item not in after]:
            changes.append(gettext("removed %(names)s") % {"names": listed(removed, label, self.before)})
        if changes:
            return f"{label.name}: {'; '.join(changes)}"
        return _change(str(label.name), listed(before, label, self.before), listed(after, label, self.after))

    def rules(self) -> Iterator[str]:
        alone = len(self.old.rules) <= 1 and len(self.new.rules) <= 1
        yield from _keyed(
            self.old.rules,
            self.new.rules,
            removed=lambda rule: (
                gettext("Rule removed: %(rule)s") % {"rule": _rule_line(rule, self.old, self.before)}
            ),
            added=lambda rule: (
                gettext("Rule added: %(rule)s") % {"rule": _rule_line(rule, self.new, self.after)}
            ),
            changes=self.rule_changes,
            prefix=lambda rule: "" if alone else f"{rule.name}: ",
            order=gettext("Order of the rules"),
        )

    def rule_changes(self, old: Rule, new: Rule) -> Iterator[str]:
        known = dict(labels.RULE)
        if type(old) is not type(new) or (isinstance(old, PerCurrency) and old.per != new.per):  # type: ignore[union-attr]
            del known["points"], known["per"]
            yield from self.fields(old, new, {"name": known.pop("name")})
            yield _change(gettext("Earning"), _earning(old, self.old), _earning(new, self.new))
        elif isinstance(new, PerCurrency):
            per = money(new.per, self.new.currency, short=True)
            known["points"] = Label(gettext("Points per %(amount)s") % {"amount": per}, known["points"].shown)
        yield from self.fields(old, new, known)
        yield from self.conditions(old.conditions, new.conditions)

    def conditions(self, old: Conditions, new: Conditions) -> Iterator[str]:
        yield from self.fields(old, new, labels.CONDITIONS)
        yield from self.fields(old.products, new.products, labels.PRODUCTS)

    def campaigns(self) -> Iterator[str]:
        yield from _keyed(
            self.old.campaigns,
            self.new.campaigns,
            removed=lambda item: (
                gettext("Campaign removed: %(campaign)s") % {"campaign": _campaign_line(item, self.before)}
            ),
            added=lambda item: (
                gettext("Campaign added: %(campaign)s") % {"campaign": _campaign_line(item, self.after)}
            ),
            changes=self.campaign_changes,
            prefix=lambda item: f"{item.name}: ",
            order=gettext("Order of the campaigns"),
        )

    def campaign_changes(self, old: Campaign, new: Campaign) -> Iterator[str]:
        known = dict(labels.CAMPAIGN)
        if (old.points is None) != (new.points is None):
            del known["points"], known["multiplier"]
            before, after = (
                campaign_gift_text(campaign, words.points_name)
                for campaign, words in ((old, self.before), (new, self.after))
            )
            yield _change(gettext("Gives"), before, after)
        yield from self.fields(old, new, known)
        yield from self.conditions(old.conditions, new.conditions)

    def levels(self) -> Iterator[str]:
        yield from _keyed(
            self.old.tiers.levels,
            self.new.tiers.levels,
            removed=lambda tier: (
                gettext("Tier removed: %(tier)s") % {"tier": _tier_line(tier, self.old.tiers, self.before)}
            ),
            added=lambda tier: (
                gettext("Tier added: %(tier)s") % {"tier": _tier_line(tier, self.new.tiers, self.after)}
            ),
            changes=self.level_changes,
            prefix=lambda tier: f"{tier.name}: ",
            order=gettext("Order of the tiers"),
        )

    def level_changes(self, old: Tier, new: Tier) -> Iterator[str]:
        if old.threshold != new.threshold:
            before, after = (
                labels.threshold_label(tiers.metric) for tiers in (self.old.tiers, self.new.tiers)
            )
            yield _change(
                str(before.name),
                before.shown(old.threshold, self.before),
                after.shown(new.threshold, self.after),
            )
        known = dict(labels.TIER)
        if old.entry_reward and new.entry_reward and old.entry_reward != new.entry_reward:
            # What rewards are called is not known here.
            del known["entry_reward"]
            yield gettext("another reward for reaching it")
        yield from self.fields(old, new, known)


def _change(what: str, old: str, new: str) -> str:
    return gettext("%(what)s: %(old)s → %(new)s") % {"what": what, "old": old, "new": new}


def _keyed(
    old: Sequence[Any],
    new: Sequence[Any],
    *,
    removed: Callable[[Any], str],
    added: Callable[[Any], str],
    changes: Callable[[Any, Any], Iterator[str]],
    prefix: Callable[[Any], str],
    order: str,
) -> Iterator[str]:
    """What went, came and changed among things with keys, and whether those that stayed stand in another order."""
    before = {item.key: item for item in old}
    after = {item.key: item for item in new}
    yield from (removed(item) for key, item in before.items() if key not in after)
    for key, item in after.items():
        if key not in before:
            yield added(item)
        elif before[key] != item:
            yield from (prefix(item) + text for text in changes(before[key], item))
    stayed = [key for key in before if key in after]
    stay = [key for key in after if key in before]
    if stayed != stay:
        yield _change(
            order, ", ".join(before[key].name for key in stayed), ", ".join(after[key].name for key in stay)
        )


def _earning(rule: Rule, document: ProgramDocument) -> str:
    return rule_text(rule, document.currency)


def _rule_line(rule: Rule, document: ProgramDocument, words: Words) -> str:
    when = conditions_text(rule.conditions, document.currency, words.tiers)
    parts = [rule.name, rule_text(rule, document.currency), when]
    return ", ".join(part for part in parts if part) + _state(rule.active)


def _campaign_line(campaign: Campaign, words: Words) -> str:
    when = conditions_text(campaign.conditions, words.currency, words.tiers)
    parts = [campaign.name, campaign_gift_text(campaign, words.points_name), when]
    return ", ".join(part for part in parts if part) + _state(campaign.active)


def _tier_line(tier: Tier, tiers: Tiers, words: Words) -> str:
    threshold = labels.threshold_label(tiers.metric).shown(tier.threshold, words)
    return gettext("%(name)s, from %(threshold)s") % {"name": tier.name, "threshold": threshold}


def _state(active: bool) -> str:
    return "" if active else gettext(" (switched off)")
