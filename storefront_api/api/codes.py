"""Codes at a till or a checkout of the shop's own: may this one be used, it is used, it is not after all.

A code that is unknown, another shop's, or not handed out yet gets one and the same answer after the same statements.
"""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiExample, OpenApiResponse, extend_schema
from rest_framework import status
from rest_framework.exceptions import APIException, Throttled, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from lib.ratelimit import RateLimiter
from rewards.actions.codes import release_code, use_code, validate_code
from rewards.errors import CodeNotUsable
from rewards.models import Redemption
from storefront_api.api import examples
from storefront_api.api.bodies import BoundedJSON, Conflict
from storefront_api.api.code_fields import (
    CheckedSerializer,
    CheckSerializer,
    NotedSerializer,
    ReleaseSerializer,
    UseCodeSerializer,
    facts_of,
    nothing,
)
from storefront_api.api.views import ShopView

UNKNOWN_PER_MINUTE = 60
# What is wrong with the request rather than with the code.
_FIELDS = {"bad_reference": "reference", "bad_total": "order_total"}
_UNKNOWN = "There is no such code: `code` is unknown."
_NOT_USABLE = "The code cannot be used: `code` is elsewhere, used, expired, ended, released or minimum."
_TILL = {"code": "GOLD-7K3M-9QXW-B4TZ-H2VPC", "reference": "receipt-1042"}

_limiter = RateLimiter(settings.REDIS_URL, prefix="api-codes")


class UnknownCode(APIException):
    status_code = status.HTTP_404_NOT_FOUND

    def __init__(self, detail: str) -> None:
        super().__init__({"detail": detail, "code": "unknown"})


class CodeView(ShopView):
    parser_classes = (BoundedJSON,)

    def asked(self, request: Request) -> dict[str, Any]:
        """The fields of the request. Raises ValidationError."""
        fields = self.get_serializer(data=request.data)
        fields.is_valid(raise_exception=True)
        given: dict[str, Any] = fields.validated_data
        currency = given.pop("currency", self.shop.currency)
        if currency != self.shop.currency:
            raise ValidationError(
                {
                    "currency": [
                        _("This shop's amounts are in %(currency)s.") % {"currency": self.shop.currency}
                    ]
                }
            )
        return given

    def refuse_guesses(self, error: CodeNotUsable) -> None:
        """Count a code that nobody has. Raises Throttled where there were too many of them this minute."""
        if error.code == "unknown":
            wait_s = _limiter.wait_s(str(self.key.pk), UNKNOWN_PER_MINUTE)
            if wait_s:
                raise Throttled(wait_s, _("Too many unknown codes."))

    def noted(self, act: Callable[..., Redemption], given: dict[str, Any]) -> Response:
        """Use or release the code, and tell what it is then."""
        try:
            redemption = act(self.shop, **given)
        except CodeNotUsable as error:
            raise self._refusal(error) from None
        facts = facts_of(redemption, self.shop.currency, given.get("order_total"))
        told = facts | {"reference": given["reference"], "state": redemption.state}
        return Response(NotedSerializer(told).data)

    def _refusal(self, error: CodeNotUsable) -> APIException:
        if error.code in _FIELDS:
            return ValidationError({_FIELDS[error.code]: [str(error)]})
        self.refuse_guesses(error)
        return UnknownCode(str(error)) if error.code == "unknown" else Conflict(str(error), error.code)


class Validate(CodeView):
    serializer_class = CheckSerializer

    @extend_schema(
        operation_id="codes_validate",
        responses={200: CheckedSerializer},
        examples=[
            OpenApiExample("At a till", {"code": _TILL["code"], "order_total": "49.95"}, request_only=True),
            *examples.CHECKED,
        ],
    )
    def post(self, request: Request) -> Response:
        """Whether a code could be used now, and what it takes off. Changes nothing."""
        given = self.asked(request)
        try:
            redemption = validate_code(self.shop, **given)
        except CodeNotUsable as error:
            self.refuse_guesses(error)
            told = nothing(given["code"]) | {"valid": False, "reason": error.code, "message": str(error)}
        else:
            facts = facts_of(redemption, self.shop.currency, given.get("order_total"))
            told = facts | {"valid": True, "reason": "", "message": ""}
        return Response(CheckedSerializer(told).data)


class Use(CodeView):
    serializer_class = UseCodeSerializer

    @extend_schema(
        operation_id="codes_use",
        responses={
            200: NotedSerializer,
            404: OpenApiResponse(description=_UNKNOWN),
            409: OpenApiResponse(description=_NOT_USABLE),
        },
        examples=[
            OpenApiExample("At a till", _TILL | {"order_total": "49.95"}, request_only=True),
            *examples.NOTED,
        ],
    )
    def post(self, request: Request) -> Response:
        """Use a code up. Sent again with the same reference it changes nothing."""
        return self.noted(use_code, self.asked(request))


class Release(CodeView):
    serializer_class = ReleaseSerializer

    @extend_schema(
        operation_id="codes_release",
        responses={
            200: NotedSerializer,
            404: OpenApiResponse(description=_UNKNOWN),
            409: OpenApiResponse(description="The code cannot be released here: `code` is elsewhere."),
        },
        examples=[OpenApiExample("At a till", _TILL, request_only=True), *examples.NOTED],
    )
    def post(self, request: Request) -> Response:
        """The order or receipt does not use the code after all. Sent again it changes nothing."""
        return self.noted(release_code, self.asked(request))
