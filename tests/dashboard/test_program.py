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
from tests.dashboard.test_access import LIFE, RULE, SETTINGS, TIERS


def live_rate(desks: Desks) -> tuple[int, str]:
    with scope(shop=desks.shop):
        version = live_version(desks.shop)
    return version.number, str(decode(version.document).rules[0].points)


def seen(page: str) -> str:
    return page.split('name="seen"')[1].split('value="')[1].split('"')[0]


def edit(owner: Client, **changed: str) -> None:
    """Send the page of the rule for purchases, with three points for every euro."""
    owner.post("/dashboard/program/rule/purchases/", RULE | changed)


def test_a_saved_draft_is_not_live_before_it_is_published(desks: Desks, owner: Client) -> None:
    edit(owner)
    owner.post(
        "/dashboard/program/settings/", SETTINGS | {"include_shipping": "on", "skus": "A-1\nb-2\n\nA-1"}
    )
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
    edit(owner)
    page = owner.get("/dashboard/program/publish/").content.decode()
    edit(desks.client("manager"), points="9")
    answer = owner.post("/dashboard/program/publish/", {"seen": seen(page)})
    assert "The draft has changed meanwhile" in answer.content.decode()
    assert live_rate(desks) == (2, "1")


def test_publishing_twice_publishes_once(desks: Desks, owner: Client) -> None:
    edit(owner)
    form = {"seen": seen(owner.get("/dashboard/program/publish/").content.decode())}
    owner.post("/dashboard/program/publish/", form)
    answer = owner.post("/dashboard/program/publish/", form, follow=True)
    assert "nothing to publish" in answer.content.decode()
    assert live_rate(desks)[0] == 3


def test_a_change_of_tiers_is_confirmed_on_its_own(desks: Desks, owner: Client) -> None:
    owner.post("/dashboard/program/tiers/", TIERS)
    page = owner.get("/dashboard/program/publish/").content.decode()
    assert "1 member is placed in a tier at once" in page
    form = {"seen": seen(page), "note": "Tiers at last"}
    answer = owner.post("/dashboard/program/publish/", form)
    assert "Please confirm this before you publish." in answer.content.decode()
    assert "Tiers at last" in answer.content.decode()
    assert live_rate(desks)[0] == 2
    owner.post("/dashboard/program/publish/", form | {"understood": "on"})
    assert live_rate(desks)[0] == 3


def test_a_change_of_expiry_says_whose_points_stay_as_they_are(owner: Client) -> None:
    owner.post("/dashboard/program/life/", LIFE)
    page = owner.get("/dashboard/program/publish/").content.decode()
    assert "1 member has 49 beans. Those keep the day on which they expire" in page
    assert "No points are on hold now" in page


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


# 02:30 on that day is shown by no clock in Berlin.
SKIPPED = """{"currency": "EUR", "rules": [], "campaigns": [{"key": "night", "name": "Night", "multiplier": "2",
    "conditions": {"starts": "2026-03-29T02:30", "ends": "2026-03-29T03:00"}}]}"""


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"not json", "is not readable as JSON"),
        (b"\xff\xfe", "is not readable as JSON"),
        (b'{"currency": "USD", "rules": []}', "must be EUR, the currency of the shop"),
        (b'{"currency": "EUR", "rules": [], "surprise": 1}', "unknown field"),
        (b" " * (1024 * 1024 + 1), "The file is larger than 1 MB."),
        (b"", "The submitted file is empty."),
        (b"[" * 100_000, "it is nested too deeply"),
        (b'{"currency": "EUR", "rules": [], "hold_days": 1e400}', "hold_days: must be a whole number"),
        (b'{"currency": "EUR", "rules": [], "rules": []}', "rules: is there twice in one object"),
        (SKIPPED.encode(), "campaigns[0].conditions.starts: the shop&#x27;s clocks skip all of this time"),
    ],
    ids=["text", "bytes", "currency", "field", "size", "empty", "deep", "huge", "twice", "skipped"],
)
def test_a_bad_file_changes_nothing(desks: Desks, owner: Client, content: bytes, said: str) -> None:
    before = draft_document(desks.shop)
    upload = SimpleUploadedFile("program.json", content)
    answer = owner.post("/dashboard/program/import/", {"file": upload})
    assert answer.status_code == 422
    assert said in answer.content.decode()
    assert draft_document(desks.shop) == before
