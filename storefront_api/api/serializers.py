"""What the server API says and takes."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from loyalty.actions.points import MOST_POINTS, REASON_LENGTH
from loyalty.explain import explain
from loyalty.models import Account, Entry


class MemberSearch(serializers.Serializer[Any]):
    """Which members are meant; all of them when nothing is given."""

    external_id = serializers.CharField(
        required=False, max_length=255, help_text=_("The customer's id on the store's platform")
    )
    email = serializers.CharField(
        required=False, max_length=320, help_text=_("E-mail address; upper and lower case are the same")
    )


class MemberSerializer(serializers.ModelSerializer[Account]):
    external_id = serializers.CharField(source="customer.external_id")
    email = serializers.CharField(source="customer.email")
    tier = serializers.SerializerMethodField(help_text=_("The member's VIP tier, or null"))

    class Meta:
        model = Account
        fields = (
            "id",
            "external_id",
            "email",
            "balance",
            "pending",
            "lifetime_earned",
            "lifetime_spent",
            "tier",
        )
        read_only_fields = fields

    def get_tier(self, account: Account) -> str | None:
        return None


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
