"""Rewards made, changed, offered and withdrawn by a merchant. Each change of one raises its revision."""

from collections.abc import Callable
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import structlog
from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext
from django_scopes import scope

from lib.clock import now
from loyalty.errors import Problem
from loyalty.versions import timelines
from rewards.errors import InvalidReward, StaleReward
from rewards.models import Redemption, Reward
from rewards.terms import Terms, plain_terms, read_terms
from rewards.validation import Ground, stock_problems, text_problems, valid_terms
from shops.models import Connection, Shop

log = structlog.get_logger("regulars.rewards")


def create_reward(
    shop: Shop,
    name: str,
    terms: Terms | dict[str, Any],
    description: str = "",
    stock: int | None = None,
    active: bool = True,
    actor: str = "",
) -> Reward:
    """A new reward at the end of the catalogue. `terms` may be plain JSON values. Raises `InvalidReward`."""
    at = now()
    checked = _checked(shop, terms, [*text_problems(name, description), *stock_problems(stock)], at)
    with transaction.atomic(), scope(shop=shop):
        last = Reward.objects.filter(shop=shop).aggregate(last=Max("position"))["last"]
        reward: Reward = Reward.objects.create(
            shop=shop,
            kind=checked.kind,
            name=name.strip(),
            description=description.strip(),
            terms=plain_terms(checked),
            active=active,
            position=0 if last is None else last + 1,
            stock=stock,
        )
    log.info("reward created", shop=shop.public_id, reward=reward.public_id, actor=actor)
    return reward


def check_reward(
    shop: Shop,
    name: str,
    terms: Terms | dict[str, Any],
    description: str = "",
    stock: int | None = None,
    former: Reward | None = None,
) -> Terms:
    """The terms as a new reward, or `former` changed, would have them. Writes nothing. Raises `InvalidReward`."""
    gone = _gone(former) if former and stock is not None else 0
    found = [*text_problems(name, description), *stock_problems(stock, gone)]
    return _checked(shop, terms, found, now(), read_terms(former.terms) if former else None)


def change_reward(
    reward: Reward,
    *,
    revision: int,
    name: str | None = None,
    terms: Terms | dict[str, Any] | None = None,
    description: str | None = None,
    stock: int | None = None,
    endless: bool = False,
    active: bool | None = None,
    actor: str = "",
) -> Reward:
    """Change what is given; `endless` takes the stock away. The kind stays. Redemptions keep their own terms.

    Raises `InvalidReward`, and `StaleReward` where `revision` is not the present one.
    """

    def change(row: Reward) -> None:
        if row.revision != revision:
            said = gettext(
                "Somebody else has changed this reward meanwhile. Load it again and repeat your change."
            )
            raise StaleReward(said, row.revision)
        row.name = row.name if name is None else name
        row.description = row.description if description is None else description
        if stock is not None:
            row.taken = _gone(row)
        row.stock = None if endless else row.stock if stock is None else stock
        row.active = row.active if active is None else active
        found = [*text_problems(row.name, row.description), *stock_problems(row.stock, row.taken)]
        before = read_terms(row.terms)
        checked = _checked(row.shop, before if terms is None else terms, found, now(), before)
        row.name, row.description = row.name.strip(), row.description.strip()
        row.terms = plain_terms(checked)

    return _changed(reward, change, "reward changed", actor)


def withdraw_reward(reward: Reward, actor: str = "") -> Reward:
    """Offer it no longer; what was redeemed stays. Doing it twice changes nothing."""

    def withdraw(row: Reward) -> None:
        row.active = False

    return _changed(reward, withdraw, "reward withdrawn", actor)


def offer_reward(reward: Reward, actor: str = "") -> Reward:
    """Offer it again. Raises `InvalidReward` where its terms do not hold any more, or it is archived."""

    def offer(row: Reward) -> None:
        if row.archived_at is not None:
            raise InvalidReward([("active", gettext("is archived; make a new one"))])
        _checked(row.shop, read_terms(row.terms), [], now())
        row.active = True

    return _changed(reward, offer, "reward offered", actor)


def archive_reward(reward: Reward, actor: str = "") -> Reward:
    """Put it away for good. Doing it twice changes nothing."""

    def archive(row: Reward) -> None:
        row.active = False
        row.archived_at = row.archived_at or now()

    return _changed(reward, archive, "reward archived", actor)


def move_reward(reward: Reward, place: int) -> None:
    """Make it the `place`-th of the catalogue, from 0; the others keep their order. No new revision."""
    with transaction.atomic(), scope(shop=reward.shop):
        rows = list(Reward.objects.select_for_update(no_key=True).filter(shop=reward.shop).order_by("id"))
        order = sorted(
            (row for row in rows if row.archived_at is None), key=lambda row: (row.position, row.pk)
        )
        moved = [row for row in order if row.pk == reward.pk]
        others = [row for row in order if row.pk != reward.pk]
        place = max(0, min(place, len(others)))
        for position, row in enumerate([*others[:place], *moved, *others[place:]]):
            row.position = position
        Reward.objects.bulk_update(order, ["position"])
    reward.refresh_from_db(fields=["position"])


def _changed(reward: Reward, change: Callable[[Reward], None], what: str, actor: str) -> Reward:
    """The reward after `change`, under its lock; as it was where nothing changed. Raises what `change` raises."""
    with transaction.atomic(), scope(shop=reward.shop):
        row: Reward = (
            Reward.objects.select_for_update(no_key=True, of=["self"])
            .select_related("shop")
            .get(shop=reward.shop, pk=reward.pk)
        )
        before = _figures(row)
        change(row)
        if _figures(row) == before:
            return row
        row.revision += 1
        row.updated_at = now()
        row.save(update_fields=[*_FIELDS, "taken", "revision", "updated_at"])
    log.info(what, shop=row.shop.public_id, reward=row.public_id, revision=row.revision, actor=actor)
    return row


def _gone(reward: Reward) -> int:
    """How many are gone: counted where there was no end, since then nobody keeps count."""
    if reward.stock is not None:
        return int(reward.taken)
    with scope(shop=reward.shop):
        held = Redemption.objects.filter(shop=reward.shop, reward=reward, returned_at=None)
        return int(held.count())


_FIELDS = ("name", "description", "terms", "active", "stock", "archived_at")


def _figures(row: Reward) -> tuple[Any, ...]:
    return tuple(getattr(row, field) for field in _FIELDS)


def _checked(
    shop: Shop, terms: Terms | dict[str, Any], found: list[Problem], at: datetime, before: Terms | None = None
) -> Terms:
    """The terms, fit for the shop. Raises `InvalidReward` with what was `found` already, too."""
    try:
        checked = valid_terms(terms, _ground(shop), at, before)
        if before and checked.kind != before.kind:
            found = [*found, ("kind", gettext("cannot be changed; make a new reward"))]
    except InvalidReward as error:
        raise InvalidReward([*found, *error.errors]) from None
    if found:
        raise InvalidReward(found)
    return checked


def _ground(shop: Shop) -> Ground:
    timeline = timelines([shop.pk]).get(shop.pk)
    levels = timeline.versions[-1].document.tiers.levels if timeline else ()
    with scope(shop=shop):
        platforms = Connection.objects.filter(shop=shop, active=True).values_list("platform", flat=True)
        return Ground(
            currency=shop.currency,
            zone=ZoneInfo(shop.timezone),
            tiers=frozenset(level.key for level in levels),
            platforms=frozenset(platforms),
        )
