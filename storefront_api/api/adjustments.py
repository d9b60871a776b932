"""Points given or taken by a shop's own server."""

from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import status
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from loyalty.actions.points import adjust
from loyalty.errors import AccountFrozen, InvalidAdjustment, NotEnoughPoints, ReferenceConflict
from storefront_api.api.bodies import BoundedJSON, Conflict, idempotency_key, key_parameter
from storefront_api.api.serializers import AdjustmentSerializer, EntrySerializer
from storefront_api.api.views import ShopView


class MemberAdjustments(ShopView):
    serializer_class = AdjustmentSerializer
    parser_classes = (BoundedJSON,)

    @extend_schema(
        operation_id="members_adjustments_create",
        parameters=[
            key_parameter("Names this adjustment: sent again with the same content it changes nothing.")
        ],
        responses={
            201: EntrySerializer,
            409: OpenApiResponse(
                description="Not enough points, a frozen account, or the key was used for something else."
            ),
        },
    )
    def post(self, request: Request, member_id: int) -> Response:
        """Give points to the member, or take them."""
        member = self.member()
        reference = f"api:{idempotency_key(request)}"
        wanted = self.get_serializer(data=request.data)
        wanted.is_valid(raise_exception=True)
        try:
            entry = adjust(member, **wanted.validated_data, actor=f"API key {self.key}", reference=reference)
        except InvalidAdjustment as error:
            raise ValidationError({error.field: [str(error)]}) from None
        except NotEnoughPoints as error:
            raise Conflict(str(error), "not_enough_points") from None
        except AccountFrozen as error:
            raise Conflict(str(error), "account_frozen") from None
        except ReferenceConflict:
            message = _("This Idempotency-Key was used for another adjustment.")
            raise Conflict(message, "idempotency_conflict") from None
        return Response(EntrySerializer(entry).data, status.HTTP_201_CREATED)
