"""Where the facts of what earns points are kept: each kind of source is read by the app that keeps it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from loyalty.activities import ActivityFacts
from loyalty.documents import DeficitPolicy
from loyalty.earning import OrderFacts
from loyalty.versions import LoadedVersion, Timeline


@dataclass(slots=True)
class Case:
    """A source to be settled: an order ("order:<id>") or an activity ("activity:<id>") of a customer, or of nobody.

    `at` decides which version and tier it falls under, `place` orders sources of one instant. `earned_at` dates what
    it earns, `changed_at` every later difference. `fresh` and `keep` as in `AwardTarget`.
    """

    shop_id: int
    customer_id: int | None
    source: str
    place: str
    at: datetime
    version: LoadedVersion
    facts: OrderFacts | ActivityFacts
    earned_at: datetime
    changed_at: datetime
    fresh: bool = False
    keep: bool = True

    @property
    def deficit(self) -> DeficitPolicy:
        return self.version.document.deficit


class Wanted(NamedTuple):
    """Sources of a shop to be read: these ids, and all of these customers."""

    shop_id: int
    ids: Sequence[int]
    customer_ids: Sequence[int]


Reader = Callable[[Sequence[Wanted], dict[int, Timeline]], list[Case]]

_readers: dict[str, Reader] = {}


def register(kind: str, reader: Reader) -> None:
    """Let `reader` read the sources called "<kind>:<id>"."""
    _readers[kind] = reader


def read(
    wanted: Sequence[tuple[int, str]], customers: Sequence[tuple[int, int]], known: dict[int, Timeline]
) -> list[Case]:
    """The cases of these sources, (shop id, source), and of all sources of these customers, (shop id, id)."""
    cases: list[Case] = []
    shops = sorted({shop_id for shop_id, _ in (*wanted, *customers)})
    for kind, reader in _readers.items():
        prefix = f"{kind}:"
        per_shop = [
            Wanted(
                shop_id,
                [
                    int(s.removeprefix(prefix))
                    for shop, s in wanted
                    if shop == shop_id and s.startswith(prefix)
                ],
                [id_ for shop, id_ in customers if shop == shop_id],
            )
            for shop_id in shops
        ]
        asked = [each for each in per_shop if each.ids or each.customer_ids]
        cases += reader(asked, known) if asked else []
    return cases
