"""The demo app: a store to try Regulars with, installed only when DEMO is set."""

from django.apps import AppConfig


class DemoConfig(AppConfig):
    name = "demo"
