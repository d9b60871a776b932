"""What members do, as a shop's own server tells it."""

from typing import Any
from zoneinfo import ZoneInfo

from django.db.models.functions import Lower
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import status
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from lib.clock import now
from loyalty.actions.activities import once_reference, record
from loyalty.errors import ReferenceConflict
from loyalty.models import Account
from shops.models import Shop
from storefront_api.api.bodies import BoundedJSON, Conflict, idempotency_key, key_parameter
from storefront_api.api.event_fields import BUILT_IN, EventSerializer, RecordedSerializer
from storefront_api.api.views import ShopView, members


class Events(ShopView):
    serializer_class = EventSerializer
    parser_classes = (BoundedJSON,)

    @extend_schema(
        operation_id="events_create",
        parameters=[key_parameter("Names the event where `reference` is left out.", required=False)],
        responses={
            200: OpenApiResponse(RecordedSerializer, description="The same event was told before."),
            201: RecordedSerializer,
            404: OpenApiResponse(description="There is no such member."),
            409: OpenApiResponse(description="The reference was used for another event."),
        },
    )
    def post(self, request: Request) -> Response:
        """Tell what a member did; it is awarded at once. What no rule rewards is kept with 0 points."""
        wanted = self.get_serializer(data=request.data)
        wanted.is_valid(raise_exception=True)
        given = wanted.validated_data
        reference = f"api:{_reference(request, given)}"
        account = _member(self.shop, given["member"])
        kind = given["event"] if given["event"] in BUILT_IN else "custom"
        occurred_at, network = given.get("occurred_at"), given.get("network", "")
        zone = ZoneInfo(self.shop.timezone)
        try:
            recorded = record(
                account,
                kind,
                reference,
                occurred_at,
                name=given["event"] if kind == "custom" else "",
                network=network,
                properties=given.get("properties"),
                once=once_reference(kind, account.customer_id, zone, occurred_at or now(), network),
            )
        except ReferenceConflict:
            raise Conflict(_("This reference was used for another event."), "reference_conflict") from None
        code = status.HTTP_201_CREATED if recorded.created else status.HTTP_200_OK
        return Response(RecordedSerializer(recorded).data, code)


def _reference(request: Request, given: dict[str, Any]) -> str:
    if "reference" in given:
        return str(given["reference"])
    if "Idempotency-Key" not in request.headers:
        message = _("Name the event, so that it counts once however often it is sent.")
        raise ValidationError({"reference": [message]})
    return idempotency_key(request)


def _member(shop: Shop, given: dict[str, Any]) -> Account:
    """The member meant. Raises NotFound, or ValidationError where several have that name."""
    ((name, value),) = given.items()
    found = members(shop)
    if name == "id":
        found = found.filter(pk=value)
    elif name == "external_id":
        found = found.filter(customer__external_id=value)
    else:
        found = found.alias(lower_email=Lower("customer__email")).filter(lower_email=value.lower())
    accounts = list(found.order_by("id")[:2])
    if not accounts:
        raise NotFound(_("There is no such member."))
    if len(accounts) > 1:
        raise ValidationError({"member": {name: [_("Several members have this; name one by id.")]}})
    account: Account = accounts[0]
    return account
