"""Which redemptions a store makes itself, and those that wait for one."""

from datetime import timedelta

from lib.clock import now
from lib.rows import execute
from platforms.reach import answered
from platforms.registry import PLATFORMS
from rewards.terms import Terms
from shops.models import Connection

# How long what waits for a store without access is left alone.
BLOCKED_FOR = timedelta(minutes=5)


def made_by_store(terms: Terms, platform: str) -> bool:
    """Whether the store itself makes what is redeemed; otherwise its code, if any, is known to us alone."""
    return terms.source == "store" and terms.kind != "custom" and PLATFORMS[platform].client is not None


def wake(connection: Connection) -> int:
    """The store is connected again: it may be called, and what waited for it is due now; returns how many."""
    answered(connection)
    sql = """
        UPDATE rewards_redemption SET due_at = %(at)s
        WHERE shop_id = %(shop)s AND connection_id = %(connection)s AND due_at > %(at)s AND error <> ''
            AND state IN ('reserved', 'issuing', 'closing')
        RETURNING id
    """
    return len(execute(sql, shop=connection.shop_id, connection=connection.pk, at=now()))
