"""Any other shop: signed by Standard Webhooks, in the order schema of docs/order.schema.json."""

from lib.signing import standard_secret
from platforms.base import Platform
from platforms.standard import payloads, webhooks

PLATFORM = Platform(
    name="standard",
    label="Other shop (Standard Webhooks)",
    verify=webhooks.verify,
    parse=payloads.parse,
    secret=standard_secret,
)
