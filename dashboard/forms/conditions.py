"""When a rule or a campaign counts, and how often."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from msgspec import structs

from dashboard.forms.fields import AnyOf, LinesField, LocalTimeField, decimal, plain, switch
from dashboard.forms.part import PartForm
from loyalty.documents import Conditions, ProductSet, ProgramDocument

WEEKDAYS = (
    ("mon", _("Monday")),
    ("tue", _("Tuesday")),
    ("wed", _("Wednesday")),
    ("thu", _("Thursday")),
    ("fri", _("Friday")),
    ("sat", _("Saturday")),
    ("sun", _("Sunday")),
)
CHANNELS = (("web", _("Online store")), ("pos", _("Point of sale")), ("draft", _("Draft orders")))
PRODUCTS = ("product_ids", "variant_ids", "skus", "vendors", "product_types", "tags")
CUSTOMERS = ("tiers", "customer_tags")
TIMES = ("starts", "ends", "weekdays")
ORDERS = ("channels", "min_basis", "first_order")


class ProductsForm(PartForm):
    """A set of products, by any of these."""

    product_ids = LinesField(_("Product ids"))
    variant_ids = LinesField(_("Variant ids"))
    skus = LinesField(_("SKUs"))
    vendors = LinesField(_("Vendors"))
    product_types = LinesField(_("Product types"))
    tags = LinesField(_("Product tags"))

    @property
    def product_fields(self) -> list[forms.BoundField]:
        return self.bound(*PRODUCTS)

    @property
    def products_in_use(self) -> bool:
        return self.in_use(PRODUCTS)

    def products(self) -> ProductSet:
        """What was filled in; call it on a valid form."""
        return ProductSet(**{name: self.cleaned_data.get(name, ()) for name in PRODUCTS})


class TimesForm(PartForm):
    """Conditions that everything may have: times, and whose points they are."""

    starts = LocalTimeField(_("Starts"))
    ends = LocalTimeField(_("Ends"))
    weekdays = AnyOf(_("Days of the week"), WEEKDAYS)
    tiers = AnyOf(_("VIP tiers"))
    customer_tags = LinesField(
        _("Customer tags"), _("One a line. Only customers with one of these tags in your store.")
    )

    def __init__(
        self, data: Any = None, *, draft: ProgramDocument, initial: dict[str, Any] | None = None
    ) -> None:
        super().__init__(data, initial=initial)
        self.draft = draft
        if draft.tiers.levels:
            self._offer("tiers", [(tier.key, tier.name) for tier in draft.tiers.levels])
        else:
            del self.fields["tiers"]

    def _offer(self, name: str, choices: list[tuple[str, Any]]) -> None:
        field = self.fields[name]
        assert isinstance(field, AnyOf)
        field.offer(choices)

    @property
    def conditions_in_use(self) -> bool:
        return self.in_use((*TIMES, *CUSTOMERS, *ORDERS))

    def conditions(self, former: Conditions) -> Conditions:
        """What was filled in, on top of what `former` says besides; call it on a valid form."""
        given = self.cleaned_data
        values = {name: plain(given[name]) for name in (*TIMES, *CUSTOMERS, *ORDERS) if name in given}
        if isinstance(self, ProductsForm):
            values["products"] = self.products()
        return structs.replace(former, **values)


class OrderTimesForm(TimesForm, ProductsForm):
    """Conditions of what an order earns."""

    channels = AnyOf(_("Where it was bought"), CHANNELS)
    min_basis = decimal(
        _("Smallest order"),
        required=False,
        help_text=_("Smaller orders earn nothing from this. Empty: any order."),
    )
    first_order = switch(_("Only a member's first order"))

    def __init__(
        self, data: Any = None, *, draft: ProgramDocument, initial: dict[str, Any] | None = None
    ) -> None:
        super().__init__(data, draft=draft, initial=initial)
        known = dict(CHANNELS)
        more = (initial or {}).get("channels", ())
        choices = [*CHANNELS, *((name, name) for name in more if name not in known)]
        self._offer("channels", choices)


def condition_values(conditions: Conditions) -> dict[str, Any]:
    """What a form is filled in with."""
    values = {name: getattr(conditions, name) for name in (*TIMES, *CUSTOMERS, *ORDERS)}
    return values | {name: getattr(conditions.products, name) for name in PRODUCTS}
