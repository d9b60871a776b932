"""What is newly known of customers may earn points: that they joined, that they subscribed; and their birthday."""

from collections.abc import Iterable

from django.db import transaction

from lib.clock import now
from lib.rows import execute
from loyalty.actions.activities import (
    NOTE,
    ActivityKey,
    NewActivity,
    activity_rules,
    once_reference,
    record_many,
    rewarded,
)
from loyalty.actions.days import missed_birthday, missed_reference
from loyalty.actions.members import settle_activities
from loyalty.calendar import day_start
from loyalty.models import Account
from loyalty.versions import Timeline, hold, timelines
from orders.customers import News, Remembered


def customer_activities(remembered: Remembered, known: dict[int, Timeline]) -> list[ActivityKey]:
    """Keep the sign-ups and subscriptions that became known; returns the keys to settle in the same transaction.

    `known`: the timelines of the shops, of `remembered.news` at least. Every customer has an account by now.
    """
    return _keep(remembered.news, known)


def tell(account: Account, *, birthday: str | None = None, subscribed: bool | None = None) -> None:
    """Take down what the shop's own server, or its staff, says of a member, and award it.

    `birthday`: "MM-DD", "" to forget it, None to leave it; `subscribed`: None to leave it.
    """
    at = now()
    shop_id, customer_id = account.shop_id, account.customer_id
    with transaction.atomic():
        hold([shop_id])
        ((old_birthday, was_subscribed),) = execute(_LOCK, shop=shop_id, customer=customer_id)
        if birthday is not None and birthday != old_birthday:
            month, _, day = birthday.partition("-")
            execute(_BIRTHDAY, shop=shop_id, customer=customer_id, month=month or None, day=day or None)
        if subscribed is not None and subscribed != was_subscribed:
            execute(_SUBSCRIBED, shop=shop_id, customer=customer_id, subscribed=subscribed, at=at)
        news = News(
            shop_id,
            customer_id,
            joined_at=None,
            subscribed_at=at if subscribed and not was_subscribed else None,
            birthday=birthday if birthday and birthday != old_birthday else "",
            told_at=at,
        )
        keys = _keep([news], timelines([shop_id]))
        if keys:
            settle_activities(keys, at)


def _keep(news: Iterable[News], known: dict[int, Timeline]) -> list[ActivityKey]:
    rows: list[NewActivity] = []
    notes: list[NewActivity] = []
    for each in news:
        timeline = known[each.shop_id]
        kinds = activity_rules(timeline)
        if not kinds:
            continue
        for kind, at in (("signup", each.joined_at), ("newsletter", each.subscribed_at)):
            if at is not None and kind in kinds and rewarded(timeline, kind, at):
                reference = once_reference(kind, each.customer_id, timeline.versions[-1].zone, at)
                rows.append(NewActivity(each.shop_id, each.customer_id, kind, reference, at))
        if each.birthday and "birthday" in kinds:
            notes += _missed(each, timeline)
    record_many(notes)
    return record_many(rows)


def _missed(each: News, timeline: Timeline) -> list[NewActivity]:
    """A birthday counts from the day on which it is told; one that has just passed is not caught up with."""
    zone = timeline.versions[-1].zone
    day = missed_birthday(zone, each.birthday, each.told_at)
    if day is None:
        return []
    at = day_start(zone, day)
    return [
        NewActivity(
            each.shop_id, each.customer_id, NOTE, missed_reference(each.customer_id, day), at, "birthday"
        )
    ]


_LOCK = """
    SELECT coalesce(to_char(c.birth_month, 'FM00') || '-' || to_char(c.birth_day, 'FM00'), ''), c.subscribed
    FROM shops_customer c WHERE c.shop_id = %(shop)s AND c.id = %(customer)s FOR NO KEY UPDATE
"""
_BIRTHDAY = """
    UPDATE shops_customer SET birth_month = %(month)s::smallint, birth_day = %(day)s::smallint
    WHERE shop_id = %(shop)s AND id = %(customer)s
"""
_SUBSCRIBED = """
    UPDATE shops_customer SET subscribed = %(subscribed)s, subscribed_at = %(at)s
    WHERE shop_id = %(shop)s AND id = %(customer)s
"""
