"""What the store remembers, behind a small interface, so that it can live in memory or in a database."""

import threading
from collections.abc import Callable, Sequence
from typing import Any, Protocol

Record = dict[str, Any]  # only what JSON can hold; each has an `id`
Change = Callable[[Record], None]


class Records(Protocol):
    """Records of one kind by key. Each call is atomic; what is returned is a copy."""

    def get(self, key: str) -> Record | None: ...

    def by_id(self, id: str) -> Record | None: ...

    def add(self, key: str, record: Record) -> bool:
        """False, and nothing stored, where the key is taken."""
        ...

    def change(self, key: str, change: Change) -> Record | None:
        """Let `change` edit the record while nobody else can; the edited record, None where there is none."""
        ...

    def remove(self, key: str) -> Record | None: ...

    def all(self) -> Sequence[Record]: ...


def _copy(value: Any) -> Any:
    """A copy of what JSON can hold; many times faster than a general one."""
    if isinstance(value, dict):
        return {name: _copy(below) for name, below in value.items()}
    return [_copy(below) for below in value] if isinstance(value, list) else value


class InMemory:
    """Records of one kind in this process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._records: dict[str, Record] = {}
        self._keys: dict[str, str] = {}

    def get(self, key: str) -> Record | None:
        return _copy(self._records.get(key))

    def by_id(self, id: str) -> Record | None:
        key = self._keys.get(id)
        return self.get(key) if key is not None else None

    def add(self, key: str, record: Record) -> bool:
        with self._lock:
            if key in self._records:
                return False
            self._records[key] = _copy(record)
            self._keys[record["id"]] = key
            return True

    def change(self, key: str, change: Change) -> Record | None:
        with self._lock:
            record = _copy(self._records.get(key))
            if record is None:
                return None
            change(record)
            self._records[key] = record
            return _copy(record)

    def remove(self, key: str) -> Record | None:
        with self._lock:
            record = self._records.pop(key, None)
            if record is not None:
                self._keys.pop(record["id"], None)
            return record

    def all(self) -> list[Record]:
        with self._lock:
            return [_copy(record) for record in self._records.values()]


# The kinds, and what their keys are: the lower-cased code, the token itself, or the record's id.
KINDS = (
    "codes",  # by code in lower case
    "gift_cards",  # by code in lower case
    "accounts",  # store credit, by the owner's id
    "account_owners",  # by the account's id
    "credits",  # transactions of store credit, by id
    "subscriptions",  # webhooks, by id
    "customers",  # by id
    "products",  # by id; their `variants` in them
    "orders",  # by id
    "collections",  # by id
    "tokens",  # access tokens, by token
    "grants",  # authorization codes, by code
)
