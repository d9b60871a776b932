"""Connected stores as the machine roads need them: by public id, shop or domain, kept in process for seconds.

A change by a merchant (a new secret, a store that was disconnected) is seen after `TTL_S`. A caller whose
signature check fails asks for a newer state with `refetched=True`; that is granted once a second for each
key. What is not found is not kept.
"""

import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar
from urllib.parse import urlsplit

from django.conf import settings

from lib.rows import read
from lib.vault import unseal

TTL_S = 5.0
REFETCH_S = 1.0
MOST_KEPT = 50_000

_PUBLIC_ID = re.compile(r"[a-z0-9_]{1,40}")
_DOMAIN = re.compile(r"[a-z0-9.:-]{1,253}")
_LOCAL_HOSTS = {"localhost", "127.0.0.1"}

_COLUMNS = """
    c.id, c.public_id, c.shop_id, s.public_id, c.platform, c.domain, c.storefront_domains,
    c.secret, c.previous_secret, c.storefront_secret
    FROM shops_connection c JOIN shops_shop s ON s.id = c.shop_id
"""
_ORIGIN_KNOWN = """
    SELECT EXISTS (
        SELECT FROM shops_connection
        WHERE active AND (lower(domain) = %(host)s OR %(host)s = ANY (storefront_domains))
    )
"""


@dataclass(frozen=True, slots=True)
class KnownConnection:
    """An active connection.

    `secrets` verify its webhooks, the newest first; browsers on `origins` may read its shoppers' data.
    """

    id: int
    public_id: str
    shop_id: int
    shop_public_id: str
    platform: str
    domain: str
    secrets: tuple[str, ...]
    storefront_secret: str
    origins: frozenset[str]


@dataclass(frozen=True, slots=True)
class KnownShop:
    """A shop with its active connections; `origins` are those of all of them."""

    id: int
    public_id: str
    connections: tuple[KnownConnection, ...]
    origins: frozenset[str]


Value = TypeVar("Value")


class _Kept(Generic[Value]):
    """What `fetch` found for a key, for `TTL_S`. Safe under threads: a race costs one fetch more."""

    def __init__(self, fetch: Callable[[str], Value | None], pattern: re.Pattern[str]) -> None:
        self._fetch = fetch
        self._pattern = pattern
        self._found: dict[str, tuple[float, Value]] = {}
        self._refetched: dict[str, float] = {}

    def get(self, key: str, *, refetched: bool) -> Value | None:
        now = time.monotonic()
        found = self._found.get(key)
        if refetched:
            if now - self._refetched.get(key, -REFETCH_S) < REFETCH_S:
                return None
        elif found is not None and now - found[0] < TTL_S:
            return found[1]
        if not self._pattern.fullmatch(key):
            return None
        value = self._fetch(key)
        self._keep(key, value, now, refetched=refetched)
        return value

    def clear(self) -> None:
        self._found.clear()
        self._refetched.clear()

    def _keep(self, key: str, value: Value | None, now: float, *, refetched: bool) -> None:
        if len(self._found) >= MOST_KEPT:
            self.clear()
        if refetched:
            self._refetched[key] = now
        if value is None:
            self._found.pop(key, None)
        else:
            self._found[key] = (now, value)


def by_public_id(public_id: str, *, refetched: bool = False) -> KnownConnection | None:
    """The active connection of that public id, or None.

    With `refetched=True` it is read anew, and None also means that this was done less than a second ago.
    """
    return _by_public_id.get(public_id, refetched=refetched)


def by_shop(shop_public_id: str, *, refetched: bool = False) -> KnownShop | None:
    """The shop of that public id with its active connections, or None; `refetched` as in `by_public_id`."""
    return _by_shop.get(shop_public_id, refetched=refetched)


def shopify_by_domain(domain: str, *, refetched: bool = False) -> KnownConnection | None:
    """The active Shopify connection of that domain (in any letter case), or None; `refetched` as above."""
    return _shopify_by_domain.get(domain.lower(), refetched=refetched)


def shopify_ever(domain: str) -> list[KnownConnection]:
    """Every Shopify connection of that domain, those that are switched off too; read anew."""
    condition = "c.platform = 'shopify' AND lower(c.domain) = %(value)s"
    found = read(f"SELECT {_COLUMNS} WHERE {condition} ORDER BY c.id", value=domain.lower())
    return [_known(*row) for row in found]


def origin_known(origin: str) -> bool:
    """Whether some active connection's storefront has this origin.

    It decides only about answers without anybody's data: preflights and errors.
    """
    return bool(_by_origin.get(origin, refetched=False))


def forget() -> None:
    """Forget everything that was kept."""
    for kept in (_by_public_id, _by_shop, _shopify_by_domain, _by_origin):
        kept.clear()


def origins_of(domains: list[str]) -> frozenset[str]:
    """The origins under which a browser knows these domains: https, and http for this machine in a demo."""
    local = settings.DEMO or settings.DEBUG
    origins = {f"https://{domain.lower()}" for domain in domains}
    if local:
        origins |= {f"http://{domain.lower()}" for domain in domains if domain.split(":")[0] in _LOCAL_HOSTS}
    if settings.DEMO:
        own = urlsplit(settings.PUBLIC_URL)
        origins.add(f"{own.scheme}://{own.netloc}")
    return frozenset(origins)


def _rows(condition: str, value: str) -> list[KnownConnection]:
    found = read(f"SELECT {_COLUMNS} WHERE c.active AND {condition} ORDER BY c.id", value=value)
    return [_known(*row) for row in found]


def _known(
    id: int,
    public_id: str,
    shop_id: int,
    shop_public_id: str,
    platform: str,
    domain: str,
    storefront_domains: list[str],
    secret: str,
    previous_secret: str,
    storefront_secret: str,
) -> KnownConnection:
    return KnownConnection(
        id=id,
        public_id=public_id,
        shop_id=shop_id,
        shop_public_id=shop_public_id,
        platform=platform,
        domain=domain,
        secrets=tuple(unseal(sealed) for sealed in (secret, previous_secret) if sealed),
        storefront_secret=unseal(storefront_secret),
        origins=origins_of([domain, *storefront_domains]),
    )


def _fetch_connection(public_id: str) -> KnownConnection | None:
    return next(iter(_rows("c.public_id = %(value)s", public_id)), None)


def _fetch_shopify(domain: str) -> KnownConnection | None:
    return next(iter(_rows("c.platform = 'shopify' AND lower(c.domain) = %(value)s", domain)), None)


def _fetch_shop(public_id: str) -> KnownShop | None:
    found = read("SELECT id FROM shops_shop WHERE public_id = %(public_id)s", public_id=public_id)
    if not found:
        return None
    connections = tuple(_rows("s.public_id = %(value)s", public_id))
    origins = frozenset[str]().union(*(connection.origins for connection in connections))
    return KnownShop(found[0][0], public_id, connections, origins)


def _fetch_origin(origin: str) -> bool | None:
    """True, or None when it is unknown."""
    _, _, host = origin.partition("://")
    if origin in origins_of([]):
        return True
    if origin not in origins_of([host]):
        return None
    return read(_ORIGIN_KNOWN, host=host)[0][0] or None


_by_public_id = _Kept(_fetch_connection, _PUBLIC_ID)
_by_shop = _Kept(_fetch_shop, _PUBLIC_ID)
_shopify_by_domain = _Kept(_fetch_shopify, _DOMAIN)
_by_origin = _Kept(_fetch_origin, re.compile(r"https?://[a-z0-9.:-]{1,253}"))
