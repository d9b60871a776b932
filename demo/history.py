"""A year in the life of the demo store: the same people and orders each time it is told."""

import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from demo.catalogue import BY_SKU, PRODUCTS, SHOPPER, Person, Product
from demo.payloads import Purchase, customer_body, order_body, refund_body

SEED = 20
DAYS = 365
FIRST_NUMBER = 1001
RETURNED = 0.07
CANCELLED = 0.03
TWICE = 0.15
SUBSCRIBED = 0.45
REVIEWING = 0.3
WITH_BIRTHDAY = 0.5
# What the demo shopper has bought: not quite enough for the second tier.
PIECES = ((BY_SKU["mug"], BY_SKU["bowl"]), (BY_SKU["teapot"],))
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


@dataclass(frozen=True)
class Visit:
    """Somebody buys at `at`: these pieces, or what chance picks."""

    at: datetime
    person: Person
    pieces: tuple[Product, ...] = ()


@dataclass(frozen=True)
class Told:
    """What the store's own server tells of a person: their birthday as "MM-DD", and reviews that they wrote."""

    person: Person
    birthday: str
    reviews: tuple[datetime, ...]


def events(members: int, until: datetime) -> Iterator[Event]:
    """Every webhook of the year that ends at `until`: people join, then their orders in order."""
    chance = random.Random(SEED)
    visits = _visits(chance, members, until)
    for person in {visit.person.id: visit.person for visit in visits}.values():
        assert person.joined_at
        body = customer_body(
            person, person.joined_at, person.id == SHOPPER.id or chance.random() < SUBSCRIBED
        )
        yield Event("customers/create", f"seed-customer-{person.id}", body)
    for index, visit in enumerate(visits):
        yield from _order(chance, index, visit, until)


def people(members: int, until: datetime) -> dict[str, Person]:
    """Everybody who shops there, by their id in the store."""
    return {str(visit.person.id): visit.person for visit in _visits(random.Random(SEED), members, until)}


def told(members: int, until: datetime) -> Iterator[Told]:
    """What is known of some of the people besides their orders."""
    visits = _visits(random.Random(SEED), members, until)
    chance = random.Random(SEED + 1)
    first = {visit.person.id: visit for visit in reversed(visits)}
    for id_, visit in sorted(first.items()):
        if id_ == SHOPPER.id:
            yield Told(visit.person, (until + timedelta(days=24)).strftime("%m-%d"), ())
            continue
        day = until + timedelta(days=chance.randrange(DAYS))
        reviewed = visit.at + timedelta(days=chance.randint(4, 20))
        wrote = chance.random() < REVIEWING and reviewed < until
        if chance.random() < WITH_BIRTHDAY or wrote:
            yield Told(visit.person, day.strftime("%m-%d"), (reviewed,) if wrote else ())


def _visits(chance: random.Random, members: int, until: datetime) -> list[Visit]:
    """The shopper's two visits, and everybody else's, by date; they joined shortly before their first."""
    found = _of_one(
        chance, SHOPPER, [until - timedelta(days=212, hours=3), until - timedelta(days=41, hours=6)], PIECES
    )
    for index in range(1, members):
        person = _person(chance, index)
        found += _of_one(chance, person, [_moment(chance, until) for _ in range(_pick(chance, HOW_MANY))])
    return sorted(found, key=lambda visit: visit.at)


def _of_one(
    chance: random.Random,
    person: Person,
    moments: list[datetime],
    pieces: tuple[tuple[Product, ...], ...] = (),
) -> list[Visit]:
    joined_at = min(moments) - timedelta(minutes=chance.randint(5, 2_000))
    known = replace(person, joined_at=joined_at)
    return [Visit(at, known, pieces[n] if pieces else ()) for n, at in enumerate(moments)]


def _order(chance: random.Random, index: int, visit: Visit, until: datetime) -> Iterator[Event]:
    products = visit.pieces or tuple(chance.sample(PRODUCTS, _pick(chance, BASKET)))
    twice = 0.0 if visit.pieces else TWICE
    items = tuple((product, 2 if chance.random() < twice else 1) for product in products)
    number = f"#{FIRST_NUMBER + index}"
    purchase = Purchase(5_900_000_000_000 + index, number, visit.person, items, visit.at)
    yield Event("orders/paid", f"seed-paid-{index}", order_body(purchase))
    fate = 1.0 if visit.pieces else chance.random()
    later = min(until, visit.at + timedelta(days=chance.randint(2, 16)))
    if fate < CANCELLED:
        yield Event("orders/cancelled", f"seed-cancelled-{index}", order_body(purchase, later))
    elif fate < CANCELLED + RETURNED:
        body = refund_body(purchase.id, 5_800_000_000_000 + index, [purchase.first_piece(0)], later)
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
