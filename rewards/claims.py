"""Redemptions that a worker has in hand for a while, and the queue that they are taken from."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext
from django_scopes import scope

from lib.rows import execute
from rewards.models import CodeUse, Redemption
from rewards.stores import BLOCKED_FOR
from shops.models import Shop

# Of rows whose store is left alone, put off in one statement.
PUT_OFF = 1000
# As many as a store lists, and some that it has listed before.
MOST_CREDITS = 100


@dataclass(slots=True)
class Claim:
    """A redemption in hand, as it was when it was claimed; ours as long as its `lease` is the row's.

    `fresh`: nobody has asked a store to make this code before. `known_uses`: orders that carry it, or did.
    """

    redemption: Redemption
    lease: int
    fresh: bool
    known_uses: int = 0

    @property
    def making(self) -> bool:
        return self.redemption.state == Redemption.State.ISSUING


def claim(at: datetime, limit: int, busy: Sequence[int] = (), shop_id: int | None = None) -> list[Claim]:
    """Take up to `limit` redemptions that are due, none of the connections that are `busy`; committed on return.

    Those whose store is left alone are put off. Of one member's store credits only one is in hand at a time, because
    what is credited has no code by which it could be told apart.
    """
    until = at + timedelta(seconds=settings.CODE_LEASE_S)
    with transaction.atomic():
        why = gettext("The store cannot be reached at the moment.")
        execute(_PUT_OFF, at=at, blocked=at + BLOCKED_FOR, limit=PUT_OFF, why=why)
        rows = execute(_CLAIM, at=at, until=until, limit=limit, busy=list(busy), shop=shop_id)
    leases: dict[int, dict[int, int]] = {}
    for shop_id_, redemption_id, lease in rows:
        leases.setdefault(shop_id_, {})[redemption_id] = lease
    shops = Shop.objects.in_bulk(leases)
    return [each for id_, found in leases.items() for each in _load(shops[id_], found, at)]


def credited_meanwhile(claimed: Claim) -> bool:
    """Whether somebody has another store credit of this member in hand: two claims at once cannot see each other."""
    redemption = claimed.redemption
    with scope(shop=redemption.shop):
        others = Redemption.objects.filter(
            shop=redemption.shop,
            account_id=redemption.account_id,
            state__in=[Redemption.State.ISSUING, Redemption.State.CLOSING],
            terms__kind="store_credit",
        )
        return others.exclude(pk=redemption.pk).exists()


def other_credits(claimed: Claim) -> list[str]:
    """What the store calls the credits of the member's other redemptions, the newest first."""
    redemption = claimed.redemption
    with scope(shop=redemption.shop):
        others = Redemption.objects.filter(
            shop=redemption.shop, account_id=redemption.account_id, terms__kind="store_credit"
        ).exclude(platform_id="")
        found = others.exclude(pk=redemption.pk).order_by("-id").values_list("platform_id", flat=True)
        return list(found[:MOST_CREDITS])


def _load(shop: Shop, leases: dict[int, int], at: datetime) -> Iterator[Claim]:
    """The claimed redemptions of a shop; a lease that is over by now is left out."""
    with scope(shop=shop):
        rows = Redemption.objects.select_related("shop", "connection__shop", "account__customer")
        found = list(rows.filter(shop=shop, pk__in=leases).order_by("due_at", "id"))
        ending = [each for each in found if each.state == Redemption.State.CLOSING]
        uses = CodeUse.objects.filter(shop=shop, redemption__in=ending, source__startswith="order:")
        known = Counter(uses.values_list("redemption_id", flat=True)) if ending else Counter[int]()
    for redemption in found:
        if redemption.lease == leases[redemption.pk]:
            fresh = redemption.first_tried_at == at
            yield Claim(redemption, redemption.lease, fresh, known[redemption.pk])


# Only the first that are due are looked at, so that a long queue of a store that works costs no more than a short one.
_PUT_OFF = """
    WITH first AS MATERIALIZED (
        SELECT d.shop_id, d.id, d.connection_id FROM rewards_redemption d
        WHERE d.due_at <= %(at)s AND d.state IN ('reserved', 'issuing', 'closing')
        ORDER BY d.due_at, d.id LIMIT %(limit)s
    ), b AS MATERIALIZED (
        SELECT d.shop_id, d.id, a.state, a.open_until FROM first f
        JOIN shops_storeaccess a ON a.shop_id = f.shop_id AND a.connection_id = f.connection_id
        JOIN rewards_redemption d ON d.shop_id = f.shop_id AND d.id = f.id
        WHERE (a.state <> 'active' OR a.open_until > %(at)s)
            AND d.due_at <= %(at)s AND d.state IN ('reserved', 'issuing', 'closing')
        ORDER BY d.due_at, d.id FOR NO KEY UPDATE OF d SKIP LOCKED
    )
    UPDATE rewards_redemption r SET due_at = CASE WHEN b.state = 'active' THEN b.open_until ELSE %(blocked)s END,
        error = CASE WHEN r.error <> '' THEN r.error ELSE %(why)s END
    FROM b WHERE r.shop_id = b.shop_id AND r.id = b.id
"""
# Of a member's store credits the first that a store was asked for goes on, and then the first of the others: so no two
# wait for each other.
_CLAIM = """
    WITH due AS MATERIALIZED (
        SELECT d.shop_id, d.id FROM rewards_redemption d
        WHERE d.due_at <= %(at)s AND d.state IN ('reserved', 'issuing', 'closing')
            AND d.connection_id <> ALL(%(busy)s::bigint[])
            AND (%(shop)s::bigint IS NULL OR d.shop_id = %(shop)s)
            AND (d.terms ->> 'kind' <> 'store_credit' OR NOT EXISTS (
                SELECT FROM rewards_redemption o WHERE o.shop_id = d.shop_id AND o.account_id = d.account_id
                    AND o.terms ->> 'kind' = 'store_credit' AND o.id <> d.id
                    AND (o.state IN ('issuing', 'closing') AND (d.state = 'reserved' OR o.id < d.id)
                        OR o.state = 'reserved' AND d.state = 'reserved' AND o.id < d.id)))
        ORDER BY d.due_at, d.id LIMIT %(limit)s FOR NO KEY UPDATE OF d SKIP LOCKED
    )
    UPDATE rewards_redemption r SET lease = r.lease + 1, attempts = r.attempts + 1, due_at = %(until)s, error = '',
        state = CASE WHEN r.state = 'reserved' THEN 'issuing' ELSE r.state END,
        first_tried_at = coalesce(r.first_tried_at, %(at)s)
    FROM due WHERE r.shop_id = due.shop_id AND r.id = due.id
    RETURNING r.shop_id, r.id, r.lease
"""
