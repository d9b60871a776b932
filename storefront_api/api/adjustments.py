"""Points given or taken by a shop's own server."""

import re
from typing import Any

from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import status
from rest_framework.exceptions import APIException, ParseError, ValidationError
from rest_framework.parsers import JSONParser
from rest_framework.request import Request
from rest_framework.response import Response

from loyalty.actions.points import adjust
from loyalty.errors import AccountFrozen, InvalidAdjustment, NotEnoughPoints, ReferenceConflict
from storefront_api.api.serializers import AdjustmentSerializer, EntrySerializer
from storefront_api.api.views import ShopView

IDEMPOTENCY_KEY = re.compile(r"[\x21-\x7e]{1,200}")


class BoundedJSON(JSONParser):
    """JSON nested deeper than Python can read is a bad request, not a crash."""

    def parse(self, *args: Any, **kwargs: Any) -> Any:
        try:
            return super().parse(*args, **kwargs)
        except RecursionError:
            raise ParseError(_("The JSON is nested too deeply.")) from None


class Conflict(APIException):
    """What was asked cannot be done as things stand; `code` tells a program why."""

    status_code = status.HTTP_409_CONFLICT

    def __init__(self, detail: str, code: str) -> None:
        super().__init__({"detail": detail, "code": code})


class MemberAdjustments(ShopView):
    serializer_class = AdjustmentSerializer
    parser_classes = (BoundedJSON,)

    @extend_schema(
        operation_id="members_adjustments_create",
        parameters=[
            OpenApiParameter(
                "Idempotency-Key",
                OpenApiTypes.STR,
                OpenApiParameter.HEADER,
                required=True,
                description="Names this adjustment: sent again with the same content it changes nothing.",
            )
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


def idempotency_key(request: Request) -> str:
    """The header's value. Raises ValidationError."""
    key = request.headers.get("Idempotency-Key", "")
    if not IDEMPOTENCY_KEY.fullmatch(key):
        message = _("Send this header with 1 to 200 visible ASCII characters that name the request.")
        raise ValidationError({"Idempotency-Key": [message]})
    return key
