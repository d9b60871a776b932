"""The web process of a storm, spoken to from outside."""

import http.client
import json
import socket
import time
from typing import Any

from lib.signing import sign
from shops.models import Connection

PATIENCE_S = 5


def free_port() -> int:
    """A port where nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def wait_for(port: int) -> None:
    """Return when it is ready. Raises TimeoutError."""
    for _ in range(300):
        if ask(port, "GET", "/readyz")[0] == 200:
            return
        time.sleep(0.1)
    raise TimeoutError("the web process did not become ready")


def post_webhook(store: Connection, port: int, topic: str, webhook_id: str, body: bytes) -> bool:
    """Deliver as Shopify does; whether it was acknowledged."""
    headers = {
        "Content-Type": "application/json",
        "X-Shopify-Topic": topic,
        "X-Shopify-Hmac-Sha256": sign(store.secret.encode(), body).decode(),
        "X-Shopify-Shop-Domain": store.domain,
        "X-Shopify-API-Version": "2026-04",
        "X-Shopify-Webhook-Id": webhook_id,
    }
    return ask(port, "POST", f"/webhooks/{store.public_id}/", body, headers)[0] == 200


def ask(
    port: int, method: str, path: str, body: bytes = b"", headers: dict[str, str] | None = None
) -> tuple[int, Any]:
    """(status, what the JSON of the body says); (0, None) where no answer came."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE_S)
    try:
        connection.request(method, path, body, headers or {})
        answer = connection.getresponse()
        raw = answer.read()
        return answer.status, json.loads(raw) if "json" in answer.headers.get("Content-Type", "") else None
    except (OSError, ValueError, http.client.HTTPException):
        return 0, None
    finally:
        connection.close()
