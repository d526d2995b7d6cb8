"""What a card remembers without power: its memory as plain data."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeVar

from eid_toolkit.cards.emulator.card_application import ApplicationMemory
from eid_toolkit.standards.protocols.globalplatform import DomainState
from eid_toolkit.standards.protocols.personalization_data import AccessRule

_Part = TypeVar("_Part", bound=ApplicationMemory)


@dataclass(slots=True, eq=False)
class StoredFile:
    """An EF: who may read it, and its bytes."""

    rule: AccessRule
    content: bytes


@dataclass(slots=True, eq=False)
class CardMemory:
    """The whole card: what is the chip's own, and a part for each application."""

    atr: bytes
    cplc: bytes
    state: DomainState = DomainState.OP_READY
    """The card's life cycle, which its issuer's security domain changes (GlobalPlatform 5.1)."""
    parts: dict[bytes, ApplicationMemory] = field(default_factory=dict)
    """By AID; the first brings the master file."""

    @property
    def chip_identity(self) -> bytes:
        """The 10 bytes that name the chip: fabricator, type, serial number and batch."""
        return self.cplc[0:4] + self.cplc[12:18]

    def part(self, kind: type[_Part]) -> _Part:
        """The part of the application that remembers in this way; KeyError if the card has none."""
        part = self.parts[kind.aid]
        assert isinstance(part, kind)
        return part
