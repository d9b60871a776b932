"""What the demo store sells, and who shops there."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

NAME = "Fern & Clay"
DOMAIN = "fern-and-clay.myshopify.com"
CURRENCY = "EUR"
TIMEZONE = "Europe/Berlin"
SHIPPING = Decimal("4.90")
FREE_SHIPPING_FROM = Decimal(80)


@dataclass(frozen=True)
class Product:
    """A product with its price in `CURRENCY`; `sku` also names its picture."""

    id: int
    sku: str
    title: str
    text: str
    price: Decimal

    @property
    def picture(self) -> str:
        return f"demo/pictures/{self.sku}.svg"

    @property
    def variant_id(self) -> int:
        return self.id * 10


@dataclass(frozen=True)
class Person:
    """A customer as the demo store knows them; `joined_at` None: with their first order."""

    id: int
    first_name: str
    last_name: str
    city: str
    joined_at: datetime | None = None

    @property
    def email(self) -> str:
        return f"{self.first_name}.{self.last_name}.{self.id % 1000}@example.com".lower()


PRODUCTS = (
    Product(8101001, "mug", "Fern mug", "Glazed by hand, holds 300 ml", Decimal("24.00")),
    Product(8101002, "bowl", "Speckled bowl", "For soup, muesli and second helpings", Decimal("32.50")),
    Product(8101003, "planter", "Clay planter", "Unglazed, with saucer, 14 cm", Decimal("49.95")),
    Product(8101004, "vase", "Stem vase", "Tall and slim, for one good branch", Decimal("58.00")),
    Product(8101005, "plates", "Dinner plates", "A set of two, 26 cm", Decimal("64.00")),
    Product(8101006, "teapot", "Round teapot", "900 ml, with a cork lid rest", Decimal("89.90")),
)
BY_SKU = {product.sku: product for product in PRODUCTS}

SHOPPER = Person(7300001000, "Mara", "Lindqvist", "Berlin")
