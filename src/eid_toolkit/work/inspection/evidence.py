"""Evidence: all that one reading of a card brought, without any judgement and without any secret.

It holds what the checks need to judge it again later, with newer lists. The passwords that opened the card are not
in it; the card's files are, so evidence is personal data.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Annotated, Any

from eid_toolkit.ground.plain_values import REQUIRED, Base64, Form, UtcTime
from eid_toolkit.standards.iso7816.files import ElementaryFile
from eid_toolkit.standards.protocols.pace import ChipMappingProof

FROM_FILES = "files"
"""The access protocol where no card was opened: somebody else dumped its files."""


def _duration(value: Any) -> float:
    if type(value) not in (int, float) or not 0 <= float(value) < math.inf:
        raise ValueError("no duration")
    return float(value)


_Duration = Annotated[float, Form(_duration, float)]
_Label = Annotated[ElementaryFile, Form(ElementaryFile.by_label, lambda file: file.label)]


class FileState(StrEnum):
    """What became of the attempt to read a file; the first four never mean the same."""

    READ = "read"
    ABSENT = "absent"
    PROTECTED = "protected"
    FAILED = "failed"
    NEEDS_TERMINAL_AUTHENTICATION = "needs-terminal-authentication"
    TOLD = "told-by-reader"
    """Not read, by the word of a reader who is not believed; never in evidence itself."""


@dataclass(frozen=True, slots=True)
class FileEvidence:
    """One file: its bytes if it was read, else the status word or the error code that came instead."""

    state: FileState
    content: Annotated[Base64 | None, REQUIRED] = None
    cause: str | None = None

    def __post_init__(self) -> None:
        if (self.state is FileState.READ) is (self.content is None):
            raise ValueError("a file has content just if it was read")


@dataclass(frozen=True, slots=True)
class AccessEvidence:
    """How the card was opened."""

    protocol: str
    """``pace``, ``bac`` or ``none``; :data:`FROM_FILES` where no card was opened here."""
    password: str | None = None
    """``can`` or ``mrz``: the kind, never the value."""
    mapping: str | None = None
    cipher: str | None = None
    parameter_id: int | None = None
    mrz_matches: bool | None = None
    """Whether the MRZ that opened the card is that of DG1; None where the card was opened otherwise."""
    mrz_differs: tuple[str, ...] | None = None
    """The fields in which the whole MRZ that was given differs from DG1; None where none was given, or DG1 not read."""


class ChipProof(StrEnum):
    """How an authentication of the chip went on."""

    DONE = "done"
    """Chip Authentication: a response verified under the new keys. Active Authentication: the chip answered."""
    WRONG = "wrong"
    """The chip took part, but what came back does not verify."""
    REFUSED = "refused"
    """The chip answered with an error status word."""
    UNSUPPORTED = "unsupported"
    """It offers only what this toolkit cannot do."""
    NOT_ATTEMPTED = "not-attempted"


@dataclass(frozen=True, slots=True)
class ChipAuthenticationEvidence:
    """Chip Authentication, with the public key (SubjectPublicKeyInfo) that the terminal used."""

    outcome: ChipProof
    protocol: str | None = None
    public_key: Annotated[Base64 | None, REQUIRED] = None
    key_id: int | None = None
    cause: str | None = None


@dataclass(frozen=True, slots=True)
class ActiveAuthenticationEvidence:
    """Active Authentication: the terminal's challenge and the chip's signature, to be judged by a check."""

    outcome: ChipProof
    challenge: Annotated[Base64 | None, REQUIRED] = None
    signature: Annotated[Base64 | None, REQUIRED] = None
    cause: str | None = None


class TerminalProof(StrEnum):
    """How Terminal Authentication went on."""

    DONE = "done"
    NO_KEY = "no-key"
    """No key at hand is one that the chip's trust reaches."""
    REFUSED = "refused"
    """The chip does not take part, or took something of ours for wrong."""
    NOT_ATTEMPTED = "not-attempted"
    """Nothing on the card asks for it, or the chip was not authenticated first."""


@dataclass(frozen=True, slots=True)
class TerminalAuthenticationEvidence:
    """Terminal Authentication: whom the chip trusts, and what we showed it. It says nothing of the document."""

    outcome: TerminalProof
    trusted: Annotated[tuple[str, ...], REQUIRED] = ()
    """The references in EF.CVCA."""
    terminal: str | None = None
    """The reference of our certificate."""
    data_groups: Annotated[tuple[int, ...], REQUIRED] = ()
    """What our chain of certificates grants."""
    cause: str | None = None


@dataclass(frozen=True, slots=True)
class Evidence:
    """One reading of one card."""

    started: UtcTime
    """In UTC, by the reading machine's clock."""
    elapsed_ms: _Duration
    reader: str
    atr: Base64
    access: AccessEvidence
    files: Annotated[Mapping[_Label, FileEvidence], REQUIRED] = field(default_factory=lambda: MappingProxyType({}))
    chip_authentication: Annotated[ChipAuthenticationEvidence, REQUIRED] = ChipAuthenticationEvidence(
        ChipProof.NOT_ATTEMPTED
    )
    active_authentication: Annotated[ActiveAuthenticationEvidence, REQUIRED] = ActiveAuthenticationEvidence(
        ChipProof.NOT_ATTEMPTED
    )
    chip_mapping: ChipMappingProof | None = None
    """What PACE with Chip Authentication Mapping left to be verified."""
    terminal_authentication: TerminalAuthenticationEvidence = TerminalAuthenticationEvidence(
        TerminalProof.NOT_ATTEMPTED
    )
    apdus: int = 0
    interrupted: str | None = None
    """The error code that ended the reading too early (a card pulled), or None."""

    def content(self, file: ElementaryFile) -> bytes | None:
        """The bytes of a file, or None if it was not read."""
        file_evidence = self.files.get(file)
        return None if file_evidence is None else file_evidence.content

    def state(self, file: ElementaryFile) -> FileState:
        """What became of a file; one that nobody tried to read failed."""
        file_evidence = self.files.get(file)
        return FileState.FAILED if file_evidence is None else file_evidence.state

    @property
    def bytes_read(self) -> int:
        """The bytes of all files that were read."""
        return sum(len(file.content) for file in self.files.values() if file.content is not None)
