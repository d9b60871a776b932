"""Discount codes as Shopify keeps them, and as a checkout reads them."""

from decimal import Decimal
from threading import Thread
from typing import Any

import pytest

from tests.demo_admin.conftest import CUSTOMER, Admin

DISCOUNT = """
fragment Discount on DiscountCodeNode {
  id
  codeDiscount {
    __typename
    ... on DiscountCodeBasic {
      title status asyncUsageCount usageLimit endsAt codes(first: 1) { nodes { code } }
      context { ... on DiscountCustomers { customers { id firstName } } }
      customerGets { value { ... on DiscountAmount { amount { amount currencyCode } } } }
      minimumRequirement { ... on DiscountMinimumSubtotal { greaterThanOrEqualToSubtotal { amount } } }
    }
    ... on DiscountCodeFreeShipping { title status maximumShippingPrice { amount } codes(first: 1) { nodes { code } } }
  }
}
"""
ERRORS = "userErrors { field message code extraInfo }"
BASIC = f"""
mutation Basic($discount: DiscountCodeBasicInput!) {{
  made: discountCodeBasicCreate(basicCodeDiscount: $discount) {{ codeDiscountNode {{ ...Discount }} {ERRORS} }}
}}
{DISCOUNT}"""
SHIPPING = f"""
mutation Shipping($discount: DiscountCodeFreeShippingInput!) {{
  made: discountCodeFreeShippingCreate(freeShippingCodeDiscount: $discount) {{
    codeDiscountNode {{ ...Discount }} {ERRORS}
  }}
}}
{DISCOUNT}"""
BY_CODE = (
    f"query($code: String!) {{ found: codeDiscountNodeByCode(code: $code) {{ ...Discount }} }} {DISCOUNT}"
)
BY_ID = f"query($id: ID!) {{ found: codeDiscountNode(id: $id) {{ ...Discount }} }} {DISCOUNT}"
END = f"""
mutation End($id: ID!) {{ discountCodeDeactivate(id: $id) {{ codeDiscountNode {{ ...Discount }} {ERRORS} }} }}
{DISCOUNT}"""
DELETE = f"mutation($id: ID!) {{ discountCodeDelete(id: $id) {{ deletedCodeDiscountId {ERRORS} }} }}"


def basic(**changes: Any) -> dict[str, Any]:
    """A discount of 5 for one customer, from 20 on."""
    return {
        "title": "5 off",
        "code": "Five-OFF",
        "startsAt": "2026-01-01T00:00:00Z",
        "usageLimit": 1,
        "appliesOncePerCustomer": True,
        "context": {"customers": {"add": [CUSTOMER]}},
        "combinesWith": {"shippingDiscounts": True},
        "minimumRequirement": {"subtotal": {"greaterThanOrEqualToSubtotal": "20.00"}},
        "customerGets": {
            "value": {"discountAmount": {"amount": "5.00", "appliesOnEachItem": False}},
            "items": {"all": True},
        },
    } | changes


def shipping(**changes: Any) -> dict[str, Any]:
    return {
        "title": "Free shipping",
        "code": "SHIP",
        "startsAt": "2026-01-01T00:00:00Z",
        "destination": {"all": True},
        "maximumShippingPrice": "9.90",
    } | changes


def gets(value: dict[str, Any], **items: Any) -> dict[str, Any]:
    return {"customerGets": {"value": value, "items": items or {"all": True}}}


def test_a_code_is_found_by_its_id_and_in_any_letter_case(admin: Admin) -> None:
    made = admin.ask(BASIC, discount=basic())["made"]
    assert made["userErrors"] == []
    node = made["codeDiscountNode"]
    assert node["codeDiscount"] == {
        "__typename": "DiscountCodeBasic",
        "title": "5 off",
        "status": "ACTIVE",
        "asyncUsageCount": 0,
        "usageLimit": 1,
        "endsAt": None,
        "codes": {"nodes": [{"code": "Five-OFF"}]},
        "context": {"customers": [{"id": CUSTOMER, "firstName": "Ada"}]},
        "customerGets": {"value": {"amount": {"amount": "5.00", "currencyCode": "EUR"}}},
        "minimumRequirement": {"greaterThanOrEqualToSubtotal": {"amount": "20.00"}},
    }
    assert admin.ask(BY_CODE, code="five-off")["found"] == node
    assert admin.ask(BY_ID, id=node["id"])["found"] == node
    assert admin.ask(BY_CODE, code="five")["found"] is None


def test_a_code_is_taken_in_any_letter_case_and_over_all_kinds(admin: Admin) -> None:
    taken = {
        "message": "Code must be unique. Please try a different code.",
        "code": "TAKEN",
        "extraInfo": None,
    }
    assert admin.ask(BASIC, discount=basic(code="ONE"))["made"]["codeDiscountNode"]
    for document, discount, argument in (
        (BASIC, basic(code="one"), "basicCodeDiscount"),
        (SHIPPING, shipping(code="One"), "freeShippingCodeDiscount"),
    ):
        made = admin.ask(document, discount=discount)["made"]
        assert made == {"codeDiscountNode": None, "userErrors": [{"field": [argument, "code"], **taken}]}


def test_of_calls_at_once_one_gets_the_code(admin: Admin) -> None:
    made: list[dict[str, Any]] = []
    calls = [
        Thread(target=lambda: made.append(admin.ask(BASIC, discount=basic())["made"])) for _ in range(12)
    ]
    for call in calls:
        call.start()
    for call in calls:
        call.join(20)
    assert len(made) == 12
    assert len([answer for answer in made if answer["codeDiscountNode"]]) == 1


@pytest.mark.parametrize(
    ("changes", "field", "message", "code"),
    [
        ({"title": " "}, ["title"], "Title can't be blank", "BLANK"),
        ({"code": ""}, ["code"], "Code is too short (minimum is 1 character)", "TOO_SHORT"),
        ({"code": "x" * 256}, ["code"], "Code is too long (maximum is 255 characters)", "TOO_LONG"),
        ({"startsAt": None}, ["startsAt"], "Starts at can't be blank", "BLANK"),
        ({"endsAt": "2025-12-31T00:00:00Z"}, ["endsAt"], "Ends at needs to be after starts_at", "INVALID"),
        ({"usageLimit": 0}, ["usageLimit"], "Usage limit must be greater than 0", "VALUE_OUTSIDE_RANGE"),
        (
            gets({"percentage": 1.2}),
            ["customerGets", "value", "percentage"],
            "Value must be between 0.0 and 1.0",
            "VALUE_OUTSIDE_RANGE",
        ),
        (
            gets({"discountAmount": {"amount": "0"}}),
            ["customerGets", "value", "discountAmount", "amount"],
            "Value must be greater than 0",
            "GREATER_THAN",
        ),
        (
            gets({"discountAmount": {"amount": "1" + "0" * 18}}),
            ["customerGets", "value", "discountAmount", "amount"],
            "Value must be less than 1000000000000000000",
            "LESS_THAN",
        ),
        (gets({}), ["customerGets", "value"], "Discount value must be defined.", "BLANK"),
        (
            gets({"percentage": 1}, products={"productVariantsToAdd": ["gid://shopify/ProductVariant/9"]}),
            ["customerGets", "items", "products", "productVariantsToAdd"],
            "Product variant with id: 9 is invalid",
            "INVALID",
        ),
    ],
)
def test_what_is_refused(admin: Admin, changes: Any, field: list[str], message: str, code: str) -> None:
    made = admin.ask(BASIC, discount=basic(**changes))["made"]
    error = {"field": ["basicCodeDiscount", *field], "message": message, "code": code, "extraInfo": None}
    assert made == {"codeDiscountNode": None, "userErrors": [error]}
    assert admin.store["codes"].all() == []


def test_free_shipping_combines_with_no_free_shipping(admin: Admin) -> None:
    wanted = shipping(combinesWith={"shippingDiscounts": True}, maximumShippingPrice="-1")
    errors = admin.ask(SHIPPING, discount=wanted)["made"]["userErrors"]
    assert [error["code"] for error in errors] == [
        "INVALID_COMBINES_WITH_FOR_DISCOUNT_CLASS",
        "GREATER_THAN_OR_EQUAL_TO",
    ]


def test_an_ended_code_stays_taken_and_a_deleted_one_is_free(admin: Admin) -> None:
    id = admin.ask(BASIC, discount=basic())["made"]["codeDiscountNode"]["id"]
    ended = admin.ask(END, id=id)["discountCodeDeactivate"]["codeDiscountNode"]["codeDiscount"]
    assert ended["status"] == "EXPIRED"
    assert ended["endsAt"] is not None
    assert admin.ask(BASIC, discount=basic())["made"]["userErrors"][0]["code"] == "TAKEN"
    assert admin.ask(DELETE, id=id)["discountCodeDelete"] == {"deletedCodeDiscountId": id, "userErrors": []}
    assert admin.ask(BY_ID, id=id)["found"] is None
    assert admin.ask(DELETE, id=id)["discountCodeDelete"]["userErrors"][0]["field"] == ["id"]
    assert admin.ask(BASIC, discount=basic())["made"]["userErrors"] == []


def test_what_a_checkout_reads_and_counts(admin: Admin) -> None:
    admin.ask(BASIC, discount=basic())
    use = admin.store.use("FIVE-off")
    assert use is not None
    assert (use.kind, use.value, use.minimum_subtotal) == ("amount", Decimal(5), Decimal(20))
    assert (use.items, use.customers, use.left) == ("all", frozenset({CUSTOMER}), 1)
    assert use.usable
    assert [admin.store.mark_used("five-OFF"), admin.store.mark_used("FIVE-OFF")] == [True, False]
    assert admin.ask(BY_CODE, code="Five-OFF")["found"]["codeDiscount"]["asyncUsageCount"] == 1
    used = admin.store.use("FIVE-OFF")
    assert used is not None
    assert not used.usable
    admin.ask(SHIPPING, discount=shipping())
    free = admin.store.use("ship")
    assert free is not None
    assert (free.kind, free.most_shipping, free.left) == ("free_shipping", Decimal("9.90"), None)
    variant = "gid://shopify/ProductVariant/31"
    gift = gets({"percentage": 1}, products={"productVariantsToAdd": [variant]})
    later = {"code": "GIFT", "startsAt": "2099-01-01T00:00:00Z", "context": {"all": "ALL"}}
    admin.ask(BASIC, discount=basic(**later, **gift))
    product = admin.store.use("gift")
    assert product is not None
    assert (product.kind, product.value, product.items) == ("percentage", Decimal(1), frozenset({variant}))
    assert (product.status, product.customers) == ("SCHEDULED", None)
    assert not admin.store.mark_used("gift")
    assert admin.store.use("nothing") is None
