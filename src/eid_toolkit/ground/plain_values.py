"""Dataclasses as plain values, which JSON, TOML and YAML have, and back: checked against the type of each field.

What a class says of itself (names, types, defaults, ``__post_init__``) is its form. What is written in another way says
so in the annotation: ``signature: Hex | None``, ``person_id: Annotated[str, Named("person")]``.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Collection, Mapping
from dataclasses import MISSING, dataclass, fields, is_dataclass
from datetime import UTC, datetime
from enum import Enum, StrEnum
from functools import cache
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, NamedTuple, TypeVar, Union, get_args, get_origin, get_type_hints

from eid_toolkit.ground.display import shortened

_Kind = TypeVar("_Kind")
_UNIONS = (Union, UnionType)
_PLAIN = (str, int, bool, float)
_LONGEST_PLACE = 200


@dataclass(frozen=True, slots=True)
class Named:
    """What a field is called where it is written."""

    name: str


REQUIRED = "required"
"""The mark of a field that is always written, though its class has a default for it."""


@dataclass(frozen=True, slots=True)
class Form:
    """How a value is read and written; ``read`` raises :class:`ValueError` or :class:`TypeError` for what is none."""

    read: Callable[[Any], Any]
    write: Callable[[Any], Any]


Hex = Annotated[bytes, Form(bytes.fromhex, bytes.hex)]
Base64 = Annotated[
    bytes, Form(lambda text: base64.b64decode(text, validate=True), lambda data: base64.b64encode(data).decode())
]


def _utc(text: str) -> datetime:
    time = datetime.fromisoformat(text)
    if time.tzinfo is None:
        raise ValueError("a time without its zone")
    return time.astimezone(UTC)


UtcTime = Annotated[datetime, Form(_utc, lambda time: time.astimezone(UTC).isoformat())]


class Misfit(ValueError):
    """A value is not what its place asks for: ``problem`` is ``wrong``, ``unknown`` or ``missing``."""

    def __init__(self, problem: Literal["wrong", "unknown", "missing"], field: str) -> None:
        super().__init__(f"{problem} {field}")
        self.problem, self.field = problem, shortened(field, _LONGEST_PLACE)


def parse_json(data: bytes | str) -> Any:
    """The values of a JSON text; raises :class:`ValueError` for anything else, also where it is nested too deeply."""
    try:
        return json.loads(data)
    except RecursionError:
        raise ValueError("nested too deeply") from None


def read_json(kind: type[_Kind], data: bytes | str, *schemas: str, strict: bool = False) -> _Kind:
    """A ``kind`` out of JSON, beside whose fields one of the ``schemas`` stands, where there are any.

    Raises :class:`ValueError`, for an unknown name where it is ``strict``.
    """
    values = parse_json(data)
    if schemas and (not isinstance(values, dict) or values.pop("schema", None) not in schemas):
        raise Misfit("wrong", "schema")
    return from_plain(kind, values, strict=strict)


def from_plain(
    kind: type[_Kind],
    value: object,
    place: str = "",
    known: Mapping[str, object] | None = None,
    *,
    strict: bool = False,
) -> _Kind:
    """``value`` as a ``kind``: a plain type, Literal, Enum, tuple, frozenset, Mapping, dataclass, or X | None.

    An Enum is read by its value where that is text, else by its name. ``place`` names it in errors; ``known`` are
    fields of a dataclass that do not come from outside. Raises :class:`Misfit` for a field that is missing or
    wrong, and where it is ``strict``, for one that is unknown; what ``__post_init__`` raises of the error tree passes.
    """
    try:
        result: _Kind = _read(kind, value, place, known, strict)
    except Misfit:
        raise
    except (ValueError, TypeError, LookupError, OverflowError):
        raise Misfit("wrong", place) from None
    return result


def to_plain(value: Any, without: Collection[str] = ()) -> dict[str, Any]:
    """A dataclass with its fields in their order, but for those ``without`` which it is written."""
    kind: Any = type(value)
    return {
        field.name: _write(field.kind, getattr(value, field.attribute))
        for field in _fields_of(kind)
        if field.attribute not in without
    }


def _read(kind: Any, value: Any, place: str, known: Mapping[str, object] | None, strict: bool) -> Any:
    if type(value) is kind or kind in (Any, object):
        return value
    origin, arguments, form = _shape(kind)
    if form is not None:
        return form.read(value)
    if origin is Annotated:
        return from_plain(arguments[0], value, place, strict=strict)
    if origin in _UNIONS:
        missing = value is None and NoneType in arguments
        return None if missing else from_plain(arguments[0], value, place, strict=strict)
    if origin is Literal and any(type(value) is type(choice) and value == choice for choice in arguments):
        return value
    if origin in (tuple, frozenset) and type(value) is list:
        return origin(
            from_plain(each, item, f"{place}[{at}]", strict=strict)
            for at, (each, item) in enumerate(zip(_of_items(arguments, len(value)), value, strict=True))
        )
    if origin in (Mapping, dict) and type(value) is dict:
        of_name, of_item, prefix = *arguments, f"{place}." if place else ""
        return {
            from_plain(of_name, name, prefix + name): from_plain(of_item, item, prefix + name, strict=strict)
            for name, item in value.items()
        }
    if is_dataclass(kind) and type(value) is dict:
        return _read_dataclass(kind, value, f"{place}." if place else "", known or {}, strict)
    if isinstance(kind, type) and issubclass(kind, Enum) and type(value) is str:
        return kind(value) if issubclass(kind, StrEnum) else kind[value.replace("-", "_").upper()]
    if kind is datetime and type(value) is str:
        return datetime.fromisoformat(value)
    raise Misfit("wrong", place)


def _read_dataclass(kind: Any, table: dict[str, Any], prefix: str, known: Mapping[str, object], strict: bool) -> Any:
    of_names = {field.name: field for field in _fields_of(kind) if field.attribute not in known}
    if strict and (unknown := next((name for name in table if name not in of_names), None)) is not None:
        raise Misfit("unknown", prefix + unknown)
    values = dict(known)
    for name, field in of_names.items():
        if name in table:
            values[field.attribute] = from_plain(field.kind, table[name], prefix + name, strict=strict)
        elif field.required:
            raise Misfit("missing", prefix + name)
    return kind(**values)


def _write(kind: Any, value: Any) -> Any:
    if value is None or kind in _PLAIN:
        return value
    origin, arguments, form = _shape(kind)
    if form is not None:
        return form.write(value)
    if origin is Annotated or origin in _UNIONS:
        return _write(arguments[0], value)
    if origin in (tuple, frozenset):
        written = [_write(*each) for each in zip(_of_items(arguments, len(value)), value, strict=True)]
        return sorted(written) if origin is frozenset else written
    if origin in (Mapping, dict):
        return {_write(arguments[0], name): _write(arguments[1], item) for name, item in value.items()}
    if is_dataclass(value):
        return to_plain(value)
    if isinstance(value, Enum):
        return value.value if isinstance(value, StrEnum) else value.name.replace("_", "-").lower()
    return value.isoformat() if isinstance(value, datetime) else value


class _Field(NamedTuple):
    attribute: str
    name: str
    kind: Any
    required: bool


@cache
def _fields_of(kind: Any) -> tuple[_Field, ...]:
    found = []
    hints = get_type_hints(kind, include_extras=True)
    for field in fields(kind):
        hint = hints[field.name]
        notes = get_args(hint)
        name = next((note.name for note in notes if isinstance(note, Named)), field.name)
        required = REQUIRED in notes or (field.default is MISSING and field.default_factory is MISSING)
        found.append(_Field(field.name, name, hint, required))
    return tuple(found)


@cache
def _shape(kind: Any) -> tuple[Any, tuple[Any, ...], Form | None]:
    arguments = get_args(kind)
    return get_origin(kind), arguments, next((note for note in arguments if isinstance(note, Form)), None)


def _of_items(arguments: tuple[Any, ...], count: int) -> tuple[Any, ...]:
    """The kind of each item of a tuple: of any length with ``...`` behind the first, or a frozenset."""
    return arguments if len(arguments) > 1 and arguments[1] is not ... else arguments[:1] * count
