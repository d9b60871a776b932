"""Link a store to a shop."""

from collections.abc import Mapping
from typing import Any

from django.core.management.base import CommandError, CommandParser

from orders.letting_in import connect_and_let_in
from platforms.connect import connect_store, webhook_url
from platforms.reach import access_of
from platforms.registry import PLATFORMS
from shops.management.command import ShopCommand
from shops.models import Shop


class Command(ShopCommand):
    help = "Link a store: prints where it sends its webhooks, and the secrets both sides need."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--platform", required=True, help="one of: " + ", ".join(PLATFORMS))
        parser.add_argument(
            "--domain", required=True, help="the store's own domain, such as shop.example.com"
        )
        parser.add_argument("--secret", help="the platform's webhook secret; made here when left out")
        parser.add_argument(
            "--storefront-domain",
            action="append",
            default=[],
            help="another domain that shows the widget; may be given more than once",
        )
        parser.add_argument(
            "--credential",
            action="append",
            default=[],
            metavar="NAME=VALUE",
            help="what lets Regulars into the store; once for each of: " + _credentials(),
        )

    def answer_for(self, shop: Shop, options: dict[str, Any]) -> Mapping[str, Any]:
        arguments = (
            shop,
            options["platform"],
            options["domain"],
            options["secret"],
            options["storefront_domain"],
        )
        credentials = dict(_pair(each) for each in options["credential"])
        connection = connect_and_let_in(*arguments, credentials) if credentials else connect_store(*arguments)
        access = access_of(connection)
        return {
            "shop": shop.public_id,
            "connection": connection.public_id,
            "platform": connection.platform,
            "domain": connection.domain,
            "storefront_domains": connection.storefront_domains,
            "webhook_url": webhook_url(connection),
            "webhook_secret": connection.secret,
            "storefront_secret": connection.storefront_secret,
            "answers": True if credentials else None,
            "store": dict(access.info) if access else None,
        }


def _pair(given: str) -> tuple[str, str]:
    name, equals, value = given.partition("=")
    if not equals:
        raise CommandError(f"--credential {name}: write it as NAME=VALUE.")
    return name.strip(), value


def _credentials() -> str:
    return "; ".join(
        f"{name} {', '.join(platform.credentials)}"
        for name, platform in PLATFORMS.items()
        if platform.credentials
    )
