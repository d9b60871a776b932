"""Points by a file and exports, on the command line."""

import csv
from collections.abc import Callable
from io import StringIO
from pathlib import Path

import pytest
from django_scopes import scope

from loyalty.actions.points import adjust
from loyalty.models import Account, Entry
from loyalty.sheets import exports
from shops.models import Customer, Shop
from tests.conftest import TwoShops
from tests.storefront_api.stories import customer, store
from tests.test_commands import ask, refusal, run

FILE = "email,points,reason\nmia@corner.example,50,=Gift\n"


@pytest.fixture
def mia(shop: Shop) -> Customer:
    return customer(store(shop), "-1", "mia@corner.example")


@pytest.fixture
def written(tmp_path: Path) -> Callable[[str], str]:
    def write(text: str) -> str:
        (tmp_path / "points.csv").write_text(text)
        return str(tmp_path / "points.csv")

    return write


def count(shop: Shop) -> int:
    with scope(shop=shop):
        return int(Entry.objects.count())


def test_check_apply_and_undo(shop: Shop, mia: Customer, written: Callable[[str], str]) -> None:
    words = ["points", "adjust", written(FILE), "--shop", shop.public_id]
    told = ask(*words)
    assert (told["state"], told["good"], told["points_in"], count(shop)) == ("checked", 1, 50, 0)
    assert ask(*words, "--dry-run")["state"] == "checked"
    told = ask(*words, "--apply")
    assert (told["state"], told["done"]["points_in"], count(shop)) == ("done", 50, 1)
    assert "Add --again" in refusal(*words, "--apply")
    assert count(shop) == 1
    undone = ask("points", "undo", str(told["batch"]), "--shop", shop.public_id)
    assert (undone["state"], undone["done"]["undone_points"], count(shop)) == ("undone", -50, 2)
    assert "Only a batch" in refusal("points", "undo", str(told["batch"]), "--shop", shop.public_id)


def test_bad_rows_are_named_and_nothing_is_written(
    shop: Shop, mia: Customer, written: Callable[[str], str]
) -> None:
    words = ["points", "adjust", written(FILE + 'zoe@corner.example,"1,5",x\n'), "--shop", shop.public_id]
    said = refusal(*words, "--apply")
    assert "line 3: points:" in said
    assert "Nothing was written" in said
    assert count(shop) == 0
    assert ask(*words, "--apply", "--skip-bad")["done"]["done"] == 1


def test_a_file_that_cannot_be_read(shop: Shop, written: Callable[[str], str]) -> None:
    assert "cannot be read" in refusal("points", "import", "/no/such/file.csv", "--shop", shop.public_id)
    said = refusal("points", "import", written("email\n"), "--shop", shop.public_id)
    assert "points.csv: The file has a header" in said
    assert "no batch 99" in refusal("points", "undo", "99", "--shop", shop.public_id)


def test_another_apps_file(shop: Shop, mia: Customer, written: Callable[[str], str]) -> None:
    text = "Email,Points Balance,VIP Tier\nmia@corner.example,70,Gold\nnew@corner.example,5,\n"
    told = ask("points", "import", written(text), "--shop", shop.public_id, "--format", "smile", "--apply")
    assert (told["known"], told["unknown"], told["done"]["unclaimed"]) == (1, 1, 1)
    assert told["notices"] == ["VIP Tier: not used; tiers follow from your own program's rules."]


def table(name: str, shop: Shop) -> list[dict[str, str]]:
    return list(csv.DictReader(StringIO(run("export", name, "--shop", shop.public_id), newline="")))


def test_exports_hold_everything_and_no_formula(
    shop: Shop, mia: Customer, written: Callable[[str], str], tmp_path: Path
) -> None:
    with scope(shop=shop):
        Customer.objects.filter(pk=mia.pk).update(first_name="=cmd|' /C calc'!A0", last_name="M\u00fcller")
    ask("points", "adjust", written(FILE), "--shop", shop.public_id, "--apply")
    with scope(shop=shop):
        account = Account.objects.get(customer=mia)
    adjust(account, -20, "@home", "olivia@corner.example")
    (member,) = table("members", shop)
    assert member["external_id"] == "'-1"
    assert member["name"] == "'=cmd|' /C calc'!A0 M\u00fcller"
    assert (member["balance"], member["tier"]) == ("30", "")
    first, second = table("entries", shop)
    assert (first["points"], first["reason"], first["explanation"]) == ("50", "'=Gift", "'=Gift")
    assert (second["points"], second["balance_after"], second["reason"]) == ("-20", "30", "'@home")
    assert first["occurred_at"].endswith("Z")
    (lot,) = table("lots", shop)
    assert (lot["points"], lot["remaining"], lot["expires_at"]) == ("50", "30", "")
    told = ask("export", "lots", str(tmp_path / "lots.csv"), "--shop", shop.public_id)
    assert (told["rows"], (tmp_path / "lots.csv").read_bytes().count(b"\r\n")) == (1, 2)
    assert "name a file" in refusal("export", "lots", "--shop", shop.public_id, "--json")


def test_pages_join_without_gap_or_repetition(
    shop: Shop, mia: Customer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exports, "PAGE", 3)
    linked = mia.connection
    with scope(shop=shop):
        for number in range(7):
            Account.objects.create(shop=shop, customer=customer(linked, f"m{number}"))
    assert [row["external_id"] for row in table("members", shop)] == [f"m{number}" for number in range(7)]


def test_an_export_is_the_shops_alone(shop: Shop, mia: Customer, two_shops: TwoShops) -> None:
    with scope(shop=shop):
        Account.objects.create(shop=shop, customer=mia)
    assert [table(name, two_shops.other) for name in exports.TABLES] == [[], [], []]
