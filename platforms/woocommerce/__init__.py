"""WooCommerce: order and customer webhooks, and coupons, of the REST API, version 3."""

from platforms.base import Platform
from platforms.woocommerce import client, coupons, payloads, webhooks

PLATFORM = Platform(
    name="woocommerce",
    label="WooCommerce",
    verify=webhooks.verify,
    parse=payloads.parse,
    secret=webhooks.secret,
    client=client.WooCommerce,
    credentials=client.FIELDS,
    abilities=coupons.ABILITIES,
)
