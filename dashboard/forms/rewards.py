"""A reward as a form: the fields that rewards of its kind have, the simple ones first."""

import re
from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _
from msgspec import structs

from dashboard.forms.fields import (
    AnyOf,
    LinesField,
    LocalTimeField,
    cards,
    decimal,
    plain,
    switch,
    text,
    whole,
)
from dashboard.forms.part import PartForm
from dashboard.reward_kinds import KINDS
from rewards.errors import InvalidReward
from rewards.models import Reward
from rewards.queries import Names
from rewards.terms import Terms, read_terms
from rewards.validation import FIELDS

TIER_PRICE = "tier_prices."
# Rewards of these kinds are nothing without a value.
_NEED_VALUE = ("fixed", "percentage", "variable", "gift_card", "store_credit")
_MAIN: Mapping[str, tuple[str, ...]] = {
    "free_product": ("product_ids", "variant_ids"),
    "custom": ("instructions",),
}
_VALID_DAYS = 30
COMBINES = (
    ("product", _("Discounts on products")),
    ("order", _("Discounts on the order")),
    ("shipping", _("Discounts on shipping")),
)
SOURCES = (
    ("store", _("Your store, a new one for each member")),
    ("pool", _("A list that you upload")),
)
GROUPS: tuple[tuple[str, Any, tuple[str, ...]], ...] = (
    ("much", _("How much at once"), ("min_points", "max_points", "max_order_percent", "most_discount")),
    (
        "order",
        _("On which orders"),
        ("minimum_spend", "product_ids", "variant_ids", "collection_ids", "combines"),
    ),
    ("code", _("The code"), ("source", "validity_days", "prefix")),
    ("back", _("Points that come back"), ("return_unused", "courtesy_days")),
    ("count", _("How many"), ("stock", "per_member")),
    ("when", _("When it is offered"), ("starts", "ends")),
    ("who", _("Who"), ("tiers", TIER_PRICE)),
    ("read", _("What members read"), ("description", "instructions")),
)


class RewardForm(PartForm):
    """Its fields are called as in `rewards.terms.Terms`, so that every problem finds its field."""

    revision = forms.IntegerField(required=False, widget=forms.HiddenInput)
    name = text(_("Name"), 120, required=False)
    price = whole(_("Price in points"))
    value = decimal(_("Amount"))
    active = switch(_("Offered to members"))
    min_points = whole(_("At least so many points"), required=False)
    max_points = whole(_("At most so many points"), required=False)
    max_order_percent = whole(
        _("At most so many per cent of an order"), _("Empty: points may pay for all of it."), required=False
    )
    most_discount = decimal(_("At most this amount off"), required=False)
    minimum_spend = decimal(_("Smallest order"), required=False, help_text=_("Empty: any order."))
    product_ids = LinesField(_("Product ids"), _("One a line, as your store numbers them."))
    variant_ids = LinesField(_("Variant ids"))
    collection_ids = LinesField(_("Collection or category ids"))
    combines = AnyOf(_("Can be used together with"), COMBINES)
    source = cards(_("Where codes come from"), SOURCES, required=False)
    validity_days = whole(_("Days that a code is valid"), _("Empty: it does not run out."), required=False)
    return_unused = switch(_("Points come back when a code runs out unused"))
    courtesy_days = whole(
        _("Days for points that come back too late"),
        _("When they would have expired meanwhile, they can be used for so many days."),
        required=False,
    )
    stock = whole(_("How many there are"), _("Empty: no end."), required=False)
    per_member = whole(_("How many a member can have"), _("Empty: no limit."), required=False)
    starts = LocalTimeField(_("Starts"))
    ends = LocalTimeField(_("Ends"))
    tiers = AnyOf(_("Only for"), help_text=_("Nobody chosen: for everybody."))
    description = text(_("Description"), 500, required=False)
    instructions = text(
        _("What to do with it"), 500, required=False, help_text=_("Such as “Show this at the counter.”")
    )

    def __init__(self, data: Any, kind: str, names: Names, former: Reward | None = None) -> None:
        super().__init__(data, initial=_initial(kind, former))
        self.kind = kind
        self._keep(kind)
        self._word(kind)
        tiers = self.fields.get("tiers")
        if isinstance(tiers, AnyOf) and names.tiers:
            tiers.offer(names.tiers.items())
            for key, name in names.tiers.items():
                label = _("Price for %(tier)s members") % {"tier": name}
                self.fields[TIER_PRICE + key] = whole(label, required=False)
        else:
            self.fields.pop("tiers", None)

    @property
    def main_fields(self) -> list[forms.BoundField]:
        return self.bound("name", "price", "value", *_MAIN.get(self.kind, ()))

    @property
    def more(self) -> list[tuple[str, Any, list[forms.BoundField]]]:
        """Groups of the other fields, as (id, title, fields); none that is empty."""
        shown = {field.name for field in self.main_fields}
        groups = []
        for key, title, names in GROUPS:
            own = [name for each in names for name in self.fields if name == each or _priced(name, each)]
            if fields := self.bound(*(name for name in own if name not in shown)):
                groups.append((key, title, fields))
        return groups

    @property
    def more_in_use(self) -> bool:
        """Whether something is set there that a new reward does not have, or is wrong."""
        usual = _initial(self.kind, None)
        fields = [field for _key, _title, own in self.more for field in own]
        return any(field.errors or (field.value() or "") != (usual.get(field.name) or "") for field in fields)

    def terms(self) -> dict[str, Any]:
        """What was filled in, as plain values; call it on a valid form."""
        given = {
            name: plain(value) for name, value in self.cleaned_data.items() if value not in (None, "", ())
        }
        own = {field.encode_name for field in structs.fields(Terms)}
        prices = {
            name.removeprefix(TIER_PRICE): price
            for name, price in given.items()
            if name.startswith(TIER_PRICE)
        }
        plain_terms = {name: value for name, value in given.items() if name in own}
        return plain_terms | {"kind": self.kind} | ({"tier_prices": prices} if prices else {})

    def add_refusals(self, invalid: InvalidReward) -> None:
        """Show each problem beside its field."""
        for path, message in invalid.errors:
            name = path if path in self.fields else re.sub(r"\[\d+\]$", "", path)
            said = f"{capfirst(message).rstrip('.')}."
            if not (name in self.fields and name in self.errors):
                self.add_error(name if name in self.fields else None, said)

    def _keep(self, kind: str) -> None:
        """Drop what rewards of this kind do not have."""
        for field in structs.fields(Terms):
            name = field.encode_name
            if any(name in fields for fields in FIELDS.values()) and name not in FIELDS[kind]:
                self.fields.pop(name, None)
        if kind == "variable":
            del self.fields["source"]
        if "prefix" in FIELDS[kind]:
            help_text = _("Such as THANKS. Empty: nothing.")
            self.fields["prefix"] = text(_("Codes begin with"), 12, required=False, help_text=help_text)

    def _word(self, kind: str) -> None:
        if kind == "variable":
            self.fields["price"].label = _("Points for each step")
        if kind == "custom":
            self.fields["name"].required = True
        if "value" in self.fields:
            self.fields["value"].label = KINDS[kind].value_label
            self.fields["value"].required = kind in _NEED_VALUE


def _priced(name: str, each: str) -> bool:
    """Whether the field is one of the prices of tiers, and they are meant."""
    return each == TIER_PRICE and name.startswith(TIER_PRICE)


def _initial(kind: str, former: Reward | None) -> dict[str, Any]:
    if former is None:
        days = _VALID_DAYS if "validity_days" in FIELDS[kind] and kind != "gift_card" else None
        return {"active": True, "source": "store", "return_unused": True, "validity_days": days}
    terms = read_terms(former.terms)
    values: dict[str, Any] = {name: plain(value) for name, value in structs.asdict(terms).items()}
    if kind not in _NEED_VALUE and not values["value"]:
        values["value"] = None
    values["courtesy_days"] = values["courtesy_days"] or None
    values |= {TIER_PRICE + key: price for key, price in terms.tier_prices.items()}
    about = {name: getattr(former, name) for name in ("name", "description", "stock", "active", "revision")}
    return values | about
