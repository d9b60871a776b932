"""Addresses of the shopper API, under /storefront/v1/."""

from django.urls import path

from storefront_api.storefront.activity import activity
from storefront_api.storefront.me import me
from storefront_api.storefront.program import program

urlpatterns = [
    path("me", me),
    path("me/activity", activity),
    path("program", program),
]
