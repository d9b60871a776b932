"""Shopify's search syntax, and the pages of a connection."""

import base64
import json
import operator
import re
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Any

from graphql import GraphQLError

from demo.shopify_admin.schema import instant
from demo.shopify_admin.state import Record

MOST_NODES = 250
TERM = re.compile(r"""(?:(\w+):)?(>=|<=|>|<|=)?('[^']*'|"[^"]*"|[^\s'"]+)""")
UNKNOWN = re.compile(r"\b(OR|NOT)\b|[()]")
COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "": operator.eq,
    "=": operator.eq,
    ">": operator.gt,
    "<": operator.lt,
    ">=": operator.ge,
    "<=": operator.le,
}


def number_of(gid: str) -> int:
    """The number at the end of `gid://shopify/Order/1`."""
    digits = gid.rpartition("/")[2]
    return int(digits) if digits.isascii() and digits.isdigit() else 0


def found(
    nodes: list[Record], query: str | None, words: Callable[[Record], list[str]] = lambda _: []
) -> list[Record]:
    """The nodes that match every term of `query`; `words` are what a term without a field is compared with.

    A field that a node has not is passed over, as the real search does with a field that it does not know. OR, NOT
    and brackets are not understood here, and said to be so.
    """
    if UNKNOWN.search(query or ""):
        raise GraphQLError("This store does not know OR, NOT and brackets.")
    terms = [match.groups() for match in TERM.finditer(query or "") if match[0] not in ("AND", "and")]
    return [node for node in nodes if all(_matches(node, words(node), *term) for term in terms)]


def page(nodes: list[Record], arguments: Record, rank: Callable[[Record], list[Any]] | None = None) -> Record:
    """A connection's page of nodes: `first` after `after`, or `last` before `before`; `rank` gives the order."""
    ranked = [([at] if rank is None else rank(node), node) for at, node in enumerate(nodes)]
    if rank is not None:
        ranked.sort(key=lambda entry: entry[0])
    if arguments.get("reverse"):
        ranked.reverse()
    whole = len(ranked)
    first, last = arguments.get("first"), arguments.get("last")
    if (first is None) == (last is None):
        raise GraphQLError("you must provide one of first or last", extensions={"code": "BAD_REQUEST"})
    count = first if first is not None else last
    if count is None or not 0 < count <= MOST_NODES:
        raise GraphQLError(f"first must be between 1 and {MOST_NODES}", extensions={"code": "BAD_REQUEST"})
    beyond = operator.lt if arguments.get("reverse") else operator.gt
    if after := arguments.get("after"):
        mark = _mark(after)
        ranked = [entry for entry in ranked if beyond(entry[0], mark)]
    if before := arguments.get("before"):
        mark = _mark(before)
        ranked = [entry for entry in ranked if beyond(mark, entry[0])]
    taken = ranked[:count] if first is not None else ranked[-count:]
    edges = [{"cursor": _cursor(at), "node": node} for at, node in taken]
    more = len(ranked) > len(taken)
    return {
        "edges": edges,
        "nodes": [node for _, node in taken],
        "pageInfo": {
            "hasNextPage": more if first is not None else bool(arguments.get("before")),
            "hasPreviousPage": more if first is None else len(ranked) < whole,
            "startCursor": edges[0]["cursor"] if edges else None,
            "endCursor": edges[-1]["cursor"] if edges else None,
        },
    }


def _matches(node: Record, words: list[str], field: str | None, compare: str | None, text: str) -> bool:
    wanted = text.strip("'\"")
    if field is None:
        return not words or wanted.lower() in [word.lower() for word in words]
    name = re.sub(r"_(\w)", lambda match: match[1].upper(), field)
    if name not in node:
        return True
    if node[name] is None:
        return False
    try:
        return COMPARE[compare or ""](*_comparable(name, node[name], wanted))
    except (ValueError, ArithmeticError):
        return False


def _comparable(name: str, value: Any, wanted: str) -> tuple[Any, Any]:
    if name.endswith("At"):
        return instant(value), instant(wanted) if "T" in wanted else _day(wanted)
    if name == "id":
        return number_of(value), number_of(wanted)
    if isinstance(value, int | float | Decimal) and not isinstance(value, bool):
        return Decimal(str(value)), Decimal(wanted)
    return str(value).lower(), wanted.lower()


def _day(text: str) -> datetime:
    return instant(f"{text}T00:00:00Z")


def _cursor(rank: list[Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(rank).encode()).decode()


def _mark(cursor: str) -> Any:
    try:
        return json.loads(base64.urlsafe_b64decode(cursor))
    except ValueError as error:
        raise GraphQLError(
            "Invalid cursor for current pagination sort.", extensions={"code": "BAD_REQUEST"}
        ) from error
