"""The kinds of rewards that a merchant may choose from."""

from typing import Any, NamedTuple

from django.utils.translation import gettext_lazy as _


class RewardKind(NamedTuple):
    """A kind as it is offered: its name, what it does, its icon, and what its `value` is called ("": it has none)."""

    kind: str
    title: Any
    text: Any
    icon: str
    value_label: Any = ""


ON_ORDERS = (
    RewardKind(
        "fixed", _("Amount off"), _("A code that takes a fixed amount off an order."), "sell", _("Amount off")
    ),
    RewardKind(
        "variable",
        _("Amount off, as much as the member likes"),
        _("A slider: every 100 points take some more off, and the member chooses how many to redeem."),
        "tune",
        _("Amount off for each step"),
    ),
    RewardKind(
        "percentage",
        _("Percentage off"),
        _("A code that takes a part off an order, such as 10%."),
        "percent",
        _("Per cent off"),
    ),
    RewardKind(
        "free_shipping",
        _("Free shipping"),
        _("A code for an order without shipping costs."),
        "local_shipping",
    ),
    RewardKind(
        "free_product",
        _("Free product"),
        _("A code that makes one of your products free."),
        "redeem",
        _("What it is worth"),
    ),
)
LIKE_MONEY = (
    RewardKind(
        "gift_card",
        _("Gift card"),
        _("A card with an amount on it, to be spent bit by bit."),
        "card_giftcard",
        _("Amount"),
    ),
    RewardKind(
        "store_credit",
        _("Store credit"),
        _("The amount goes straight to the customer’s credit at your store; no code is needed."),
        "account_balance_wallet",
        _("Amount"),
    ),
)
BY_HAND = (
    RewardKind(
        "custom",
        _("Something you hand over yourself"),
        _("A coffee at the counter, a tote bag, a tour: your staff tick it off."),
        "volunteer_activism",
        _("What it is worth"),
    ),
)
GROUPS = (
    (_("Off an order"), ON_ORDERS),
    (_("As good as money"), LIKE_MONEY),
    (_("Anything else"), BY_HAND),
)
KINDS = {one.kind: one for _title, kinds in GROUPS for one in kinds}
