"""Every address, the busiest first."""

from django.urls import include, path

urlpatterns = [
    path("", include("storefront_api.urls")),
]
