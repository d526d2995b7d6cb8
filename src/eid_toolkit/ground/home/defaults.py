"""Defaults that save typing: which reader, operator, profile, station, policy and language are meant unless said.

Everybody has a file of their own, and a home may have one for all who work in it; both have the same form, apart from
the home's ``eid.toml``, which says what the home is. No default answers a question or holds a secret.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from pathlib import Path

from eid_toolkit.ground.bounded_toml import read_toml
from eid_toolkit.ground.display import shortened
from eid_toolkit.ground.errors import BadInput
from eid_toolkit.ground.home.atomic import private_directory, write_atomic
from eid_toolkit.ground.home.named_files import read_start

HOME_FILE = "defaults.toml"
"""Within a home."""
PERSONAL = frozenset({"operator"})
"""What a home's file cannot say: who acts is said by whoever acts."""
LONGEST = 200
"""Characters of a value; names of PC/SC readers have fewer than 128."""
_MAX_SIZE = 1 << 13
"""The largest file in bytes."""


@dataclass(frozen=True, slots=True)
class Defaults:
    """What one file says; None where it says nothing. Raises :class:`BadInput` for a value that cannot be one."""

    reader: str | None = None
    operator: str | None = None
    profile: str | None = None
    station: str | None = None
    policy: str | None = None
    language: str | None = None

    def __post_init__(self) -> None:
        for name, value in self:
            if not value.strip() or len(value) > LONGEST or not value.isprintable():
                raise BadInput("default-malformed", name=name, limit=LONGEST)

    def __iter__(self) -> Iterator[tuple[str, str]]:
        """Name and value of each that is there."""
        return ((name, value) for name in NAMES if (value := getattr(self, name)) is not None)

    def get(self, name: str) -> str | None:
        """The value of a name, if there is one."""
        return dict(self).get(name)

    def changed(self, name: str, value: str | None) -> Defaults:
        """The same with another value, or without one."""
        return replace(self, **{name: value})

    def encode(self) -> bytes:
        """The file's bytes: for printable text, JSON's strings are TOML's."""
        return "".join(f"{name} = {json.dumps(value, ensure_ascii=False)}\n" for name, value in self).encode()

    @classmethod
    def parse(cls, data: bytes, file: Path) -> Defaults:
        """Read a file's bytes; raises :class:`BadInput` for anything but names that are known, each with a text."""
        try:
            values = read_toml(data, _MAX_SIZE)
        except ValueError as error:
            raise BadInput("defaults-unreadable", file=file, cause=str(error)) from None
        for name, value in values.items():
            if name not in NAMES:
                raise BadInput("default-unknown", file=file, name=shortened(name, 40), known=", ".join(NAMES))
            if not isinstance(value, str):
                raise BadInput("default-malformed", name=name, limit=LONGEST)
        return cls(**values)

    @classmethod
    def read(cls, file: Path) -> Defaults:
        """What the file says, nothing if there is none; raises as :meth:`parse`, and for what is no file."""
        if not file.exists():
            return cls()
        if not file.is_file():  # a pipe would be waited for, whoever put it there
            raise BadInput("file-not-regular", file=file)
        return cls.parse(read_start(file, _MAX_SIZE + 1), file)

    def write(self, file: Path) -> None:
        """Keep it in a file, written whole or not at all; of a link, in the file that it leads to."""
        private_directory(file.parent)
        write_atomic(file.resolve(), self.encode())


NAMES = tuple(field.name for field in fields(Defaults))
"""What there are defaults for."""


def of_home(root: Path) -> Defaults:
    """What the home in the folder ``root`` says for all; raises as :meth:`Defaults.read`, and for who acts."""
    file = root / HOME_FILE
    defaults = Defaults.read(file)
    for name in PERSONAL:
        if defaults.get(name) is not None:
            raise BadInput("default-personal", file=file, name=name)
    return defaults
