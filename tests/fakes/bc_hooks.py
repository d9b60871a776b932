"""BigCommerce's webhooks: thin bodies, signed as Standard Webhooks with the bytes of the client secret."""

import base64
import hashlib
import hmac
import time
from collections.abc import Mapping

import httpx
import msgspec


def thin(store_hash: str, scope: str, data: Mapping[str, object]) -> bytes:
    """The body of a delivery: what happened to what, and nothing of it. The same event has the same `hash`."""
    now = int(time.time())
    event = msgspec.json.encode([scope, data, now])
    return msgspec.json.encode(
        {
            "store_id": "1001197568",
            "producer": f"stores/{store_hash}",
            "scope": scope,
            "data": data,
            "hash": hashlib.sha1(event).hexdigest(),
            "created_at": now,
        }
    )


def signed(body: bytes, client_secret: str, id: str = "msg_1", at: int | None = None) -> dict[str, str]:
    """The headers of a delivery."""
    moment = str(int(time.time()) if at is None else at)
    digest = hmac.new(client_secret.encode(), f"{id}.{moment}.".encode() + body, hashlib.sha256).digest()
    return {
        "content-type": "application/json",
        "webhook-id": id,
        "webhook-timestamp": moment,
        "webhook-signature": f"v1,{base64.b64encode(digest).decode()}",
    }


def deliver(url: str, body: bytes, client_secret: str, headers: Mapping[str, str]) -> int:
    """Send a body once; the status of the answer, 0 for none."""
    id = f"msg_{hashlib.sha256(body).hexdigest()[:27]}"
    try:
        reply = httpx.post(
            url, content=body, headers={**headers, **signed(body, client_secret, id)}, timeout=10
        )
    except httpx.HTTPError:
        return 0
    return reply.status_code
