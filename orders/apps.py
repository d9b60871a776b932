"""The orders app."""

from django.apps import AppConfig


class OrdersConfig(AppConfig):
    name = "orders"

    def ready(self) -> None:
        from loyalty import sources  # noqa: PLC0415 - the models of other apps are not there before
        from orders.cases import read_cases  # noqa: PLC0415

        sources.register("order", read_cases)
