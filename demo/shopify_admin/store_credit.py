"""Store credit: accounts of customers, one for each currency, and the credits to them."""

from collections.abc import Callable
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from demo.shopify_admin.documents import Json
from demo.shopify_admin.schema import iso
from demo.shopify_admin.state import Record

if TYPE_CHECKING:
    from demo.shopify_admin.admin import AdminStore

MOST_BALANCE = Decimal(10_000)


class _Over(Exception):
    """More than an account may hold."""


def fields(store: "AdminStore") -> dict[str, Callable[..., Any]]:
    """The field at the top that credits an account."""
    return {"storeCreditAccountCredit": lambda info, id, creditInput: _credit(store, id, creditInput)}


def accounts_of(store: "AdminStore", owner: Record) -> list[Json]:
    """The accounts of a customer with their transactions, the oldest first."""
    return [_account(store, record, owner) for record in _of(store, owner["id"])]


def _credit(store: "AdminStore", id: str, wanted: Json) -> Json:
    amount, currency = wanted["creditAmount"]["amount"], wanted["creditAmount"]["currencyCode"]
    account, error = _found(store, id, currency)
    expires = wanted.get("expiresAt")
    if error is None and amount <= 0:
        message = "A positive amount must be used to credit a store credit account"
        error = (["creditInput", "creditAmount", "amount"], message, "NEGATIVE_OR_ZERO_AMOUNT")
    if error is None and expires is not None and expires <= store.clock():
        message = "The expiry date must be in the future"
        error = (["creditInput", "expiresAt"], message, "EXPIRES_AT_IN_PAST")
    if error is None and account is not None:
        try:
            return {"storeCreditAccountTransaction": _add(store, account, amount, expires), "userErrors": []}
        except _Over:
            message = "The operation would cause the account's credit limit to be exceeded"
            error = (["creditInput", "creditAmount", "amount"], message, "CREDIT_LIMIT_EXCEEDED")
    path, message, code = error or (
        ["id"],
        "The store credit account could not be found",
        "ACCOUNT_NOT_FOUND",
    )
    told = {"field": path, "message": message, "code": code}
    return {"storeCreditAccountTransaction": None, "userErrors": [told]}


def _found(
    store: "AdminStore", id: str, currency: str
) -> tuple[Record | None, tuple[list[str], str, str] | None]:
    """The account named, or the customer's in that currency, which is opened where there is none."""
    if "/StoreCreditAccount/" in id:
        account = store["accounts"].by_id(id)
        if account is None:
            return None, (["id"], "The store credit account could not be found", "ACCOUNT_NOT_FOUND")
        if account["currency"] != currency:
            message = "The currency provided does not match the currency of the store credit account"
            return None, (["creditInput", "creditAmount", "currencyCode"], message, "MISMATCHING_CURRENCY")
        return account, None
    if store["customers"].get(id) is None:
        return None, (["id"], "Owner does not exist", "OWNER_NOT_FOUND")
    key = f"{id} {currency}"
    fresh = {"owner": id, "currency": currency, "balance": "0", "id": store.new_id("StoreCreditAccount")}
    store["accounts"].add(key, fresh)
    return store["accounts"].get(key), None


def _add(store: "AdminStore", account: Record, amount: Decimal, expires: Any) -> Json:
    def grow(record: Record) -> None:
        total = Decimal(record["balance"]) + amount
        if total > MOST_BALANCE:
            raise _Over
        record["balance"] = str(total)

    grown = store["accounts"].change(f"{account['owner']} {account['currency']}", grow)
    record = {
        "id": store.new_id("StoreCreditAccountCreditTransaction"),
        "account": account["id"],
        "amount": str(amount),
        "after": (grown or account)["balance"],
        "expiresAt": iso(expires) if expires else None,
        "createdAt": store.now(),
    }
    store["credits"].add(record["id"], record)
    owner = store["customers"].get(account["owner"]) or {"id": account["owner"]}
    return _transaction(record, _account(store, grown or account, owner))


def _account(store: "AdminStore", record: Record, owner: Record) -> Json:
    account: Json = {
        "__typename": "StoreCreditAccount",
        "id": record["id"],
        "balance": {"amount": record["balance"], "currencyCode": record["currency"]},
        "owner": {"__typename": "Customer", **owner},
    }
    made = [credit for credit in store["credits"].all() if credit["account"] == record["id"]]
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


def _of(store: "AdminStore", owner: str) -> list[Record]:
    return [record for record in store["accounts"].all() if record["owner"] == owner]
