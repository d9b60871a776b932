"""Points for rewards, asked for by a shop's own server, and what becomes of them."""

import re
from collections.abc import Callable
from hashlib import sha256
from typing import Any

from django.db.models import QuerySet
from django.http import Http404
from django.utils.translation import gettext as _
from django_scopes import scope
from drf_spectacular.utils import OpenApiExample, OpenApiResponse, extend_schema
from rest_framework import generics, status
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from rewards.actions.redeem import redeem
from rewards.actions.redemptions import fulfil, revoke
from rewards.errors import KeyConflict, NotPossible, NotRedeemed
from rewards.models import CodeUse, Redemption, RedemptionStep
from shops.models import Shop
from storefront_api.api import examples
from storefront_api.api.bodies import BoundedJSON, Conflict, idempotency_key, key_parameter
from storefront_api.api.reward_fields import FullRedemptionSerializer, RedeemSerializer, RedemptionSerializer
from storefront_api.api.views import ShopView

_ID = re.compile(r"red_[0-9a-z]{1,36}")
_REDEEM = OpenApiExample(
    "Five euros off, of a variable reward",
    {"reward": "rwd_7k3m9qxwb4tzh2", "points": 500, "order_total": "49.95"},
    request_only=True,
)
_AGAIN = OpenApiResponse(
    RedemptionSerializer, description="The same was asked for before: the redemption that is there."
)
_REFUSED = (
    "Not possible as things stand. `code` is withdrawn, not_open, ended, tier, per_member, sold_out, unavailable, "
    "not_connected, not_enough_points, frozen, changed, or idempotency_conflict."
)
_ACTED = key_parameter("Names this request; a second one, under any name, changes nothing.")
_ENDED = "Not possible as things stand: `code` is not_possible."


class MemberRedemptions(ShopView, generics.ListAPIView[Redemption]):
    serializer_class = RedemptionSerializer
    parser_classes = (BoundedJSON,)

    def get_queryset(self) -> QuerySet[Redemption]:
        if getattr(self, "swagger_fake_view", False):
            return Redemption.objects.none()
        return redemptions(self.shop).filter(account=self.member()).order_by("-id")

    def get_serializer_context(self) -> dict[str, Any]:
        return dict(super().get_serializer_context()) | _currency_of(self)

    @extend_schema(operation_id="members_redemptions_list")
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """What the member has redeemed, the newest first."""
        return super().get(request, *args, **kwargs)

    @extend_schema(
        operation_id="members_redemptions_create",
        parameters=[
            key_parameter("Names this redemption: sent again with the same content it takes nothing.")
        ],
        request=RedeemSerializer,
        responses={
            200: _AGAIN,
            201: RedemptionSerializer,
            404: OpenApiResponse(description="There is no such member, or no such reward."),
            409: OpenApiResponse(description=_REFUSED),
        },
        examples=[_REDEEM, *examples.REDEMPTION],
    )
    def post(self, request: Request, member_id: int) -> Response:
        """Take the points and reserve the reward. A code that a store has to make comes within seconds."""
        member = self.member()
        key = f"api:{sha256(idempotency_key(request).encode()).hexdigest()}"
        wanted = RedeemSerializer(data=request.data)
        wanted.is_valid(raise_exception=True)
        given = wanted.validated_data
        mine = redemptions(self.shop).filter(account=member)
        known = mine.filter(request_key=key).exists()
        try:
            made = redeem(
                member,
                given["reward"],
                key,
                given.get("points"),
                given.get("order_total"),
                actor=f"API key {self.key}",
            )
        except KeyConflict:
            message = _("This Idempotency-Key was used for another redemption.")
            raise Conflict(message, "idempotency_conflict") from None
        except NotRedeemed as error:
            raise _refusal(error) from None
        answer = self.get_serializer(mine.get(pk=made.pk)).data
        return Response(answer, status.HTTP_200_OK if known else status.HTTP_201_CREATED)


class RedemptionView(ShopView):
    """A view of the redemption that the address names."""

    serializer_class = FullRedemptionSerializer

    def redemption(self) -> Redemption:
        """Raises Http404."""
        name = self.kwargs["redemption_id"]
        found = redemptions(self.shop).filter(public_id=name).first() if _ID.fullmatch(name) else None
        if found is None:
            raise Http404
        return found

    def told(self, redemption: Redemption) -> Response:
        with scope(shop=self.shop):
            uses = CodeUse.objects.filter(shop=self.shop, redemption=redemption).order_by("at", "id")
            steps = RedemptionStep.objects.filter(shop=self.shop, redemption=redemption).order_by("id")
            context = _currency_of(self) | {"uses": list(uses), "steps": list(steps)}
        return Response(FullRedemptionSerializer(redemption, context=context).data)

    def do(self, request: Request, act: Callable[[Redemption, str], Redemption]) -> Response:
        """Do something to the redemption once, and tell what it is then."""
        redemption = self.redemption()
        idempotency_key(request)
        try:
            act(redemption, f"API key {self.key}")
        except NotPossible as error:
            raise Conflict(str(error), "not_possible") from None
        return self.told(self.redemption())


class OneRedemption(RedemptionView):
    @extend_schema(operation_id="redemptions_retrieve")
    def get(self, request: Request, redemption_id: str) -> Response:
        """One redemption: its state, its code, who used it and what happened to it."""
        return self.told(self.redemption())


class Revoke(RedemptionView):
    @extend_schema(
        operation_id="redemptions_revoke",
        parameters=[_ACTED],
        request=None,
        responses={200: FullRedemptionSerializer, 409: OpenApiResponse(description=_ENDED)},
    )
    def post(self, request: Request, redemption_id: str) -> Response:
        """Take a redemption back that was not used: its code ends, then its points return."""
        return self.do(request, revoke)


class Fulfil(RedemptionView):
    @extend_schema(
        operation_id="redemptions_fulfil",
        parameters=[_ACTED],
        request=None,
        responses={200: FullRedemptionSerializer, 409: OpenApiResponse(description=_ENDED)},
    )
    def post(self, request: Request, redemption_id: str) -> Response:
        """Say that a custom reward was handed over."""
        return self.do(request, fulfil)


def redemptions(shop: Shop) -> QuerySet[Redemption]:
    """The shop's redemptions with their rewards; the join goes by the shop too, as the keys do."""
    with scope(shop=shop):
        return Redemption.objects.filter(shop=shop, reward__shop=shop).select_related("reward", "shop")


def _currency_of(view: ShopView) -> dict[str, Any]:
    return {} if getattr(view, "swagger_fake_view", False) else {"currency": view.shop.currency}


def _refusal(error: NotRedeemed) -> Exception:
    if error.code == "unknown_reward":
        return NotFound(str(error))
    if error.field and error.code != "not_enough_points":
        return ValidationError({error.field: [str(error)]})
    return Conflict(str(error), error.code)
