"""What the server API says of rewards and of what was redeemed."""

from decimal import Decimal
from typing import Any, get_args

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema_field, extend_schema_serializer
from rest_framework import serializers

from loyalty.field_rules import MOST_POINTS
from rewards.models import CodeUse, Redemption, RedemptionStep, Reward
from rewards.offers import Listed, Offer
from rewards.terms import Combines, Source, Terms, read_terms
from rewards.wording import conditions_texts, worth_text
from storefront_api.api import examples
from storefront_api.api.event_fields import Strict
from storefront_api.api.values import AmountField, Text, WholeNumber, amount_text

State = Redemption.State
# The code of these was handed to its member; before, it may not exist yet.
HANDED_OUT = frozenset({State.ISSUED, State.USED, State.CLOSING, State.RETURNED})


class TermsSerializer(serializers.Serializer[Terms]):
    """What a reward is and what holds for it. What does not belong to its kind is null or empty."""

    kind = serializers.ChoiceField(choices=Reward.Kind.choices)
    price = serializers.IntegerField(help_text=_("Points; of a variable reward those of one step"))
    value = AmountField(
        help_text=_("The amount, the per cent, or the amount of one step, in the shop's currency")
    )
    tier_prices = serializers.DictField(
        child=serializers.IntegerField(), help_text=_("What members of a tier pay instead")
    )
    most_discount = AmountField(allow_null=True, help_text=_("Caps a percentage"))
    min_points = serializers.IntegerField(allow_null=True)
    max_points = serializers.IntegerField(allow_null=True)
    max_order_percent = serializers.IntegerField(allow_null=True)
    minimum_spend = AmountField(allow_null=True)
    product_ids = serializers.ListField(child=serializers.CharField())
    variant_ids = serializers.ListField(child=serializers.CharField())
    collection_ids = serializers.ListField(child=serializers.CharField())
    combines = serializers.ListField(child=serializers.ChoiceField(choices=get_args(Combines)))
    validity_days = serializers.IntegerField(allow_null=True, help_text=_("How long a code can be used"))
    per_member = serializers.IntegerField(allow_null=True, help_text=_("How often a member can have it"))
    starts = serializers.CharField(help_text=_("On the shop's clock; empty where it has begun"))
    ends = serializers.CharField(help_text=_("On the shop's clock, exclusive; empty where it has no end"))
    tiers = serializers.ListField(child=serializers.CharField(), help_text=_("Empty: for everybody"))
    codes = serializers.ChoiceField(
        source="source",
        choices=get_args(Source),
        help_text=_("Made by the store, or uploaded before: a pool"),
    )
    return_unused = serializers.BooleanField(help_text=_("Points of a code that expires unused come back"))
    instructions = serializers.CharField()


class SlideSerializer(serializers.Serializer[Any]):
    """What a member can choose of a variable reward: whole steps of points."""

    least = serializers.IntegerField()
    most = serializers.IntegerField(help_text=_("As the balance allows; below `least` there is no choice"))
    step = serializers.IntegerField()
    value_each = AmountField(help_text=_("What a step is worth"))


class OfferSerializer(serializers.Serializer[Offer]):
    """What the reward is to the member who was asked about."""

    price = serializers.IntegerField(help_text=_("Points; of a variable reward the least"))
    affordable = serializers.SerializerMethodField(help_text=_("Whether the balance covers the price"))
    missing = serializers.IntegerField(help_text=_("Points to the price"))
    redeemable = serializers.BooleanField(help_text=_("Whether they can have it now"))
    reason = serializers.CharField(source="obstacle", help_text=_("Why not, in a word; empty if they can"))
    message = serializers.CharField(source="why", help_text=_("Why not, for the shopper; empty if they can"))
    choice = SlideSerializer(source="slide", allow_null=True, help_text=_("Of a variable reward"))

    def get_affordable(self, offer: Offer) -> bool:
        return not offer.missing


@extend_schema_serializer(examples=examples.REWARD)
class RewardSerializer(serializers.Serializer[Listed]):
    """A reward that is offered. Context: `currency`, `offers` by the rewards' ids where a member was named."""

    id = serializers.CharField(source="public_id")
    name = serializers.CharField()
    description = serializers.CharField()
    worth = serializers.SerializerMethodField(help_text=_("In words; of a variable reward what a step is"))
    conditions = serializers.SerializerMethodField(help_text=_("What holds for it, a sentence each"))
    currency = serializers.SerializerMethodField()
    left = serializers.IntegerField(allow_null=True, help_text=_("null: there is no end"))
    terms = TermsSerializer()
    member = serializers.SerializerMethodField(help_text=_("null unless a member was asked about"))

    def get_worth(self, listed: Listed) -> str:
        return worth_text(listed.terms, listed.terms.value, self.get_currency(listed))

    def get_conditions(self, listed: Listed) -> list[str]:
        return conditions_texts(listed.terms, self.get_currency(listed))

    def get_currency(self, listed: Listed) -> str:
        return str(self.context["currency"])

    @extend_schema_field(OfferSerializer(allow_null=True))
    def get_member(self, listed: Listed) -> dict[str, Any] | None:
        offer = self.context["offers"].get(listed.id)
        return OfferSerializer(offer).data if offer else None


class RedeemSerializer(Strict):
    """What is to be redeemed."""

    reward = Text(max_length=40, help_text=_("The reward's id"))
    points = WholeNumber(
        required=False,
        min_value=1,
        max_value=MOST_POINTS,
        help_text=_("Of a variable reward how many; of others, if given, the price that was shown"),
    )
    order_total = AmountField(
        required=False, help_text=_("Of the cart, in the shop's currency, where it is known")
    )


class UseSerializer(serializers.Serializer[CodeUse]):
    """An order or a till that used the code."""

    by = serializers.SerializerMethodField(help_text=_("order: seen on an order; api: told over this API"))
    reference = serializers.SerializerMethodField(
        help_text=_("The order's id in the store, or what was told")
    )
    at = serializers.DateTimeField()
    stands = serializers.BooleanField(source="live", help_text=_("false: released, or taken off the order"))
    returned_points = serializers.IntegerField(help_text=_("Given back for refunds"))

    @extend_schema_field(serializers.ChoiceField(choices=("order", "api")))
    def get_by(self, use: CodeUse) -> str:
        return use.source.partition(":")[0]

    def get_reference(self, use: CodeUse) -> str:
        return use.source.partition(":")[2]


class StepSerializer(serializers.ModelSerializer[RedemptionStep]):
    class Meta:
        model = RedemptionStep
        fields = ("what", "detail", "actor", "at")
        read_only_fields = fields


@extend_schema_serializer(examples=examples.REDEMPTION)
class RedemptionSerializer(serializers.ModelSerializer[Redemption]):
    """A redemption with its reward at hand. Context: `currency`."""

    id = serializers.CharField(source="public_id")
    member = serializers.IntegerField(source="account_id", help_text=_("The member's id"))
    reward = serializers.CharField(source="reward.public_id")
    code = serializers.SerializerMethodField(
        help_text=_("null until it can be used, and where there is none")
    )
    value = serializers.SerializerMethodField(
        method_name="get_worth", help_text=_("The amount, or of a percentage the per cent")
    )
    currency = serializers.SerializerMethodField()
    terms = serializers.SerializerMethodField(help_text=_("As they were when it was redeemed"))
    ending = serializers.CharField(
        source="closing",
        help_text=_("Why it ends or ended: expired, lapsed, revoked, refused, undone; or empty"),
    )

    class Meta:
        model = Redemption
        fields = (
            "id",
            "member",
            "reward",
            "name",
            "state",
            "ending",
            "code",
            "points",
            "value",
            "currency",
            "terms",
            "error",
            "created_at",
            "issued_at",
            "expires_at",
            "used_at",
            "returned_at",
        )
        read_only_fields = fields

    def get_code(self, redemption: Redemption) -> str | None:
        return (redemption.code or None) if redemption.state in HANDED_OUT else None

    @extend_schema_field(AmountField())
    def get_worth(self, redemption: Redemption) -> str:
        return worth_of(redemption.terms["kind"], redemption.value, self.get_currency(redemption))

    def get_currency(self, redemption: Redemption) -> str:
        return str(self.context["currency"])

    @extend_schema_field(TermsSerializer())
    def get_terms(self, redemption: Redemption) -> dict[str, Any]:
        return dict(TermsSerializer(read_terms(redemption.terms)).data)


@extend_schema_serializer(examples=examples.FULL_REDEMPTION)
class FullRedemptionSerializer(RedemptionSerializer):
    """A redemption and its life. Context: `uses` and `steps` too."""

    uses = serializers.SerializerMethodField()
    steps = serializers.SerializerMethodField(help_text=_("What happened to it, the first first"))

    class Meta(RedemptionSerializer.Meta):
        fields = (*RedemptionSerializer.Meta.fields, "uses", "steps")  # type: ignore[assignment]
        read_only_fields = fields  # type: ignore[assignment]

    @extend_schema_field(UseSerializer(many=True))
    def get_uses(self, redemption: Redemption) -> Any:
        return UseSerializer(self.context["uses"], many=True).data

    @extend_schema_field(StepSerializer(many=True))
    def get_steps(self, redemption: Redemption) -> Any:
        return StepSerializer(self.context["steps"], many=True).data


def worth_of(kind: str, value: Decimal, currency: str) -> str:
    """A value as text: an amount with the digits of its currency, a percentage with those that it needs."""
    return amount_text(value, "" if kind == "percentage" else currency)
