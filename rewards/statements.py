"""The two statements of a redemption: what is to be known of member and reward, and the reservation itself."""

from typing import NamedTuple

from lib.prepared import Prepared

_COLUMNS = """
    SELECT a.shop_id, a.id, a.balance, c.connection_id, coalesce(s.tier, ''), k.platform, k.active, x.state,
        h.currency, h.timezone, r.id, r.revision, r.name, r.active, r.archived_at IS NOT NULL, r.stock - r.taken,
        r.terms::text, CASE WHEN r.terms ? 'per_member' THEN (
            SELECT count(*) FROM rewards_redemption n
            WHERE n.shop_id = a.shop_id AND n.account_id = a.id AND n.reward_id = r.id
                AND n.state NOT IN ('returned', 'failed')
        ) ELSE 0 END, d.id
    FROM loyalty_account a
        JOIN shops_customer c ON c.shop_id = a.shop_id AND c.id = a.customer_id
        JOIN shops_connection k ON k.shop_id = a.shop_id AND k.id = c.connection_id
        JOIN shops_shop h ON h.id = a.shop_id
        LEFT JOIN shops_storeaccess x ON x.shop_id = a.shop_id AND x.connection_id = k.id
        LEFT JOIN loyalty_standing s ON s.shop_id = a.shop_id AND s.account_id = a.id
"""
READ = Prepared(
    "rewards_of_account",
    "bigint, text, text, bigint",
    _COLUMNS
    + """
        LEFT JOIN rewards_reward r ON r.shop_id = a.shop_id AND r.public_id = $2
        LEFT JOIN rewards_redemption d ON d.shop_id = a.shop_id AND d.account_id = a.id AND d.request_key = $3
    WHERE a.shop_id = $1 AND a.id = $4
    """,
)
READ_AS = Prepared(
    "rewards_of_shopper",
    "bigint, text, text, bigint, text",
    _COLUMNS
    + """
        LEFT JOIN rewards_reward r ON r.shop_id = a.shop_id AND r.public_id = $2
        LEFT JOIN rewards_redemption d ON d.shop_id = a.shop_id AND d.account_id = a.id AND d.request_key = $3
    WHERE c.shop_id = $1 AND c.connection_id = $4 AND c.external_id = $5
    """,
)
_TYPES = (
    "bigint, bigint, bigint, bigint, integer, text, text, text, jsonb, bigint, numeric, text, text, boolean, boolean, "
    "text, integer, timestamptz, text, text, timestamptz"
)
# Safe to repeat: what was made is found by its key.
RESERVE = Prepared(
    "rewards_reserve_once",
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
