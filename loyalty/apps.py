"""The loyalty app."""

from django.apps import AppConfig


class LoyaltyConfig(AppConfig):
    name = "loyalty"

    def ready(self) -> None:
        from loyalty import sources  # noqa: PLC0415 - the models of other apps are not there before
        from loyalty.activity_rows import read_cases  # noqa: PLC0415

        sources.register("activity", read_cases)
