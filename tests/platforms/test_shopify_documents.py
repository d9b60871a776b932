"""Every document that is sent to Shopify, and what goes with it, against the schema of its Admin API."""

import json
from datetime import UTC, datetime
from decimal import Decimal
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from graphql import GraphQLSchema, NoDeprecatedCustomRule, parse, specified_rules, validate
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from demo.shopify_admin import cost
from demo.shopify_admin.documents import prepared
from demo.shopify_admin.schema import REDUCED, schema
from demo.shopify_admin.variables import check
from platforms.clients import CodeWanted, StoreRefused
from platforms.shopify import cards, codes, documents, order_documents, orders_query, subscriptions
from platforms.shopify.graphql import encode
from tests.material import material

AT = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)
DOCUMENTS = {
    name: text
    for module in (documents, order_documents)
    for name, text in vars(module).items()
    if name.isupper() and not name.startswith("_")
}
MAKING = {
    "gift_card": documents.MAKE_GIFT_CARD,
    "store_credit": documents.CREDIT,
    "free_shipping": documents.MAKE_FREE_SHIPPING,
}


@cache
def real() -> GraphQLSchema:
    return schema(material("shopify", "admin_2026-04.graphql"))


def wanted(**changes: Any) -> CodeWanted:
    plain: dict[str, Any] = {
        "code": "TEA4M9QXB4TZ",
        "mark": "rdm_1",
        "title": "Five euros",
        "kind": "fixed",
        "value": Decimal("5.00"),
        "currency": "EUR",
        "starts_at": AT,
    }
    return CodeWanted(**plain | changes)


def variables(asked: CodeWanted) -> dict[str, Any]:
    """What is sent to make a code, as it is after JSON."""
    match asked.kind:
        case "gift_card":
            sent: dict[str, Any] = {"card": cards.gift_card(asked, ZoneInfo("Europe/Berlin"))}
        case "store_credit":
            sent = {"owner": cards.owner(asked), "credit": cards.credit(asked)}
        case "free_shipping":
            sent = {"discount": codes.free_shipping(asked)}
        case _:
            sent = {"discount": codes.basic(asked, [Decimal("12.5")])}
    decoded: dict[str, Any] = json.loads(encode(sent))
    return decoded


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_document_is_valid_and_uses_nothing_that_is_to_go(name: str) -> None:
    told = validate(real(), parse(DOCUMENTS[name]), [*specified_rules, NoDeprecatedCustomRule])
    assert [error.message for error in told] == []
    assert validate(schema(REDUCED), parse(DOCUMENTS[name])) == [], "the demo store must know it too"


@pytest.mark.parametrize("name", DOCUMENTS)
def test_no_document_can_cost_more_than_a_query_may(name: str) -> None:
    given = {"first": orders_query.PAGE_SIZES[-1]}
    assert cost.requested(real(), prepared(real(), DOCUMENTS[name]), given) <= cost.MOST_COST


def test_what_was_deprecated_would_be_noticed() -> None:
    old = "{ codeDiscountNodeByCode(code: 1) { codeDiscount { ... on DiscountCodeBasic { usageLimit customerSelection"
    told = validate(real(), parse(f"{old} {{ __typename }} }} }} }} }}"), [NoDeprecatedCustomRule])
    assert "customerSelection" in told[0].message


IDS = st.lists(st.integers(1, 2**63).map(str), max_size=3).map(tuple)
CENTS = st.integers(1, 10**8).map(lambda cents: Decimal(cents).scaleb(-2))
WANTED = st.builds(
    CodeWanted,
    code=st.text("ABCDEFGHJKMNPQRSTUVWXYZ23456789", min_size=8, max_size=20),
    mark=st.uuids().map(str),
    title=st.text(max_size=300),
    kind=st.sampled_from(
        ("fixed", "percentage", "free_shipping", "free_product", "gift_card", "store_credit")
    ),
    value=CENTS.map(lambda value: min(value, Decimal(100))),
    currency=st.sampled_from(("EUR", "USD", "KWD")),
    minimum=st.none() | CENTS,
    product_ids=IDS,
    variant_ids=IDS,
    collection_ids=IDS,
    combines=st.lists(st.sampled_from(("product", "order", "shipping")), unique=True).map(tuple),
    starts_at=st.datetimes(datetime(2020, 1, 1), datetime(2050, 1, 1), timezones=st.just(UTC)),
    ends_at=st.none() | st.datetimes(datetime(2050, 1, 2), datetime(2090, 1, 1), timezones=st.just(UTC)),
    customer_id=st.sampled_from(("", "7115310627")),
    email=st.just("mara@example.com"),
)


def possible(asked: CodeWanted) -> CodeWanted:
    """Without what Shopify cannot hold at once."""
    if asked.kind == "free_shipping" or asked.collection_ids:
        asked = replace(asked, product_ids=(), variant_ids=())
    if asked.kind == "free_shipping":
        asked = replace(asked, collection_ids=())
    return replace(asked, customer_id="77") if asked.kind == "store_credit" else asked


@settings(max_examples=30, deadline=None)
@given(WANTED)
def test_whatever_is_asked_for_fits_the_schema(asked: CodeWanted) -> None:
    asked = possible(asked)
    sent = variables(asked)
    document = MAKING.get(asked.kind, documents.MAKE_DISCOUNT)
    check(real(), prepared(real(), document), sent)
    note = sent.get("discount", {}).get("title") or sent.get("card", {}).get("note")
    assert asked.kind == "store_credit" or (codes.has_mark(note, asked.mark) and len(note) <= 255)


def test_webhook_topics_and_orders_pages_fit_the_schema() -> None:
    known = real().type_map["WebhookSubscriptionTopic"].values  # type: ignore[attr-defined]
    assert set(subscriptions.TOPICS) <= set(known)
    assert set(subscriptions.TOPICS) <= set(schema(REDUCED).type_map["WebhookSubscriptionTopic"].values)  # type: ignore[attr-defined]
    asked = {"first": 6, "after": None, "query": "x", "sortKey": "UPDATED_AT"}
    check(real(), prepared(real(), order_documents.ORDERS), asked)
    subscription = {"topic": "ORDERS_PAID", "subscription": {"uri": "https://a.example/", "format": "JSON"}}
    check(real(), prepared(real(), documents.SUBSCRIBE), subscription)


def test_numbers_are_sent_as_they_are_meant() -> None:
    for percent in ("7", "0.1", "14", "29", "33.33", "100"):
        sent = encode(codes.basic(wanted(kind="percentage", value=Decimal(percent))))
        assert f'"percentage":{(Decimal(percent) / 100).normalize()}}}'.encode() in sent
    assert b'"percentage":0.07}' in encode(codes.basic(wanted(kind="percentage", value=Decimal(7))))
    amounts = {"EUR": "5.00", "JPY": "5", "KWD": "5.000"}
    for currency, text in amounts.items():
        value = codes.basic(wanted(value=Decimal(5), currency=currency))["customerGets"]["value"]
        assert value == {"discountAmount": {"amount": text, "appliesOnEachItem": False}}


def test_the_terms_of_a_code() -> None:
    asked = wanted(
        title="Tea " * 100,
        minimum=Decimal("20"),
        combines=("order", "shipping"),
        ends_at=AT.replace(month=4),
        customer_id="77",
        product_ids=("1",),
        variant_ids=("2",),
    )
    sent = codes.basic(asked)
    assert sent["title"].endswith(" (rdm_1)")
    assert len(sent["title"]) <= codes.LONGEST_TITLE
    assert not codes.has_mark(sent["title"], "rdm_")
    del sent["title"]
    assert sent == {
        "code": "TEA4M9QXB4TZ",
        "startsAt": "2026-03-01T09:30:00Z",
        "endsAt": "2026-04-01T09:30:00Z",
        "usageLimit": 1,
        "appliesOncePerCustomer": True,
        "context": {"customers": {"add": ["gid://shopify/Customer/77"]}},
        "minimumRequirement": {"subtotal": {"greaterThanOrEqualToSubtotal": "20.00"}},
        "combinesWith": {"productDiscounts": False, "orderDiscounts": True, "shippingDiscounts": True},
        "customerGets": {
            "value": {"discountAmount": {"amount": "5.00", "appliesOnEachItem": False}},
            "items": {
                "products": {
                    "productsToAdd": ["gid://shopify/Product/1"],
                    "productVariantsToAdd": ["gid://shopify/ProductVariant/2"],
                }
            },
        },
    }
    groups = codes.basic(wanted(collection_ids=("3",)))
    assert groups["customerGets"]["items"] == {"collections": {"add": ["gid://shopify/Collection/3"]}}
    assert (groups["context"], groups["endsAt"], groups["minimumRequirement"]) == ({"all": "ALL"}, None, None)
    free = codes.free_shipping(wanted(kind="free_shipping", combines=("order", "shipping")))
    assert free["combinesWith"] == {
        "productDiscounts": False,
        "orderDiscounts": True,
        "shippingDiscounts": False,
    }


@pytest.mark.parametrize(
    ("field", "changes"),
    [
        ("value", {"value": Decimal("5.001")}),
        ("value", {"value": Decimal(0)}),
        ("value", {"kind": "percentage", "value": Decimal("100.1")}),
        ("most", {"kind": "percentage", "most": Decimal(10)}),
        ("minimum", {"minimum": Decimal("0.5"), "currency": "JPY"}),
        ("collection_ids", {"collection_ids": ("1",), "variant_ids": ("2",)}),
        ("product_ids", {"kind": "free_shipping", "product_ids": ("1",)}),
        ("code", {"kind": "gift_card", "code": "TEA-4M9Q"}),
        ("code", {"kind": "gift_card", "code": "T" * 21}),
        ("customer_id", {"kind": "store_credit"}),
    ],
)
def test_what_shopify_cannot_hold_is_refused_by_its_field(field: str, changes: dict[str, Any]) -> None:
    with pytest.raises(StoreRefused) as refused:
        variables(wanted(**changes))
    assert refused.value.field == field


def test_a_gift_cards_last_day_is_the_stores_own() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    ends = {
        datetime(2026, 6, 30, 22, tzinfo=UTC): "2026-06-30",  # midnight there
        datetime(2026, 6, 30, 22, 1, tzinfo=UTC): "2026-07-01",
        datetime(2026, 6, 30, 12, tzinfo=UTC): "2026-06-30",
    }
    for ends_at, day in ends.items():
        assert cards.gift_card(wanted(kind="gift_card", ends_at=ends_at), berlin)["expiresOn"] == day
