"""Whether plain JSON values fit typed structs, told field by field: `tiers.levels[1].threshold`."""

import re
from collections.abc import Iterable, Iterator
from decimal import Decimal, InvalidOperation
from types import NoneType, UnionType
from typing import Any, Literal, Protocol, Union, get_args, get_origin

import msgspec
from django.utils.translation import gettext
from msgspec import Struct

from loyalty.errors import Problem

BROKEN = object()
LONGEST_LIST = 1000
MOST_PROBLEMS = 100
# What Decimal itself would take besides (1_000, digits of other scripts, NaN) is more likely a slip.
_NUMBER = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?")


class Judge(Protocol):
    """What is asked beyond types, of each value that has the right type."""

    def value(self, field: str, value: Any) -> str | None:
        """What is wrong with the value of a field, or with one text or number of a list; None if nothing."""

    def struct(self, value: Struct, path: str) -> Iterator[Problem]:
        """What is wrong with a struct whose own fields are all right."""


class Unjudged:
    """Types alone."""

    def value(self, field: str, value: Any) -> str | None:
        return None

    def struct(self, value: Struct, path: str) -> Iterator[Problem]:
        return iter(())


def problems(raw: object, kind: type[Struct], judge: Judge | None = None) -> list[Problem]:
    """Every reason for which `raw` is no `kind`, as (path, message); empty when it is one. Of very many only the first.

    Decimals are text or whole numbers: a float is refused, since it may already have lost what was written.
    """
    reader = _Reader(judge or Unjudged())
    try:
        reader.struct(raw, kind, "")
    except _TooMany:
        reader.problems.append(("document", gettext("there are more mistakes; these are the first")))
    return reader.problems


def joined(path: str, name: str) -> str:
    """The path of a field inside `path`."""
    return f"{path}.{name}" if path else name


def shown_name(name: object) -> str:
    """The name of a field that somebody made up, as an error may tell it."""
    return "".join(letter if letter.isprintable() else "�" for letter in str(name)[:60])


class _TooMany(Exception):
    """There is no need to go on reading."""


class _Reader:
    """Reads values into their types and collects what is wrong; a value with a problem is `BROKEN`."""

    def __init__(self, judge: Judge) -> None:
        self.judge = judge
        self.problems: list[Problem] = []

    def refuse(self, path: str, message: str) -> object:
        if len(self.problems) == MOST_PROBLEMS:
            raise _TooMany
        self.problems.append((path or "document", message))
        return BROKEN

    def struct(self, raw: object, kind: type[Struct], path: str) -> object:
        if not isinstance(raw, dict):
            return self.refuse(path, gettext("must be an object with named fields"))
        fields = {field.encode_name: field for field in msgspec.structs.fields(kind)}
        before = len(self.problems)
        known = {*fields, kind.__struct_config__.tag_field}
        for name in raw:
            if name not in known:
                self.refuse(joined(path, shown_name(name)), gettext("unknown field"))
        values: dict[str, Any] = {}
        for name, field in fields.items():
            if name in raw:
                values[name] = self.read(raw[name], field.type, joined(path, name), name)
            elif field.required:
                self.refuse(joined(path, name), gettext("is missing"))
        if len(self.problems) > before:
            return BROKEN
        value = kind(**values)
        for problem in self.judge.struct(value, path):
            self.refuse(*problem)
        return BROKEN if len(self.problems) > before else value

    def read(self, raw: object, kind: Any, path: str, field: str) -> object:
        origin = get_origin(kind)
        if origin is tuple:
            return self.items(raw, get_args(kind)[0], path, field)
        if origin in (UnionType, Union):
            return self.union(raw, get_args(kind), path, field)
        if isinstance(kind, type) and issubclass(kind, Struct):
            return self.struct(raw, kind, path)
        value = _plain(raw, kind)
        if value is BROKEN:
            return self.refuse(path, _wanted(kind))
        message = self.judge.value(field, value)
        return self.refuse(path, message) if message else value

    def union(self, raw: object, kinds: tuple[Any, ...], path: str, field: str) -> object:
        """An optional value, or one of several structs told apart by their tag."""
        if NoneType in kinds:
            [kind] = [kind for kind in kinds if kind is not NoneType]
            return None if raw is None else self.read(raw, kind, path, field)
        if not isinstance(raw, dict):
            return self.refuse(path, gettext("must be an object with named fields"))
        tags = {str(kind.__struct_config__.tag): kind for kind in kinds}
        tag_field = kinds[0].__struct_config__.tag_field
        tag = raw.get(tag_field)
        if not isinstance(tag, str) or tag not in tags:
            return self.refuse(joined(path, tag_field), one_of(tags))
        return self.struct(raw, tags[tag], path)

    def items(self, raw: object, kind: Any, path: str, field: str) -> object:
        if not isinstance(raw, list | tuple):
            return self.refuse(path, gettext("must be a list"))
        if len(raw) > LONGEST_LIST:
            return self.refuse(path, gettext("must be at most %(count)d entries") % {"count": LONGEST_LIST})
        before = len(self.problems)
        values = [self.read(item, kind, f"{path}[{index}]", field) for index, item in enumerate(raw)]
        if len(self.problems) > before:
            return BROKEN
        message = self.judge.value(field, tuple(values))
        return self.refuse(path, message) if message else tuple(values)


def one_of(choices: Iterable[str]) -> str:
    return gettext("must be one of %(choices)s") % {"choices": ", ".join(choices)}


def _plain(raw: object, kind: Any) -> object:
    """The value that `raw` is, or `BROKEN`."""
    if kind is Decimal:
        return _decimal(raw)
    if get_origin(kind) is Literal:
        return raw if isinstance(raw, str) and raw in get_args(kind) else BROKEN
    return raw if type(raw) is kind else BROKEN


def _decimal(raw: object) -> object:
    if isinstance(raw, bool) or not isinstance(raw, str | int | Decimal):
        return BROKEN
    if isinstance(raw, str) and not _NUMBER.fullmatch(raw):
        return BROKEN
    try:
        number = Decimal(raw)
    except InvalidOperation:
        return BROKEN
    return number if number.is_finite() else BROKEN


def _wanted(kind: Any) -> str:
    if get_origin(kind) is Literal:
        return one_of(get_args(kind))
    return {
        Decimal: gettext('must be a number written as text, such as "1.5"'),
        int: gettext("must be a whole number"),
        bool: gettext("must be true or false"),
        str: gettext("must be text"),
    }[kind]
