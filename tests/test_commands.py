"""The commands: what they print, what they refuse, and that the documented ones are understood."""

import json
import re
import shlex
from io import StringIO
from pathlib import Path
from typing import Any, get_args

import msgspec
import pytest
from django.core.management import CommandError, call_command, get_commands, load_command_class
from django.test import Client
from django_scopes import scope
from pytest_django import Settings

from loyalty.actions.programs import draft_document, open_shop
from loyalty.documents import RULE_KINDS, ProgramDocument, decode, default_document
from loyalty.queries import live_version
from shops.models import ApiKey, Connection, Shop, Staff, User

DOCS = Path(__file__).resolve().parent.parent / "docs"


def run(*words: str) -> str:
    """What a command prints on stdout."""
    out = StringIO()
    call_command(*words, stdout=out)
    return out.getvalue()


def ask(*words: str) -> dict[str, Any]:
    """The one object that a command prints with --json."""
    answer = json.loads(run(*words, "--json"))
    assert isinstance(answer, dict)
    return answer


def refusal(*words: str) -> str:
    """The sentence of a command that fails; nothing was printed before it."""
    out = StringIO()
    with pytest.raises(CommandError) as refused:
        call_command(*words, stdout=out)
    assert (out.getvalue(), refused.value.returncode) == ("", 1)
    return str(refused.value)


def test_from_nothing_to_a_store_that_can_send(db: None, client: Client) -> None:
    opened = ask("create_shop", "--name", "Café Ö", "--currency", "EUR", "--timezone", "Europe/Berlin")
    shop = Shop.objects.get(public_id=opened["shop"])
    assert opened == {
        "shop": shop.public_id,
        "name": "Café Ö",
        "currency": "EUR",
        "timezone": "Europe/Berlin",
        "program_version": 1,
    }
    store = ["--shop", shop.public_id, "--platform", "shopify", "--domain", "Oe.myshopify.com"]
    linked = ask("connect_store", *store, "--secret", "hush", "--storefront-domain", "oe.example")
    with scope(shop=shop):
        connection = Connection.objects.get(public_id=linked["connection"])
    assert (connection.domain, connection.secret) == ("oe.myshopify.com", "hush")
    assert linked["webhook_secret"] == "hush"
    assert linked["webhook_url"].endswith(f"/webhooks/{connection.public_id}/")
    assert linked["storefront_secret"] == connection.storefront_secret != ""
    assert linked["storefront_domains"] == ["oe.example"]

    key = ask("create_api_key", "--shop", shop.public_id, "--name", "Till")["api_key"]
    answer = client.get("/api/v1/members/", headers={"Authorization": f"Bearer {key}"})
    assert (answer.status_code, answer.json()["count"]) == (200, 0)


def test_an_api_key_is_not_kept_in_the_open(shop: Shop) -> None:
    key = ask("create_api_key", "--shop", shop.public_id)["api_key"]
    with scope(shop=shop):
        kept = ApiKey.objects.get()
    assert kept.prefix == key[: len(kept.prefix)]
    assert len(kept.prefix) < len(key) / 2
    assert key.encode() not in bytes(kept.digest)


def test_a_new_person_gets_a_password_that_works(
    shop: Shop, settings: Settings, slow_hashers: list[str]
) -> None:
    settings.PASSWORD_HASHERS = slow_hashers
    made = ask("create_staff", "--shop", shop.public_id, "--email", " Mia@Example.com", "--role", "owner")
    assert made["email"] == "mia@example.com"
    mia = User.objects.get(email="mia@example.com")
    assert mia.password.startswith("pbkdf2_sha256$")
    assert mia.check_password(made["password"])
    assert not mia.is_superuser

    other = open_shop("Elsewhere", "USD", "UTC")
    again = ask("create_staff", "--shop", other.public_id, "--email", "mia@example.com", "--role", "viewer")
    assert again["password"] is None
    assert User.objects.get(pk=mia.pk).password == mia.password
    with scope(shop=[shop, other]):
        assert set(Staff.objects.values_list("shop_id", "role")) == {(shop.pk, "owner"), (other.pk, "viewer")}


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (
            "create_shop --name Tea --currency QQQ --timezone Mars",
            "currency: “QQQ” is not an ISO 4217 currency",
        ),
        ("create_shop --name Tea --currency QQQ --timezone Mars", "timezone: “Mars” is not a time zone"),
        ("connect_store --shop SHOP --platform myspace --domain a.example", "platform: “myspace” is not"),
        ("connect_store --shop SHOP --platform shopify --domain a_b", "domain: “a_b” is not a host name"),
        ("create_staff --shop SHOP --email mia --role owner", "email: “mia” is not an e-mail address."),
        ("create_staff --shop SHOP --email a@b.example --role king", "role: “king” is not a role"),
        (
            "create_staff --shop SHOP --email a@b.example --role owner --password tea",
            "password: This password",
        ),
        ("create_api_key --shop shop_nobody", "There is no shop with the public id “shop_nobody”."),
        ("program publish --shop SHOP", "The draft is the same as the live version."),
        ("program rollback --shop SHOP 7", "There is no version 7."),
        ("program import --shop SHOP /nowhere/p.json", "/nowhere/p.json cannot be read: No such file"),
        ("program export --shop SHOP /nowhere/p.json", "/nowhere/p.json cannot be written: No such file"),
        ("program backtest --shop SHOP --days 0", "from 7 to 730"),
        ("program backtest --shop SHOP --days -1", "from 7 to 730"),
        ("program backtest --shop SHOP --days 100000", "from 7 to 730"),
        ("program backtest --shop shop_nobody", "There is no shop with the public id “shop_nobody”."),
        ("program backtest --shop SHOP /nowhere/p.json", "/nowhere/p.json cannot be read: No such file"),
        ("program backtest --shop SHOP /dev/null", "document: is not readable as JSON (line 1)"),
        ("program diff --shop SHOP /", "/ cannot be read: Is a directory"),
        ("points adjust --shop SHOP /dev/null", "/dev/null: The file is empty."),
        ("points undo --shop SHOP 7", "The shop has no batch 7."),
        ("points undo --shop SHOP 99999999999999999999", "The shop has no batch 99999999999999999999."),
        ("export members --shop SHOP /nowhere/m.csv", "/nowhere/m.csv cannot be written: No such file"),
        ("create_api_key --shop SHOP --name \udcff", "name: this is not UTF-8 text."),
        ("create_api_key --shop \udcff", "shop: this is not UTF-8 text."),
        ("ledger verify --shop \udcff", "shop: this is not UTF-8 text."),
    ],
)
@pytest.mark.parametrize("json_too", [[], ["--json"]])
def test_what_is_wrong_is_said_in_a_sentence(
    shop: Shop, words: str, sentence: str, json_too: list[str]
) -> None:
    assert sentence in refusal(*words.replace("SHOP", shop.public_id).split(), *json_too)
    assert not User.objects.filter(email="a@b.example").exists()


def test_a_person_is_staff_of_a_shop_once(shop: Shop) -> None:
    words = ["create_staff", "--shop", shop.public_id, "--email", "mia@example.com", "--role"]
    run(*words, "viewer")
    assert "mia@example.com works in this shop already, as Viewer." in refusal(*words, "owner")
    with scope(shop=shop):
        assert Staff.objects.get().role == "viewer"


def test_a_program_travels_as_a_file(shop: Shop, tmp_path: Path) -> None:
    file = tmp_path / "program.json"
    at = ["--shop", shop.public_id]
    assert ask("program", "export", *at, str(file)) == {"file": str(file), "version": 1}
    assert (
        json.loads(file.read_text())
        == json.loads(run("program", "export", *at))
        == ask("program", "export", *at)
    )

    program = json.loads(file.read_text())
    program["rules"][0]["points"] = "2"
    file.write_text(json.dumps(program))
    told = run("program", "diff", *at, str(file))
    assert told.strip() == "Points per 1 €: 1 → 2"
    assert run("program", "diff", *at).strip() == "No difference to the live version."

    assert ask("program", "import", *at, str(file))["changes"] == [told.strip()]
    assert run("program", "diff", *at) == told
    assert json.loads(run("program", "export", *at, "--draft"))["rules"][0]["points"] == "2"
    assert json.loads(run("program", "export", *at))["rules"][0]["points"] == "1"

    assert ask("program", "publish", *at, "--note", "Double") == {
        "shop": shop.public_id,
        "version": 2,
        "changes": ["Points per 1 €: 1 → 2"],
    }
    assert live_version(shop).note == "Double"
    assert json.loads(run("program", "export", *at))["rules"][0]["points"] == "2"
    assert "changes: Points per 1 €: 2 → 1" in run("program", "rollback", *at, "1")
    assert live_version(shop).number == 3
    assert draft_document(shop) == default_document("EUR")


def test_a_bad_file_is_refused_as_a_whole_with_every_mistake(shop: Shop, tmp_path: Path) -> None:
    program = json.loads(run("program", "export", "--shop", shop.public_id))
    program["rules"][0] |= {"per": "0", "points": -1}
    program |= {"rounding": "sideways", "colour": "red", "points_name": "Beans"}
    file = tmp_path / "program.json"
    file.write_text(json.dumps(program))

    said = refusal("program", "import", "--shop", shop.public_id, str(file))
    for field in ("rules[0].per: ", "rules[0].points: ", "rounding: ", "colour: unknown field"):
        assert f"\n{field}" in said
    assert draft_document(shop) == default_document("EUR")


@pytest.mark.parametrize(
    "content", [b"", b"[]", b"\xff", b"[" * 100_000, b'{"currency": "USD", "rules": []}']
)
def test_an_unreadable_or_foreign_file_is_refused(shop: Shop, tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "program.json"
    file.write_bytes(content)
    assert "The program cannot be used as it is:" in refusal(
        "program", "import", "--shop", shop.public_id, str(file)
    )
    assert draft_document(shop) == default_document("EUR")


def fields_of(kind: type[msgspec.Struct]) -> set[str]:
    """The names of the fields of a struct and of all that it holds."""
    names = set(kind.__struct_fields__)
    for field in msgspec.structs.fields(kind):
        inner = [field.type, *get_args(field.type)]
        for found in [*inner, *(part for more in inner for part in get_args(more))]:
            if isinstance(found, type) and issubclass(found, msgspec.Struct):
                names |= fields_of(found)
    return names


def test_the_documented_program_is_a_program(shop: Shop, tmp_path: Path) -> None:
    text = (DOCS / "program.md").read_text()
    blocks = re.findall(r"```json\n(.+?)```", text, re.DOTALL)
    assert len(blocks) == 2
    for block in blocks:
        file = tmp_path / "program.json"
        file.write_text(block)
        rules = len(json.loads(block)["rules"])
        assert ask("program", "import", "--shop", shop.public_id, str(file))["rules"] == rules
        assert draft_document(shop) == decode(block)


def test_every_field_and_kind_of_a_program_is_documented() -> None:
    text = (DOCS / "program.md").read_text().partition("## Fields")[2]
    told = set(re.findall(r"`(?:[a-z_]+\.)*([a-z_]+)`", text))
    assert fields_of(ProgramDocument) - told == set()
    assert set(RULE_KINDS) - told == set()


def documented_commands() -> list[str]:
    texts = [(DOCS / name).read_text() for name in ("commands.md", "imports.md", "program.md")]
    return [line for text in texts for line in re.findall(r"^python manage\.py (.+)$", text, re.MULTILINE)]


@pytest.mark.parametrize("line", documented_commands())
def test_every_documented_command_line_is_understood(line: str) -> None:
    name, *words = shlex.split(line)
    command = load_command_class(get_commands()[name], name)
    options = command.create_parser("manage.py", name).parse_args(words)
    assert options.shop == "SHOP" if "SHOP" in words else "--shop" not in words
