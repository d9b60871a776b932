"""Addresses of the server API, under /api/."""

from django.urls import path, re_path
from drf_spectacular.views import SpectacularAPIView

from storefront_api.api.adjustments import MemberAdjustments
from storefront_api.api.codes import Release, Use, Validate
from storefront_api.api.events import Events
from storefront_api.api.member_facts import MemberFacts
from storefront_api.api.redemptions import Fulfil, MemberRedemptions, OneRedemption, Revoke
from storefront_api.api.rewards import OneReward, Rewards
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
    path(
        "v1/members/<int:member_id>/redemptions/", MemberRedemptions.as_view(), name="api-member-redemptions"
    ),
    path("v1/rewards/", Rewards.as_view(), name="api-rewards"),
    path("v1/rewards/<str:reward_id>/", OneReward.as_view(), name="api-reward"),
    path("v1/redemptions/<str:redemption_id>/", OneRedemption.as_view(), name="api-redemption"),
    path("v1/redemptions/<str:redemption_id>/revoke/", Revoke.as_view(), name="api-revoke"),
    path("v1/redemptions/<str:redemption_id>/fulfil/", Fulfil.as_view(), name="api-fulfil"),
    # Tills often cannot follow a redirect with a body: these answer without the slash too.
    re_path(r"^v1/codes/validate/?$", Validate.as_view(), name="api-validate"),
    re_path(r"^v1/codes/use/?$", Use.as_view(), name="api-use"),
    re_path(r"^v1/codes/release/?$", Release.as_view(), name="api-release"),
    path("v1/program/", LiveProgram.as_view(), name="api-program"),
    path("schema/", SpectacularAPIView.as_view(), name="api-schema"),
    path("docs/", Docs.as_view(url_name="api-schema"), name="api-docs"),
]
