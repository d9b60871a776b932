"""What must hold after a storm, by a model that knows only what was wished for and how that was answered."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from benchmarks.storm_rewards.plan import PER_MEMBER, REFUNDED, START_POINTS, Wish
from benchmarks.storm_rewards.platform import Held, Platform
from benchmarks.storm_rewards.shoppers import Book, Told
from benchmarks.storm_rewards.world import World
from lib.rows import execute
from loyalty.proof import verify

# What the plan gives reason for.
REFUSALS = frozenset({"not_enough_points", "sold_out", "per_member"})


class Row(NamedTuple):
    """A redemption as the database has it."""

    public_id: str
    account_id: int
    domain: str
    key: str
    state: str
    posted: int
    points: int
    code: str
    reward: str


@dataclass(frozen=True, slots=True)
class Evidence:
    """All that is compared."""

    world: World
    wishes: dict[int, Wish]
    book: Book
    rows: dict[str, Row]
    held: dict[str, list[Held]]


def gather(world: World, wishes: list[Wish], book: Book, platform: Platform) -> Evidence:
    """Read it once everything has come to rest."""
    rows = {row[0]: Row(*row) for row in execute(_REDEMPTIONS, shop=world.shop.pk)}
    held = {domain: platform.held(domain) for domain in platform.domains}
    return Evidence(world, {wish.number: wish for wish in wishes}, book, rows, held)


def problems(evidence: Evidence) -> Iterator[str]:
    """In sentences; none when all is well."""
    yield from evidence.book.problems
    yield from _answers(evidence)
    yield from _states(evidence)
    yield from _codes(evidence)
    yield from _balances(evidence)
    yield from _stock(evidence)
    yield from (str(difference) for difference in verify(evidence.world.shop.pk))


def expected(told: Told, price: int) -> tuple[str, int]:
    """(state, points that stay spent) of a redemption that was made."""
    if told.ordered and told.undone:
        return "returned", 0
    if told.ordered:
        return "used", price - (int(price * REFUNDED) if told.refunded else 0)
    return ("returned", 0) if told.revoked else ("issued", price)


def _answers(evidence: Evidence) -> Iterator[str]:
    """Each redemption was answered to somebody, and each answer is a redemption. Refusals have a reason."""
    told = {each.made: number for number, each in evidence.book.told.items() if each.made}
    for public_id in evidence.rows.keys() - told.keys():
        yield f"redemption {evidence.rows[public_id].key} was made, and nobody was told"
    for public_id in told.keys() - evidence.rows.keys():
        yield f"wish {told[public_id]} was told of redemption {public_id}, which is not there"
    spent = Counter(
        {
            member: sum(evidence.wishes[number].price for number in numbers)
            for member, numbers in _made_by_member(evidence).items()
        }
    )
    for number, each in evidence.book.told.items():
        wish = evidence.wishes[number]
        if each.made:
            continue
        if each.refused not in REFUSALS:
            yield f"wish {number} for {wish.reward} was refused as {each.refused!r}"
        elif each.refused == "not_enough_points" and START_POINTS - spent[wish.member] >= wish.price:
            yield f"wish {number} was refused, though the member always had the points"


def _made_by_member(evidence: Evidence) -> dict[int, list[int]]:
    made = defaultdict(list)
    for number, each in evidence.book.told.items():
        if each.made:
            made[evidence.wishes[number].member].append(number)
    return made


def _states(evidence: Evidence) -> Iterator[str]:
    for number, each in evidence.book.told.items():
        row = evidence.rows.get(each.made)
        if row is not None and (row.state, row.posted) != expected(each, evidence.wishes[number].price):
            wanted = expected(each, evidence.wishes[number].price)
            yield f"redemption of wish {number} is {row.state} with {row.posted} points, not {wanted}: {each}"


def _codes(evidence: Evidence) -> Iterator[str]:
    """Codes that can be used, and redemptions that are issued, match one to one; points spent have a code."""
    for domain, held in evidence.held.items():
        ours = {each.code: each for each in held if not each.foreign}
        rows = {row.code.upper(): row for row in evidence.rows.values() if row.domain == domain}
        for code, each in ours.items():
            row = rows.get(code)
            if each.live and (row is None or row.state != "issued"):
                what = f"redemption of {row.key} is {row.state}" if row else "no redemption has it"
                yield f"{code} can be used at {domain}, but {what}"
        for code, row in rows.items():
            found = ours.get(code)
            if row.state == "issued" and (found is None or not found.live):
                yield f"redemption of {row.key} is issued, but {code} cannot be used at {domain}: {found}"
            if row.state == "used" and (found is None or found.used != 1):
                yield f"redemption of {row.key} is used, but not at {domain}: {found}"


def _balances(evidence: Evidence) -> Iterator[str]:
    """Each member has what they began with, without what their redemptions keep."""
    made = _made_by_member(evidence)
    balances = dict(execute(_BALANCES, shop=evidence.world.shop.pk))
    for place, member in enumerate(evidence.world.members):
        kept = sum(
            expected(evidence.book.told[number], evidence.wishes[number].price)[1] for number in made[place]
        )
        if balances[member.account_id] != START_POINTS - kept:
            yield f"member {place} has {balances[member.account_id]} points, not {START_POINTS - kept}"


def _stock(evidence: Evidence) -> Iterator[str]:
    """The stock counts what is out; nobody has more than they may; what is refused as sold out was sold out once."""
    kept = [row for row in evidence.rows.values() if row.state not in ("returned", "failed")]
    scarce = sum(row.reward == "scarce" for row in kept)
    [(taken,)] = execute(_TAKEN, shop=evidence.world.shop.pk)
    if taken != scarce or taken > evidence.world.stock:
        yield f"the stock says that {taken} of {evidence.world.stock} are gone, but {scarce} are"
    each = Counter(row.account_id for row in kept if row.reward == "twice")
    if each and max(each.values()) > PER_MEMBER:
        yield f"a member has {max(each.values())} of what there are {PER_MEMBER} of for each"
    refused = any(told.refused == "sold_out" and not told.made for told in evidence.book.told.values())
    ever = sum(row.reward == "scarce" for row in evidence.rows.values())
    if refused and ever < evidence.world.stock:
        yield f"the scarce reward was called sold out, but only {ever} of {evidence.world.stock} were ever made"


_REDEMPTIONS = """
    SELECT d.public_id, d.account_id, k.domain, d.request_key, d.state, d.posted, d.points, d.code, r.name
    FROM rewards_redemption d
    JOIN shops_connection k ON k.shop_id = d.shop_id AND k.id = d.connection_id
    JOIN rewards_reward r ON r.shop_id = d.shop_id AND r.id = d.reward_id
    WHERE d.shop_id = %(shop)s
"""
_BALANCES = "SELECT id, balance FROM loyalty_account WHERE shop_id = %(shop)s"
_TAKEN = "SELECT taken FROM rewards_reward WHERE shop_id = %(shop)s AND stock IS NOT NULL"
