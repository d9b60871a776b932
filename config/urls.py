"""Every address, the busiest first."""

from django.conf import settings
from django.urls import include, path

urlpatterns = [
    path("", include("storefront_api.urls")),
    path("dashboard/", include("dashboard.urls", namespace="dashboard")),
]

if settings.DEMO:
    urlpatterns += [path("demo/", include("demo.urls"))]
