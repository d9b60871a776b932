"""Store credit: accounts of customers, one for each currency, and the credits to them."""

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from demo.shopify_admin.documents import Json
from demo.shopify_admin.schema import iso
from demo.shopify_admin.state import Record

if TYPE_CHECKING:
    from demo.shopify_admin.admin import AdminStore

MOST_BALANCE = Decimal(10_000)
AMOUNT = ["creditInput", "creditAmount", "amount"]
CURRENCY = ["creditInput", "creditAmount", "currencyCode"]


class _No(Exception):
    """A credit that is refused: the path to what is wrong, words, a code."""

    def __init__(self, path: list[str], message: str, code: str) -> None:
        super().__init__(message)
        self.error = {"field": path, "message": message, "code": code}


def fields(store: "AdminStore") -> dict[str, Callable[..., Any]]:
    """The field at the top that credits an account."""

    def credit(info: Any, id: str, creditInput: Json) -> Json:
        try:
            return {"storeCreditAccountTransaction": _credit(store, id, creditInput), "userErrors": []}
        except _No as refused:
            return {"storeCreditAccountTransaction": None, "userErrors": [refused.error]}

    return {"storeCreditAccountCredit": credit}


def accounts_of(store: "AdminStore", owner: Record) -> list[Json]:
    """The accounts of a customer with their transactions, the oldest first."""
    kept = store["accounts"].get(owner["id"])
    return [_account(store, account, owner) for account in kept["accounts"]] if kept else []


def _credit(store: "AdminStore", id: str, wanted: Json) -> Json:
    owner = _owner(store, id)
    amount, currency = wanted["creditAmount"]["amount"], wanted["creditAmount"]["currencyCode"]
    if amount <= 0:
        message = "A positive amount must be used to credit a store credit account"
        raise _No(AMOUNT, message, "NEGATIVE_OR_ZERO_AMOUNT")
    expires: datetime | None = wanted.get("expiresAt")
    if expires is not None and expires <= store.clock():
        raise _No(["creditInput", "expiresAt"], "The expiry date must be in the future", "EXPIRES_AT_IN_PAST")
    fresh = {"id": store.new_id("StoreCreditAccount"), "currency": currency, "balance": "0", "credits": []}
    made: Record = {
        "id": store.new_id("StoreCreditAccountCreditTransaction"),
        "amount": str(amount),
        "expiresAt": iso(expires) if expires else None,
        "createdAt": store.now(),
    }
    found: Json = {}

    def grow(record: Record) -> None:
        account = _chosen(record, id, fresh)
        total = Decimal(account["balance"]) + amount
        if total > MOST_BALANCE:
            message = "The operation would cause the account's credit limit to be exceeded"
            raise _No(AMOUNT, message, "CREDIT_LIMIT_EXCEEDED")
        account["balance"] = str(total)
        account["credits"].append(made["id"])
        found.update(account)

    store["accounts"].add(owner["id"], {"id": owner["id"], "accounts": []})
    store["accounts"].change(owner["id"], grow)
    store["account_owners"].add(found["id"], {"id": found["id"], "owner": owner["id"]})
    # After the account has grown: who reads in between sees a balance whose last credit is not listed yet.
    made |= {"account": found["id"], "after": found["balance"]}
    store["credits"].add(made["id"], made)
    return _transaction(made, _account(store, found, owner))


def _owner(store: "AdminStore", id: str) -> Record:
    """The customer who is named, or whose account is."""
    if "/StoreCreditAccount/" not in id:
        if owner := store["customers"].get(id):
            return owner
        raise _No(["id"], "Owner does not exist", "OWNER_NOT_FOUND")
    kept = store["account_owners"].get(id)
    if kept is None:
        raise _No(["id"], "The store credit account could not be found", "ACCOUNT_NOT_FOUND")
    return store["customers"].get(kept["owner"]) or {"id": kept["owner"]}


def _chosen(record: Record, id: str, fresh: Record) -> Record:
    """The account that is named, or the one in the currency, which is opened where there is none."""
    account: Record
    for account in record["accounts"]:
        if account["id"] == id and account["currency"] != fresh["currency"]:
            message = "The currency provided does not match the currency of the store credit account"
            raise _No(CURRENCY, message, "MISMATCHING_CURRENCY")
    for account in record["accounts"]:
        if account["currency"] == fresh["currency"]:
            return account
    record["accounts"].append(fresh)
    return fresh


def _account(store: "AdminStore", record: Record, owner: Record) -> Json:
    account: Json = {
        "__typename": "StoreCreditAccount",
        "id": record["id"],
        "balance": {"amount": record["balance"], "currencyCode": record["currency"]},
        "owner": {"__typename": "Customer", **owner},
    }
    made = [credit for id in record["credits"] if (credit := store["credits"].get(id))]
    account["transactions"] = [_transaction(credit, account) for credit in made]
    return account


def _transaction(record: Record, account: Json) -> Json:
    currency = account["balance"]["currencyCode"]
    amount = {"amount": record["amount"], "currencyCode": currency}
    return {
        "__typename": "StoreCreditAccountCreditTransaction",
        "id": record["id"],
        "account": account,
        "amount": amount,
        "remainingAmount": amount,
        "balanceAfterTransaction": {"amount": record["after"], "currencyCode": currency},
        "createdAt": record["createdAt"],
        "expiresAt": record["expiresAt"],
        "event": "ADJUSTMENT",
    }
