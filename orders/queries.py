"""Reads of orders that more than one caller needs."""

from collections.abc import Iterator

from django.utils.translation import gettext

from lib.rows import execute
from loyalty.documents import ProductSet, ProgramDocument
from loyalty.errors import Problem
from loyalty.products import folded
from shops.models import Shop

# What a store names its products by; vendors, types and tags may well be there before their products.
_NAMED = ("product_ids", "variant_ids", "skus")
_NEWEST = 10_000


def unknown_products(shop: Shop, document: ProgramDocument) -> list[Problem]:
    """The products that `document` names and that are in none of the shop's newest 10,000 orders, as (field, message).

    Empty while no order names a product: then nothing is known of what the shop sells.
    """
    named = list(_named(document))
    if not named:
        return []
    sold = _sold(shop)
    if not any(sold.values()):
        return []
    return [
        (path, gettext("no order of the shop has “%(product)s”") % {"product": name})
        for path, field, name in named
        if folded(name) not in sold[field]
    ]


def _named(document: ProgramDocument) -> Iterator[tuple[str, str, str]]:
    """(path, field, name) of each product, variant and SKU."""
    sets: list[tuple[str, ProductSet]] = [("exclusions", document.exclusions)]
    for where, items in (("rules", document.rules), ("campaigns", document.campaigns)):
        for index, item in enumerate(items):
            sets.append((f"{where}[{index}].conditions.products", item.conditions.products))
    for path, products in sets:
        for field in _NAMED:
            for place, name in enumerate(getattr(products, field)):
                yield f"{path}.{field}[{place}]", field, name


def _sold(shop: Shop) -> dict[str, set[str]]:
    """What the lines of the newest orders name, folded, by field."""
    found = execute(
        """
        WITH newest AS (
            SELECT lines FROM orders_order WHERE shop_id = %(shop)s ORDER BY id DESC LIMIT %(newest)s
        )
        SELECT DISTINCT n.field, n.name FROM newest o
        CROSS JOIN LATERAL jsonb_array_elements(o.lines) AS l (line)
        CROSS JOIN LATERAL (VALUES
            ('product_ids', line->>'product_id'), ('variant_ids', line->>'variant_id'), ('skus', line->>'sku')
        ) AS n (field, name) WHERE n.name <> ''
        """,
        shop=shop.pk,
        newest=_NEWEST,
    )
    sold: dict[str, set[str]] = {field: set() for field in _NAMED}
    for field, name in found:
        sold[field].add(folded(name))
    return sold
