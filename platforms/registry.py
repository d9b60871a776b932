"""Every store platform that can be linked, by name."""

from platforms import bigcommerce, shopify, standard, woocommerce
from platforms.base import Platform

PLATFORMS: dict[str, Platform] = {
    "shopify": shopify.PLATFORM,
    "woocommerce": woocommerce.PLATFORM,
    "bigcommerce": bigcommerce.PLATFORM,
    "standard": standard.PLATFORM,
}
