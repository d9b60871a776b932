"""Program versions ready for evaluation, by shop and instant."""

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from lib.rows import execute
from loyalty.documents import ProgramDocument, decode
from loyalty.programs import CompiledProgram, compile_program

MOST_KEPT = 10_000


@dataclass(frozen=True, slots=True)
class LoadedVersion:
    """A published version, decoded and compiled. Versions are immutable, so this is kept by id."""

    id: int
    document: ProgramDocument
    program: CompiledProgram


@dataclass(frozen=True, slots=True)
class Timeline:
    """The versions of one shop by the instant from which they are in force."""

    since: tuple[datetime, ...]
    versions: tuple[LoadedVersion, ...]

    def at(self, placed_at: datetime) -> LoadedVersion:
        """The version for an order of that instant: the newest by then, the first one for earlier orders."""
        return self.versions[max(0, bisect_right(self.since, placed_at) - 1)]


_loaded: dict[int, LoadedVersion] = {}


def timelines(shop_ids: Iterable[int]) -> dict[int, Timeline]:
    """The timeline of each shop that has published; one statement, and one more for versions not seen before."""
    if len(_loaded) > MOST_KEPT:
        _loaded.clear()
    found = execute(
        """
        SELECT v.shop_id, v.id, v.published_at FROM loyalty_programversion v
        WHERE v.shop_id = ANY(%(shops)s) ORDER BY v.shop_id, v.number
        """,
        shops=list(shop_ids),
    )
    _load({version_id: shop_id for shop_id, version_id, _ in found if version_id not in _loaded})
    by_shop: dict[int, list[tuple[datetime, LoadedVersion]]] = {}
    for shop_id, version_id, published_at in found:
        by_shop.setdefault(shop_id, []).append((published_at, _loaded[version_id]))
    return {
        shop_id: Timeline(tuple(at for at, _ in versions), tuple(version for _, version in versions))
        for shop_id, versions in by_shop.items()
    }


def _load(missing: dict[int, int]) -> None:
    if not missing:
        return
    rows = execute(
        "SELECT id, document FROM loyalty_programversion WHERE shop_id = ANY(%(shops)s) AND id = ANY(%(ids)s)",
        shops=list(set(missing.values())),
        ids=list(missing),
    )
    for version_id, document in rows:
        decoded = decode(document)
        _loaded[version_id] = LoadedVersion(version_id, decoded, compile_program(decoded))
