"""Activities in the database, as cases to settle."""

from collections.abc import Sequence
from typing import Any

from lib.rows import execute
from loyalty.activities import ActivityFacts
from loyalty.sources import Case, Wanted
from loyalty.versions import Timeline


def read_cases(wanted: Sequence[Wanted], timelines: dict[int, Timeline]) -> list[Case]:
    """The activities of these ids and of these customers, as cases."""
    rows = [
        {"shop_id": each.shop_id, "ids": list(each.ids), "customers": list(each.customer_ids)}
        for each in wanted
    ]
    return [_case(row, timelines) for row in execute(_ACTIVITIES, rows)]


def _case(row: tuple[Any, ...], timelines: dict[int, Timeline]) -> Case:
    shop_id, id_, customer_id, kind, name, network, reference, occurred_at, tags = row
    return Case(
        shop_id=shop_id,
        customer_id=customer_id,
        source=f"activity:{id_}",
        place=f"activity/{reference}",
        at=occurred_at,
        version=timelines[shop_id].at(occurred_at),
        facts=ActivityFacts(kind=kind, occurred_at=occurred_at, name=name, network=network, tags=tuple(tags)),
        earned_at=occurred_at,
        changed_at=occurred_at,
    )


_ACTIVITIES = """
    WITH wanted AS (
        SELECT * FROM json_to_recordset(%(rows)s) AS r(shop_id bigint, ids bigint[], customers bigint[])
    ), found AS (
        SELECT x.shop_id, x.id FROM wanted r JOIN loyalty_activity x ON x.shop_id = r.shop_id AND x.id = ANY(r.ids)
        UNION
        SELECT x.shop_id, x.id FROM wanted r
        JOIN loyalty_account a ON a.shop_id = r.shop_id AND a.customer_id = ANY(r.customers)
        JOIN loyalty_activity x ON x.shop_id = a.shop_id AND x.account_id = a.id AND x.kind <> 'note'
    )
    SELECT x.shop_id, x.id, a.customer_id, x.kind, x.name, coalesce(x.properties ->> 'network', ''), x.reference,
        x.occurred_at, x.tags
    FROM found f
    JOIN loyalty_activity x ON x.shop_id = f.shop_id AND x.id = f.id
    JOIN loyalty_account a ON a.shop_id = x.shop_id AND a.id = x.account_id
"""
