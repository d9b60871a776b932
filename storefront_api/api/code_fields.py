"""What a till asks about a code, and what it is told."""

from decimal import Decimal
from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema_serializer
from rest_framework import serializers

from rewards.actions.codes import REFERENCE_LENGTH
from rewards.discounts import discount_of
from rewards.models import Redemption, Reward
from rewards.terms import read_terms
from rewards.wanted import minimum
from storefront_api.api import examples
from storefront_api.api.event_fields import Strict
from storefront_api.api.reward_fields import worth_of
from storefront_api.api.values import AmountField, Text, amount_text

REASONS = ("", "unknown", "elsewhere", "used", "expired", "ended", "minimum")


class CheckSerializer(Strict):
    """A code that is shown, and the order that it is shown for."""

    code = Text(max_length=255, help_text=_("Capitals and small letters are the same"))
    order_total = AmountField(
        required=False, help_text=_("Of the goods, in the shop's currency, before this code")
    )
    currency = Text(
        required=False, min_length=3, max_length=3, help_text=_("If given, it must be the shop's own")
    )


class ReleaseSerializer(Strict):
    """A code, and the order or receipt that does not use it."""

    code = Text(max_length=255)
    reference = Text(max_length=REFERENCE_LENGTH, help_text=_("Your name for the order or receipt"))

    def validate_reference(self, reference: str) -> str:
        if not reference.isprintable():
            raise serializers.ValidationError(_("Use printable characters only."))
        return reference


class UseCodeSerializer(CheckSerializer, ReleaseSerializer):
    """A code, and the order or receipt that uses it."""


class CodeRewardSerializer(serializers.Serializer[Any]):
    """What the code stands for."""

    kind = serializers.ChoiceField(choices=Reward.Kind.choices)
    name = serializers.CharField()


class CodeSerializer(serializers.Serializer[Any]):
    """A code and what holds for it; all null where it cannot be used."""

    code = serializers.CharField()
    redemption = serializers.CharField(allow_null=True, help_text=_("The id of the redemption"))
    reward = CodeRewardSerializer(allow_null=True)
    value = serializers.CharField(
        allow_null=True, help_text=_("The amount off, or of a percentage the per cent")
    )
    currency = serializers.CharField(allow_null=True)
    discount = serializers.CharField(
        allow_null=True,
        help_text=_("The exact amount off an order of `order_total`; null where more than that decides"),
    )
    minimum = serializers.CharField(allow_null=True, help_text=_("What the order has to come to"))
    most_discount = serializers.CharField(allow_null=True, help_text=_("Caps a percentage"))
    max_order_percent = serializers.IntegerField(allow_null=True)
    product_ids = serializers.ListField(child=serializers.CharField(), allow_null=True)
    variant_ids = serializers.ListField(child=serializers.CharField(), allow_null=True)
    collection_ids = serializers.ListField(child=serializers.CharField(), allow_null=True)
    combines = serializers.ListField(child=serializers.CharField(), allow_null=True)
    expires_at = serializers.DateTimeField(allow_null=True)


@extend_schema_serializer(examples=examples.CHECKED)
class CheckedSerializer(CodeSerializer):
    """Whether a code could be used now."""

    valid = serializers.BooleanField()
    reason = serializers.ChoiceField(choices=REASONS, help_text=_("Why not, in a word; empty if it can"))
    message = serializers.CharField(help_text=_("Why not, in a sentence for the till; empty if it can"))


@extend_schema_serializer(examples=examples.NOTED)
class NotedSerializer(CodeSerializer):
    """A code that was used or released."""

    reference = serializers.CharField()
    state = serializers.ChoiceField(choices=Redemption.State.choices, help_text=_("Of the redemption, now"))


def nothing(code: str) -> dict[str, Any]:
    """The facts of a code that cannot be used: none."""
    return {str(name): None for name in CodeSerializer().fields} | {"code": code}


def facts_of(redemption: Redemption, currency: str, order_total: Decimal | None) -> dict[str, Any]:
    """What `CodeSerializer` tells of a code; `order_total` where it is known."""
    terms = read_terms(redemption.terms)
    least = minimum(terms, redemption.value, currency)
    off = None if order_total is None else discount_of(terms, redemption.value, order_total, currency)
    most = terms.most_discount
    return {
        "code": redemption.code,
        "redemption": redemption.public_id,
        "reward": {"kind": terms.kind, "name": redemption.name},
        "value": worth_of(terms.kind, redemption.value, currency),
        "currency": currency,
        "discount": None if off is None else amount_text(off, currency),
        "minimum": None if least is None else amount_text(least, currency),
        "most_discount": None if most is None else amount_text(most, currency),
        "max_order_percent": terms.max_order_percent,
        "product_ids": terms.product_ids,
        "variant_ids": terms.variant_ids,
        "collection_ids": terms.collection_ids,
        "combines": terms.combines,
        "expires_at": redemption.expires_at,
    }
