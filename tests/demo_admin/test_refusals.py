"""Calls that are not run: who may ask, what does not fit the schema, and what nobody can pay."""

from typing import Any

import httpx
import pytest

from demo.shopify_admin.cost import Bucket
from tests.demo_admin.conftest import GRAPHQL, Admin

MAKE = """
mutation Make($discount: DiscountCodeBasicInput!) {
  discountCodeBasicCreate(basicCodeDiscount: $discount) { codeDiscountNode { id } userErrors { field message code } }
}
"""
BAD_TOKEN = "[API] Invalid API key or access token (unrecognized login or wrong password)"


@pytest.mark.parametrize(
    ("document", "message", "extensions"),
    [
        (
            'mutation M { discountCodeBasicCreate(basicCodeDiscount: {title: "a"}) { codeDiscount { id } } }',
            "Field 'codeDiscount' doesn't exist on type 'DiscountCodeBasicCreatePayload'",
            {
                "code": "undefinedField",
                "typeName": "DiscountCodeBasicCreatePayload",
                "fieldName": "codeDiscount",
            },
        ),
        (
            'mutation M { discountCodeDelete(code: "a", id: "b") { deletedCodeDiscountId } }',
            "Field 'discountCodeDelete' doesn't accept argument 'code'",
            {
                "code": "argumentNotAccepted",
                "typeName": "Field",
                "name": "discountCodeDelete",
                "argumentName": "code",
            },
        ),
        (
            'mutation M { discountCodeBasicCreate(basicCodeDiscount: {titel: "a"}) { userErrors { message } } }',
            "InputObject 'DiscountCodeBasicInput' doesn't accept argument 'titel'",
            {
                "code": "argumentNotAccepted",
                "typeName": "InputObject",
                "name": "DiscountCodeBasicInput",
                "argumentName": "titel",
            },
        ),
        (
            "mutation M { discountCodeDelete { deletedCodeDiscountId } }",
            "Field 'discountCodeDelete' is missing required arguments: id",
            {
                "code": "missingRequiredArguments",
                "className": "Field",
                "name": "discountCodeDelete",
                "arguments": "id",
            },
        ),
    ],
)
def test_a_document_that_does_not_fit_the_schema(
    admin: Admin, document: str, message: str, extensions: dict[str, Any]
) -> None:
    [error] = admin.errors(document)
    assert (error["message"], error["extensions"]) == (message, extensions)
    assert error["path"][0] == "mutation M"
    assert error["path"][1].startswith("discountCode")
    assert error["locations"][0]["line"] == 1
    assert admin.store["codes"].all() == []


def test_a_document_that_is_no_graphql(admin: Admin) -> None:
    [error] = admin.errors("{ shop { name }")
    assert error["message"].startswith("syntax error, ")
    for raw in (b"", b"{", b"[]", b'{"query": 3}', b'{"variables": {}}'):
        answer = admin.client.post(GRAPHQL, content=raw, headers={"Content-Type": "application/json"})
        assert answer.status_code == 400
        assert answer.json() == {"errors": {"query": "Required parameter missing or invalid"}}


@pytest.mark.parametrize(
    ("discount", "path", "explanation"),
    [
        (None, [], "Expected value to not be null"),
        ({"titel": "x"}, ["titel"], "Field is not defined on DiscountCodeBasicInput"),
        ({"startsAt": "yesterday"}, ["startsAt"], "invalid DateTime 'yesterday'"),
        ({"usageLimit": "1"}, ["usageLimit"], 'Could not coerce value "1" to Int'),
        ({"context": {"all": "SOME"}}, ["context", "all"], 'Expected "SOME" to be one of: ALL'),
        (
            {"customerGets": {"value": {"discountAmount": {"amount": "5,00"}}}},
            ["customerGets", "value", "discountAmount", "amount"],
            "invalid decimal '5,00'",
        ),
    ],
)
def test_variables_that_do_not_fit(admin: Admin, discount: Any, path: list[str], explanation: str) -> None:
    [error] = admin.errors(MAKE, discount=discount)
    assert error["message"].startswith(
        "Variable $discount of type DiscountCodeBasicInput! was provided invalid"
    )
    assert error["extensions"]["code"] == "INVALID_VARIABLE"
    assert error["extensions"]["problems"] == [{"path": path, "explanation": explanation}]


def test_who_may_not_ask(admin: Admin) -> None:
    shop = "{ shop { name } }"
    for token in ("wrong", "shpat_"):
        answer = admin.post(shop, token=token)
        assert (answer.status_code, answer.json()) == (401, {"errors": BAD_TOKEN})
    admin.store.frozen = True
    answer = admin.post(shop)
    assert (answer.status_code, answer.json()) == (402, {"errors": "Unavailable Shop"})
    admin.store.frozen = False
    for address in ("/admin/api/graphql.json", "/admin/api/2026-04/orders.json", "/"):
        assert admin.client.get(address).json() == {"errors": "Not Found"}
    assert admin.ask("mutation { appUninstall { app { id } userErrors { message } } }")["appUninstall"]["app"]
    assert admin.post(shop).status_code == 401


def test_a_missing_scope(admin: Admin) -> None:
    reader = admin.store.grant("read_discounts", token="reader")
    found = admin.post('{ codeDiscountNodeByCode(code: "a") { id } }', token=reader).json()
    assert found["data"] == {"codeDiscountNodeByCode": None}
    assert "errors" not in found
    refused = admin.post('mutation { discountCodeDelete(id: "a") { deletedCodeDiscountId } }', token=reader)
    assert refused.status_code == 200
    [error] = refused.json()["errors"]
    assert refused.json()["data"] == {"discountCodeDelete": None}
    assert error["message"].startswith("Access denied for discountCodeDelete field.")
    assert error["extensions"]["code"] == "ACCESS_DENIED"
    assert error["extensions"]["requiredAccess"] == "`write_discounts` access scope."
    assert error["path"] == ["discountCodeDelete"]


def test_calls_are_paid_from_a_bucket_that_fills(admin: Admin) -> None:
    hours = [0.0]
    admin.store.bucket = Bucket(most=25, restored=5, clock=lambda: hours[0])

    def call() -> httpx.Response:
        return admin.post('mutation { discountCodeDelete(id: "a") { deletedCodeDiscountId } }')

    cost = call().json()["extensions"]["cost"]
    assert (cost["requestedQueryCost"], cost["actualQueryCost"]) == (10, 10)
    assert cost["throttleStatus"] == {"maximumAvailable": 25, "currentlyAvailable": 15, "restoreRate": 5}
    assert "errors" not in call().json()
    throttled = call()
    assert throttled.status_code == 200
    [error] = throttled.json()["errors"]
    assert error["extensions"]["code"] == "THROTTLED"
    assert throttled.json()["extensions"]["cost"]["actualQueryCost"] is None
    assert throttled.json()["extensions"]["cost"]["throttleStatus"]["currentlyAvailable"] == 5
    hours[0] = 1
    assert "errors" not in call().json()


def test_reading_is_paid_by_what_was_there_and_bounded(admin: Admin) -> None:
    read = "{ products(first: 100) { nodes { id } } }"
    cost = admin.post(read).json()["extensions"]["cost"]
    assert (cost["requestedQueryCost"], cost["actualQueryCost"]) == (102, 3)
    [error] = admin.errors("{ products(first: 50) { nodes { variants(first: 50) { nodes { id } } } } }")
    assert error["extensions"]["code"] == "MAX_COST_EXCEEDED"
    assert error["extensions"]["cost"] > error["extensions"]["maxCost"]
