"""What an officer sees of a case: the same in learning mode and in an exam, and nothing of its truth."""

from __future__ import annotations

from dataclasses import dataclass

from eid_toolkit.standards.lds.mrz import Mrz

STANDARD = "standard"


@dataclass(frozen=True, slots=True)
class View:
    """One case before its officer."""

    number: int
    """From 1."""
    of: int
    scene: str
    says: str
    can: str
    mrz: Mrz
    """As it is printed."""
    quirks: str
    """The kind of cards for which the tool is set; ``standard`` for most."""
    bearer: bytes
    """The face of whoever stands there, in JPEG."""

    @property
    def options(self) -> tuple[str, ...]:
        """With which options the tool reads such a card."""
        return () if self.quirks == STANDARD else ("--quirks", self.quirks)
