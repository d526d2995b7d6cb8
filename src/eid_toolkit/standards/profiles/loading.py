"""Profiles from TOML files: those shipped with the package, and those in directories of the user."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

from eid_toolkit.ground.bounded_toml import read_toml
from eid_toolkit.ground.errors import BadInput
from eid_toolkit.ground.plain_values import Misfit, from_plain
from eid_toolkit.standards.profiles.profile import DocumentProfile

SCHEMA = 1
"""The version of the file format."""

_FILE_NAME = re.compile(r"([a-z0-9][a-z0-9-]{0,62})\.toml")
MAX_FILE = 1 << 16
"""Bytes of a profile's file at most."""


def is_profile_name(name: str) -> bool:
    """Whether a file may have this name: lower-case letters, digits and hyphens."""
    return _FILE_NAME.fullmatch(f"{name}.toml") is not None


def list_profiles(extra_dirs: Iterable[Path] = ()) -> tuple[str, ...]:
    """The names of all profiles, in alphabetical order."""
    return tuple(sorted(_sources(extra_dirs)))


def profile_bytes(name: str, extra_dirs: Iterable[Path] = ()) -> bytes:
    """The file of the profile called ``name``; raises :class:`BadInput` if there is none."""
    source = _sources(extra_dirs).get(name)
    if source is None:
        raise BadInput("profile-unknown", profile=name)
    with source.open("rb") as stream:
        return stream.read(MAX_FILE + 1)


def load_profile(name: str, extra_dirs: Iterable[Path] = ()) -> DocumentProfile:
    """The profile called ``name``; raises :class:`BadInput` if there is none or its file is wrong."""
    return read_profile(name, profile_bytes(name, extra_dirs))


def read_profile(name: str, data: bytes) -> DocumentProfile:
    """The profile in a file's bytes; raises :class:`BadInput` if they are none."""
    if len(data) > MAX_FILE:
        raise BadInput("profile-too-large", profile=name, limit=MAX_FILE)
    try:
        content = read_toml(data, MAX_FILE)
    except ValueError as error:
        raise BadInput("profile-no-toml", profile=name, cause=str(error)) from None
    return parse_profile(name, content)


def parse_profile(name: str, content: dict[str, Any]) -> DocumentProfile:
    """The profile of a parsed file; every field is checked, and one that is not known is an error."""
    if content.get("schema") != SCHEMA:
        raise BadInput("profile-unknown-schema", profile=name)
    canonical = json.dumps(content, sort_keys=True, separators=(",", ":"), default=str)
    known = {"name": name, "hash": hashlib.sha256(canonical.encode("ascii")).hexdigest()}
    table = {key: value for key, value in content.items() if key != "schema"}
    try:
        return from_plain(DocumentProfile, table, known=known, strict=True)
    except Misfit as error:
        raise _told(error) from None


def _told(error: Misfit) -> BadInput:
    match error.problem:
        case "missing":
            return BadInput("profile-missing-field", field=error.field)
        case "unknown":
            return BadInput("profile-unknown-field", field=error.field)
        case "wrong":
            return BadInput("profile-wrong-value", field=error.field)


def _sources(extra_dirs: Iterable[Path]) -> dict[str, Traversable]:
    """The profile files by name; nobody may take the name of a shipped one."""
    sources: dict[str, Traversable] = {}
    directories: list[Traversable] = [files("eid_toolkit.standards.profiles").joinpath("shipped"), *extra_dirs]
    for directory in directories:
        for entry in directory.iterdir() if directory.is_dir() else ():
            # A pipe would be waited for, whoever put it there.
            if (match := _FILE_NAME.fullmatch(entry.name)) and entry.is_file():
                if match[1] in sources:
                    raise BadInput("profile-name-taken", profile=match[1])
                sources[match[1]] = entry
    return sources
