"""Members and their points. Everything belongs to the key's shop; the rest is 404."""

from typing import Any, cast

from csp.decorators import csp_update
from django.db.models import Prefetch, QuerySet
from django.db.models.functions import Lower
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.utils.decorators import method_decorator
from django.views.defaults import page_not_found
from django_scopes import scope
from drf_spectacular.utils import extend_schema
from drf_spectacular.views import SpectacularSwaggerSplitView
from rest_framework import generics
from rest_framework.request import Request
from rest_framework.response import Response

from loyalty.models import Account, Award, Entry, ProgramVersion
from shops.models import ApiKey, Shop
from storefront_api.api.access import KeyThrottle
from storefront_api.api.serializers import (
    EntrySerializer,
    MemberSearch,
    MemberSerializer,
)


class ShopView(generics.GenericAPIView[Any]):
    """A view of the key's shop."""

    throttle_classes = (KeyThrottle,)

    @property
    def key(self) -> ApiKey:
        return cast(ApiKey, self.request.auth)

    @property
    def shop(self) -> Shop:
        return self.key.shop

    def member(self) -> Account:
        """The account that the address names. Raises Http404."""
        member = members(self.shop).filter(pk=self.kwargs["member_id"]).first()
        if member is None:
            raise Http404
        return member


class Members(ShopView, generics.ListAPIView[Account]):
    serializer_class = MemberSerializer

    @extend_schema(operation_id="members_list", parameters=[MemberSearch])
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """The shop's members, by the order in which they joined."""
        return super().get(request, *args, **kwargs)

    def get_queryset(self) -> QuerySet[Account]:
        search = MemberSearch(data=self.request.query_params.dict())
        search.is_valid(raise_exception=True)
        found = members(self.shop)
        if external_id := search.validated_data.get("external_id"):
            found = found.filter(customer__external_id=external_id)
        if email := search.validated_data.get("email"):
            found = found.alias(lower_email=Lower("customer__email")).filter(lower_email=email.lower())
        return found.order_by("id")


class Member(ShopView):
    serializer_class = MemberSerializer

    @extend_schema(operation_id="members_retrieve")
    def get(self, request: Request, member_id: int) -> Response:
        """One member."""
        return Response(self.get_serializer(self.member()).data)


class MemberEntries(ShopView, generics.ListAPIView[Entry]):
    serializer_class = EntrySerializer

    @extend_schema(operation_id="members_entries_list")
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """The member's history of points, the newest first."""
        return super().get(request, *args, **kwargs)

    def get_queryset(self) -> QuerySet[Entry]:
        if getattr(self, "swagger_fake_view", False):
            return Entry.objects.none()
        member = self.member()
        with scope(shop=self.shop):
            versions = ProgramVersion.objects.filter(shop=self.shop)
            awards = Award.objects.filter(shop=self.shop).prefetch_related(
                Prefetch("program_version", versions)
            )
            return (
                Entry.objects.filter(shop=self.shop, account=member)
                .prefetch_related(Prefetch("award", awards))
                .order_by("-seq")
            )


@method_decorator(csp_update({"style-src": ["'self'", "'unsafe-inline'"]}), name="dispatch")
class Docs(SpectacularSwaggerSplitView):
    """Swagger UI, which styles its elements inline."""


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """What is answered where there is no address: JSON under /api/, a page elsewhere."""
    if request.path_info.startswith("/api/"):
        return JsonResponse({"detail": "Not found."}, status=404)
    return page_not_found(request, exception)


def members(shop: Shop) -> QuerySet[Account]:
    """The shop's accounts with their customers; each join goes by the shop too, as the keys do."""
    with scope(shop=shop):
        return Account.objects.filter(shop=shop, customer__shop=shop).select_related("customer")
