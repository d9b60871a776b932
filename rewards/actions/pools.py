"""Codes that a merchant uploads for a reward: all of a file are taken in, or none."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db import IntegrityError, transaction
from django.utils.translation import gettext
from django_scopes import scope

from lib.clock import now
from lib.rows import execute
from lib.sheets import safe_cell
from rewards.errors import InvalidPool
from rewards.models import PoolCode, Reward
from rewards.pool_files import read_codes
from rewards.terms import read_terms

LONGEST_CODE = 255
MOST_PROBLEMS = 100


@dataclass(frozen=True, slots=True)
class PoolCheck:
    """What a file holds: codes that can be added, and problems as (line, message), line 0 of the file as a whole."""

    codes: tuple[str, ...]
    errors: tuple[tuple[int, str], ...]


def check_codes(reward: Reward, data: bytes | str) -> PoolCheck:
    """The dry run: CSV (the column "code", or the first one) or a code a line. Writes nothing."""
    if read_terms(reward.terms).source != "pool":
        return PoolCheck((), ((0, gettext("The codes of this reward are made by the store, not uploaded.")),))
    try:
        rows = read_codes(data)
    except InvalidPool as error:
        return PoolCheck((), tuple(error.errors))
    known = _known(reward.shop_id, [code for _, code in rows if _problem(code) is None])
    good: dict[str, str] = {}
    errors: list[tuple[int, str]] = []
    first: dict[str, int] = {}
    for line, code in rows:
        problem = _problem(code) or _repeated(code, first, known)
        if problem:
            errors.append((line, problem))
        else:
            good[code.upper()] = code
            first[code.upper()] = line
    return PoolCheck(tuple(good.values()), tuple(errors[:MOST_PROBLEMS]))


def add_codes(reward: Reward, data: bytes | str, actor: str) -> int:
    """Add all codes of a file, or none of them; returns how many. Raises `InvalidPool` with every problem."""
    checked = check_codes(reward, data)
    if checked.errors:
        raise InvalidPool(list(checked.errors))
    at = now()
    rows = [
        PoolCode(shop=reward.shop, reward=reward, code=code, added_at=at, added_by=actor)
        for code in checked.codes
    ]
    try:
        with transaction.atomic(), scope(shop=reward.shop):
            PoolCode.objects.bulk_create(rows, batch_size=2000)
    except IntegrityError as error:
        said = gettext("Some of these codes were added meanwhile. Check the file again.")
        raise InvalidPool([(0, said)]) from error
    return len(rows)


def remove_unused(reward: Reward, codes: Iterable[str] | None = None) -> int:
    """Remove codes that nobody has got (these, in any letter case, or all); returns how many.

    A code that is being given out at this moment stays.
    """
    wanted = None if codes is None else [code.strip() for code in codes]
    sql = """
        DELETE FROM rewards_poolcode p USING (
            SELECT f.id FROM rewards_poolcode f
            WHERE f.shop_id = %(shop)s AND f.reward_id = %(reward)s AND f.redemption_id IS NULL
                AND (%(codes)s::text[] IS NULL OR upper(f.code) IN (
                    SELECT upper(w.code) FROM unnest(%(codes)s::text[]) AS w(code)
                ))
            FOR UPDATE SKIP LOCKED
        ) free
        WHERE p.shop_id = %(shop)s AND p.id = free.id RETURNING p.id
    """
    return len(execute(sql, shop=reward.shop_id, reward=reward.pk, codes=wanted))


def codes_left(reward: Reward) -> int:
    """How many uploaded codes nobody has got yet."""
    with scope(shop=reward.shop):
        return int(PoolCode.objects.filter(shop=reward.shop, reward=reward, redemption=None).count())


def _problem(code: str) -> str | None:
    """What is wrong with a code by itself."""
    if not code.isprintable():
        return gettext("has a character that cannot be seen or kept")
    if len(code) > LONGEST_CODE:
        return gettext("is longer than %(most)d characters") % {"most": LONGEST_CODE}
    if safe_cell(code) != code:
        return gettext("“%(code)s” starts like a formula of a spreadsheet") % {"code": code[:60]}
    return None


def _repeated(code: str, first: dict[str, int], known: set[str]) -> str | None:
    """Whether the code is in an earlier line, or in the shop already."""
    shown = {"code": code[:60], "line": first.get(code.upper(), 0)}
    if code.upper() in first:
        return gettext("“%(code)s” is in line %(line)d already") % shown
    if code in known:
        return gettext("“%(code)s” is known already, here or at another reward") % shown
    return None


def _known(shop_id: int, codes: list[str]) -> set[str]:
    """Those of the codes that the shop has, uploaded or given out, in any letter case."""
    sql = """
        SELECT w.code FROM unnest(%(codes)s::text[]) AS w(code)
        WHERE EXISTS (
            SELECT FROM rewards_poolcode p WHERE p.shop_id = %(shop)s AND upper(p.code) = upper(w.code)
        ) OR EXISTS (
            SELECT FROM rewards_redemption d
            WHERE d.shop_id = %(shop)s AND d.code <> '' AND upper(d.code) = upper(w.code)
        )
    """
    return {code for (code,) in execute(sql, shop=shop_id, codes=codes)}
