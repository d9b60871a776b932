"""Shopify: order, refund and customer webhooks of the Admin API."""

from platforms.base import Platform
from platforms.shopify import payloads, webhooks

PLATFORM = Platform(
    name="shopify",
    label="Shopify",
    verify=webhooks.verify,
    parse=payloads.parse,
    secret=webhooks.secret,
    body_domain=webhooks.body_domain,
)
