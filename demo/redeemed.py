"""What members of the demo store have redeemed, and what became of it: through the same doors as everybody."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from django.db.models import Q
from django_scopes import scope

from demo import store
from demo.catalogue import BY_SKU, SHOPPER, Person
from demo.deliveries import deliver
from demo.discounts import Items, Unusable
from demo.payloads import order_body, refund_body
from lib.clock import now
from loyalty.models import Account
from orders.models import Delivery
from rewards.actions.catalogue import withdraw_reward
from rewards.actions.redeem import redeem
from rewards.actions.redemptions import fulfil, revoke
from rewards.errors import NotRedeemed
from rewards.models import Redemption, Reward
from shops.models import Connection

Fate = Literal["kept", "used", "sent back", "revoked", "handed over"]
KEY = "seed-"
FIRST_ORDER, FIRST_REFUND = 5_950_000_000_000, 5_850_000_000_000
TIMEOUT_S = 60


class NotDone(Exception):
    """The worker did not do its part in time."""


@dataclass(frozen=True)
class Past:
    """A redemption of the past: for which reward, for how many points of a slider, and what was bought with it."""

    reward: str
    fate: Fate = "kept"
    pieces: tuple[str, ...] = ()
    points: int | None = None


@dataclass(frozen=True)
class Told:
    """A redemption with what is planned for it, and whose it is."""

    number: int
    past: Past
    person: Person
    redemption: Redemption


PAST = (
    Past("five", "used", ("mug", "bowl")),
    Past("flash", "used", ("vase",)),
    Past("tenth", "sent back", ("plates", "mug")),
    Past("shipping", "used", ("planter",)),
    Past("slider", "kept", points=700),
    Past("workshop", "handed over"),
    Past("five", "revoked"),
    Past("jug"),
    Past("members", "used", ("teapot",)),
    Past("five"),
    Past("workshop"),
    Past("shipping"),
    Past("slider", "used", ("bowl", "vase"), points=1200),
    Past("card"),
    Past("flash"),
    Past("five", "sent back", ("bowl", "bowl")),
)


def tell(
    connection: Connection, url: str, people: Mapping[str, Person], rewards: Mapping[str, Reward], actor: str
) -> None:
    """Redeem, use, send back, revoke and hand over. What was done before is not done again. Raises `NotDone`."""
    told = _redeemed(connection, people, rewards)
    wait_until(lambda: not _waiting(connection))
    if "jug" in rewards:
        withdraw_reward(rewards["jug"], actor)
    for one in told:
        _go_on(connection, url, one, actor)
    wait_until(lambda: not _waiting(connection))


def wait_until(done: Callable[[], bool]) -> None:
    """Raises `NotDone` where it is not, after a while."""
    deadline = time.monotonic() + TIMEOUT_S
    while not done():
        if time.monotonic() > deadline:
            raise NotDone("The demo's redemptions were not done in time; is the worker running?")
        time.sleep(0.05)


def _redeemed(
    connection: Connection, people: Mapping[str, Person], rewards: Mapping[str, Reward]
) -> list[Told]:
    """The redemptions, of the members with the most points in turn; who has too few for one leaves it."""
    with scope(shop=connection.shop):
        accounts = list(
            Account.objects.select_related("shop", "customer")
            .filter(shop=connection.shop, customer__shop=connection.shop, customer__connection=connection)
            .exclude(customer__external_id=str(SHOPPER.id))
            .order_by("-balance", "pk")[: len(PAST)]
        )
        found = Redemption.objects.filter(shop=connection.shop, request_key__startswith=KEY)
        known = {row.request_key: row for row in found.select_related("shop", "account__customer")}
    told = []
    for number, past in enumerate(PAST):
        redemption = known.get(f"{KEY}{number}")
        if redemption is None and not known and accounts:
            account = accounts[number % len(accounts)]
            redemption = _redeem(account, rewards[past.reward], number, past)
        if redemption is not None:
            told.append(Told(number, past, people[redemption.account.customer.external_id], redemption))
    return told


def _redeem(account: Account, reward: Reward, number: int, past: Past) -> Redemption | None:
    try:
        made = redeem(account, reward.public_id, f"{KEY}{number}", past.points, actor=account.customer.email)
    except NotRedeemed:
        return None
    made.account, made.shop = account, account.shop
    return made


def _go_on(connection: Connection, url: str, told: Told, actor: str) -> None:
    """Let its fate come true; later runs find it so."""
    with scope(shop=connection.shop):
        told.redemption.refresh_from_db()
    if told.redemption.state not in (Redemption.State.ISSUED, Redemption.State.RESERVED):
        return
    match told.past.fate:
        case "used" | "sent back":
            _buy(connection, url, told)
        case "revoked":
            revoke(told.redemption, actor)
        case "handed over":
            fulfil(told.redemption, actor)


def _buy(connection: Connection, url: str, told: Told) -> None:
    items: Items = tuple(
        (BY_SKU[sku], told.past.pieces.count(sku)) for sku in dict.fromkeys(told.past.pieces)
    )
    try:
        wanted = store.priced(items, told.redemption.code, told.person)
        purchase = store.place(connection, wanted, FIRST_ORDER + told.number)
    except Unusable:  # by a run before this one
        return
    deliver(connection, url, "orders/paid", order_body(purchase), f"{KEY}used-{told.number}")
    wait_until(lambda: not _unread(connection))
    if told.past.fate == "sent back":
        body = refund_body(purchase.id, FIRST_REFUND + told.number, [purchase.first_piece(0)], now())
        deliver(connection, url, "refunds/create", body, f"{KEY}sent-back-{told.number}")


def _unread(connection: Connection) -> bool:
    with scope(shop=connection.shop):
        return bool(Delivery.objects.filter(shop=connection.shop, state=Delivery.State.NEW).exists())


def _waiting(connection: Connection) -> bool:
    """Whether a worker still has something to do; what staff hand over waits for them."""
    busy = Q(state__in=["reserved", "issuing", "closing"]) | Q(due_at__isnull=False)
    with scope(shop=connection.shop):
        rows = Redemption.objects.filter(busy, shop=connection.shop)
        return _unread(connection) or bool(rows.exclude(terms__kind="custom").exists())
