"""The stores of a storm, in a process of their own. They outlive everything else, as the real ones do."""

import json
import multiprocessing
import threading
from collections.abc import Mapping, Sequence
from decimal import Decimal
from multiprocessing.connection import Connection as Pipe
from types import TracebackType
from typing import Any, NamedTuple, Self

from demo.shopify_admin.admin import AdminStore
from demo.shopify_admin.catalogue import add_customer
from demo.shopify_admin.cost import Bucket
from demo.shopify_admin.faults import Fault, Faults
from demo.shopify_admin.server import serve
from lib.clock import now

TOKEN = "shpat_storm"
# Longer than the callers wait.
HANG_S = 8
Shares = Mapping[str, Mapping[Fault, float]]
_CHANGES: Mapping[Fault, float] = {
    "hang": 0.30,
    "500_before": 0.05,
    "500_after": 0.05,
    "502": 0.02,
    "drop": 0.03,
    "malformed": 0.02,
    "throttle": 0.04,
    "taken": 0.03,
    "slow": 0.04,
}
_LOOKS: Mapping[Fault, float] = {"500_before": 0.03, "throttle": 0.02, "drop": 0.02, "slow": 0.03}
SHARES: Shares = {
    "*": _CHANGES,
    "codeDiscountNodeByCode": _LOOKS,
    "codeDiscountNode": _LOOKS,
    "giftCards": _LOOKS,
}
END_S = 10


class Held(NamedTuple):
    """A code or gift card as a store has it. `live`: it could still be used; `foreign`: somebody else made it."""

    code: str
    live: bool
    foreign: bool
    used: int
    value: Decimal


class Platform:
    """Some stores, from outside; `customers` by their numbers, `shares` of what goes wrong.

    The methods may be called by any thread.
    """

    def __init__(
        self, domains: Sequence[str], customers: Sequence[int], seed: int, shares: Shares = SHARES
    ) -> None:
        self.domains = domains
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._lock = threading.Lock()
        self._process = context.Process(
            target=_play, args=(theirs, domains, customers, seed, shares), daemon=True
        )
        self._process.start()
        theirs.close()
        base = self._pipe.recv()
        self.routes = json.dumps({domain: f"{base}/{domain}" for domain in self.domains})

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pipe.close()
        self._process.join(END_S)
        self._process.kill()

    def calm(self) -> dict[str, int]:
        """Let nothing go wrong any more; how often what went wrong."""
        found: dict[str, int] = self._ask("calm")
        return found

    def checkout(self, domain: str, code: str) -> bool:
        """An order is placed with the code; False where the store does not take it."""
        taken: bool = self._ask("checkout", domain, code)
        return taken

    def held(self, domain: str) -> list[Held]:
        """Everything that the store has."""
        found: list[Held] = self._ask("held", domain)
        return found

    def _ask(self, *words: str) -> Any:
        with self._lock:
            self._pipe.send(words)
            return self._pipe.recv()


def _play(pipe: Pipe, domains: Sequence[str], customers: Sequence[int], seed: int, shares: Shares) -> None:
    """Serve until the other end of the pipe is closed. Each store knows all customers."""
    stores = {domain: AdminStore(bucket=Bucket(most=4000, restored=1000)) for domain in domains}
    for store in stores.values():
        store.grant(*store.app.scopes, token=TOKEN)
        for customer in customers:
            add_customer(store, customer)
    faults = Faults(shares, seed, slow_s=0.3, hang_s=HANG_S)
    with serve(stores, faults) as base:
        pipe.send(base)
        while True:
            try:
                words = pipe.recv()
            except (EOFError, OSError):
                return
            pipe.send(_answer(stores, faults, *words))


def _answer(stores: Mapping[str, AdminStore], faults: Faults, what: str, *rest: str) -> object:
    if what == "calm":
        faults.shares = {}
        return dict(faults.done)
    store = stores[rest[0]]
    return store.mark_used(rest[1]) if what == "checkout" else _held(store)


def _held(store: AdminStore) -> list[Held]:
    found = []
    for record in store["codes"].all():
        use = store.use(record["code"])
        live = use is not None and use.usable
        worth = use.value if use else Decimal(0)
        found.append(Held(record["code"].upper(), live, record.get("foreign", False), record["used"], worth))
    today = now().date().isoformat()
    for card in store["gift_cards"].all():
        live = card["deactivatedAt"] is None and (card["expiresOn"] is None or card["expiresOn"] >= today)
        worth = Decimal(card["initialValue"])
        found.append(Held(card["code"].upper(), live, card.get("foreign", False), 0, worth))
    return found
