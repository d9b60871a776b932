"""The part of the schema that is written down here is a true part of the whole one."""

from typing import Any

from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    Undefined,
    build_schema,
    validate_schema,
)

from demo.shopify_admin.schema import REDUCED, schema
from tests.material import material


def test_the_reduced_schema_is_sound() -> None:
    assert validate_schema(build_schema(REDUCED.read_text())) == []


def test_the_reduced_schema_is_part_of_the_real_one() -> None:
    real, reduced = schema(material("shopify", "admin_2026-04.graphql")), schema()
    ours = {name: kind for name, kind in reduced.type_map.items() if not name.startswith("__")}
    assert len(ours) > 100
    assert [told for name, kind in ours.items() for told in differences(name, kind, real)] == []
    assert {found.name for found in reduced.directives} <= {found.name for found in real.directives}


def differences(name: str, ours: Any, real: GraphQLSchema) -> list[str]:
    """What a type of ours has that the real one has not, or otherwise."""
    theirs: Any = real.type_map.get(name)
    if theirs is None or type(theirs) is not type(ours):
        return [f"{name} is not there"]
    if isinstance(ours, GraphQLEnumType):
        return [f"{name}.{value}" for value in ours.values if value not in theirs.values]
    if isinstance(ours, GraphQLUnionType):
        known = {member.name for member in theirs.types}
        return [f"{name} | {member.name}" for member in ours.types if member.name not in known]
    if isinstance(ours, GraphQLInputObjectType):
        missing = [
            f"{name}.{required} is required" for required in _required(theirs.fields) - set(ours.fields)
        ]
        return missing + _inputs(name, ours.fields, theirs.fields)
    if isinstance(ours, GraphQLObjectType | GraphQLInterfaceType):
        known = {kind.name for kind in theirs.interfaces}
        lies = [f"{name} implements {kind.name}" for kind in ours.interfaces if kind.name not in known]
        return lies + _fields(name, ours.fields, theirs.fields)
    return []


def _fields(name: str, ours: dict[str, Any], theirs: dict[str, Any]) -> list[str]:
    found: list[str] = []
    for field, mine in ours.items():
        real = theirs.get(field)
        if real is None or str(real.type) != str(mine.type):
            found.append(f"{name}.{field}: {mine.type}")
            continue
        found += [f"{name}.{field}({left}:)" for left in _required(real.args) - set(mine.args)]
        found += _inputs(f"{name}.{field}", mine.args, real.args)
    return found


def _inputs(name: str, ours: dict[str, Any], theirs: dict[str, Any]) -> list[str]:
    return [
        f"{name}({field}: {mine.type})"
        for field, mine in ours.items()
        if field not in theirs or str(theirs[field].type) != str(mine.type)
    ]


def _required(inputs: dict[str, Any]) -> set[str]:
    return {
        name
        for name, given in inputs.items()
        if isinstance(given.type, GraphQLNonNull) and given.default_value is Undefined
    }
