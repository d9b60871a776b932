"""A row in every table of rewards and of connected stores, for tests of the tables themselves."""

from django_scopes import scope

from lib.clock import now
from loyalty.models import Account
from orders.models import Fetch, Sweep
from rewards.models import CodeUse, PoolCode, Redemption, RedemptionStep, Reward
from rewards.terms import Terms, plain_terms
from shops.models import PrivacyRequest, Shop, StoreAccess


def rows_of(shop: Shop, member: Account) -> Redemption:
    """A redemption of `member` with a step, a use and a pool code, and what a connection can have beside it."""
    linked = member.customer.connection
    terms = plain_terms(Terms(kind="fixed", price=100))
    with scope(shop=shop):
        reward = Reward.objects.create(shop=shop, kind="fixed", name="5 off", terms=terms)
        redemption = Redemption.objects.create(
            shop=shop,
            account=member,
            reward=reward,
            connection=linked,
            name=reward.name,
            terms=terms,
            points=100,
            request_key="1",
            code="ROWS2345",
        )
        RedemptionStep.objects.create(shop=shop, redemption=redemption, what="reserved")
        CodeUse.objects.create(shop=shop, redemption=redemption, source="api:1", at=now())
        PoolCode.objects.create(shop=shop, reward=reward, redemption=redemption, code="POOL2345")
        StoreAccess.objects.create(shop=shop, connection=linked, credentials="{}")
        PrivacyRequest.objects.create(
            shop=shop, connection=linked, kind="erase", reference="1", requested_at=now(), due_at=now()
        )
        Fetch.objects.create(shop=shop, connection=linked, kind="order", external_id="1")
        Sweep.objects.create(shop=shop, connection=linked, kind="history", until=now(), state="done")
    return redemption
