"""Members' tiers and expiring points, and the program, for a shop's own server."""

from datetime import date
from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from lib.clock import now
from loyalty.calendar import last_day, local_day
from loyalty.models import TierSpan
from loyalty.queries import live_version
from loyalty.tier_queries import tier_history, tier_on
from loyalty.tiers.sentences import why_text
from loyalty.versions import Timeline, timelines
from loyalty.warnings import coming_expiries
from storefront_api.api.serializers import ExpirySerializer
from storefront_api.api.views import ShopView

EARLIEST = date(1900, 1, 1)


class DaySerializer(serializers.Serializer[Any]):
    """The day that is asked for."""

    on = serializers.DateField(
        required=False, help_text=_("A day in the shop such as 2026-03-21; today unless given")
    )

    def validate_on(self, on: date) -> date:
        if on < EARLIEST:
            raise serializers.ValidationError(_("Must be 1900-01-01 or later."))
        return on


class TierDaySerializer(serializers.Serializer[Any]):
    """A member's tier at the end of a day; `tier` is null where they had none."""

    on = serializers.DateField()
    tier = serializers.CharField(allow_null=True, help_text=_("Its key"))
    name = serializers.CharField()
    why = serializers.CharField(help_text=_("Why it was this tier"))
    kept_until = serializers.DateField(allow_null=True, help_text=_("The last day of its term"))
    keeps = serializers.CharField(help_text=_("What keeps it after that day"))


class TierSpanSerializer(serializers.Serializer[Any]):
    """One stretch of a member's tiers."""

    tier = serializers.SerializerMethodField(help_text=_("Its key; null for a time without a tier"))
    name = serializers.CharField()
    since = serializers.DateTimeField()
    until = serializers.DateTimeField(allow_null=True, help_text=_("null while it lasts"))
    kept_until = serializers.SerializerMethodField(help_text=_("The last day of its term, or null"))
    reason = serializers.CharField(
        help_text=_("joined, reached, renewed, grace, downgraded, refund, program, pinned or pin_ended")
    )
    why = serializers.SerializerMethodField()

    def get_tier(self, span: TierSpan) -> str | None:
        return span.tier or None

    def get_kept_until(self, span: TierSpan) -> date | None:
        zone = self._timeline.versions[-1].zone
        return last_day(zone, span.kept_until) if span.kept_until else None

    def get_why(self, span: TierSpan) -> str:
        timeline = self._timeline
        names = {
            level.key: level.name for version in timeline.versions for level in version.document.tiers.levels
        }
        return why_text(span.reason, span.name, span.details, timeline.at(span.since).document, names)

    @property
    def _timeline(self) -> Timeline:
        timeline: Timeline = self.context["timeline"]
        return timeline


class ProgramSerializer(serializers.Serializer[Any]):
    """The version of the program that is live."""

    number = serializers.IntegerField()
    published_at = serializers.DateTimeField()
    published_by = serializers.CharField()
    note = serializers.CharField()
    document = serializers.JSONField(help_text=_("The program as it is exported"))


class MemberTier(ShopView):
    @extend_schema(
        operation_id="members_tier_retrieve",
        parameters=[OpenApiParameter("on", OpenApiTypes.DATE, description="Today unless given.")],
        responses=TierDaySerializer,
    )
    def get(self, request: Request, member_id: int) -> Response:
        """The member's tier on any day: which, why, and what keeps it. A day to come is told as of now."""
        member = self.member()
        asked = DaySerializer(data=request.query_params.dict())
        asked.is_valid(raise_exception=True)
        zone = timelines([member.shop_id])[member.shop_id].versions[-1].zone
        today = local_day(zone, now())
        on = min(asked.validated_data.get("on", today), today)
        found = tier_on(member, on)
        return Response(TierDaySerializer({"on": on, **found._asdict(), "tier": found.tier or None}).data)


class MemberTiers(ShopView):
    pagination_class = None

    @extend_schema(operation_id="members_tiers_list", responses=TierSpanSerializer(many=True))
    def get(self, request: Request, member_id: int) -> Response:
        """Every stretch of the member's tiers, the newest first."""
        member = self.member()
        timeline = timelines([member.shop_id])[member.shop_id]
        spans = tier_history(member)[::-1]
        return Response(TierSpanSerializer(spans, many=True, context={"timeline": timeline}).data)


class MemberExpiries(ShopView):
    pagination_class = None

    @extend_schema(operation_id="members_expiries_list", responses=ExpirySerializer(many=True))
    def get(self, request: Request, member_id: int) -> Response:
        """The whole schedule of the member's points that will expire, the next first."""
        told = [{"on": day, "points": points} for day, points in coming_expiries(self.member())]
        return Response(ExpirySerializer(told, many=True).data)


class LiveProgram(ShopView):
    @extend_schema(operation_id="program_retrieve", responses=ProgramSerializer)
    def get(self, request: Request) -> Response:
        """The program that is live, as a document, and the number of its version."""
        return Response(ProgramSerializer(live_version(self.shop)).data)
