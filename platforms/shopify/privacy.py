"""What Shopify says of stores and of people's rights: uninstalled, changed, data asked for, data to be erased."""

from hashlib import sha256
from typing import Any

import msgspec
from msgspec import Struct

from platforms.base import Unreadable
from platforms.reading import currency, decode, decoder, identifier, optional_identifier, text
from platforms.snapshots import PrivacyAsked, StoreChanged, StoreGone

MOST_ORDERS = 10_000


class _Person(Struct, gc=False):
    id: Any = None
    email: str | None = None


class _Request(Struct, gc=False):
    id: Any = None


class _Asked(Struct, gc=False):
    """The body of customers/data_request and of customers/redact; the latter may hold an e-mail alone."""

    customer: _Person | None = None
    orders_requested: list[Any] | None = None
    orders_to_redact: list[Any] | None = None
    data_request: _Request | None = None


class _Shop(Struct, gc=False):
    """The body of shop/update and of app/uninstalled, as far as it matters."""

    name: str | None = None
    currency: str | None = None
    domain: str | None = None
    iana_timezone: str | None = None


class _Left(Struct, gc=False):
    """The body of shop/redact; whose it is was compared before."""

    shop_domain: str


_ASKED = decoder(_Asked)
_LEFT = decoder(_Left)
_SHOP = decoder(_Shop)


def read_data_request(body: bytes) -> PrivacyAsked:
    """A customer wants to know what is kept of them."""
    asked = decode(_ASKED, body)
    person = _person(asked)
    number = optional_identifier(asked.data_request.id, "data_request.id") if asked.data_request else ""
    return _request("export", person, _ids(asked.orders_requested, "orders_requested"), number)


def read_redact(body: bytes) -> PrivacyAsked:
    """A customer is to be erased, with the orders that are named."""
    asked = decode(_ASKED, body)
    orders = _ids(asked.orders_to_redact, "orders_to_redact")
    person = asked.customer or _Person()
    if not (person.id or person.email or orders):
        raise Unreadable("customer: neither an id nor an e-mail, and no orders")
    return _request("erase", person, orders)


def read_shop_redact(body: bytes) -> PrivacyAsked:
    """All customers of a store that left are to be erased."""
    decode(_LEFT, body)
    return PrivacyAsked(kind="erase_shop", reference="shop")


def read_uninstalled(_body: bytes) -> StoreGone:
    """The store took its access back."""
    return StoreGone()


def read_shop(body: bytes) -> StoreChanged:
    """What is to be known of the store."""
    shop = decode(_SHOP, body)
    info = {
        "name": text(shop.name),
        "currency": currency(shop.currency) if shop.currency else "",
        "website": text(shop.domain),
        "timezone": text(shop.iana_timezone),
    }
    return StoreChanged({name: value for name, value in info.items() if value})


def _person(asked: _Asked) -> _Person:
    if asked.customer is None or not (asked.customer.id or asked.customer.email):
        raise Unreadable("customer: neither an id nor an e-mail")
    return asked.customer


def _request(kind: str, person: _Person, orders: tuple[str, ...], number: str = "") -> PrivacyAsked:
    """Named by Shopify's own number, or where it has none by what it asks for."""
    customer_id = optional_identifier(person.id, "customer.id")
    email = text(person.email, 320).strip()
    content = msgspec.json.encode([customer_id, email.lower(), sorted(orders)])
    reference = number or sha256(content).hexdigest()
    return PrivacyAsked(kind=kind, reference=reference, customer_id=customer_id, email=email, orders=orders)


def _ids(found: list[Any] | None, name: str) -> tuple[str, ...]:
    if found and len(found) > MOST_ORDERS:
        raise Unreadable(f"{name}: more than {MOST_ORDERS} orders")
    return tuple(identifier(each, f"{name}[{index}]") for index, each in enumerate(found or ()))
