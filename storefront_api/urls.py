"""Everything spoken over HTTP by machines and shoppers."""

from django.urls import URLPattern, URLResolver, include, path

from storefront_api.probes import healthz, readyz
from storefront_api.shopify_session import session
from storefront_api.storefront.activity import activity
from storefront_api.storefront.events import events
from storefront_api.storefront.me import me
from storefront_api.storefront.outlooks import my_program, my_tiers
from storefront_api.storefront.program import program
from storefront_api.storefront.redemptions import redemption, redemptions
from storefront_api.storefront.rewards import my_rewards, rewards
from storefront_api.webhooks import receive, receive_shopify
from storefront_api.widget.views import regulars_js

urlpatterns: list[URLPattern | URLResolver] = [
    path("webhooks/shopify/", receive_shopify),
    path("webhooks/<str:public_id>/", receive),
    path("shopify/session", session),
    path("storefront/v1/me", me),
    path("storefront/v1/me/activity", activity),
    path("storefront/v1/me/events", events),
    path("storefront/v1/me/program", my_program),
    path("storefront/v1/me/redemptions", redemptions),
    path("storefront/v1/me/redemptions/<str:public_id>", redemption),
    path("storefront/v1/me/rewards", my_rewards),
    path("storefront/v1/me/tiers", my_tiers),
    path("storefront/v1/program", program),
    path("storefront/v1/rewards", rewards),
    path("healthz", healthz),
    path("readyz", readyz),
    path("api/", include("storefront_api.api.urls")),
    path("widget/v1/regulars.js", regulars_js),
]
