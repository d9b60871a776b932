"""WooCommerce's webhooks: how they are kept, announced and delivered."""

import base64
import hashlib
import hmac
import html
import time
from collections.abc import Mapping
from typing import Any

import httpx

from tests.fakes.http_server import Answer
from tests.fakes.woo_auth import problem

TOPICS = {
    f"{resource}.{event}"
    for resource in ("coupon", "customer", "order", "product")
    for event in ("created", "updated", "deleted", "restored")
}
MOST_FAILURES = 5
_AGENT = {"User-Agent": "WooCommerce/10.3.5 Hookshot (WordPress/6.8.3)"}


def wrong_webhook(given: Mapping[str, Any]) -> Answer | None:
    """The error for a webhook that cannot be made."""
    if given.get("topic") not in TOPICS:
        wrong = "Webhook topic is required and must be valid."
        return problem(400, "woocommerce_rest_shop_webhook_invalid_topic", wrong)
    if not str(given.get("delivery_url", "")).startswith(("http://", "https://")):
        wrong = "Webhook delivery URL must be a valid URL starting with http:// or https://."
        return problem(400, "woocommerce_rest_shop_webhook_invalid_delivery_url", wrong)
    return None


def new_webhook(id: int, given: Mapping[str, Any], dates: Mapping[str, str]) -> dict[str, Any]:
    """A webhook as the store keeps it."""
    resource, _, event = given["topic"].partition(".")
    return {
        "id": id,
        "name": given.get("name") or f"Webhook created on {dates['date_created']}",
        "status": given.get("status") or "active",
        "topic": given["topic"],
        "resource": resource,
        "event": event,
        "delivery_url": given["delivery_url"],
        "secret": given.get("secret") or f"made-{id}",
        "failures": 0,
        **dates,
    }


def without_secret(hook: Mapping[str, Any]) -> dict[str, Any]:
    """A webhook as the interface shows it."""
    return {name: value for name, value in hook.items() if name not in ("secret", "failures")}


def ping(hook: Mapping[str, Any]) -> None:
    """Announce a webhook that was just switched on: unsigned, as a form, without the usual headers."""
    if hook["status"] == "active":
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        _post(hook, f"webhook_id={hook['id']}".encode(), form)


def deliver(hook: dict[str, Any], raw: bytes, source: str) -> int:
    """Send a body once; the status of the answer, 0 for none. Failures in a row switch the webhook off."""
    # WordPress decodes the entities of the secret before it signs.
    digest = hmac.new(html.unescape(hook["secret"]).encode(), raw, hashlib.sha256).digest()
    status = _post(
        hook,
        raw,
        {
            "Content-Type": "application/json",
            "X-WC-Webhook-Source": source,
            "X-WC-Webhook-Topic": hook["topic"],
            "X-WC-Webhook-Resource": hook["resource"],
            "X-WC-Webhook-Event": hook["event"],
            "X-WC-Webhook-Signature": base64.b64encode(digest).decode(),
            "X-WC-Webhook-ID": str(hook["id"]),
            "X-WC-Webhook-Delivery-ID": hashlib.md5(f"{hook['id']}{int(time.time())}".encode()).hexdigest(),
        },
    )
    if 200 <= status < 303:
        hook["failures"] = 0
    elif hook["failures"] > MOST_FAILURES:
        hook["status"] = "disabled"
    else:
        hook["failures"] += 1
    return status


def _post(hook: Mapping[str, Any], raw: bytes, headers: Mapping[str, str]) -> int:
    try:
        reply = httpx.post(hook["delivery_url"], content=raw, headers={**_AGENT, **headers}, timeout=20)
    except httpx.HTTPError:
        return 0
    return reply.status_code
