"""A year in the life of the demo store: the same people and orders each time it is told."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from demo.catalogue import PRODUCTS, SHOPPER, Person
from demo.payloads import Purchase, order_body, refund_body

SEED = 20
DAYS = 365
FIRST_NUMBER = 1001
RETURNED = 0.07
CANCELLED = 0.03
# How busy the months are, from January: presents in winter, pots in spring.
SEASON = (7, 6, 9, 11, 12, 8, 6, 6, 8, 9, 14, 18)
HOW_MANY = ((1, 30), (2, 22), (3, 16), (5, 14), (8, 11), (13, 7))
BASKET = ((1, 55), (2, 30), (3, 15))

FIRST_NAMES = (
    *(
        "Ada",
        "Alma",
        "Ben",
        "Carla",
        "David",
        "Elif",
        "Emma",
        "Felix",
        "Finn",
        "Greta",
        "Hanna",
        "Ida",
        "Jonas",
    ),
    *("Kaya", "Lena", "Leo", "Lina", "Luca", "Maja", "Malik", "Mia", "Nils", "Noor", "Oskar", "Paul", "Rosa"),
    *("Samuel", "Sofia", "Tessa", "Yara"),
)
LAST_NAMES = (
    *("Adler", "Bauer", "Becker", "Bergmann", "Brandt", "Demir", "Fischer", "Hansen", "Hoffmann", "Jansen"),
    *(
        "Keller",
        "Klein",
        "Krause",
        "Lange",
        "Lorenz",
        "Meyer",
        "Moreau",
        "Nowak",
        "Richter",
        "Rossi",
        "Santos",
    ),
    *("Schmidt", "Schreiber", "Sommer", "Vogel", "Wagner", "Weber", "Winter", "Yilmaz"),
)
CITIES = ("Berlin", "Hamburg", "Leipzig", "München", "Köln", "Bremen", "Dresden", "Freiburg")


@dataclass(frozen=True)
class Event:
    """One webhook of the past. `key` is its webhook id: a second telling is a duplicate."""

    topic: str
    key: str
    body: bytes


def events(members: int, until: datetime) -> Iterator[Event]:
    """Every webhook of the year that ends at `until`, in the order of the orders."""
    chance = random.Random(SEED)
    people = [SHOPPER, *(_person(chance, index) for index in range(1, members))]
    visits = sorted(
        (
            (_moment(chance, until), person)
            for person in people
            for _ in range(3 if person is SHOPPER else _pick(chance, HOW_MANY))
        ),
        key=lambda visit: visit[0],
    )
    for index, (at, person) in enumerate(visits):
        yield from _order(chance, index, at, person, until)


def _order(
    chance: random.Random, index: int, at: datetime, person: Person, until: datetime
) -> Iterator[Event]:
    products = chance.sample(PRODUCTS, _pick(chance, BASKET))
    items = tuple((product, 2 if chance.random() < 0.15 else 1) for product in products)
    purchase = Purchase(5_900_000_000_000 + index, f"#{FIRST_NUMBER + index}", person, items, at)
    yield Event("orders/paid", f"seed-paid-{index}", order_body(purchase))
    fate = chance.random()
    later = min(until, at + timedelta(days=chance.randint(2, 16)))
    if fate < CANCELLED:
        yield Event("orders/cancelled", f"seed-cancelled-{index}", order_body(purchase, later))
    elif fate < CANCELLED + RETURNED:
        lines = [(purchase.line_id(0), items[0][0].price)]
        body = refund_body(purchase.id, 5_800_000_000_000 + index, lines, later)
        yield Event("refunds/create", f"seed-refund-{index}", body)


def _person(chance: random.Random, index: int) -> Person:
    return Person(
        SHOPPER.id + index, chance.choice(FIRST_NAMES), chance.choice(LAST_NAMES), chance.choice(CITIES)
    )


def _moment(chance: random.Random, until: datetime) -> datetime:
    """An instant of the last year by the season, between breakfast and bedtime."""
    while True:
        at = until - timedelta(days=chance.random() * DAYS)
        if chance.random() * max(SEASON) < SEASON[at.month - 1]:
            at = at.replace(hour=chance.randint(7, 21), minute=chance.randint(0, 59), microsecond=0)
            return min(at, until - timedelta(minutes=chance.randint(5, 300)))


def _pick(chance: random.Random, weights: tuple[tuple[int, int], ...]) -> int:
    return chance.choices([value for value, _ in weights], [weight for _, weight in weights])[0]
