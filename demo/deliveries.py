"""Sending webhooks as Shopify does, over HTTP to the real endpoint."""

from lib.clock import now
from lib.http import NotSent, send
from lib.signing import sign
from shops.models import Connection


class NotDelivered(Exception):
    """The endpoint did not take the webhook."""


def deliver(connection: Connection, base_url: str, topic: str, body: bytes, webhook_id: str) -> None:
    """POST a signed webhook to the connection's address under `base_url`. Raises `NotDelivered`."""
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "Shopify-Captain-Hook",
        "X-Shopify-Topic": topic,
        "X-Shopify-Hmac-Sha256": sign(connection.secret.encode(), body).decode(),
        "X-Shopify-Shop-Domain": connection.domain,
        "X-Shopify-API-Version": "2026-04",
        "X-Shopify-Webhook-Id": webhook_id,
        "X-Shopify-Event-Id": f"event-{webhook_id}",
        "X-Shopify-Triggered-At": now().isoformat(),
    }
    url = f"{base_url}/webhooks/{connection.public_id}/"
    try:
        reply = send("POST", url, body=body, headers=headers, allow_private=True)
    except NotSent as error:
        raise NotDelivered(str(error)) from error
    if reply.status != 200:
        raise NotDelivered(f"{url} answered {reply.status}: {reply.body[:200]!r}")
