"""What a card is to be like; every field has a default, and ``docs/card-spec.md`` describes them all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from eid_toolkit.ground.errors import BadInput
from eid_toolkit.standards.profiles.chip_protocols import (
    ActiveAuthenticationProfile,
    ChipAuthenticationProfile,
    PaceChoice,
)

SCHEMA = "eid-card-spec/1"
DEFAULT_CAN = "123456"
_MAX_FINGERS, _MAX_EYES, _MAX_FAULTS = 10, 2, 100
_MAX_FAILURES = 0xFFFF
_YEARS = range(2000, 2080)
"""Years whose two digits in an MRZ are understood, also those of births and of expiry."""

Protocol = Literal["pace", "bac"]
Feature = Literal["chip-authentication", "active-authentication"]
FaultKind = Literal["power-lost", "answer", "slow", "bit-error", "session-lost", "memory-full", "memory-stuck"]
When = Literal["before", "after"]


@dataclass(frozen=True, slots=True)
class DocumentSpec:
    """What is printed on the card; a number is made up where none is given."""

    number: str | None = None
    """The document number, up to 9 characters (longer ones where the profile has room)."""
    can: str = DEFAULT_CAN
    """The card access number, 6 to 16 digits."""
    portrait: str | None = None
    """An image file in the folder of the spec or below it; drawn where none is given."""


@dataclass(frozen=True, slots=True)
class AccessSpec:
    """How the card is opened; None means as the profile has it."""

    protocols: tuple[Protocol, ...] | None = None
    """Which of the two there are."""
    pace: tuple[PaceChoice, ...] | None = None
    """The ways to run PACE, as EF.CardAccess lists them; each has all three fields."""
    failures: int = 0
    """Wrong passwords in a row that the card has seen already, to 65535: from three on it delays its answers."""


@dataclass(frozen=True, slots=True)
class ChipSpec:
    """What else the chip does; None means as the profile has it."""

    chip_authentication: ChipAuthenticationProfile | None = None
    """The chip's key for Chip Authentication."""
    active_authentication: ActiveAuthenticationProfile | None = None
    """The chip's key for Active Authentication: `digest`, and either `parameter_id` or `rsa_bits`."""
    without: tuple[Feature, ...] = ()
    """What the profile has and this card has not."""
    terminal_authentication: bool = False
    """Fingerprints and irises, held back, and a verifying authority whose terminals may read them."""
    fingers: int = 2
    """Fingerprints in DG3 with terminal authentication, 0 to 10."""
    eyes: int = 2
    """Irises in DG4 with terminal authentication, 0 to 2."""
    extended_length: bool = True
    """Whether EF.ATR/INFO is there and says that long APDUs are taken."""
    domain_failures: int = 0
    """Failed authentications in a row that the security domain has seen already; after ten it is dead."""


@dataclass(frozen=True, slots=True)
class FaultSpec:
    """Something that goes wrong at the ``at``-th command since the card was made (from 1), or from then on."""

    fault: FaultKind
    """What goes wrong."""
    at: int = 1
    """At which command since the card was made, from 1; resets do not begin the count anew."""
    when: When = "before"
    """For `power-lost` and `session-lost`: before the command has had its effect, or after."""
    repeat: bool = False
    """Whether it goes wrong again at every later command; a failing memory fails for good anyhow."""
    answer: str = "6F00"
    """For `answer`: data and status word in hex, 2 to 65538 bytes."""
    seconds: float = 1.0
    """For `slow`: how much longer, up to 3600. With `at` given in the spec no real time passes."""
    bit: int = 0
    """For `bit-error`: which bit of the answer is turned over, counted from the first; beyond the end it wraps."""


@dataclass(frozen=True, slots=True)
class CardSpec:
    """One card."""

    profile: str = "utopia-id"
    """The document type: `utopia-id`, `vn-cccd`, `sgp-id`, `td2` or `passport`."""
    seed: str | None = None
    """The same seed gives the same card, to the last byte of every answer; another card each time without."""
    at: datetime | None = None
    """When the card was issued (2000 to 2079), and its own time from then on; if not given, the machine's."""
    blank: bool = False
    """A blank with the developer's keys instead of an issued card."""
    forgery: str | None = None
    """The name of a forgery made of this card."""
    oddity: str | None = None
    """What the issuer did otherwise than most, in a genuine document: `signer-left-out` of EF.SOD."""
    quirks: tuple[str, ...] = ()
    """The names of kinds of real cards whose ways this one has."""
    person: Mapping[str, str] = field(default_factory=dict)
    """The register's fields, as text; a specimen person where there are none."""
    document: DocumentSpec = DocumentSpec()
    """What is printed on the card."""
    access: AccessSpec = AccessSpec()
    """How the card is opened."""
    chip: ChipSpec = ChipSpec()
    """What else the chip does."""
    faults: tuple[FaultSpec, ...] = ()
    """What goes wrong, and when; 100 at most."""

    def __post_init__(self) -> None:
        rules = {
            "at": self.at is None or (self.at.tzinfo is not None and self.at.year in _YEARS),
            "seed": self.seed is None or _is_text(self.seed),
            "document.portrait": self.document.portrait is None or _is_text(self.document.portrait),
            "access.failures": 0 <= self.access.failures <= _MAX_FAILURES,
            "chip.domain_failures": 0 <= self.chip.domain_failures <= _MAX_FAILURES,
            "chip.fingers": 0 <= self.chip.fingers <= _MAX_FINGERS,
            "chip.eyes": 0 <= self.chip.eyes <= _MAX_EYES,
            "faults": len(self.faults) <= _MAX_FAULTS,
            "faults.at": all(fault.at >= 1 for fault in self.faults),
            "faults.bit": all(fault.bit >= 0 for fault in self.faults),
            "faults.seconds": all(0 <= fault.seconds <= 3600 for fault in self.faults),
            "faults.answer": all(_is_answer(fault.answer) for fault in self.faults),
            "access.protocols": self.access.protocols is None or bool(self.access.protocols),
            "forgery": not (self.blank and self.forgery),
        }
        for name, kept in rules.items():
            if not kept:
                raise BadInput("card-spec-wrong-value", field=name)


def _is_text(text: str) -> bool:
    """Whether it can name a file or be hashed: neither NUL nor half a character, as escapes can bring."""
    return "\0" not in text and not any(0xD800 <= ord(char) < 0xE000 for char in text)


def _is_answer(text: str) -> bool:
    try:
        return 2 <= len(bytes.fromhex(text)) <= 65538
    except ValueError:
        return False
