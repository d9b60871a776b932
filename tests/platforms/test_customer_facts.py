"""What each platform tells of a customer that may earn points: joining, a birthday, agreeing to marketing."""

from datetime import UTC, datetime
from typing import Any

import pytest

from platforms.base import Unreadable
from platforms.birthdays import birthday
from platforms.reading import EARLIEST
from platforms.registry import PLATFORMS
from platforms.snapshots import CustomerSnapshot, CustomerTagged, OrderSnapshot
from tests.bodies import encode, shopify_order, standard_event, standard_order, woo_order

JOINED = datetime(2025, 5, 1, 8, tzinfo=UTC)
CHANGED = datetime(2026, 3, 2, 9, tzinfo=UTC)
AGREED = datetime(2025, 6, 1, 8, tzinfo=UTC)


def told(platform: str, topic: str, body: Any) -> CustomerSnapshot:
    (fact,) = PLATFORMS[platform].parse(topic, encode(body))
    assert isinstance(fact, CustomerSnapshot)
    return fact


def shopify(**changes: Any) -> CustomerSnapshot:
    dates = {"created_at": JOINED.isoformat(), "updated_at": CHANGED.isoformat()}
    return told("shopify", "customers/update", {"id": 7, **dates, **changes})


def woo(*meta: tuple[object, object]) -> CustomerSnapshot:
    entries = [{"id": 1, "key": key, "value": value} for key, value in meta]
    dates = {"date_created_gmt": "2025-05-01T08:00:00", "date_modified_gmt": "2026-03-02T09:00:00"}
    return told("woocommerce", "customer.updated", {"id": 7, **dates, "meta_data": entries})


def standard(**changes: Any) -> CustomerSnapshot:
    data = {"id": 7, "updated_at": CHANGED.isoformat(), **changes}
    return told("standard", "customer.updated", standard_event("customer.updated", data))


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("03-21", "03-21"),
        ("1990-03-21", "03-21"),
        ("2024-02-29", "02-29"),
        ("02-29", "02-29"),
        ("2023-02-29", None),
        ("1899-03-21", None),
        ("02-30", None),
        ("13-01", None),
        ("00-10", None),
        ("3-21", None),
        ("21/03/1990", None),
        ("1990-03-21T00:00:00Z", None),
        ("٠٣-٢١", None),
        ("03-21\n", None),
        ("", None),
    ],
)
def test_a_birthday_is_a_day_of_the_calendar(text: str, read: str | None) -> None:
    assert birthday(text) == read


def test_shopify_tells_when_they_joined_and_agreed() -> None:
    consent = {"state": "subscribed", "opt_in_level": None, "consent_updated_at": "2025-06-01T04:00:00-04:00"}
    customer = shopify(email_marketing_consent=consent)
    assert (customer.joined_at, customer.as_of) == (JOINED, CHANGED)
    assert (customer.subscribed, customer.subscribed_at, customer.birthday) == (True, AGREED, "")


@pytest.mark.parametrize(
    ("changes", "subscribed", "at"),
    [
        ({}, None, None),
        ({"email_marketing_consent": None}, None, None),
        ({"email_marketing_consent": {"state": "pending"}}, False, None),
        ({"email_marketing_consent": {"state": "unsubscribed", "consent_updated_at": None}}, False, None),
        ({"email_marketing_consent": {"state": "subscribed"}, "accepts_marketing": False}, True, None),
        ({"accepts_marketing": True}, True, None),
        ({"accepts_marketing": True, "accepts_marketing_updated_at": AGREED.isoformat()}, True, AGREED),
        ({"accepts_marketing": False}, False, None),
    ],
)
def test_shopify_consent_old_and_new(
    changes: dict[str, Any], subscribed: bool | None, at: datetime | None
) -> None:
    customer = shopify(**changes)
    assert (customer.subscribed, customer.subscribed_at) == (subscribed, at)


def test_shopify_tells_a_consent_by_itself() -> None:
    consent = {"state": "subscribed", "consent_updated_at": AGREED.isoformat()}
    body = {"customer_id": 7, "email_address": "mara@example.com", "email_marketing_consent": consent}
    customer = told("shopify", "customers_email_marketing_consent/update", body)
    assert (customer.id, customer.subscribed, customer.subscribed_at) == ("7", True, AGREED)
    assert (customer.as_of, customer.joined_at) == (EARLIEST, AGREED)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"customer_id": 7}, "email_marketing_consent: missing"),
        (
            {"customer_id": 7, "email_marketing_consent": {"state": "subscribed"}},
            "consent_updated_at: missing",
        ),
        ({"email_marketing_consent": {"state": "subscribed"}}, "customer_id: missing"),
    ],
)
def test_a_consent_that_cannot_be_read(body: dict[str, Any], field: str) -> None:
    with pytest.raises(Unreadable, match=field):
        told("shopify", "customers_email_marketing_consent/update", body)


def test_a_bad_instant_of_consent_names_its_field() -> None:
    with pytest.raises(Unreadable, match=r"email_marketing_consent\.consent_updated_at: not a date"):
        shopify(email_marketing_consent={"state": "subscribed", "consent_updated_at": "yesterday"})


def test_woocommerce_tells_when_they_joined() -> None:
    customer = woo()
    assert (customer.joined_at, customer.birthday, customer.subscribed) == (JOINED, "", None)


@pytest.mark.parametrize(
    ("key", "value", "read"),
    [
        ("birthday", "1990-03-21", "03-21"),
        ("billing_birthday", " 03-21 ", "03-21"),
        ("_billing_birthdate", "1990-03-21", "03-21"),
        ("date_of_birth", "1990-03-21", "03-21"),
        ("birthday", "21.03.1990", ""),
        ("birthday", "03/04/1990", ""),
        ("birthday", 19900321, ""),
        ("birthday", {"month": 3}, ""),
        ("birthday_coupon_sent", "2026-03-21", ""),
        (None, "1990-03-21", ""),
    ],
)
def test_woocommerce_birthdays_are_read_where_they_are_plain(key: object, value: object, read: str) -> None:
    assert woo(("locale", "de_DE"), (key, value)).birthday == read


def test_the_standard_event_tells_all_of_it() -> None:
    customer = standard(
        created_at=JOINED.isoformat(), birthday="1988-06-14", accepts_marketing=True, tags=["a"]
    )
    assert (customer.joined_at, customer.birthday, customer.subscribed) == (JOINED, "06-14", True)
    assert customer.tags == ("a",)
    assert standard(birthday="", accepts_marketing=None, created_at=None) == standard()


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"birthday": "02-30"}, "data.birthday: not a date such as 1990-03-21 or 03-21: '02-30'"),
        ({"birthday": 321}, "data.birthday: expected str"),
        ({"created_at": "2026-03-02"}, "data.created_at: not a date and time"),
        ({"accepts_marketing": "yes"}, "data.accepts_marketing: expected bool"),
    ],
)
def test_what_the_standard_event_gets_wrong_is_named(changes: dict[str, Any], reason: str) -> None:
    with pytest.raises(Unreadable) as caught:
        standard(**changes)
    assert str(caught.value).startswith(reason)


@pytest.mark.parametrize(
    ("platform", "topic", "body"),
    [
        ("shopify", "orders/paid", shopify_order(customer={"id": 7})),
        ("woocommerce", "order.updated", woo_order(customer_id=7)),
        ("standard", "order.updated", standard_event("order.updated", standard_order())),
    ],
)
def test_who_placed_an_order_was_a_customer_by_then(platform: str, topic: str, body: Any) -> None:
    (order,) = PLATFORMS[platform].parse(topic, encode(body))
    assert isinstance(order, OrderSnapshot)
    assert order.customer is not None
    assert order.customer.joined_at == order.placed_at


# Tags


@pytest.mark.parametrize(
    ("customer", "tags"),
    [
        (shopify(), None),
        (shopify(tags=None), None),
        (shopify(tags=""), ()),
        (shopify(tags="vip, Tea Club"), ("vip", "Tea Club")),
        (woo(), None),
        (standard(), None),
        (standard(tags=None), None),
        (standard(tags=[]), ()),
        (standard(tags=["vip", ""]), ("vip",)),
    ],
)
def test_no_tags_are_not_the_same_as_nothing_said(
    customer: CustomerSnapshot, tags: tuple[str, ...] | None
) -> None:
    assert customer.tags == tags


@pytest.mark.parametrize(
    ("platform", "topic", "body", "tags"),
    [
        ("shopify", "orders/paid", shopify_order(customer={"id": 7}), None),
        ("shopify", "orders/paid", shopify_order(customer={"id": 7, "tags": "vip"}), ("vip",)),
        ("woocommerce", "order.updated", woo_order(customer_id=7), None),
        (
            "standard",
            "order.updated",
            standard_event("order.updated", standard_order(customer={"id": 7})),
            None,
        ),
    ],
)
def test_so_in_orders(platform: str, topic: str, body: Any, tags: tuple[str, ...] | None) -> None:
    (order,) = PLATFORMS[platform].parse(topic, encode(body))
    assert isinstance(order, OrderSnapshot)
    assert order.customer is not None
    assert order.customer.tags == tags


@pytest.mark.parametrize("customer_id", ["gid://shopify/Customer/706405506930370084", 706405506930370084])
def test_shopify_tells_of_single_tags(customer_id: object) -> None:
    body = {
        "customerId": customer_id,
        "tags": ["vip", " Tea Club "],
        "occurredAt": "2026-03-02T09:00:00.000Z",
    }
    (added,) = PLATFORMS["shopify"].parse("customer.tags_added", encode(body))
    (removed,) = PLATFORMS["shopify"].parse("customer.tags_removed", encode(body))
    names = ("vip", "Tea Club")
    assert added == CustomerTagged("706405506930370084", CHANGED, added=names)
    assert removed == CustomerTagged("706405506930370084", CHANGED, removed=names)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"customerId": "gid://shopify/Order/7"}, "customerId: not of a customer: 'gid://shopify/Order/7'"),
        ({"customerId": None}, "customerId: not an id"),
        ({"tags": "vip"}, "tags: expected array"),
        ({"occurredAt": "2026-03-02"}, "occurredAt: not a date and time"),
        ({"occurredAt": None}, "occurredAt: missing"),
    ],
)
def test_tags_that_cannot_be_read_name_their_field(changes: dict[str, Any], reason: str) -> None:
    body = {"customerId": 7, "tags": ["vip"], "occurredAt": CHANGED.isoformat(), **changes}
    with pytest.raises(Unreadable) as caught:
        PLATFORMS["shopify"].parse("customer.tags_added", encode(body))
    assert str(caught.value).startswith(reason)
