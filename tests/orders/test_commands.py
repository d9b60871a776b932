"""History from a file, the inbox and the ledger on the command line."""

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from platforms.connect import connect_store
from tests.bodies import encode, line, shopify_order
from tests.orders.post import Inbox


def run(*words: str) -> dict[str, Any]:
    """Run a command with --json; its one object."""
    out = StringIO()
    call_command(*words, "--json", stdout=out)
    answer: dict[str, Any] = json.loads(out.getvalue())
    return answer


def orders(path: Path, *prices: str) -> Path:
    """A file of one order a line, with a byte order mark, Windows line ends and an empty line."""
    bodies = [
        encode(shopify_order(5001 + n, lines=[line(price, id=n + 1)])) for n, price in enumerate(prices)
    ]
    path.write_bytes(b"\xef\xbb\xbf" + b"\r\n\r\n".join(bodies) + b"\r\n")
    return path


def test_past_orders_come_in_once(inbox: Inbox, tmp_path: Path) -> None:
    shop = inbox.connection.shop.public_id
    file = str(orders(tmp_path / "orders.jsonl", "10.00", "20.50"))
    assert run("import_orders", "--shop", shop, file) == {"lines": 2, "new": 2, "applied": 2}
    assert run("import_orders", "--shop", shop, file) == {"lines": 2, "new": 0, "applied": 0}
    assert inbox.balance() == 30


def test_a_line_that_cannot_be_read_is_kept_with_its_reason(inbox: Inbox, tmp_path: Path) -> None:
    file = orders(tmp_path / "orders.jsonl", "10.00")
    file.write_bytes(b'{"id": 1, "currency":\n' + file.read_bytes().removeprefix(b"\xef\xbb\xbf"))
    shop = inbox.connection.shop.public_id
    assert run("import_orders", "--shop", shop, str(file)) == {"lines": 2, "new": 2, "applied": 2}
    dead = run("deliveries", "list", "--shop", shop, "--state", "dead")["deliveries"]
    assert [row["error"].startswith("body: ") for row in dead] == [True]
    assert inbox.balance() == 10


def test_an_import_names_its_store_where_there_are_several(inbox: Inbox, tmp_path: Path) -> None:
    shop = inbox.connection.shop
    other = connect_store(shop, "shopify", "second.myshopify.com")
    file = str(orders(tmp_path / "orders.jsonl", "10.00"))
    with pytest.raises(CommandError, match=other.public_id):
        call_command("import_orders", "--shop", shop.public_id, file)
    chosen = ("--connection", inbox.connection.public_id)
    assert run("import_orders", "--shop", shop.public_id, file, *chosen)["applied"] == 1


def test_an_import_needs_its_file(inbox: Inbox) -> None:
    with pytest.raises(CommandError, match="nowhere"):
        call_command("import_orders", "--shop", inbox.connection.shop.public_id, "/nowhere.jsonl")


def test_replaying_dead_deliveries(inbox: Inbox) -> None:
    shop = inbox.connection.shop.public_id
    inbox.post("orders/paid", b"not json")
    inbox.apply()
    assert run("deliveries", "replay", "--shop", shop) == {"replayed": 1}
    assert run("deliveries", "drain", "--shop", shop) == {"applied": 1}
    assert inbox.last().state == "dead"
    with pytest.raises(CommandError, match="--shop"):
        call_command("deliveries", "replay")


def test_the_ledger_is_proved_and_set_right(inbox: Inbox) -> None:
    shop = inbox.connection.shop.public_id
    inbox.apply(("orders/paid", shopify_order(lines=[line("30.00", id=1)])))
    assert run("ledger", "verify", "--shop", shop)["differences"] == []
    with connection.cursor() as cursor:
        cursor.execute("UPDATE loyalty_account SET balance = 31")
    shown = run("ledger", "rebuild", "--dry-run", "--shop", shop)
    assert any("the balance is 31, should be 30" in difference for difference in shown["differences"])
    assert inbox.balance() == 31
    with pytest.raises(SystemExit):
        call_command("ledger", "verify", "--shop", shop, stdout=StringIO())
    assert run("ledger", "rebuild", "--shop", shop)["differences"] == []
    assert inbox.balance() == 30
