"""The specimen persons: a register's record, the profile of their card, and a drawn portrait for each."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files

from eid_toolkit.work.specimens.drawing import Look, draw_portrait


@dataclass(frozen=True, slots=True)
class SpecimenPerson:
    """One invented person; ``record`` has the fields of the register as text."""

    profile: str
    record: Mapping[str, str]
    look: Look

    def portrait(self) -> bytes:
        """The drawn portrait as a JPEG file, always the same bytes."""
        return draw_portrait(self.look)


def persons() -> tuple[SpecimenPerson, ...]:
    """A Vietnamese, a Singaporean and a Utopian."""
    content = tomllib.loads(files("eid_toolkit.work.specimens").joinpath("persons.toml").read_text("utf-8"))
    return tuple(
        SpecimenPerson(entry["profile"], entry["record"], Look(**entry["portrait"])) for entry in content["person"]
    )
