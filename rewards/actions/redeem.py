"""Points for a reward: one read and one statement, committed when they return."""

from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from django.db import connection as database
from django.db import transaction
from django.utils.translation import gettext
from django_scopes import scopes_disabled

from lib.bell import rewards_ringer
from lib.clock import now
from lib.prepared import Prepared
from loyalty.actions.spending import expire_account
from loyalty.models import Account
from rewards import recent
from rewards.abilities import unavailable_at
from rewards.errors import KeyConflict, NotRedeemed
from rewards.models import Redemption, Reward
from rewards.offers import Listed, MemberFacts, Quote, free_quote, not_enough, quote
from rewards.planning import Planned, as_model, plan
from rewards.queries import named, names_of
from rewards.statements import READ, READ_AS, RESERVE, Facts, Outcome
from rewards.stores import made_by_store
from rewards.terms import Terms, read_terms

LONGEST_KEY = 180
LONGEST_REASON = 500
GIVEN = "given:"
MOST_KEPT = 10_000
# Between the read and the lock somebody may change the reward or the tier, or lots may fall due: look again.
ROUNDS = 3


class _Asked(NamedTuple):
    """A request: for which reward, under which key, and on what grounds. `points` are as they were sent."""

    read: Prepared
    who: tuple[Any, ...]
    shop_id: int
    reward: str
    key: str
    points: object = None
    order_total: Decimal | None = None
    actor: str = ""
    given: bool = False
    reason: str = ""


class Redeemed(NamedTuple):
    """A redemption on the `facts` that were read; those of `redeem_as` may know no member, as in `rewards.recent`.

    `balance` is the member's after it, None where the key had made it before: then the redemption is the row itself.
    """

    redemption: Planned | Redemption
    facts: Facts
    balance: int | None


# By (reward id, revision): a change of the terms raises the revision.
_terms: dict[tuple[int, int], Terms] = {}


def redeem(
    account: Account,
    reward_public_id: str,
    key: str,
    points: object = None,
    order_total: Decimal | None = None,
    actor: str = "",
) -> Redemption:
    """Take the points and reserve the reward, or hand it out at once where no store has to make a code.

    `key` (1 to 180 characters) names the request: the same one with the same content gives the redemption that is
    there, with other content raises `KeyConflict`. `points`: of a variable reward how many; of others None, or the
    price that was shown. `order_total`: of the cart, in the shop's currency, where it is known.

    Raises `NotRedeemed`, after which no points were taken; and psycopg2's errors, after which the same key tells.
    """
    who = (account.pk,)
    asked = _Asked(READ, who, account.shop_id, reward_public_id, key, points, order_total, actor)
    return _row(asked, _redeem(asked))


def redeem_as(
    shop_id: int,
    connection_id: int,
    external_id: str,
    reward_public_id: str,
    key: str,
    points: object = None,
    order_total: Decimal | None = None,
    actor: str = "",
) -> Redeemed:
    """`redeem` for the shopper whom a store's token names: saves the reads of the account, before and afterwards.

    What was known of reward and store a moment ago is good enough for a first try: the database function looks at the
    member and the reward under the account's lock. Whatever stands in the way, the reading road says so.
    """
    who = (connection_id, external_id)
    asked = _Asked(READ_AS, who, shop_id, reward_public_id, key, points, order_total, actor)
    _check_request(asked)
    known = recent.get(shop_id, connection_id, reward_public_id)
    redeemed = known and _at_once(asked, known)
    if redeemed:
        return redeemed
    redeemed = _in_rounds(asked)
    recent.keep(redeemed.facts, reward_public_id)
    return redeemed


def give(account: Account, reward: Reward, key: str, reason: str, actor: str = "") -> Redemption:
    """A reward for nothing, for a tier or a referral: whatever its price, schedule, tiers and limit for a member.

    A variable reward gives its least amount. `key` as in `redeem`, in a space of its own. Raises `NotRedeemed` where
    it is archived, sold out, or the member's store cannot give it; `KeyConflict`.
    """
    _check_key(key)
    asked = _Asked(
        READ,
        (account.pk,),
        account.shop_id,
        reward.public_id,
        GIVEN + key,
        actor=actor,
        given=True,
        reason=reason,
    )
    return _row(asked, _in_rounds(asked))


def _redeem(asked: _Asked) -> Redeemed:
    _check_request(asked)
    return _in_rounds(asked)


def _row(asked: _Asked, redeemed: Redeemed) -> Redemption:
    redemption = redeemed.redemption
    if isinstance(redemption, Redemption):
        return redemption
    return as_model(redemption, redeemed.facts, asked.key, asked.actor)


def _check_request(asked: _Asked) -> None:
    _check_key(asked.key)
    if asked.key.startswith(GIVEN):
        raise NotRedeemed("bad_key", gettext("This key is kept for gifts."), "key")


def _check_key(key: object) -> None:
    if not (isinstance(key, str) and 0 < len(key) <= LONGEST_KEY and key.isprintable()):
        most = {"most": LONGEST_KEY}
        raise NotRedeemed("bad_key", gettext("A key has 1 to %(most)d printable characters.") % most, "key")


def _in_rounds(asked: _Asked) -> Redeemed:
    seen: Quote | None = None
    for _ in range(ROUNDS):
        facts = _read(asked)
        if facts.there is not None:
            return _there(asked, facts, facts.there)
        if facts.reward_id is None:
            raise NotRedeemed("unknown_reward", gettext("There is no such reward."), "reward")
        terms, at = _terms_of(facts.reward_id, facts.revision, facts.terms), now()
        quoted = _quote(asked, facts, terms, at)
        if seen is not None and seen != quoted:
            break
        seen = quoted
        planned = plan(facts, terms, quoted, at)
        outcome = _reserve(asked, facts, terms, planned)
        if outcome.what == "made":
            return Redeemed(_made(planned, outcome), facts, outcome.balance)
        if outcome.what == "there":
            return _there(asked, facts, int(outcome.redemption_id or 0))
        if outcome.what == "due":
            with transaction.atomic():
                expire_account(facts.shop_id, facts.account_id, at)
        elif outcome.what not in ("changed", "tier"):
            raise _refusal(outcome, quoted, facts.shop_id)
    raise NotRedeemed("changed", gettext("This reward was changed just now. Please look at it again."))


def _at_once(asked: _Asked, known: Facts) -> Redeemed | None:
    """Redeem on what is known of the reward, without a read; None where that does not succeed."""
    terms, at = _terms_of(known.reward_id or 0, known.revision, known.terms), now()
    if terms.tiers or terms.tier_prices:
        return None
    try:
        quoted = _quote(asked, known, terms, at)
    except NotRedeemed:
        return None
    planned = plan(known, terms, quoted, at)
    outcome = _reserve(asked, known, terms, planned)
    if outcome.what == "made":
        return Redeemed(_made(planned, outcome), known, outcome.balance)
    if outcome.what in ("changed", "withdrawn", "sold_out"):
        recent.forget(asked.shop_id, known.connection_id, asked.reward)
    return None


def _read(asked: _Asked) -> Facts:
    # What no reward is called the database would not even take as text.
    reward = asked.reward if isinstance(asked.reward, str) and asked.reward.isprintable() else ""
    row = asked.read.one(asked.shop_id, reward, asked.key, *asked.who)
    if row is None:
        raise NotRedeemed("not_enough_points", gettext("You have no points yet."), "points")
    return Facts(*row)


def _terms_of(reward_id: int, revision: int, text: str) -> Terms:
    terms = _terms.get((reward_id, revision))
    if terms is None:
        if len(_terms) >= MOST_KEPT:
            _terms.clear()
        terms = _terms[reward_id, revision] = read_terms(text)
    return terms


def _quote(asked: _Asked, facts: Facts, terms: Terms, at: datetime) -> Quote:
    """What is taken and given. Raises `NotRedeemed`, also where the store has shut its door."""
    if asked.given:
        if facts.archived:
            raise NotRedeemed("withdrawn", gettext("This reward is not offered any more."))
        if reason := unavailable_at(terms, facts.platform):
            raise NotRedeemed("unavailable", reason)
        quoted = free_quote(terms, facts.currency)
    else:
        quoted = _priced(asked, _listed(facts, terms), facts, at)
    if not facts.connected or (made_by_store(terms, facts.platform) and facts.access != "active"):
        text = gettext("The store cannot be reached at the moment, so no code can be made. Please try later.")
        raise NotRedeemed("not_connected", text)
    return quoted


def _listed(facts: Facts, terms: Terms) -> Listed:
    return Listed(
        id=facts.reward_id or 0,
        public_id="",
        revision=facts.revision,
        name=facts.name,
        terms=terms,
        active=facts.active,
        archived=facts.archived,
        left=facts.left,
    )


def _priced(asked: _Asked, listed: Listed, facts: Facts, at: datetime) -> Quote:
    member = MemberFacts(
        balance=facts.balance,
        zone=ZoneInfo(facts.timezone),
        currency=facts.currency,
        platform=facts.platform,
        tier=facts.tier,
        redeemed_of={listed.id: facts.had},
    )
    try:
        return quote(listed, member, asked.points, asked.order_total, at)
    except NotRedeemed:
        # Only a refusal needs the names that the program gives to points and tiers.
        return quote(listed, named(member, facts.shop_id), asked.points, asked.order_total, at)


def _reserve(asked: _Asked, facts: Facts, terms: Terms, planned: Planned) -> Outcome:
    """Call the database function; facts without an account leave it to find the shopper's."""
    tier_matters = not asked.given and (terms.tiers or terms.tier_prices)
    row = RESERVE.one(
        facts.shop_id,
        facts.account_id or None,
        facts.connection_id,
        facts.reward_id,
        facts.revision,
        asked.key,
        planned.public_id,
        planned.name,
        planned.points,
        planned.value,
        planned.state,
        planned.code,
        terms.source == "pool",
        asked.given,
        facts.tier if tier_matters else None,
        None if asked.given else terms.per_member,
        planned.expires_at,
        asked.reason[:LONGEST_REASON] or planned.name,
        asked.actor,
        planned.created_at,
        None if facts.account_id else asked.who[1],
    )
    return Outcome(*(row or ("account", None, None, None)))


def _made(planned: Planned, outcome: Outcome) -> Planned:
    if planned.state == Redemption.State.RESERVED:
        if database.in_atomic_block:
            transaction.on_commit(rewards_ringer.soon)
        else:
            rewards_ringer.soon()
    return planned._replace(code=outcome.code or "", id=outcome.redemption_id or 0)


def _there(asked: _Asked, facts: Facts, redemption_id: int) -> Redeemed:
    """What this key made before. Raises `KeyConflict` where it was asked for with other content."""
    with scopes_disabled():
        there: Redemption = Redemption.objects.get(shop_id=facts.shop_id, pk=redemption_id)
    variable = there.terms["kind"] == "variable" and not asked.given
    counted = type(asked.points) is int and there.points == asked.points
    same_points = counted or (asked.points is None and not variable)
    if there.reward_id != facts.reward_id or not same_points:
        raise KeyConflict(f"The key {asked.key} was used with other content.")
    return Redeemed(there, facts, None)


def _refusal(outcome: Outcome, quoted: Quote, shop_id: int) -> NotRedeemed:
    if outcome.what in ("not_enough_points", "account"):
        names = names_of(shop_id)
        return not_enough(outcome.balance or 0, quoted.points, names.points)
    sentences = {
        "withdrawn": gettext("This reward is not offered any more."),
        "sold_out": gettext("Sold out"),
        "per_member": gettext("You have had this as often as you can"),
        "frozen": gettext("Your points are being checked. Please try again later."),
    }
    return NotRedeemed(outcome.what, sentences[outcome.what])
