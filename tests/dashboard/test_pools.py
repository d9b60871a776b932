"""Uploading codes: a dry run first, every bad line named, all or nothing."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from rewards.actions.pools import codes_left
from rewards.actions.redeem import redeem
from tests.dashboard.conftest import Desks


def test_a_check_adds_nothing_and_the_confirmation_adds_what_was_good(owner: Client, desks: Desks) -> None:
    lines = "code,note\nNEW-1,a\nnew-1,b\nVOUCHER-1,c\n=SUM(A1),d\nA\u200bB,e\nNEW-2,f\n"
    upload = SimpleUploadedFile("codes.csv", lines.encode())
    checked = owner.post(desks.url("pool"), {"file": upload})
    assert checked.status_code == 422
    shown = checked.content.decode()
    for line, said in [
        (3, "is in line 2 already"),
        (4, "is known already"),
        (5, "starts like a formula"),
        (6, "a character that cannot be seen"),
    ]:
        assert f"Line {line}" in shown
        assert said in shown.lower() or said in shown
    assert codes_left(desks.pooled) == 1
    answer = owner.post(desks.url("pool"), {"add": "1", "good": checked.context["good"]}, follow=True)
    assert "2 codes were added." in answer.content.decode()
    assert codes_left(desks.pooled) == 3
    # Sent twice, by the browser's way back: nothing is added, and the page says why.
    again = owner.post(desks.url("pool"), {"add": "1", "good": checked.context["good"]})
    assert (again.status_code, codes_left(desks.pooled)) == (422, 3)


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        ({}, "Paste at least one code"),
        ({"codes": " \n"}, "Paste at least one code"),
        ({"codes": "code\n"}, "There are no codes in it."),
        ({"codes": "X\nX", "at_once": "on"}, "is in line 1 already"),
        ({"codes": "X", "file": b"Y"}, "not both"),
        ({"file": b"PK\x03\x04"}, "Excel workbook"),
        ({"file": b"\xff\xfe\xfa\x00\x00\xd8"}, "not UTF-8"),
    ],
)
def test_what_cannot_be_taken_in(owner: Client, desks: Desks, sent: dict[str, object], said: str) -> None:
    files = {name: SimpleUploadedFile("x.csv", one) for name, one in sent.items() if isinstance(one, bytes)}
    answer = owner.post(desks.url("pool"), sent | files)
    assert answer.status_code == 422
    assert said in answer.content.decode()
    assert codes_left(desks.pooled) == 1


def test_what_is_left_is_shown_and_removed(owner: Client, desks: Desks) -> None:
    redeem(desks.member, desks.pooled.public_id, "voucher")
    assert "Members cannot redeem it now" in owner.get(desks.url("pool")).content.decode()
    assert "No codes left" in owner.get("/dashboard/rewards/").content.decode()
    owner.post(desks.url("pool"), {"codes": "A-1\nA-2", "at_once": "on"})
    shown = owner.get(desks.url("pool")).content.decode()
    assert "Add more soon" in shown
    assert "VOUCHER-1" in shown
    assert "VOUCHER-1" not in desks.client("viewer").get(desks.url("pool")).content.decode()
    assert (
        "2 unused codes were removed." in owner.post(desks.url("pool_remove"), follow=True).content.decode()
    )
    assert codes_left(desks.pooled) == 0


def test_a_reward_whose_codes_are_made_takes_no_list(owner: Client, desks: Desks) -> None:
    address = desks.url("pool").replace(desks.pooled.public_id, desks.reward.public_id)
    assert "This reward needs no list" in owner.get(address).content.decode()
    assert owner.post(address, {"add": "1", "good": "X"}).status_code == 422
