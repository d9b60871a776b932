"""What a store remembers can live elsewhere: here as text in a file, for two stores at once."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path

from demo.shopify_admin.admin import AdminStore
from demo.shopify_admin.state import Change, Record
from tests.demo_admin.conftest import CUSTOMER, SCHEMA
from tests.demo_admin.test_discounts import BASIC, BY_CODE, basic
from tests.demo_admin.test_money import CARD, CREDIT, card, credit


class InFile:
    """Records of one kind in a SQLite file."""

    def __init__(self, path: Path, kind: str) -> None:
        self.path, self.kind = path, kind
        self._run("CREATE TABLE IF NOT EXISTS records (kind, key, id, told, PRIMARY KEY (kind, key))")

    def get(self, key: str) -> Record | None:
        return self._one("SELECT told FROM records WHERE kind = ? AND key = ?", self.kind, key)

    def by_id(self, id: str) -> Record | None:
        return self._one("SELECT told FROM records WHERE kind = ? AND id = ?", self.kind, id)

    def add(self, key: str, record: Record) -> bool:
        values = (self.kind, key, record["id"], json.dumps(record))
        return self._run("INSERT OR IGNORE INTO records VALUES (?, ?, ?, ?)", *values)[0] == 1

    def change(self, key: str, change: Change) -> Record | None:
        record = self.get(key)
        if record is not None:
            change(record)
            told = json.dumps(record)
            self._run("UPDATE records SET told = ? WHERE kind = ? AND key = ?", told, self.kind, key)
        return record

    def remove(self, key: str) -> Record | None:
        record = self.get(key)
        self._run("DELETE FROM records WHERE kind = ? AND key = ?", self.kind, key)
        return record

    def all(self) -> list[Record]:
        rows = self._run("SELECT told FROM records WHERE kind = ? ORDER BY rowid", self.kind)[1]
        return [json.loads(told) for (told,) in rows]

    def _one(self, statement: str, *values: str) -> Record | None:
        rows = self._run(statement, *values)[1]
        return json.loads(rows[0][0]) if rows else None

    def _run(self, statement: str, *values: str) -> tuple[int, list[tuple[str]]]:
        with closing(sqlite3.connect(self.path)) as file, file:
            cursor = file.execute(statement, values)
            return cursor.rowcount, cursor.fetchall()


def test_another_process_sees_the_same_store(tmp_path: Path) -> None:
    def opened() -> AdminStore:
        return AdminStore(records=lambda kind: InFile(tmp_path / "store", kind), schema_path=SCHEMA)

    first, second = opened(), opened()
    token = first.grant(*first.app.scopes)
    first["customers"].add(CUSTOMER, {"id": CUSTOMER, "__typename": "Customer", "firstName": "Ada"})
    made = first.execute(token, BASIC, {"discount": basic(endsAt="2099-01-01T00:00:00Z")}).body["data"][
        "made"
    ]
    assert made["userErrors"] == []
    found = second.execute(token, BY_CODE, {"code": "FIVE-OFF"}).body["data"]["found"]
    assert found == made["codeDiscountNode"]
    taken = second.execute(token, BASIC, {"discount": basic()}).body["data"]["made"]["userErrors"]
    assert [error["code"] for error in taken] == ["TAKEN"]
    assert (second.mark_used("five-off"), first.mark_used("five-off")) == (True, False)
    for amount in ("5", "2.50"):
        told = first.execute(token, CREDIT, {"id": CUSTOMER, "credit": credit(amount)}).body["data"]
    after = told["storeCreditAccountCredit"]["storeCreditAccountTransaction"]["balanceAfterTransaction"]
    assert after["amount"] == "7.50"
    cards = [
        one.execute(token, CARD, {"card": card()}).body["data"]["giftCardCreate"] for one in (first, second)
    ]
    assert [len(answer["userErrors"]) for answer in cards] == [0, 1]
    second.uninstall()
    assert first.scopes_of(token) is None
    assert first.use("five-off") is not None
