"""The plan of one personalization: frozen steps that can be printed, for they hold no secret."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from eid_toolkit.books.keys.card_masters import FIRST_VERSION
from eid_toolkit.ground.plain_values import to_plain
from eid_toolkit.standards.iso7816.files import ElementaryFile
from eid_toolkit.work.personalization import plan_v1
from eid_toolkit.work.personalization.content import CardContent

VERSION = 2
"""Of what :attr:`Plan.hash` covers; plans that began under version 1 go on."""
_OUTPUT = "eid-personalization-plan/1"


class Action(StrEnum):
    """What a step does; the runner has one method for each."""

    BIND_CHIP = "bind-chip"
    REPLACE_KEYS = "replace-keys"
    WRITE_FILE = "write-file"
    SET_ACCESS = "set-access"
    TRUST_TERMINALS = "trust-terminals"
    STORE_SECRET = "store-secret"
    LOCK_APPLICATION = "lock-application"
    SECURE_DOMAIN = "secure-domain"
    PROVE_LOCKS = "prove-locks"
    READ_BACK = "read-back"
    CONFIRM_PRINT = "confirm-print"
    ISSUE = "issue"


IRREVERSIBLE = frozenset(
    {Action.BIND_CHIP, Action.REPLACE_KEYS, Action.LOCK_APPLICATION, Action.SECURE_DOMAIN, Action.ISSUE}
)
"""What cannot be undone; it is asked for once, before the first of them."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step: its place, action, subject (a file, a secret's name) and what a person is told of it.

    ``content`` is what the step brings to the card, in codes and values; what a person is told of it may be reworded.
    """

    position: int
    action: Action
    subject: str
    title: str
    content: Mapping[str, str | int | list[str]] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """How the journal calls the step."""
        return f"{self.action}:{self.subject}" if self.subject else str(self.action)

    @property
    def irreversible(self) -> bool:
        """Whether the step cannot be undone."""
        return self.action in IRREVERSIBLE


@dataclass(frozen=True, slots=True)
class Plan:
    """All steps of one document's personalization, in order."""

    document_id: str
    steps: tuple[Step, ...]
    key_version: int = FIRST_VERSION
    """Of the keys that are diversified for the chip; it stands in the step that replaces the transport keys."""

    @classmethod
    def of(cls, content: CardContent, key_version: int = FIRST_VERSION) -> Plan:
        """The plan that writes ``content``: EF.SOD last of the files, the locks after everything else.

        ``key_version`` is that of the card-master key from which the chip's own keys follow.
        """
        entries: list[tuple[Action, str, str, Mapping[str, str | int | list[str]]]] = [
            (Action.BIND_CHIP, "", "bind the document to this chip", {}),
            (
                Action.REPLACE_KEYS,
                "",
                f"replace the transport keys by the chip's own (version {key_version:02X})",
                {"version": key_version},
            ),
        ]
        for file in _writing_order(content):
            size, digest = len(content.files[file]), hashlib.sha256(content.files[file]).hexdigest()
            title = f"write {file.label}, {size} bytes, SHA-256 {digest[:16]}…"
            entries.append((Action.WRITE_FILE, file.label, title, {"size": size, "sha256": digest}))
        offered = [str(flag.name) for flag in content.protocols]
        entries.append((Action.SET_ACCESS, "", f"offer {'+'.join(offered)}", {"protocols": offered}))
        if content.terminal_trust is not None:
            trusted = [reference.text for reference in content.trusted_terminals]
            title = f"trust the terminals of {', '.join(trusted)}"
            entries.append((Action.TRUST_TERMINALS, "", title, {"references": trusted}))
        for item in content.secrets:
            check = f", check value {item.check_value}" if item.check_value else ""
            title = f"store {item.name} under the data encryption key{check}"
            checked = {"check_value": item.check_value} if item.check_value else {}
            entries.append((Action.STORE_SECRET, item.name, title, checked))
        entries += [
            (Action.LOCK_APPLICATION, "", "lock the application for good", {}),
            (Action.SECURE_DOMAIN, "", "set the card to SECURED", {}),
            (Action.PROVE_LOCKS, "", "prove the locks by trying to write", {}),
            (Action.READ_BACK, "", "read back as a stranger, through PACE, and judge", {}),
            (Action.CONFIRM_PRINT, "", "have the printed CAN or MRZ typed from the card", {}),
            (Action.ISSUE, "", "issue the document and destroy the chip's keys here", {}),
        ]
        steps = tuple(Step(position, *entry) for position, entry in enumerate(entries))
        return cls(content.document_id, steps, key_version)

    def to_json(self) -> dict[str, object]:
        """The plan for output."""
        return {
            "schema": _OUTPUT,
            "document": self.document_id,
            "steps": [
                {**to_plain(step, without=("content",)), "irreversible": step.irreversible} for step in self.steps
            ],
        }

    @property
    def hash(self) -> str:
        """SHA-256 in hex over what is done with what, and in which order; what people are told of it is not in it."""
        steps = [[str(step.action), step.subject, dict(step.content)] for step in self.steps]
        covered = {"version": VERSION, "document": self.document_id, "steps": steps}
        return hashlib.sha256(json.dumps(covered, sort_keys=True).encode()).hexdigest()

    def began_as(self, version: int, stored: str) -> bool:
        """Whether a job that began under ``stored``, a hash of that version, is one of this plan, and may go on."""
        if version == plan_v1.VERSION:
            steps = [(str(step.action), step.subject, step.content) for step in self.steps]
            return stored == plan_v1.plan_hash(self.document_id, steps)
        return (version, stored) == (VERSION, self.hash)


def _writing_order(content: CardContent) -> list[ElementaryFile]:
    return sorted(content.files, key=lambda file: (file is ElementaryFile.SOD, file.in_application, file.fid))
