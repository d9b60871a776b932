"""Products that an imported program names and that the shop never sold."""

import json
from decimal import Decimal
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django_scopes import scope
from msgspec.structs import replace

from loyalty.actions.programs import draft_document
from loyalty.documents import (
    Campaign,
    Conditions,
    Exclusions,
    ProductSet,
    default_document,
    encode,
)
from orders.models import Order
from orders.queries import unknown_products
from shops.models import Connection, Shop

TEA = {"id": "1", "net": "5", "product_id": "9", "variant_id": "91", "sku": "Tea-1"}
EVERYWHERE = replace(
    default_document("EUR"),
    rules=(
        replace(
            default_document("EUR").rules[0],
            conditions=Conditions(products=ProductSet(product_ids=("9", "10"), vendors=("Nobody",))),
        ),
    ),
    campaigns=(
        Campaign(
            key="c",
            name="C",
            points=Decimal(1),
            conditions=Conditions(products=ProductSet(variant_ids=("92", "91"))),
        ),
    ),
    exclusions=Exclusions(skus=(" TEA-1", "TEA-2"), tags=("unheard-of",)),
)
FIELDS = [
    "exclusions.skus[1]",
    "rules[0].conditions.products.product_ids[1]",
    "campaigns[0].conditions.products.variant_ids[0]",
]


def sell(connection: Connection, number: str, *lines: dict[str, Any]) -> None:
    with scope(shop=connection.shop):
        Order.objects.create(
            shop=connection.shop, connection=connection, external_id=number, lines=list(lines)
        )


def test_without_an_order_that_names_products_nothing_is_unknown(shop: Shop, store: Connection) -> None:
    assert unknown_products(shop, EVERYWHERE) == []
    sell(store, "1")
    sell(store, "2", {"id": "1", "net": "5"})
    assert unknown_products(shop, EVERYWHERE) == []


def test_what_no_order_had_is_told_by_its_field(shop: Shop, store: Connection) -> None:
    sell(store, "1", {"id": "1", "net": "5"}, TEA)
    assert [field for field, _ in unknown_products(shop, EVERYWHERE)] == FIELDS
    assert unknown_products(shop, EVERYWHERE)[0][1] == "no order of the shop has “TEA-2”"
    sell(store, "2", TEA | {"sku": "tea-2", "product_id": "10"}, TEA | {"variant_id": "92"})
    assert unknown_products(shop, EVERYWHERE) == []


def test_another_shop_selling_it_does_not_help(two_shops: Any, store: Connection) -> None:
    sell(store, "1", TEA)
    assert unknown_products(two_shops.other, EVERYWHERE) == []
    with scope(shop=two_shops.other):
        assert not Order.objects.exists()


def test_an_import_names_the_field_and_can_be_told_to_go_on(
    shop: Shop, store: Connection, tmp_path: Path
) -> None:
    file = tmp_path / "program.json"
    file.write_bytes(encode(EVERYWHERE))
    sell(store, "1", TEA)
    before = draft_document(shop)
    with pytest.raises(CommandError) as refused:
        bring_in(shop, file)
    assert [line.partition(":")[0] for line in str(refused.value).splitlines()[:3]] == FIELDS
    assert "--allow-unknown-products" in str(refused.value)
    assert draft_document(shop) == before

    assert bring_in(shop, file, "--allow-unknown-products")["rules"] == 1
    assert draft_document(shop) == EVERYWHERE


def bring_in(shop: Shop, file: Path, *options: str) -> dict[str, Any]:
    out = StringIO()
    call_command("program", "import", str(file), "--shop", shop.public_id, "--json", *options, stdout=out)
    answer: dict[str, Any] = json.loads(out.getvalue())
    return answer
