"""Card specs out of TOML and YAML files: strictly read, bounded, without YAML's aliases and tags."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from eid_toolkit.ground.bounded_toml import read_toml
from eid_toolkit.ground.errors import BadInput
from eid_toolkit.ground.plain_values import Misfit, from_plain
from eid_toolkit.work.cardspec.profile_of import profile_of
from eid_toolkit.work.cardspec.spec import SCHEMA, CardSpec

MAX_SIZE = 1 << 16
"""The largest file in bytes."""
_MAX_DEPTH = 6
_MANY = 1 << 32
_YAML_SUFFIXES = frozenset({".yaml", ".yml"})


def load_spec(path: Path) -> CardSpec:
    """The card described in a file; ``.yaml`` and ``.yml`` are YAML, all else TOML.

    Raises :class:`BadInput` for a file that is none, of another schema, or with a field that is unknown or wrong.
    """
    with path.open("rb") as stream:
        data = stream.read(MAX_SIZE + 1)
    return parse_spec(data, yaml=path.suffix.lower() in _YAML_SUFFIXES)


def parse_spec(data: bytes, *, yaml: bool = False) -> CardSpec:
    """The card described in the bytes of a file; see :func:`load_spec`."""
    if len(data) > MAX_SIZE:
        raise BadInput("card-spec-too-large", limit=MAX_SIZE)
    document = _from_yaml(data) if yaml else _from_toml(data)
    if not isinstance(document, dict):
        raise BadInput("card-spec-malformed", reason="not a table of fields")
    schema = document.pop("schema", None)
    if schema != SCHEMA:
        raise BadInput("card-spec-schema", schema=str(schema), supported=SCHEMA)
    return spec_of(document)


def spec_of(fields: Mapping[str, object]) -> CardSpec:
    """The card described by the fields of a file, without their schema; see :func:`load_spec`."""
    try:
        spec = from_plain(CardSpec, _plain(fields, _MAX_DEPTH), strict=True)
    except Misfit as error:
        raise _told(error) from None
    profile_of(spec)  # so that a contradiction is found where the spec is written
    return spec


def _told(error: Misfit) -> BadInput:
    match error.problem:
        case "missing":
            return BadInput("card-spec-missing-field", field=error.field)
        case "unknown":
            return BadInput("card-spec-unknown-field", field=error.field)
        case "wrong":
            return BadInput("card-spec-wrong-value", field=error.field)


def _from_toml(data: bytes) -> object:
    try:
        return read_toml(data, MAX_SIZE)
    except ValueError as error:
        raise BadInput("card-spec-malformed", reason=str(error).partition("\n")[0]) from None


def _from_yaml(data: bytes) -> object:
    import yaml

    depth = 0
    try:
        text = data.decode("utf-8-sig")
        for event in yaml.parse(text, yaml.SafeLoader):
            # An alias can stand for a tree that doubles with each, and a tag can ask for anything.
            if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None) or getattr(event, "tag", None):
                raise BadInput("card-spec-malformed", reason="anchors, aliases and tags are not taken")
            depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
            if depth > _MAX_DEPTH:  # before a tree is built, for that takes time by the square of the depth
                raise BadInput("card-spec-malformed", reason="nested too deeply")
        return yaml.load(text, _loader())
    except (yaml.YAMLError, RecursionError, ValueError, OverflowError) as error:
        raise BadInput("card-spec-malformed", reason=str(error).partition("\n")[0]) from None


def _loader() -> Any:
    """YAML's safe loader, that does not take a field twice, as TOML does not."""
    import yaml

    class Loader(yaml.SafeLoader):  # type: ignore[misc]
        def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
            names = [self.construct_object(key, deep=True) for key, _ in node.value]
            if len(names) != len(set(map(str, names))):
                raise ValueError("a field is there twice")
            mapping: dict[Any, Any] = super().construct_mapping(node, deep)
            return mapping

    return Loader


def _plain(value: object, depth: int) -> Any:
    """The same with times in UTC and numbers where a fraction is meant; bounded in depth."""
    if depth < 0:
        raise BadInput("card-spec-malformed", reason="nested too deeply")
    if isinstance(value, Mapping):
        return {str(name): _named(str(name), _plain(item, depth - 1)) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item, depth - 1) for item in value]
    return ... if value is None else value  # which is the value of no field


def _named(name: str, value: object) -> object:
    """Field by field: a time without its zone is UTC, a day is its first moment, 1 is as good as 1.0."""
    if isinstance(value, datetime):
        with suppress(OverflowError):  # beyond the first or last year that there is: refused for its value
            return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
        return ...
    if isinstance(value, date):
        return value.isoformat() if name != "at" else datetime(value.year, value.month, value.day, tzinfo=UTC)
    if name == "seconds" and type(value) is int and abs(value) < _MANY:
        return float(value)
    if name == "at" and isinstance(value, str):
        with suppress(ValueError):
            return _named(name, datetime.fromisoformat(value))
    return value
