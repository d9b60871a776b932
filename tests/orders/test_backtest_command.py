"""`manage.py program backtest`: a table for people, one object with --json, progress on stderr."""

import json
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from loyalty.actions.programs import draft_document
from loyalty.documents import as_dict
from tests.orders.backtests import buy, doubled, drafted
from tests.orders.stories import Open

pytestmark = pytest.mark.django_db


def run(*words: str) -> str:
    out = StringIO()
    call_command("program", "backtest", *words, stdout=out)
    return out.getvalue()


def test_one_object_with_all_figures(opened: Open, capsys: pytest.CaptureFixture[str]) -> None:
    store = opened()
    shop = store.connection.shop
    buy(store, 1, "49.95", 10, customer=7)
    drafted(shop, doubled)
    answer = json.loads(run("--shop", shop.public_id, "--days", "30", "--json"))
    assert answer["points"] == {"now": 49, "draft": 99, "difference": 50, "percent": "102.0"}
    assert answer["cost"]["difference"] == "0.50"
    assert (answer["version"], answer["days"], answer["orders"], answer["members"]) == (1, 30, 1, 1)
    assert [each["external_id"] for each in answer["winners"]] == ["7"]
    assert answer["data"]["orders"] > 0
    assert len(answer["digest"]) == 64
    told = capsys.readouterr()
    assert told.out == ""
    assert "1 of 1 orders" in told.err


def test_a_table_for_people(opened: Open) -> None:
    store = opened()
    shop = store.connection.shop
    buy(store, 1, "49.95", 10, customer=7)
    drafted(shop, doubled)
    lines = run("--shop", shop.public_id).splitlines()
    assert lines[0] == (
        "In the last 90 days this draft would have given 50 points more (+102 %), worth 0.50 €."
    )
    assert "Points" in lines[4]
    assert lines[4].split() == ["Points", "49", "99", "+50"]
    assert "Orders: 1, members: 1" in lines
    assert "Change: Points per 1 €: 1 → 2" in lines


def test_a_file_is_tried_instead_of_the_draft(opened: Open, tmp_path: Path) -> None:
    store = opened()
    shop = store.connection.shop
    buy(store, 1, "10.00", 10)
    document = as_dict(draft_document(shop))
    doubled(document)
    file = tmp_path / "program.json"
    file.write_text(json.dumps(document))
    answer = json.loads(run("--shop", shop.public_id, "--json", str(file)))
    assert answer["points"]["difference"] == 10
    assert draft_document(shop).rules[0].points == 1

    file.write_text(json.dumps(document | {"currency": "USD"}))
    with pytest.raises(CommandError, match="currency: must be EUR, the currency of the shop"):
        run("--shop", shop.public_id, str(file))


def test_no_orders_are_an_empty_result_not_an_error(opened: Open) -> None:
    shop = opened().connection.shop
    answer = json.loads(run("--shop", shop.public_id, "--json"))
    assert (answer["orders"], answer["winners"], answer["points"]["percent"]) == (0, [], None)
    assert run("--shop", shop.public_id).startswith(
        "In the last 90 days there was no order of a member to try this draft on."
    )


@pytest.mark.parametrize("days", ["0", "6", "731", "-5"])
def test_days_out_of_range_are_named(opened: Open, days: str) -> None:
    with pytest.raises(CommandError, match="days: must be from 7 to 730 days"):
        run("--shop", opened().connection.shop.public_id, f"--days={days}")
