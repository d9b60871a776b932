"""Every address, the busiest first."""

from django.conf import settings
from django.templatetags.static import static
from django.urls import include, path
from django.views.generic import RedirectView

from dashboard.pages.shopify import shopify_arrival
from dashboard.site import site

urlpatterns = [
    path("", include("storefront_api.urls")),
    path("dashboard/", include("dashboard.urls", namespace="dashboard")),
    site.door("shopify/install", shopify_arrival, "shopify_install"),
    path("favicon.ico", RedirectView.as_view(url=static("dashboard/icon.svg"))),
]

if settings.DEMO:
    urlpatterns += [path("", include("demo.urls"))]

# The dashboard has pages for people; whoever asks the server API gets JSON, whatever is wrong.
handler404 = "storefront_api.api.views.not_found"
