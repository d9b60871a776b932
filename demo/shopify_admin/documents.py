"""Documents and variables against the schema, with the errors that Shopify answers."""

import re
from functools import lru_cache
from typing import Any, NamedTuple

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    GraphQLSchema,
    GraphQLSyntaxError,
    InlineFragmentNode,
    Node,
    OperationDefinitionNode,
    OperationType,
    parse,
    validate,
)

Json = dict[str, Any]

# What graphql-core says, the code that Shopify gives it, its words, and what else stands in the extensions.
SHAPES: tuple[tuple[re.Pattern[str], str, str, Json], ...] = (
    (
        re.compile(r"Cannot query field '(?P<fieldName>\w+)' on type '(?P<typeName>\w+)'"),
        "undefinedField",
        "Field '{fieldName}' doesn't exist on type '{typeName}'",
        {},
    ),
    (
        re.compile(r"Unknown argument '(?P<argumentName>\w+)' on field '\w+\.(?P<name>\w+)'"),
        "argumentNotAccepted",
        "Field '{name}' doesn't accept argument '{argumentName}'",
        {"typeName": "Field"},
    ),
    (
        re.compile(
            r"Expected value of type '(?P<name>\w+)' not to include unknown field '(?P<argumentName>\w+)'"
        ),
        "argumentNotAccepted",
        "InputObject '{name}' doesn't accept argument '{argumentName}'",
        {"typeName": "InputObject"},
    ),
    (
        re.compile(r"Argument '(?:\w+\.)(?P<name>\w+)\((?P<arguments>\w+):\)' of type '[^']+' is required"),
        "missingRequiredArguments",
        "Field '{name}' is missing required arguments: {arguments}",
        {"className": "Field"},
    ),
    (
        re.compile(r"Variable '\$(?P<variableName>\w+)' is never used"),
        "variableNotUsed",
        "Variable ${variableName} is declared but not used",
        {},
    ),
    (
        re.compile(r"Variable '\$(?P<variableName>\w+)' is not defined"),
        "variableNotDefined",
        "Variable ${variableName} is used but not declared",
        {},
    ),
    (
        re.compile(
            r"Variable '\$(?P<variableName>\w+)' of type '(?P<typeName>[^']+)' used in position expecting"
            r" type '(?P<wanted>[^']+)'"
        ),
        "variableMismatch",
        "Type mismatch on variable ${variableName} ({typeName} / {wanted})",
        {},
    ),
)


class Refused(Exception):
    """The request is not run; `errors` as they are answered, with 200."""

    def __init__(self, errors: list[Json]) -> None:
        super().__init__(errors[0]["message"])
        self.errors = errors


class Prepared(NamedTuple):
    """A document that is valid, and the one operation of it that is to be run."""

    document: DocumentNode
    operation: OperationDefinitionNode
    fragments: dict[str, FragmentDefinitionNode]

    def root_fields(self) -> list[str]:
        """The names of the fields asked for at the top."""
        return [
            node.name.value for node in self.operation.selection_set.selections if isinstance(node, FieldNode)
        ]

    @property
    def writes(self) -> bool:
        return self.operation.operation is OperationType.MUTATION


@lru_cache(maxsize=500)
def prepared(schema: GraphQLSchema, text: str, name: str | None = None) -> Prepared:
    """Parse and validate a document, once for each text. Raises `Refused`."""
    try:
        document = parse(text)
    except GraphQLSyntaxError as error:
        raise Refused([_syntax(error)]) from error
    if errors := validate(schema, document):
        raise Refused([_refusal(document, error) for error in errors])
    operations = [node for node in document.definitions if isinstance(node, OperationDefinitionNode)]
    chosen = [node for node in operations if name is None or (node.name and node.name.value == name)]
    if len(chosen) != 1:
        raise Refused(
            [{"message": f'No operation named "{name}"' if name else "An operation name is required"}]
        )
    fragments = {
        node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)
    }
    return Prepared(document, chosen[0], fragments)


def _syntax(error: GraphQLSyntaxError) -> Json:
    at = [{"line": place.line, "column": place.column} for place in error.locations or ()]
    spot = f" at [{at[0]['line']}, {at[0]['column']}]" if at else ""
    words = error.message.removeprefix("Syntax Error: ")
    return {"message": f"syntax error, {words[:1].lower()}{words[1:].rstrip('.')}{spot}", "locations": at}


def _refusal(document: DocumentNode, error: GraphQLError) -> Json:
    """graphql-core's validation error in the shape that Shopify answers."""
    told: Json = {
        "message": error.message,
        "locations": [{"line": place.line, "column": place.column} for place in error.locations or ()],
        "path": _trail(document, error.nodes[0]) if error.nodes else [],
        "extensions": {"code": "invalid"},
    }
    for pattern, code, words, more in SHAPES:
        if match := pattern.search(error.message):
            parts = match.groupdict()
            told["message"] = words.format(**parts)
            told["extensions"] = {"code": code, **more, **parts}
            break
    return told


def _trail(node: Node, wanted: Node) -> list[str]:
    """The names on the way from the operation to a node; empty where it is not below."""
    here = _step(node)
    if node is wanted:
        return here
    for key in node.keys:
        below = getattr(node, key, None)
        for child in below if isinstance(below, list | tuple) else (below,):
            if isinstance(child, Node) and (child is wanted or (trail := _trail(child, wanted))):
                return [*here, *(_step(child) if child is wanted else trail)]
    return []


def _step(node: Node) -> list[str]:
    match node:
        case OperationDefinitionNode():
            return [f"{node.operation.value} {node.name.value}" if node.name else node.operation.value]
        case FragmentDefinitionNode():
            return [f"fragment {node.name.value}"]
        case FieldNode():
            return [(node.alias or node.name).value]
        case InlineFragmentNode():
            return [f"... on {node.type_condition.name.value}" if node.type_condition else "..."]
        case FragmentSpreadNode():
            return [f"... {node.name.value}"]
    name = getattr(node, "name", None)
    named = type(node).__name__ in ("ArgumentNode", "ObjectFieldNode") and name is not None
    return [name.value] if named and name is not None else []
