"""Everything spoken over HTTP by machines and shoppers."""

from django.urls import URLPattern, URLResolver

urlpatterns: list[URLPattern | URLResolver] = []
