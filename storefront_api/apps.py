"""The storefront_api app."""

from django.apps import AppConfig


class StorefrontApiConfig(AppConfig):
    name = "storefront_api"
