"""A way to earn as a form: one form for each kind, with the fields that it needs."""

from typing import Any, get_args

from django import forms
from django.utils.translation import gettext_lazy as _
from msgspec import structs

from dashboard.forms.conditions import OrderTimesForm, TimesForm, condition_values
from dashboard.forms.fields import choice, decimal, plain, switch, text, whole
from dashboard.forms.limits import LimitsForm, limit_values
from loyalty.documents import RULE_KINDS, Conditions, Network, ProgramDocument, Rule
from loyalty.wording import NETWORKS

OWN = (
    "points",
    "per",
    "every",
    "network",
    "url",
    "event",
    "name",
    "active",
    "max_points",
    "exclusive",
    "priority",
)


class RuleForm(LimitsForm, TimesForm):
    """What every rule has. `MAIN`: the fields shown first, before name and switch."""

    MAIN: tuple[str, ...] = ("points",)
    STANDING: tuple[str, ...] = ()

    points = decimal(_("Points"))
    name = text(_("Name"), 80, help_text=_("Shoppers read it where they see how to earn points."))
    active = switch(_("Switched on"))
    max_points = whole(_("At most so many points at once"), required=False)

    @property
    def main_fields(self) -> list[forms.BoundField]:
        return self.bound(*self.MAIN)

    @property
    def standing_fields(self) -> list[forms.BoundField]:
        return self.bound(*self.STANDING)

    @property
    def caps_in_use(self) -> bool:
        return self.limits_in_use or self.in_use(("max_points", "exclusive"))

    @property
    def more_in_use(self) -> bool:
        return self.conditions_in_use or self.caps_in_use or self.in_use(("tags", "product_ids"))

    def rule(self, kind: str, key: str, former: Rule | None) -> Rule:
        """What was filled in, on top of what `former` says besides; call it on a valid form."""
        given = {name: plain(self.cleaned_data[name]) for name in OWN if name in self.cleaned_data}
        if "priority" in given:
            given["priority"] = given["priority"] or 0
        if self.LIMIT_KINDS:
            given["limits"] = self.limits()
        given["conditions"] = self.conditions(former.conditions if former else Conditions())
        return structs.replace(former, **given) if former else RULE_KINDS[kind](key=key, **given)


class OrderRuleForm(RuleForm, OrderTimesForm):
    """A rule that orders meet."""

    STANDING = ("exclusive", "priority")

    exclusive = switch(
        _("Stands alone"), _("Where this one matches an order, no other way to earn counts for it.")
    )
    priority = whole(
        _("Priority"),
        _("Where several of those that stand alone match, the highest number wins."),
        required=False,
    )


class PerCurrencyForm(OrderRuleForm):
    MAIN = ("points", "per")

    per = decimal(_("For every"))


class PerOrderForm(OrderRuleForm):
    points = decimal(_("Points for each order"))


class PerUnitForm(OrderRuleForm):
    points = decimal(_("Points for each item"))


class FirstOrderForm(OrderRuleForm):
    points = decimal(_("Points for the first order"))
    first_order = None  # type: ignore[assignment]


class NthOrderForm(OrderRuleForm):
    MAIN = ("points", "every")

    points = decimal(_("Points"))
    every = whole(_("For every so many orders"), _("5: for the 5th, the 10th, the 15th order."))


class OnceForm(RuleForm):
    """Points for something that a member does or has once, so that limits of times make no sense."""

    LIMIT_KINDS = ()
    max_points = None  # type: ignore[assignment]


class SignUpForm(OnceForm):
    points = decimal(_("Points for joining"))


class BirthdayForm(OnceForm):
    points = decimal(_("Points on a birthday"))


class AnniversaryForm(OnceForm):
    points = decimal(_("Points on each anniversary of joining"))


class NewsletterForm(OnceForm):
    points = decimal(_("Points for subscribing"))


class ReviewForm(RuleForm):
    points = decimal(_("Points for each review"))


class SocialFollowForm(OnceForm):
    MAIN = ("network", "url", "points")

    network = choice(_("Network"), [(key, NETWORKS.get(key, key)) for key in get_args(Network)])
    url = text(
        _("Address of your page"), 2000, placeholder="https://", help_text=_("Where shoppers are sent.")
    )
    points = decimal(_("Points for following"))


class VisitForm(RuleForm):
    points = decimal(_("Points for a visit"))


class CustomForm(RuleForm):
    MAIN = ("event", "points")

    event = text(_("Name of the event"), 40, help_text=_("As your server calls it, such as “quiz_finished”."))
    points = decimal(_("Points for each event"))


FORMS: dict[str, type[RuleForm]] = {
    "per_currency": PerCurrencyForm,
    "per_order": PerOrderForm,
    "per_unit": PerUnitForm,
    "first_order": FirstOrderForm,
    "nth_order": NthOrderForm,
    "signup": SignUpForm,
    "birthday": BirthdayForm,
    "anniversary": AnniversaryForm,
    "newsletter": NewsletterForm,
    "review": ReviewForm,
    "social_follow": SocialFollowForm,
    "visit": VisitForm,
    "custom": CustomForm,
}


def rule_form(kind: str, draft: ProgramDocument, rule: Rule | None, data: Any = None) -> RuleForm:
    """The form of a kind, filled in with `data`, else with `rule`."""
    values: dict[str, Any] = {"active": True}
    if rule is not None:
        fields = (field.name for field in structs.fields(rule) if field.name in OWN)
        values = {name: getattr(rule, name) for name in fields}
        values |= condition_values(rule.conditions) | limit_values(rule.limits)
    if not values.get("priority"):
        values.pop("priority", None)
    return FORMS[kind](data, draft=draft, initial=values)
