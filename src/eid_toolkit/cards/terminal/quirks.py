"""What a card understands: known beforehand of a kind of card, or learned while it is driven.

ISO/IEC 7816-4 11.2 gives SELECT several forms, and 9303-10 3.6 lets a chip choose; cards in the field differ. What
can be found out by trying is a ladder (``selecting.py`` and ``file_reader.py``)
and needs no entry here: a :class:`Quirks` is for cards that trying itself would harm, because they fall silent or end
the secure channel at a command that they do not know.
"""

from __future__ import annotations

from dataclasses import dataclass

from eid_toolkit.ground.errors import UsageError
from eid_toolkit.standards.iso7816.apdu import MAX_EXTENDED_NE, MAX_SHORT_NE


@dataclass(frozen=True, slots=True)
class Quirks:
    """A kind of cards, and what must not be tried on them."""

    name: str
    summary: str
    selects_master_file: bool = True
    short_identifiers: bool = True
    largest_answer: int = MAX_EXTENDED_NE
    """The most response data in bytes to ask for, whatever EF.ATR/INFO says."""


STANDARD = Quirks("standard", "nothing is known beforehand; what the card understands is learned by trying")
_PROFILES = (
    STANDARD,
    Quirks("vietnam", "no SELECT of the master file, no short file identifiers", False, False),
    Quirks("no-master-file", "no SELECT of the master file", selects_master_file=False),
    Quirks("no-short-identifiers", "files are selected by their identifiers", short_identifiers=False),
    Quirks("short-length", "no extended length, although the card declares it", largest_answer=MAX_SHORT_NE),
    Quirks("small-answers", "no answers of more than 160 bytes", largest_answer=160),
)
QUIRKS = {profile.name: profile for profile in _PROFILES}


def quirks_by_name(name: str) -> Quirks:
    """The profile called ``name``; raises :class:`UsageError` if there is none."""
    if name not in QUIRKS:
        raise UsageError("quirks-unknown", name=name, known=", ".join(QUIRKS))
    return QUIRKS[name]


@dataclass(slots=True)
class Habits:
    """What has worked with one card; it outlives a reset of the card, but not the session."""

    master_file: int | None
    """The rung of the ladder that selects the master file; None where the card stands there without."""
    file: int
    """The rung of the ladder that opens an EF."""
    largest_answer: int
    """The most response data in bytes that the card was not found to refuse."""
    application: int = 0
    """The rung of the ladder that selects an application."""
    file_proven: bool = False
    """Whether :attr:`file` has opened one in the DF that is selected: only then are its refusals believed."""
    fatal_forms: frozenset[int] = frozenset()
    """The rungs that open no EF but end the secure channel."""
    header_first: bool = False
    """Whether the card refuses to be asked for more than a file holds, so that the length must be read first."""

    @classmethod
    def of(cls, quirks: Quirks) -> Habits:
        """What is taken for granted of a card before its first command."""
        return cls(
            master_file=0 if quirks.selects_master_file else None,
            file=0 if quirks.short_identifiers else 1,
            largest_answer=quirks.largest_answer,
        )
