"""Shopify: webhooks of orders, refunds and customers, and codes, orders and webhooks through the Admin API."""

from platforms.base import Platform
from platforms.shopify import client, payloads, webhooks

PLATFORM = Platform(
    name="shopify",
    label="Shopify",
    verify=webhooks.verify,
    parse=payloads.parse,
    secret=webhooks.secret,
    body_domain=webhooks.body_domain,
    client=client.ShopifyClient,
    credentials=client.FIELDS,
    abilities=client.ABILITIES,
)
