"""The rewards that are offered, and what each is to a member."""

from typing import Any

from django.http import Http404
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from lib.clock import now
from rewards.offers import offer
from rewards.queries import listed, member_facts
from storefront_api.api.reward_fields import RewardSerializer
from storefront_api.api.views import ShopView, members

MEMBER = OpenApiParameter(
    "member",
    {"type": "integer", "minimum": 1, "maximum": 2**63 - 1},
    description="The id of a member: adds what each reward is to them.",
)


class MemberAsked(serializers.Serializer[Any]):
    """Whose prices are asked for."""

    member = serializers.IntegerField(required=False, min_value=1, max_value=2**63 - 1)


class RewardView(ShopView):
    serializer_class = RewardSerializer

    def get_serializer_context(self) -> dict[str, Any]:
        """The shop's currency, and what its rewards are to the member who is asked about."""
        context = dict(super().get_serializer_context())
        if not getattr(self, "swagger_fake_view", False):
            context |= {"currency": self.shop.currency, "offers": self._offers()}
        return context

    def _offers(self) -> dict[int, Any]:
        asked = MemberAsked(data=self.request.query_params.dict())
        asked.is_valid(raise_exception=True)
        if "member" not in asked.validated_data:
            return {}
        account = members(self.shop).filter(pk=asked.validated_data["member"]).first()
        if account is None:
            raise ValidationError({"member": [_("There is no such member.")]})
        facts, at = member_facts(account), now()
        return {one.id: offer(one, facts, at) for one in listed(self.shop)}


class Rewards(RewardView):
    @extend_schema(operation_id="rewards_list", parameters=[MEMBER], responses=RewardSerializer(many=True))
    def get(self, request: Request) -> Response:
        """The rewards that are offered, in the order of the catalogue."""
        page = self.paginate_queryset(listed(self.shop))
        return self.get_paginated_response(self.get_serializer(page, many=True).data)


class OneReward(RewardView):
    @extend_schema(operation_id="rewards_retrieve", parameters=[MEMBER])
    def get(self, request: Request, reward_id: str) -> Response:
        """One reward, while it is offered."""
        found = next((one for one in listed(self.shop) if one.public_id == reward_id), None)
        if found is None:
            raise Http404
        return Response(self.get_serializer(found).data)
