"""One GraphQL document, sent to a store's Admin API, and what its answer means."""

import math
import re
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final, NoReturn

import msgspec

from lib.clock import now
from lib.http import NotSent, Reply, retry_after_s, send
from platforms.clients import AccessRevoked, CodeTaken, StoreAway, StoreRefused

API_VERSION: Final = "2026-04"
PATH: Final = f"/admin/api/{API_VERSION}/graphql.json"
TIMEOUT_S: Final = 10.0
MOST_BYTES: Final = 8 * 1024 * 1024
ANSWER_LENGTH: Final = 300

Json = dict[str, Any]

# Decimals become JSON numbers with their own digits: 0.07 stays 0.07.
encode = msgspec.json.Encoder(decimal_format="number").encode
_DECODER = msgspec.json.Decoder(float_hook=Decimal)

_GONE = {
    402: "The store is frozen: its owner has to settle the bill with Shopify first.",
    404: "Shopify knows no store of this address any more.",
    423: "Shopify has locked the store.",
}
_REVOKED = "Shopify does not accept the app's access to the store any more. Connect the store again."
_SECONDS = re.compile(r"[0-9]{1,6}\.[0-9]{1,6}")
_MAYBE_LATER = frozenset({"INTERNAL_SERVER_ERROR", "INTERNAL_ERROR", "TIMEOUT", "SERVICE_UNAVAILABLE"})


@dataclass(frozen=True, slots=True)
class Admin:
    """A store's Admin API, as its token may use it."""

    domain: str
    token: str = field(repr=False)
    timeout_s: float = TIMEOUT_S

    def ask(self, document: str, **variables: Any) -> Json:
        """The data of a query. Raises `StoreAway`, `StoreRefused` or `AccessRevoked`."""
        return self._exchange(document, variables, writes=False)

    def change(self, document: str, **variables: Any) -> Json:
        """The payload of a document with one mutation. Raises as `ask` does, and `CodeTaken`."""
        data = self._exchange(document, variables, writes=True)
        payload = next(iter(data.values()), None)
        if not isinstance(payload, dict):
            raise StoreAway("Shopify did not say what came of it.", maybe_done=True, answer=_start(data))
        if errors := payload.get("userErrors"):
            _refuse(errors)
        return payload

    def _exchange(self, document: str, variables: Json, *, writes: bool) -> Json:
        if not self.token:
            raise AccessRevoked("The store has not let the app in. Connect it again.", "access_token")
        try:
            reply = send(
                "POST",
                f"https://{self.domain}{PATH}",
                body=encode({"query": document, "variables": variables}),
                headers={
                    "Content-Type": "application/json",
                    "Accept": "application/json",
                    "X-Shopify-Access-Token": self.token,
                },
                timeout_s=self.timeout_s,
                most_bytes=MOST_BYTES,
            )
        except NotSent as error:
            raise StoreAway(
                f"The store could not be reached: {error}", maybe_done=writes and error.maybe_done
            ) from error
        return _data(reply, writes)


def _data(reply: Reply, writes: bool) -> Json:
    """The answer's `data`. Raises what its status or its errors mean."""
    shown = _shown(reply.body)
    if reply.status in (401, 403):
        raise AccessRevoked(_REVOKED, answer=shown)
    if reply.status in _GONE:
        raise StoreRefused(_GONE[reply.status], answer=shown)
    body = _decoded(reply.body)
    # 430 is how Shopify turns away what it takes for an attack.
    if reply.status in (429, 430):
        raise _limited(body or {}, _asked_pause_s(reply), shown)
    if 400 <= reply.status < 500:
        raise StoreRefused(f"Shopify refused the request ({reply.status}).", answer=shown)
    if reply.status != 200 or body is None:
        # Whether a mutation has run before the answer went wrong cannot be told.
        raise StoreAway(f"Shopify answered {reply.status} and no data.", maybe_done=writes, answer=shown)
    if errors := body.get("errors"):
        _raise(errors, body, writes, shown)
    data = body.get("data")
    if not isinstance(data, dict) or not data:
        raise StoreAway("Shopify answered no data.", maybe_done=writes, answer=shown)
    return data


def _raise(errors: Any, body: Json, writes: bool, shown: str) -> NoReturn:
    told = [error for error in errors if isinstance(error, dict)] if isinstance(errors, list) else []
    codes = {str((error.get("extensions") or {}).get("code")) for error in told}
    words = "; ".join(str(error.get("message")) for error in told) or str(errors)
    if "THROTTLED" in codes:
        raise _limited(body, None, shown)
    if "ACCESS_DENIED" in codes:
        raise AccessRevoked(
            f"The app lacks a permission in this store. Connect it again. {words}", answer=shown
        )
    if "SHOP_INACTIVE" in codes:
        raise StoreRefused("Shopify says that the store is not active.", answer=shown)
    if codes & _MAYBE_LATER:
        raise StoreAway(f"Shopify failed: {words}", maybe_done=writes, answer=shown)
    # What is wrong with a document or its variables is told before anything is done, a resolver's fault with data.
    if writes and any((body.get("data") or {}).values()):
        raise StoreAway(f"Shopify answered in part: {words}", maybe_done=True, answer=shown)
    raise StoreRefused(words, field=_MOST if "MAX_COST_EXCEEDED" in codes else "", answer=shown)


_MOST = "cost"


def too_dear(error: StoreRefused) -> bool:
    """Whether a query was refused because it could cost more than Shopify lets any query cost."""
    return error.field == _MOST


def _limited(body: Json, wait_s: float | None, shown: str) -> StoreAway:
    """Nothing was done: Shopify charges before it runs a document."""
    if wait_s is None:
        wait_s = _until_affordable_s(body)
    return StoreAway("Shopify asks for patience.", limited=True, retry_after_s=wait_s, answer=shown)


def _asked_pause_s(reply: Reply) -> float | None:
    """What Retry-After says: Shopify writes seconds with a point, as no other server does."""
    asked = reply.headers.get("retry-after", "").strip()
    return float(asked) if _SECONDS.fullmatch(asked) else retry_after_s(reply, now())


def _until_affordable_s(body: Json) -> float | None:
    """Until the points that were asked for have come back, by what the answer itself says of cost and rate."""
    try:
        cost = body["extensions"]["cost"]
        status = cost["throttleStatus"]
        missing = cost["requestedQueryCost"] - status["currentlyAvailable"]
        return max(0.0, math.ceil(missing / status["restoreRate"] * 10) / 10)
    except (KeyError, TypeError, ArithmeticError):
        return None


def _refuse(errors: list[Json]) -> NoReturn:
    """What the first user error says: in Shopify's words, with its path joined by points."""
    shown = _start(errors)
    for error in errors:
        if error.get("code") == "TAKEN":
            raise CodeTaken(str(error.get("message")), _path(error), shown)
    first = errors[0]
    if first.get("code") == "INTERNAL_ERROR":
        raise StoreAway(f"Shopify failed: {first.get('message')}", maybe_done=True, answer=shown)
    raise StoreRefused(str(first.get("message")), _path(first), shown)


def _path(error: Json) -> str:
    return ".".join(str(part) for part in error.get("field") or ())


def _decoded(body: bytes) -> Json | None:
    try:
        found = _DECODER.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _start(value: Any) -> str:
    return _shown(encode(value))


def _shown(body: bytes) -> str:
    """The start of what the store said, without what PostgreSQL or a page could not show."""
    text = body[: ANSWER_LENGTH * 4].decode(errors="replace")
    return "".join(letter if letter.isprintable() else " " for letter in text)[:ANSWER_LENGTH].strip()
