"""Values as the server API reads and writes them: JSON as it is meant, and money without floats."""

from decimal import Decimal
from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from lib.money import LIMIT, BadAmount, amount, minor_units

_AMOUNT = {"type": "string", "pattern": r"^[0-9]{1,12}(\.[0-9]{1,8})?$", "example": "49.95"}


class WholeNumber(serializers.IntegerField):
    """A JSON number without a fraction, not a text that looks like one."""

    def to_internal_value(self, data: Any) -> int:
        if type(data) is not int:
            self.fail("invalid")
        return super().to_internal_value(data)


class Text(serializers.CharField):
    """A JSON string, not a number or a boolean."""

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)


@extend_schema_field(_AMOUNT)
class AmountField(serializers.Field[Decimal, Any, str, Any]):
    """An amount of money as text, such as "49.95": a JSON number may have lost a cent on its way."""

    default_error_messages = {
        "invalid": _('Must be an amount as text, such as "49.95".'),
        "range": _("Must not be below 0, or 1,000,000,000,000 and more."),
    }

    def to_internal_value(self, data: Any) -> Decimal:
        try:
            exact = amount(data if isinstance(data, str) else None, "amount")
        except BadAmount:
            self.fail("invalid")
        if not 0 <= exact < LIMIT:
            self.fail("range")
        return exact

    def to_representation(self, value: Decimal) -> str:
        return f"{value:f}"


def amount_text(value: Decimal, currency: str = "") -> str:
    """The amount with the digits of its currency, more where it has more; without one, with as few as hold it."""
    places = minor_units(currency) if currency else 0
    exact = value.normalize()
    exponent = exact.as_tuple().exponent
    return f"{exact:.{max(places, -exponent if isinstance(exponent, int) else 0)}f}"
