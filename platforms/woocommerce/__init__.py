"""WooCommerce: order and customer webhooks of the REST API, version 3."""

from platforms.base import Platform
from platforms.woocommerce import payloads, webhooks

PLATFORM = Platform(
    name="woocommerce",
    label="WooCommerce",
    verify=webhooks.verify,
    parse=payloads.parse,
    secret=webhooks.secret,
)
