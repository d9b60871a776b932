"""Opening shops, and the way of a program from draft to live and back."""

from loyalty.actions.programs import draft_document, open_shop
from loyalty.documents import decode, default_document
from loyalty.queries import live_version


def test_a_new_shop_is_live_with_the_default_program(db: None) -> None:
    shop = open_shop(" Tea & Co ", "jpy", "Asia/Tokyo", actor="cli")

    live = live_version(shop)
    assert (shop.name, shop.currency, live.number, live.published_by) == ("Tea & Co", "JPY", 1, "cli")
    assert decode(live.document) == default_document("JPY") == draft_document(shop)
