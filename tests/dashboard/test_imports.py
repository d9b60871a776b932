"""Importing and exporting in the dashboard: who may, what is shown, and that nothing happens unasked."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django_scopes import scope

from lib.clock import now
from loyalty.actions.batches import apply, continue_batches
from loyalty.models import Account, Batch
from shops.models import Customer
from tests.dashboard.conftest import Desks

FILE = "email,points,reason,Colour\nmia@corner.example,50,A <gift>,red\n"
BAD = FILE + 'mia@corner.example,"1,234",x,\n'


def send(
    client: Client, text: str | bytes, kind: str = "adjust", format: str = "regulars"
) -> tuple[int, str]:
    data = text.encode() if isinstance(text, str) else text
    form = {"kind": kind, "format": format, "reason": "", "file": SimpleUploadedFile("points.csv", data)}
    answer = client.post(reverse("dashboard:imports"), form, follow=True)
    return answer.status_code, answer.content.decode()


def press(client: Client, name: str, batch: Batch, **ticked: str) -> str:
    answer = client.post(reverse(f"dashboard:{name}", args=[batch.pk]), ticked, follow=True)
    assert answer.status_code == 200
    return str(answer.content.decode())


def newest(desks: Desks) -> Batch:
    with scope(shop=desks.shop):
        return Batch.objects.select_related("shop").order_by("-id")[:1].get()


def balance(desks: Desks) -> int:
    with scope(shop=desks.shop):
        return int(Account.objects.get(pk=desks.member.pk).balance)


def test_a_file_is_checked_applied_and_undone(desks: Desks, owner: Client) -> None:
    status, page = send(owner, FILE)
    assert status == 200
    assert "Nothing has happened yet" in page
    assert "Colour: not known" in page
    assert "A &lt;gift&gt;" in page
    assert balance(desks) == 49
    page = press(owner, "batch_apply", newest(desks))
    assert "Applied by olivia@corner.example" in page
    assert balance(desks) == 99
    page = press(owner, "batch_undo", newest(desks))
    assert "Undone" in page
    assert balance(desks) == 49
    assert "points.csv" in owner.get(reverse("dashboard:imports")).content.decode()


def test_bad_rows_and_repeated_files_are_only_applied_when_ticked(desks: Desks, owner: Client) -> None:
    _, page = send(owner, BAD)
    assert "write 1234, without separators" in page
    assert "No row of this file can be used" in page  # the member is there twice
    text = FILE + 'zoe,"1,234",x,\n'
    _, page = send(owner, text)
    assert "Leave out the row that cannot be used" in page
    assert "tick that the bad rows" in press(owner, "batch_apply", newest(desks))
    assert balance(desks) == 49
    press(owner, "batch_apply", newest(desks), skip_bad="on")
    assert balance(desks) == 99
    _, page = send(owner, text)
    assert "this very file was applied before" in page
    assert "tick that the file" in press(owner, "batch_apply", newest(desks), skip_bad="on")
    assert balance(desks) == 99
    press(owner, "batch_apply", newest(desks), skip_bad="on", again="on")
    assert balance(desks) == 149
    assert "applied before" in press(owner, "batch_apply", newest(desks))


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ("email,points\nzo\u00eb@x.example,1\n".encode("cp1252"), "Line 2: this is not UTF-8"),
        (b"email,points\n\0,1\n", "Line 2: there is a character"),
        (b"", "empty"),
        (b"a,b\n1,2\n", "Line 1: the column"),
    ],
)
def test_an_unreadable_file_is_explained_beside_the_field(
    desks: Desks, owner: Client, data: bytes, said: str
) -> None:
    status, page = send(owner, data)
    assert status == 422
    assert said in page
    assert newest(desks) == desks.applied


def test_a_large_file_is_left_to_a_worker_and_shows_its_progress(desks: Desks, owner: Client) -> None:
    with scope(shop=desks.shop):
        Customer.objects.bulk_create(
            Customer(shop=desks.shop, connection=desks.connection, external_id=f"m{n}", as_of=now())
            for n in range(501)
        )
    send(owner, "external_id,points,reason\n" + "".join(f"m{n},5,x\n" for n in range(501)))
    batch = newest(desks)
    url = reverse("dashboard:batch", args=[batch.pk])
    owner.post(reverse("dashboard:batch_apply", args=[batch.pk]))
    answer = owner.get(url)
    assert "0 of 501 rows" in answer.content.decode()
    assert answer["Refresh"]
    assert continue_batches() == 1
    answer = owner.get(url)
    assert "Applied by" in answer.content.decode()
    assert "Refresh" not in answer


@pytest.mark.parametrize("role", ["support", "viewer"])
def test_others_may_look_but_not_move_or_download(desks: Desks, owner: Client, role: str) -> None:
    send(owner, FILE)
    batch = newest(desks)
    client = desks.client(role)
    for name, args in [("imports", []), ("batch", [batch.pk]), ("exports", [])]:
        page = client.get(reverse(f"dashboard:{name}", args=args))
        assert page.status_code == 200
        assert 'type="submit"' not in page.content.decode().split("<main>")[1]
    assert client.post(reverse("dashboard:batch_apply", args=[batch.pk])).status_code == 403
    assert client.post(reverse("dashboard:export_table", args=["members"])).status_code == 403
    assert send(client, FILE)[0] == 403
    assert balance(desks) == 49
    apply(batch, "olivia@corner.example")
    continue_batches()
    assert client.post(reverse("dashboard:batch_undo", args=[batch.pk])).status_code == 403
    assert balance(desks) == 99


def test_a_batch_of_another_shop_is_not_there(desks: Desks, owner: Client) -> None:
    send(owner, FILE)
    batch = newest(desks)
    outsider = desks.client("outsider")
    assert outsider.get(reverse("dashboard:batch", args=[batch.pk])).status_code == 404
    assert outsider.get("/dashboard/imports/99999999999999999999/").status_code == 404
    for name in ("batch_apply", "batch_undo"):
        assert outsider.post(reverse(f"dashboard:{name}", args=[batch.pk])).status_code == 404
    assert balance(desks) == 49


@pytest.mark.parametrize("table", ["members", "entries", "lots"])
def test_a_table_is_downloaded(desks: Desks, owner: Client, table: str) -> None:
    url = reverse("dashboard:export_table", args=[table])
    assert owner.get(url).status_code == 405
    answer = owner.post(url)
    assert f'filename="{table}-2' in answer["Content-Disposition"]
    assert b"mia@corner.example" in answer.getvalue()
    assert b"mia@corner.example" not in desks.client("outsider").post(url).getvalue()
    assert owner.post(reverse("dashboard:export_table", args=["secrets"])).status_code == 404
