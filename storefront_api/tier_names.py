"""What a member's tier is called. Versions never change, so their names are kept."""

from lib.rows import read

MOST_KEPT = 10_000

_names: dict[int, dict[str, str]] = {}


def tier_name(shop_id: int, version_id: int | None, key: str) -> str:
    """The name of tier `key` in that version of the program; the key itself where the version has no such tier."""
    if version_id is None:
        return key
    names = _names.get(version_id)
    if names is None:
        if len(_names) >= MOST_KEPT:
            _names.clear()
        names = _names[version_id] = dict(read(_SQL, shop=shop_id, version=version_id))
    return names.get(key, key)


_SQL = """
    SELECT level ->> 'key', level ->> 'name'
    FROM loyalty_programversion v, jsonb_array_elements(v.document -> 'tiers' -> 'levels') AS level
    WHERE v.shop_id = %(shop)s AND v.id = %(version)s
"""
