"""The addresses of a store's admin, for any web framework."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from demo.shopify_admin import discounts, gift_cards, oauth
from demo.shopify_admin.admin import AdminStore
from demo.shopify_admin.answers import Answer, ConnectionLost
from demo.shopify_admin.catalogue import shop_over_rest
from demo.shopify_admin.documents import Refused, prepared
from demo.shopify_admin.faults import Fault, Faults, code_in

API = re.compile(r"/admin/api/([0-9]{4}-[0-9]{2}|unstable)/(graphql|shop)\.json")
NOT_FOUND = Answer(404, {}, {"errors": "Not Found"})
BROKEN = Answer(500, {}, {"errors": "Internal Server Error"})
BAD_GATEWAY = Answer(502, {}, b"<html><head><title>502 Bad Gateway</title></head><body>nginx</body></html>")
MISSING = Answer(400, {}, {"errors": {"query": "Required parameter missing or invalid"}})
Stores = AdminStore | Mapping[str, AdminStore]


@dataclass(frozen=True)
class Request:
    """A request as any server has it; header names in lower case, `path` without the query."""

    method: str
    path: str
    query: str = ""
    headers: Mapping[str, str] | None = None
    body: bytes = b""

    def header(self, name: str) -> str:
        return (self.headers or {}).get(name, "")


def respond(stores: Stores, request: Request, faults: Faults | None = None) -> Answer:
    """The answer of the store that the address, `X-Forwarded-Host` or `Host` names. Raises `ConnectionLost`."""
    store, path = _chosen(stores, request)
    if store is None:
        return NOT_FOUND
    match request.method, path:
        case "GET", "/admin/oauth/authorize":
            return oauth.consent(store, dict(parse_qsl(request.query, keep_blank_values=True)))
        case "POST", "/admin/oauth/access_token":
            return oauth.access_token(store, _form(request))
    token = request.header("x-shopify-access-token")
    found = API.fullmatch(path)
    if request.method == "POST" and found and found[2] == "graphql":
        return _graphql(store, token, request, faults)
    if refused := store.refused(token):
        return refused
    if request.method == "GET" and found and found[2] == "shop":
        return Answer(200, {}, {"shop": shop_over_rest(store)})
    match request.method, path:
        case "GET", "/admin/oauth/access_scopes.json":
            scopes = [{"handle": scope} for scope in store.scopes_of(token) or []]
            return Answer(200, {}, {"access_scopes": scopes})
        case "DELETE", "/admin/api_permissions/current.json":
            store.uninstall()
            return Answer(200, {}, {})
    return NOT_FOUND


def _chosen(stores: Stores, request: Request) -> tuple[AdminStore | None, str]:
    first, _, rest = request.path.lstrip("/").partition("/")
    if isinstance(stores, AdminStore):
        prefixed = first == stores.shop.domain
        return stores, f"/{rest}" if prefixed else request.path
    if first in stores:
        return stores[first], f"/{rest}"
    for name in ("x-forwarded-host", "host"):
        host = request.header(name).partition(":")[0]
        if host in stores:
            return stores[host], request.path
    return None, request.path


def _form(request: Request) -> dict[str, str]:
    if "json" not in request.header("content-type"):
        return dict(parse_qsl(request.body.decode("utf-8", "replace")))
    asked = _json(request.body)
    return {str(name): str(value) for name, value in asked.items()} if isinstance(asked, dict) else {}


def _graphql(store: AdminStore, token: str, request: Request, faults: Faults | None) -> Answer:
    if "application/graphql" in request.header("content-type"):
        asked: Any = {"query": request.body.decode("utf-8", "replace")}
    else:
        asked = _json(request.body)
    document = asked.get("query") if isinstance(asked, dict) else None
    if not isinstance(document, str) or not document.strip():
        return MISSING
    variables = asked.get("variables") or {}
    if not isinstance(variables, dict):
        return Answer(400, {}, {"errors": {"variables": "Required parameter missing or invalid"}})
    operation = asked.get("operationName") or None
    fault = _drawn(store, document, operation, faults)
    if faults is None or fault is None:
        return store.execute(token, document, variables, operation)
    if early := _before(store, fault, faults, document, variables):
        return early
    answer = store.execute(token, document, variables, operation)
    return _after(fault, faults, answer)


def _drawn(store: AdminStore, document: str, operation: str | None, faults: Faults | None) -> Fault | None:
    if faults is None:
        return None
    try:
        ready = prepared(store.schema, document, operation)
    except Refused:
        return None
    return faults.draw(ready.root_fields(), ready.writes)


def _before(
    store: AdminStore, fault: Fault, faults: Faults, document: str, variables: dict[str, Any]
) -> Answer | None:
    """What stops a call before anything is done."""
    match fault:
        case "500_before":
            return BROKEN
        case "502" if faults.coin():
            return BAD_GATEWAY
        case "throttle":
            return store.throttled(10, status=429 if faults.coin() else 200)
        case "slow":
            faults.wait(faults.slow_s)
        case "taken":
            if code := code_in(variables):
                (gift_cards if "giftCardCreate" in document else discounts).foreign(store, code)
    return None


def _after(fault: Fault, faults: Faults, answer: Answer) -> Answer:
    """What becomes of the answer to a call that was done."""
    match fault:
        case "hang":
            raise ConnectionLost(faults.hang_s)
        case "drop":
            raise ConnectionLost(0)
        case "500_after":
            return BROKEN
        case "502":
            return BAD_GATEWAY
        case "malformed":
            raw, headers = answer.raw()
            return Answer(200, headers, raw[: len(raw) // 2])
    return answer


def _json(raw: bytes) -> Any:
    try:
        return json.loads(raw)
    except (ValueError, RecursionError):
        return None
