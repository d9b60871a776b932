"""BigCommerce: thin webhooks, orders fetched from its interfaces v2 and v3, and coupons."""

from platforms.base import Platform
from platforms.bigcommerce import client, coupons, payloads, webhooks

PLATFORM = Platform(
    name="bigcommerce",
    label="BigCommerce",
    verify=webhooks.verify,
    parse=payloads.parse,
    secret=webhooks.secret,
    client=client.BigCommerce,
    credentials=client.FIELDS,
    abilities=coupons.ABILITIES,
)
