"""Addresses of the server API, under /api/."""

from django.urls import path
from drf_spectacular.views import SpectacularAPIView

from storefront_api.api.adjustments import MemberAdjustments
from storefront_api.api.events import Events
from storefront_api.api.member_facts import MemberFacts
from storefront_api.api.tiers import LiveProgram, MemberExpiries, MemberTier, MemberTiers
from storefront_api.api.views import Docs, MemberEntries, Members

urlpatterns = [
    path("v1/members/", Members.as_view(), name="api-members"),
    path("v1/events/", Events.as_view(), name="api-events"),
    path("v1/members/<int:member_id>/", MemberFacts.as_view(), name="api-member"),
    path("v1/members/<int:member_id>/entries/", MemberEntries.as_view(), name="api-entries"),
    path("v1/members/<int:member_id>/adjustments/", MemberAdjustments.as_view(), name="api-adjustments"),
    path("v1/members/<int:member_id>/tier/", MemberTier.as_view(), name="api-tier"),
    path("v1/members/<int:member_id>/tiers/", MemberTiers.as_view(), name="api-tiers"),
    path("v1/members/<int:member_id>/expiries/", MemberExpiries.as_view(), name="api-expiries"),
    path("v1/program/", LiveProgram.as_view(), name="api-program"),
    path("schema/", SpectacularAPIView.as_view(), name="api-schema"),
    path("docs/", Docs.as_view(url_name="api-schema"), name="api-docs"),
]
