"""Who answers for evidence: what a file says of a chip's answers is worth no more than the word of who wrote it.

Signatures in a card's files can be verified again by anybody. That the chip proved its key in Chip Authentication, or
that a file was absent, leaves nothing behind that could be: whoever writes the evidence may write what they like.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

from eid_toolkit.work.inspection.evidence import Evidence, FileEvidence, FileState


class Standing(StrEnum):
    """What is known of who wrote the evidence."""

    SELF = "this-home"
    """This home read the card, just now or earlier."""
    ENROLLED = "enrolled"
    """A home whose key was enrolled here."""
    STRANGER = "stranger"
    """Somebody's key that was not enrolled here signed it."""
    CHANGED = "changed"
    """It was signed, and changed afterwards."""
    UNSIGNED = "unsigned"
    """Nobody answers for it."""


@dataclass(frozen=True, slots=True)
class Witness:
    """Whose evidence it is: the fingerprint of the key that signed it (SHA-256, hex), and the name enrolled with it."""

    standing: Standing
    fingerprint: str | None = None
    name: str | None = None

    @property
    def believed(self) -> bool:
        """Whether the word of the reader is taken for what cannot be proved from the file."""
        return self.standing in (Standing.SELF, Standing.ENROLLED)


SELF = Witness(Standing.SELF)
UNSIGNED = Witness(Standing.UNSIGNED)


def as_told(evidence: Evidence) -> Evidence:
    """The evidence of somebody who is not believed: of a file that was not read, nobody can say what became of it."""
    files = {
        file: file_evidence
        if file_evidence.state is FileState.READ
        else FileEvidence(FileState.TOLD, cause=file_evidence.state.value)
        for file, file_evidence in evidence.files.items()
    }
    return replace(evidence, files=files)
