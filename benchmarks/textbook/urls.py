"""The textbook's one address."""

from django.urls import path

from benchmarks.textbook.views import Webhooks

urlpatterns = [path("webhooks/<str:connection>/", Webhooks.as_view())]
