"""A program's file that names what the shop never sold."""

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django_scopes import scope
from msgspec.structs import replace

from loyalty.actions.programs import draft_document
from loyalty.documents import Exclusions, encode
from orders.models import Order
from tests.dashboard.conftest import Desks

ANYWAY = "Import it anyway"


def test_unknown_products_are_told_and_taken_when_asked_for(desks: Desks, owner: Client) -> None:
    with scope(shop=desks.shop):
        Order.objects.filter(pk=desks.held.pk).update(lines=[{"id": "1", "net": "5", "sku": "TEA-1"}])
    before = draft_document(desks.shop)
    content = encode(replace(before, exclusions=Exclusions(skus=("tea-1", "TEA-2"))))

    def send(**more: str) -> str:
        form = {"file": SimpleUploadedFile("program.json", content), **more}
        return owner.post("/dashboard/program/import/", form, follow=True).content.decode()

    assert ANYWAY not in owner.get("/dashboard/program/import/").content.decode()
    page = send()
    assert "exclusions.skus[1]: no order of the shop has “TEA-2”" in page
    assert "skus[0]" not in page
    assert ANYWAY in page
    assert draft_document(desks.shop) == before

    assert "The file is now your draft." in send(allow_unknown="on")
    assert draft_document(desks.shop).exclusions.skus == ("tea-1", "TEA-2")
