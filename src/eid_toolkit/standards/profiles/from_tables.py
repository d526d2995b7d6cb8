"""Dataclasses out of parsed TOML: each value is checked against the type of its field."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, fields, is_dataclass
from enum import Enum
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from eid_toolkit.ground.errors import BadInput


def read(kind: Any, value: object, where: str, known: Mapping[str, object] | None = None) -> Any:
    """``value`` as a ``kind``: a plain type, Literal, Enum (by name), tuple, Mapping of texts, dataclass, or X | None.

    ``where`` names the field in errors; ``known`` are fields of a dataclass that do not come from the file.
    Raises :class:`BadInput` for a field that is missing, unknown or of another type.
    """
    origin, arguments = get_origin(kind), get_args(kind)
    if origin in (Union, UnionType):
        return read(arguments[0], value, where)
    if origin is Literal and value in arguments:
        return value
    if origin is tuple and isinstance(value, list):
        return tuple(read(arguments[0], item, f"{where}[{at}]") for at, item in enumerate(value))
    if origin is Mapping and isinstance(value, dict) and all(isinstance(item, str) for item in value.values()):
        return dict(value)
    if is_dataclass(kind) and isinstance(value, dict):
        return _read_dataclass(kind, value, where, known or {})
    if isinstance(kind, type) and issubclass(kind, Enum) and isinstance(value, str):
        member = kind.__members__.get(value.replace("-", "_").upper())
        if member is not None:
            return member
    if type(value) is kind:
        return value
    raise BadInput("profile-wrong-value", field=where)


def _read_dataclass(kind: Any, table: Mapping[str, object], where: str, known: Mapping[str, object]) -> Any:
    hints = get_type_hints(kind)
    prefix = f"{where}." if where else ""
    from_file = {field.name: field for field in fields(kind) if field.name not in known}
    for name in table:
        if name not in from_file:
            raise BadInput("profile-unknown-field", field=prefix + name)
    values = dict(known)
    for name, field in from_file.items():
        if name in table:
            values[name] = read(hints[name], table[name], prefix + name)
        elif field.default is MISSING and field.default_factory is MISSING:
            raise BadInput("profile-missing-field", field=prefix + name)
    return kind(**values)
