"""Let a person into the dashboard of a shop."""

from collections.abc import Mapping
from typing import Any

from django.core.management.base import CommandParser

from shops.actions import create_staff
from shops.management.command import ShopCommand
from shops.models import Shop, Staff


class Command(ShopCommand):
    help = "Give a person a role in a shop. Without --password a new account gets one, shown once."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--email", required=True)
        parser.add_argument("--role", required=True, help="one of: " + ", ".join(Staff.Role.values))
        parser.add_argument("--password", help="at least 10 characters; only for a new account")

    def answer_for(self, shop: Shop, options: dict[str, Any]) -> Mapping[str, Any]:
        staff, password = create_staff(shop, options["email"], options["role"], options["password"])
        return {
            "shop": shop.public_id,
            "email": staff.user.email,
            "role": staff.role,
            "password": password,
        }
