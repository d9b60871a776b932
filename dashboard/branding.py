"""What Unfold's frame shows: the shop's name, and where one can go."""

from typing import Any

from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import reverse
from django.utils.translation import gettext

from dashboard.desk import Desk
from dashboard.redemption_rows import stuck_count
from orders.models import Delivery

MOST_COUNTED = 99


def header(request: HttpRequest) -> str:
    """The shop's name, or the product's where no shop is known."""
    desk: Desk | None = getattr(request, "desk", None)
    return desk.shop.name if desk else gettext("Regulars")


def subheader(request: HttpRequest) -> str:
    """Under the name: the role of the person in the shop."""
    desk: Desk | None = getattr(request, "desk", None)
    return gettext("Loyalty program") if desk else ""


def icon(_request: HttpRequest) -> str:
    return static("dashboard/icon.svg")


def stylesheet(_request: HttpRequest) -> str:
    return static("dashboard/dashboard.css")


def navigation(request: HttpRequest) -> list[dict[str, Any]]:
    """The side bar: groups of pages, with the number of deliveries that need somebody."""
    desk: Desk | None = getattr(request, "desk", None)
    if desk is None:
        return []
    program = [
        _item(gettext("Overview"), "home", "index"),
        _item(gettext("Members"), "group", "members"),
        _item(gettext("Program"), "loyalty", "program"),
        _item(gettext("Rewards"), "redeem", "rewards"),
        _item(gettext("Redemptions"), "receipt_long", "redemptions", badge=_stuck(desk)),
        _item(gettext("Books"), "account_balance", "books"),
    ]
    files = _item(gettext("Import and export"), "swap_vert", "imports")
    if request.path.startswith(reverse("dashboard:exports")):
        files["active"] = True
    store = [
        _item(gettext("Inbox"), "inbox", "inbox", badge=_needing_attention(desk)),
        _item(gettext("Held orders"), "pause_circle", "held"),
        _item(gettext("Connections"), "storefront", "connections"),
        files,
        _item(gettext("Privacy requests"), "shield_person", "privacy"),
    ]
    groups: list[dict[str, Any]] = [
        {"title": "", "items": program},
        {"title": gettext("Store"), "separator": True, "items": store},
    ]
    if len(desk.shops) > 1:
        switch = _item(gettext("Switch shop"), "swap_horiz", "shops")
        groups.append({"title": "", "separator": True, "items": [switch]})
    return groups


def _item(title: str, icon: str, name: str, badge: int = 0) -> dict[str, Any]:
    item: dict[str, Any] = {"title": title, "icon": icon, "link": reverse(f"dashboard:{name}")}
    if badge:
        item["badge"] = str(badge) if badge <= MOST_COUNTED else f"{MOST_COUNTED}+"
    return item


def _stuck(desk: Desk) -> int:
    return stuck_count(desk.shop, MOST_COUNTED + 1)


def _needing_attention(desk: Desk) -> int:
    dead = Delivery.objects.filter(shop=desk.shop, state=Delivery.State.DEAD)
    return dead.order_by()[: MOST_COUNTED + 1].count()
