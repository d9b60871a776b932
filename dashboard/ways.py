"""The ways to earn that a merchant may choose from."""

from typing import Any, NamedTuple

from django.utils.translation import gettext_lazy as _


class Way(NamedTuple):
    """A kind of rule as it is offered: what it is called, what it does, and its icon."""

    kind: str
    title: Any
    text: Any
    icon: str


ORDERS = (
    Way(
        "per_currency", _("Points for spending"), _("For every euro, dollar or yen of an order."), "payments"
    ),
    Way(
        "per_order",
        _("Points for each order"),
        _("The same for every order, large or small."),
        "shopping_bag",
    ),
    Way("per_unit", _("Points for a product"), _("For each item of the products that you choose."), "sell"),
    Way("first_order", _("First order"), _("Once, for a member's first order."), "celebration"),
    Way(
        "nth_order",
        _("Punch card"),
        _("For every 5th order, or every 10th. Members see how far they are."),
        "apps",
    ),
)
MEMBERS = (
    Way("signup", _("Joining"), _("Once, for becoming a member."), "person_add"),
    Way("birthday", _("Birthday"), _("Every year on the member's birthday."), "cake"),
    Way("anniversary", _("Membership anniversary"), _("Every year on the day they joined."), "event_repeat"),
    Way("newsletter", _("Newsletter"), _("Once, for agreeing to your marketing."), "mail"),
)
ACTIONS = (
    Way("review", _("Product review"), _("For each review that your store tells of."), "rate_review"),
    Way("social_follow", _("Social follow"), _("Once, for following you on a network."), "thumb_up"),
    Way("visit", _("Visit"), _("For coming by, at most once a day."), "storefront"),
    Way("custom", _("Something else"), _("For an event that your own server tells of."), "bolt"),
)
GROUPS = (
    (_("Orders"), ORDERS),
    (_("Members"), MEMBERS),
    (_("What members do"), ACTIONS),
)
WAYS = {way.kind: way for _title, ways in GROUPS for way in ways}


def fresh_key(wanted: str, *taken: object) -> str:
    """`wanted`, or with a number behind it where that is taken already; at most 40 characters."""
    used = {getattr(one, "key", one) for one in taken}
    number, key = 1, wanted[:40]
    while key in used:
        number += 1
        key = f"{wanted[:36]}-{number}"
    return key
