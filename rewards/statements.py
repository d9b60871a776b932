"""The two statements of a redemption: what is to be known of member and reward, and the reservation itself."""

from typing import NamedTuple

from lib.prepared import Prepared

# Each part is one row by a unique index, whatever the planner believes of tables that it knows nothing of yet.
_OF_MEMBER = """
    SELECT m.shop_id, m.id, m.balance, m.connection_id, coalesce(s.tier, ''), k.platform, k.active, x.state,
        h.currency, h.timezone, r.id, r.revision, r.name, r.active, r.archived_at IS NOT NULL, r.stock - r.taken,
        r.terms::text, CASE WHEN r.terms ? 'per_member' THEN (
            SELECT count(*) FROM rewards_redemption n
            WHERE n.shop_id = m.shop_id AND n.account_id = m.id AND n.reward_id = r.id
                AND n.state NOT IN ('returned', 'failed')
        ) ELSE 0 END, d.id
    FROM m CROSS JOIN LATERAL (
        SELECT k.platform, k.active FROM shops_connection k
        WHERE k.shop_id = m.shop_id AND k.id = m.connection_id LIMIT 1
    ) k CROSS JOIN LATERAL (
        SELECT h.currency, h.timezone FROM shops_shop h WHERE h.id = m.shop_id LIMIT 1
    ) h LEFT JOIN LATERAL (
        SELECT x.state FROM shops_storeaccess x
        WHERE x.shop_id = m.shop_id AND x.connection_id = m.connection_id LIMIT 1
    ) x ON true LEFT JOIN LATERAL (
        SELECT s.tier FROM loyalty_standing s WHERE s.shop_id = m.shop_id AND s.account_id = m.id LIMIT 1
    ) s ON true LEFT JOIN LATERAL (
        SELECT r.* FROM rewards_reward r WHERE r.shop_id = m.shop_id AND r.public_id = $2 LIMIT 1
    ) r ON true LEFT JOIN LATERAL (
        SELECT d.id FROM rewards_redemption d
        WHERE d.shop_id = m.shop_id AND d.account_id = m.id AND d.request_key = $3 LIMIT 1
    ) d ON true
"""
READ = Prepared(
    "rewards_of_account",
    "bigint, text, text, bigint",
    f"""
    WITH a AS MATERIALIZED (
        SELECT a.shop_id, a.id, a.balance, a.customer_id FROM loyalty_account a WHERE a.shop_id = $1 AND a.id = $4
    ), m AS MATERIALIZED (
        SELECT a.shop_id, a.id, a.balance, c.connection_id FROM a CROSS JOIN LATERAL (
            SELECT c.connection_id FROM shops_customer c WHERE c.shop_id = a.shop_id AND c.id = a.customer_id LIMIT 1
        ) c
    ) {_OF_MEMBER}
    """,
)
READ_AS = Prepared(
    "rewards_of_shopper",
    "bigint, text, text, bigint, text",
    f"""
    WITH c AS MATERIALIZED (
        SELECT c.shop_id, c.id, c.connection_id FROM shops_customer c
        WHERE c.shop_id = $1 AND c.connection_id = $4 AND c.external_id = $5
    ), m AS MATERIALIZED (
        SELECT a.shop_id, a.id, a.balance, c.connection_id FROM c CROSS JOIN LATERAL (
            SELECT a.shop_id, a.id, a.balance FROM loyalty_account a
            WHERE a.shop_id = c.shop_id AND a.customer_id = c.id LIMIT 1
        ) a
    ) {_OF_MEMBER}
    """,
)
_TYPES = (
    "bigint, bigint, bigint, bigint, integer, text, text, text, bigint, numeric, text, text, boolean, boolean, "
    "text, integer, timestamptz, text, text, timestamptz, text"
)
# Safe to repeat: what was made is found by its key.
RESERVE = Prepared(
    "rewards_reserve_shopper",
    _TYPES,
    f"SELECT * FROM rewards_reserve({', '.join(f'${n}' for n in range(1, _TYPES.count(',') + 2))})",
)


class Facts(NamedTuple):
    """The row of the read: the member, their store, the reward, and what was made under the key already (`there`).

    `left`: of the stock. `had`: how often the member had it, counted only where that is limited. `access`: a state of
    `StoreAccess`, None where there is none.
    """

    shop_id: int
    account_id: int
    balance: int
    connection_id: int
    tier: str
    platform: str
    connected: bool
    access: str | None
    currency: str
    timezone: str
    reward_id: int | None
    revision: int
    name: str
    active: bool
    archived: bool
    left: int | None
    terms: str
    had: int
    there: int | None


class Outcome(NamedTuple):
    """What became of it: `what` as rewards/migrations/0003_reserve.py tells, `code` as it was given out."""

    what: str
    redemption_id: int | None
    code: str | None
    balance: int | None
