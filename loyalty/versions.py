"""Program versions ready for evaluation, by shop and instant."""

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from lib.rows import execute
from loyalty.documents import ProgramDocument, decode
from loyalty.programs import CompiledProgram, compile_program

MOST_KEPT = 10_000


@dataclass(frozen=True, slots=True)
class LoadedVersion:
    """A published version, decoded and compiled for the shop's `zone`. Versions are immutable, so this is kept."""

    id: int
    number: int
    published_at: datetime
    document: ProgramDocument
    program: CompiledProgram
    zone: ZoneInfo


@dataclass(frozen=True, slots=True)
class Timeline:
    """The versions of one shop by the instant from which they are in force.

    `needs_context`: what a source earns may depend on the member's other sources, by some version at least.
    """

    since: tuple[datetime, ...]
    versions: tuple[LoadedVersion, ...]
    needs_context: bool

    def at(self, placed_at: datetime) -> LoadedVersion:
        """The version for an order of that instant: the newest by then, the first one for earlier orders."""
        return self.versions[max(0, bisect_right(self.since, placed_at) - 1)]


# By version id and the shop's time zone, which a merchant may change.
_loaded: dict[tuple[int, str], LoadedVersion] = {}


def hold(shop_ids: Iterable[int]) -> None:
    """Let a publish wait for the caller's transaction, and wait for one that is under way.

    For what is recorded besides deliveries; before anything else is locked. A member who is caught up with after the
    publish would otherwise miss it.
    """
    execute(_HOLD, shops=list(shop_ids))


def timelines(shop_ids: Iterable[int]) -> dict[int, Timeline]:
    """The timeline of each shop that has published; one statement, and one more for versions not seen before."""
    if len(_loaded) > MOST_KEPT:
        _loaded.clear()
    found = execute(
        """
        SELECT v.shop_id, v.id, s.timezone FROM loyalty_programversion v JOIN shops_shop s ON s.id = v.shop_id
        WHERE v.shop_id = ANY(%(shops)s) ORDER BY v.shop_id, v.number
        """,
        shops=list(shop_ids),
    )
    _load([row for row in found if (row[1], row[2]) not in _loaded])
    by_shop: dict[int, list[LoadedVersion]] = {}
    for shop_id, version_id, timezone in found:
        by_shop.setdefault(shop_id, []).append(_loaded[version_id, timezone])
    return {shop_id: _timeline(tuple(versions)) for shop_id, versions in by_shop.items()}


def _timeline(versions: tuple[LoadedVersion, ...]) -> Timeline:
    since = tuple(version.published_at for version in versions)
    return Timeline(since, versions, any(version.program.needs_context for version in versions))


def _load(missing: list[tuple[int, int, str]]) -> None:
    if not missing:
        return
    zones = {version_id: timezone for _, version_id, timezone in missing}
    rows = execute(
        """
        SELECT id, number, published_at, document FROM loyalty_programversion
        WHERE shop_id = ANY(%(shops)s) AND id = ANY(%(ids)s)
        """,
        shops=list({shop_id for shop_id, _, _ in missing}),
        ids=list(zones),
    )
    for version_id, number, published_at, document in rows:
        zone = zones[version_id]
        decoded = decode(document)
        program = compile_program(decoded, zone)
        _loaded[version_id, zone] = LoadedVersion(
            version_id, number, published_at, decoded, program, ZoneInfo(zone)
        )


_HOLD = """
    SELECT p.id FROM loyalty_program p WHERE p.shop_id = ANY(%(shops)s) ORDER BY p.shop_id FOR KEY SHARE
"""
