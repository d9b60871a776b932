"""What the server API says and takes."""

from datetime import datetime
from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from loyalty.actions.points import MOST_POINTS, REASON_LENGTH
from loyalty.explain import explain
from loyalty.models import Account, Entry
from storefront_api.api.program_facts import ProgramFacts, program_facts


class MemberSearch(serializers.Serializer[Any]):
    """Which members are meant; all of them when nothing is given."""

    external_id = serializers.CharField(
        required=False, max_length=255, help_text=_("The customer's id on the store's platform")
    )
    email = serializers.CharField(
        required=False, max_length=320, help_text=_("E-mail address; upper and lower case are the same")
    )


class TierSerializer(serializers.Serializer[Any]):
    """A VIP tier that a member has."""

    key = serializers.CharField()
    name = serializers.CharField()
    kept_until = serializers.DateField(
        allow_null=True, help_text=_("The last day of its term; null where it has no end")
    )


class ExpirySerializer(serializers.Serializer[Any]):
    """Points that expire together."""

    on = serializers.DateField(help_text=_("The last day, in the shop, on which they can be spent"))
    points = serializers.IntegerField()


class MembersSerializer(serializers.ListSerializer[Account]):
    """A page of members: what the program means for them is read for all at once."""

    def to_representation(self, data: Any) -> Any:
        accounts = list(data)
        assert isinstance(self.child, MemberSerializer)
        self.child.facts = program_facts(accounts)
        return super().to_representation(accounts)


class MemberSerializer(serializers.ModelSerializer[Account]):
    external_id = serializers.CharField(source="customer.external_id")
    email = serializers.CharField(source="customer.email")
    pending_until = serializers.SerializerMethodField(
        help_text=_("When the first of the pending points can be spent, or null")
    )
    points_expiring = serializers.SerializerMethodField(help_text=_("The points that expire next, or null"))
    tier = serializers.SerializerMethodField(help_text=_("The member's VIP tier, or null"))

    class Meta:
        model = Account
        list_serializer_class = MembersSerializer
        fields = (
            "id",
            "external_id",
            "email",
            "balance",
            "pending",
            "pending_until",
            "points_expiring",
            "lifetime_earned",
            "lifetime_spent",
            "tier",
        )
        read_only_fields = fields

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.facts: dict[int, ProgramFacts] = {}

    def to_representation(self, instance: Account) -> dict[str, Any]:
        if instance.pk not in self.facts:
            self.facts = program_facts([instance])
        return super().to_representation(instance)

    def get_pending_until(self, account: Account) -> datetime | None:
        return self.facts[account.pk].pending_until

    @extend_schema_field(ExpirySerializer(allow_null=True))
    def get_points_expiring(self, account: Account) -> dict[str, Any] | None:
        return self.facts[account.pk].points_expiring

    @extend_schema_field(TierSerializer(allow_null=True))
    def get_tier(self, account: Account) -> dict[str, Any] | None:
        return self.facts[account.pk].tier


class EntrySerializer(serializers.ModelSerializer[Entry]):
    """An entry with its award and the award's program version at hand."""

    points = serializers.SerializerMethodField(help_text=_("What was added; below zero: taken"))
    explanation = serializers.SerializerMethodField(help_text=_("Why, in a sentence for the shopper"))

    class Meta:
        model = Entry
        fields = ("id", "kind", "points", "balance_after", "reason", "explanation", "occurred_at")
        read_only_fields = fields

    def get_points(self, entry: Entry) -> int:
        return entry.available_delta + entry.pending_delta

    def get_explanation(self, entry: Entry) -> str:
        if entry.award is None:
            return entry.reason or str(entry.get_kind_display())
        told = [*entry.award.earlier, entry.award.breakdown]
        revision = len(told) - 1 if entry.revision is None else entry.revision
        return explain(
            told[revision],
            self.get_points(entry),
            before=told[revision - 1] if revision else None,
            points_name=entry.award.program_version.document["points_name"],
        )


class AdjustmentSerializer(serializers.Serializer[Any]):
    """Points given or taken by hand, and why."""

    points = serializers.IntegerField(
        min_value=-MOST_POINTS, max_value=MOST_POINTS, help_text=_("Below zero takes points; never 0")
    )
    reason = serializers.CharField(
        max_length=REASON_LENGTH, help_text=_("The shopper sees it in their history")
    )

    def validate_points(self, points: int) -> int:
        if not points:
            raise serializers.ValidationError(_("Must not be 0."), code="zero")
        return points
