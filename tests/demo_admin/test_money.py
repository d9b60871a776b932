"""Gift cards and store credit."""

from typing import Any

import pytest

from tests.demo_admin.conftest import CUSTOMER, Admin

CARD = """
mutation Card($card: GiftCardCreateInput!) {
  giftCardCreate(input: $card) {
    giftCard { id lastCharacters maskedCode note enabled balance { amount currencyCode } customer { id } }
    giftCardCode
    userErrors { field message code }
  }
}
"""
FIND = "query($query: String!) { giftCards(first: 5, query: $query) { nodes { id note lastCharacters } } }"
END = """
mutation($id: ID!) { giftCardDeactivate(id: $id) { giftCard { id enabled deactivatedAt } userErrors { code } } }
"""
CREDIT = """
mutation Credit($id: ID!, $credit: StoreCreditAccountCreditInput!) {
  storeCreditAccountCredit(id: $id, creditInput: $credit) {
    storeCreditAccountTransaction {
      id amount { amount } balanceAfterTransaction { amount currencyCode } account { id }
    }
    userErrors { field message code }
  }
}
"""
ACCOUNTS = """
query($id: ID!) {
  customer(id: $id) {
    storeCreditAccounts(first: 5) {
      nodes {
        id
        balance { amount currencyCode }
        transactions(first: 5, sortKey: CREATED_AT, reverse: true) { nodes { amount { amount } createdAt } }
      }
    }
  }
}
"""


def card(**changes: Any) -> dict[str, Any]:
    return {"initialValue": "25.00", "code": "REGULAR0001", "note": "redemption 7"} | changes


def credit(amount: str, currency: str = "EUR", **more: Any) -> dict[str, Any]:
    return {"creditAmount": {"amount": amount, "currencyCode": currency}} | more


def test_a_gift_card_is_made_found_and_deactivated(admin: Admin) -> None:
    made = admin.ask(CARD, card=card(customerId=CUSTOMER))["giftCardCreate"]
    assert made["userErrors"] == []
    assert made["giftCardCode"] == "REGULAR0001"
    found = made["giftCard"]
    assert (found["lastCharacters"], found["note"], found["enabled"]) == ("0001", "redemption 7", True)
    assert found["balance"] == {"amount": "25.00", "currencyCode": "EUR"}
    assert found["customer"] == {"id": CUSTOMER}
    other = admin.ask(CARD, card=card(code="ANOTHER90001", note=None))["giftCardCreate"]["giftCard"]
    whose = {
        "last_characters:0001": [found["id"], other["id"]],
        "regular0001": [found["id"]],
        "nothing00": [],
    }
    for query, ids in whose.items():
        nodes = admin.ask(FIND, query=query)["giftCards"]["nodes"]
        assert [node["id"] for node in nodes] == ids, query
    ended = admin.ask(END, id=found["id"])["giftCardDeactivate"]
    assert (ended["giftCard"]["enabled"], ended["userErrors"]) == (False, [])
    assert admin.ask(END, id="gid://shopify/GiftCard/1")["giftCardDeactivate"]["userErrors"] == [
        {"code": "GIFT_CARD_NOT_FOUND"}
    ]
    made_up = admin.ask(CARD, card={"initialValue": "1"})["giftCardCreate"]["giftCardCode"]
    assert (len(made_up), made_up.isalnum()) == (16, True)


@pytest.mark.parametrize(
    ("changes", "field", "code"),
    [
        ({"code": "regular0001"}, "code", "TAKEN"),
        ({"code": "SHORT12"}, "code", "TOO_SHORT"),
        ({"code": "LONG" * 5 + "X"}, "code", "TOO_LONG"),
        ({"code": "NOT-ALNUM-1"}, "code", "INVALID"),
        ({"initialValue": "0"}, "initialValue", "GREATER_THAN"),
        ({"initialValue": "3000.01"}, "initialValue", "GIFT_CARD_LIMIT_EXCEEDED"),
        ({"code": "FRESH0001", "customerId": "gid://shopify/Customer/9"}, "customerId", "CUSTOMER_NOT_FOUND"),
    ],
)
def test_gift_cards_that_are_refused(admin: Admin, changes: Any, field: str, code: str) -> None:
    admin.ask(CARD, card=card())
    made = admin.ask(CARD, card=card(**changes))["giftCardCreate"]
    assert (made["giftCard"], made["giftCardCode"]) == (None, None)
    [error] = made["userErrors"]
    assert (error["field"], error["code"]) == (["input", field], code)
    assert len(admin.store["gift_cards"].all()) == 1


def test_store_credit_grows_and_is_read_back(admin: Admin) -> None:
    first = admin.ask(CREDIT, id=CUSTOMER, credit=credit("5.00"))["storeCreditAccountCredit"]
    assert first["userErrors"] == []
    account = first["storeCreditAccountTransaction"]["account"]["id"]
    again = admin.ask(CREDIT, id=account, credit=credit("2.50"))["storeCreditAccountCredit"]
    after = again["storeCreditAccountTransaction"]["balanceAfterTransaction"]
    assert after == {"amount": "7.50", "currencyCode": "EUR"}
    dollars = admin.ask(CREDIT, id=CUSTOMER, credit=credit("1.00", "USD"))["storeCreditAccountCredit"]
    other = dollars["storeCreditAccountTransaction"]["account"]["id"]
    for id, currency in ((account, "USD"), (other, "EUR")):
        mixed = admin.ask(CREDIT, id=id, credit=credit("1.00", currency))["storeCreditAccountCredit"]
        assert [error["code"] for error in mixed["userErrors"]] == ["MISMATCHING_CURRENCY"]
    nodes = admin.ask(ACCOUNTS, id=CUSTOMER)["customer"]["storeCreditAccounts"]["nodes"]
    assert [node["balance"] for node in nodes] == [
        {"amount": "7.50", "currencyCode": "EUR"},
        {"amount": "1.00", "currencyCode": "USD"},
    ]
    assert nodes[0]["id"] == account
    amounts = [made["amount"]["amount"] for made in nodes[0]["transactions"]["nodes"]]
    assert amounts == ["2.50", "5.00"]


def test_store_credit_needs_its_own_scopes(admin: Admin) -> None:
    reader = admin.store.grant("read_customers", token="reader")
    refused = admin.post(ACCOUNTS, {"id": CUSTOMER}, token=reader).json()
    [error] = refused["errors"]
    assert error["message"].startswith("Access denied for storeCreditAccounts field.")
    assert (error["extensions"]["code"], refused["data"]) == ("ACCESS_DENIED", {"customer": None})


@pytest.mark.parametrize(
    ("owner", "wanted", "field", "code"),
    [
        ("gid://shopify/Customer/9", credit("1"), ["id"], "OWNER_NOT_FOUND"),
        ("gid://shopify/StoreCreditAccount/9", credit("1"), ["id"], "ACCOUNT_NOT_FOUND"),
        (CUSTOMER, credit("0"), ["creditInput", "creditAmount", "amount"], "NEGATIVE_OR_ZERO_AMOUNT"),
        (CUSTOMER, credit("10000.01"), ["creditInput", "creditAmount", "amount"], "CREDIT_LIMIT_EXCEEDED"),
        (
            CUSTOMER,
            credit("1", expiresAt="2020-01-01T00:00:00Z"),
            ["creditInput", "expiresAt"],
            "EXPIRES_AT_IN_PAST",
        ),
    ],
)
def test_credits_that_are_refused(admin: Admin, owner: str, wanted: Any, field: list[str], code: str) -> None:
    told = admin.ask(CREDIT, id=owner, credit=wanted)["storeCreditAccountCredit"]
    assert told["storeCreditAccountTransaction"] is None
    [error] = told["userErrors"]
    assert (error["field"], error["code"]) == (field, code)
    assert admin.store["credits"].all() == []
    assert [kept["accounts"] for kept in admin.store["accounts"].all()] in ([], [[]])
