"""Who works at which shop's desk: the tenant and the rights of a request, found once."""

from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import cast
from zoneinfo import ZoneInfo

from django.http import HttpRequest
from django_scopes import scopes_disabled

from shops.models import Shop, Staff, User

SESSION_KEY = "dashboard_shop"


class Right(StrEnum):
    """What a page must ask for before it changes something. Looking needs none."""

    ONESELF = "oneself"
    POINTS = "points"
    PROGRAM = "program"
    REWARDS = "rewards"
    DELIVERIES = "deliveries"
    CONNECTIONS = "connections"
    DATA = "data"


RIGHTS: dict[str, frozenset[Right]] = {
    Staff.Role.OWNER: frozenset(Right),
    Staff.Role.MANAGER: frozenset(Right),
    Staff.Role.SUPPORT: frozenset({Right.ONESELF, Right.POINTS}),
    Staff.Role.VIEWER: frozenset({Right.ONESELF}),
}


@dataclass(frozen=True)
class Desk:
    """The shop that a request works on, the person's role in it, and the shops they may turn to."""

    shop: Shop
    role: str
    shops: tuple[Shop, ...]

    @cached_property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.shop.timezone)

    @cached_property
    def rights(self) -> frozenset[Right]:
        return RIGHTS.get(self.role, frozenset())

    def may(self, right: Right) -> bool:
        return right in self.rights


class DeskRequest(HttpRequest):
    """A request that has found its desk."""

    desk: Desk


def find_desk(request: HttpRequest) -> Desk | None:
    """The desk of the signed-in person: at the shop they chose, else at their first; None without any role."""
    with scopes_disabled():
        roles = list(
            Staff.objects.filter(user=cast(User, request.user)).select_related("shop").order_by("shop_id")
        )
    if not roles:
        return None
    chosen = request.session.get(SESSION_KEY)
    role = next((role for role in roles if role.shop.public_id == chosen), roles[0])
    return Desk(shop=role.shop, role=role.role, shops=tuple(role.shop for role in roles))


def choose_shop(request: HttpRequest, shop: Shop) -> None:
    """Work on `shop` from the next request on."""
    request.session[SESSION_KEY] = shop.public_id
