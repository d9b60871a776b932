"""Editing the program, publishing it, going back, and files."""

import json
from collections.abc import Callable

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django_scopes import scope

from loyalty.actions.programs import draft_document
from loyalty.documents import decode
from loyalty.queries import live_version
from tests.dashboard.conftest import Desks
from tests.dashboard.test_access import PROGRAM


def live_rate(desks: Desks) -> tuple[int, str]:
    with scope(shop=desks.shop):
        version = live_version(desks.shop)
    return version.number, str(decode(version.document).rules[0].points)


def seen(page: str) -> str:
    return page.split('name="seen"')[1].split('value="')[1].split('"')[0]


def test_a_saved_draft_is_not_live_before_it_is_published(desks: Desks, owner: Client) -> None:
    owner.post("/dashboard/program/", PROGRAM | {"include_shipping": "on", "skus": "A-1\nb-2\n\nA-1"})
    draft = draft_document(desks.shop)
    assert (str(draft.rules[0].points), draft.basis.include_shipping) == ("3", True)
    assert draft.exclusions.skus == ("A-1", "b-2")
    assert live_rate(desks) == (2, "1")

    page = owner.get("/dashboard/program/publish/").content.decode()
    assert "Points per 1 €: 1 → 3" in page
    assert "Include shipping: no → yes" in page
    answer = owner.post("/dashboard/program/publish/", {"seen": seen(page), "note": "Triple"}, follow=True)
    assert "Version 3 is live." in answer.content.decode()
    assert "Triple" in answer.content.decode()
    assert live_rate(desks) == (3, "3")
    with scope(shop=desks.shop):
        assert live_version(desks.shop).published_by == "olivia@corner.example"


def test_a_draft_that_changed_meanwhile_is_shown_again(desks: Desks, owner: Client) -> None:
    owner.post("/dashboard/program/", PROGRAM)
    page = owner.get("/dashboard/program/publish/").content.decode()
    desks.client("manager").post("/dashboard/program/", PROGRAM | {"points": "9"})
    answer = owner.post("/dashboard/program/publish/", {"seen": seen(page)})
    assert "The draft has changed meanwhile" in answer.content.decode()
    assert live_rate(desks) == (2, "1")


def test_publishing_twice_publishes_once(desks: Desks, owner: Client) -> None:
    owner.post("/dashboard/program/", PROGRAM)
    form = {"seen": seen(owner.get("/dashboard/program/publish/").content.decode())}
    owner.post("/dashboard/program/publish/", form)
    answer = owner.post("/dashboard/program/publish/", form, follow=True)
    assert "nothing to publish" in answer.content.decode()
    assert live_rate(desks)[0] == 3


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("points", "0", "must be more than 0"),
        ("points", "-1", "must be more than 0"),
        ("per", "abc", "Enter a number."),
        ("per", "1.00001", "no more than 4 decimal places"),
        ("points_name", "", "This field is required."),
        ("rounding", "sideways", "not one of the available choices"),
        ("tags", "x" * 300, "must be at most 255 characters"),
    ],
)
def test_a_mistake_is_shown_beside_its_field(
    desks: Desks, owner: Client, field: str, value: str, said: str
) -> None:
    before = draft_document(desks.shop)
    answer = owner.post("/dashboard/program/", PROGRAM | {field: value})
    assert answer.status_code == 422
    assert said in str(answer.context["form"].errors[field])
    assert draft_document(desks.shop) == before


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"points": "1"}, "An order of 49.95 € would earn 49 beans."),
        ({"points": "1", "rounding": "ceil"}, "An order of 49.95 € would earn 50 beans."),
        ({"points": "2", "per": "10", "amount": "105"}, "An order of 105.00 € would earn 21 beans."),
        ({"points": "1", "amount": "19,99"}, "An order of 19.99 € would earn 19 beans."),
        (
            {"points": "1", "include_shipping": "on"},
            "An order of 49.95 € + 4.90 € shipping would earn 54 beans.",
        ),
        ({"points": "", "amount": "5"}, "Fill in the rule to see an example."),
        ({"points": "0"}, "Fill in the rule to see an example."),
        ({"points": "1", "amount": "NaN"}, "An order of 49.95 € would earn 49 beans."),
        ({"points": "1", "amount": "1e400"}, "An order of 49.95 € would earn 49 beans."),
    ],
)
def test_the_example_is_worked_by_the_engine(owner: Client, changed: dict[str, str], said: str) -> None:
    answer = owner.get("/dashboard/program/example/", PROGRAM | changed)
    assert answer.json()["sentence"] == said


def test_going_back_publishes_the_old_version_anew(desks: Desks, owner: Client) -> None:
    url = "/dashboard/program/versions/1/roll-back/"
    assert "Name of the points: beans → points" in owner.get(url).content.decode()
    answer = owner.post(url, follow=True)
    assert "Version 3 is live. It says what version 1 said." in answer.content.decode()
    assert draft_document(desks.shop).points_name == "points"


def test_versions_say_who_and_what(read: Callable[[str], str]) -> None:
    page = read("versions")
    assert "olivia@corner.example" in page
    assert "We roast coffee" in page
    assert "Name of the points: points → beans" in page


def test_a_program_goes_out_and_in_as_a_file(desks: Desks, owner: Client) -> None:
    answer = owner.get("/dashboard/program/versions/1/export/")
    assert answer["Content-Disposition"] == 'attachment; filename="program-version-1.json"'
    assert json.loads(answer.content)["points_name"] == "points"
    upload = SimpleUploadedFile("program.json", answer.content)
    page = owner.post("/dashboard/program/import/", {"file": upload}, follow=True).content.decode()
    assert "Name of the points: beans → points" in page
    assert draft_document(desks.shop).points_name == "points"
    assert live_rate(desks)[0] == 2


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"not json", "is not readable as JSON"),
        (b"\xff\xfe", "is not readable as JSON"),
        (b'{"currency": "USD", "rules": []}', "must be EUR, the currency of the shop"),
        (b'{"currency": "EUR", "rules": [], "surprise": 1}', "unknown field"),
        (b" " * (1024 * 1024 + 1), "The file is larger than 1 MB."),
    ],
    ids=["text", "bytes", "currency", "field", "size"],
)
def test_a_bad_file_changes_nothing(desks: Desks, owner: Client, content: bytes, said: str) -> None:
    before = draft_document(desks.shop)
    upload = SimpleUploadedFile("program.json", content)
    answer = owner.post("/dashboard/program/import/", {"file": upload})
    assert answer.status_code == 422
    assert said in answer.content.decode()
    assert draft_document(desks.shop) == before
