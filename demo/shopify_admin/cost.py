"""What a request costs, and the bucket that it is paid from."""

import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

from graphql import (
    FieldNode,
    FragmentSpreadNode,
    GraphQLSchema,
    InlineFragmentNode,
    IntValueNode,
    SelectionSetNode,
    VariableNode,
    get_named_type,
    is_leaf_type,
)

from demo.shopify_admin.documents import Json, Prepared

MOST_COST = 1000
MUTATION_COST = 10
CONNECTION_COST = 2


class Bucket:
    """Points that come back at an even rate. Amounts in points, the rate in points a second."""

    def __init__(
        self, most: float = 2000, restored: float = 100, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.most, self.restored, self._clock = most, restored, clock
        self._lock = threading.Lock()
        self._level, self._at = float(most), clock()

    def take(self, points: float) -> bool:
        """Pay; False, and nothing paid, where there is not enough."""
        with self._lock:
            self._fill()
            if points > self._level:
                return False
            self._level -= points
            return True

    def give_back(self, points: float) -> None:
        """What was asked for in advance and not used."""
        with self._lock:
            self._fill()
            self._level = min(self.most, self._level + points)

    def empty(self) -> None:
        """Leave nothing in it."""
        with self._lock:
            self._fill()
            self._level = 0.0

    def status(self) -> Json:
        """`throttleStatus` as it is answered."""
        with self._lock:
            self._fill()
            return {
                "maximumAvailable": float(self.most),
                "currentlyAvailable": int(self._level),
                "restoreRate": float(self.restored),
            }

    def _fill(self) -> None:
        now = self._clock()
        self._level = min(self.most, self._level + (now - self._at) * self.restored)
        self._at = now


def requested(schema: GraphQLSchema, prepared: Prepared, variables: Mapping[str, Any]) -> int:
    """The most that a request can cost: objects one each, connections by their size, mutations ten each."""
    if prepared.writes:
        return MUTATION_COST * len(prepared.root_fields())
    root = prepared.operation.selection_set
    return max(1, _below(schema, schema.query_type, root, prepared, variables))


def actual(writes: bool, data: Mapping[str, Any] | None) -> int:
    """What a request did cost, from what it answered."""
    if writes:
        return MUTATION_COST * len(data or {})
    return max(1, sum(_objects(value) for value in (data or {}).values()))


def _below(
    schema: GraphQLSchema,
    kind: Any,
    selected: SelectionSetNode,
    prepared: Prepared,
    variables: Mapping[str, Any],
) -> int:
    total, widest = 0, 0
    for node in selected.selections:
        match node:
            case FieldNode():
                total += _field(schema, kind, node, prepared, variables)
            case InlineFragmentNode():
                of = schema.type_map[node.type_condition.name.value] if node.type_condition else kind
                widest = max(widest, _below(schema, of, node.selection_set, prepared, variables))
            case FragmentSpreadNode():
                fragment = prepared.fragments[node.name.value]
                of = schema.type_map[fragment.type_condition.name.value]
                widest = max(widest, _below(schema, of, fragment.selection_set, prepared, variables))
    return total + widest


def _field(
    schema: GraphQLSchema, kind: Any, node: FieldNode, prepared: Prepared, variables: Mapping[str, Any]
) -> int:
    if node.name.value.startswith("__") or node.selection_set is None:
        return 0
    field = kind.fields[node.name.value]
    of = get_named_type(field.type)
    if is_leaf_type(of) or of.name == "PageInfo":
        return 0
    inside = _below(schema, of, node.selection_set, prepared, variables)
    if of.name.endswith("Edge"):
        return inside
    if of.name.endswith("Connection"):
        return CONNECTION_COST + _size(node, variables) * inside
    return 1 + inside


def _size(node: FieldNode, variables: Mapping[str, Any]) -> int:
    for argument in node.arguments or ():
        if argument.name.value in ("first", "last"):
            value = argument.value
            if isinstance(value, IntValueNode):
                return int(value.value)
            if isinstance(value, VariableNode) and isinstance(size := variables.get(value.name.value), int):
                return size
    return 1


def _objects(value: Any) -> int:
    if isinstance(value, list):
        return sum(_objects(item) for item in value)
    if not isinstance(value, dict):
        return 0
    inside = sum(_objects(below) for name, below in value.items() if name != "pageInfo")
    return inside + (CONNECTION_COST if value.keys() & {"nodes", "edges"} else 0 if "node" in value else 1)
