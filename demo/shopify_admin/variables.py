"""Variables against the types that a document declares for them, with the problems that Shopify lists."""

import json
from typing import Any

from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLScalarType,
    GraphQLSchema,
    Undefined,
    VariableDefinitionNode,
    print_ast,
    type_from_ast,
)

from demo.shopify_admin.documents import Json, Prepared, Refused

Problem = tuple[list[str | int], str]


def check(schema: GraphQLSchema, prepared: Prepared, given: Json) -> None:
    """Refuse values that do not fit their declared types. Raises `Refused`."""
    errors = []
    for declared in prepared.operation.variable_definitions or ():
        name = declared.variable.name.value
        if name not in given and declared.default_value is not None:
            continue
        kind = type_from_ast(schema, declared.type)
        if name not in given and not isinstance(kind, GraphQLNonNull):
            continue
        found = problems(kind, given.get(name))
        if found:
            errors.append(_error(declared, given.get(name), found))
    if errors:
        raise Refused(errors)


def problems(kind: Any, value: Any) -> list[Problem]:
    """What is wrong with a value: paths into it, each with an explanation."""
    if isinstance(kind, GraphQLNonNull):
        return [([], "Expected value to not be null")] if value is None else problems(kind.of_type, value)
    if value is None:
        return []
    if isinstance(kind, GraphQLList):
        items = value if isinstance(value, list) else [value]
        return [
            ([at, *path], told)
            for at, item in enumerate(items)
            for path, told in problems(kind.of_type, item)
        ]
    if isinstance(kind, GraphQLInputObjectType):
        return _in_object(kind, value)
    if isinstance(kind, GraphQLEnumType):
        if isinstance(value, str) and value in kind.values:
            return []
        return [([], f"Expected {json.dumps(value)} to be one of: {', '.join(kind.values)}")]
    return _in_scalar(kind, value)


def _in_object(kind: GraphQLInputObjectType, value: Any) -> list[Problem]:
    if not isinstance(value, dict):
        return [([], f"Expected {json.dumps(value)} to be a key-value object.")]
    found: list[Problem] = [
        ([name], f"Field is not defined on {kind.name}") for name in value if name not in kind.fields
    ]
    for name, field in kind.fields.items():
        if name in value or (isinstance(field.type, GraphQLNonNull) and field.default_value is Undefined):
            found += [([name, *path], told) for path, told in problems(field.type, value.get(name))]
    return found


def _in_scalar(kind: GraphQLScalarType, value: Any) -> list[Problem]:
    try:
        kind.parse_value(value)
    except Exception as error:
        told = str(error) if isinstance(error, ValueError) else ""
        return [([], told or f"Could not coerce value {json.dumps(value)} to {kind.name}")]
    return []


def _error(declared: VariableDefinitionNode, value: Any, found: list[Problem]) -> Json:
    places = ", ".join(f"{'.'.join(map(str, path))} ({told})" for path, told in found if path)
    words = f"Variable ${declared.variable.name.value} of type {print_ast(declared.type)} was provided invalid value"
    at = declared.loc.start_token if declared.loc else None
    return {
        "message": f"{words} for {places}" if places else words,
        "locations": [{"line": at.line, "column": at.column}] if at else [],
        "extensions": {
            "code": "INVALID_VARIABLE",
            "value": value,
            "problems": [{"path": path, "explanation": told} for path, told in found],
        },
    }
