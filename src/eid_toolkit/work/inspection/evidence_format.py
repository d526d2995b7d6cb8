"""Evidence as a file: JSON with a version, binary values in base64; strictly read.

Who answers for it is another question: :mod:`eid_toolkit.work.inspection.evidence_seal`.
"""

from __future__ import annotations

import base64
import binascii
import json
import math
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from eid_toolkit.ground.errors import BadInput
from eid_toolkit.standards.iso7816.files import ElementaryFile
from eid_toolkit.standards.protocols.pace import ChipMappingProof
from eid_toolkit.work.inspection.evidence import (
    AccessEvidence,
    ActiveAuthenticationEvidence,
    ChipAuthenticationEvidence,
    ChipProof,
    Evidence,
    FileEvidence,
    FileState,
    TerminalAuthenticationEvidence,
    TerminalProof,
)

SCHEMA = "eid-evidence/2"
_READ = ("eid-evidence/1", SCHEMA)
"""Version 1 had no signature."""
_PROTOCOLS = ("pace", "bac", "none")
_BIOMETRICS = (ElementaryFile.DG3, ElementaryFile.DG4)
MAX_SIZE = 32 << 20
"""The largest file in bytes that is accepted; a card holds far less."""


def encode_evidence(evidence: Evidence) -> bytes:
    """The file's bytes."""
    access, chip, active = evidence.access, evidence.chip_authentication, evidence.active_authentication
    mapping, terminal = evidence.chip_mapping, evidence.terminal_authentication
    data = {
        "schema": SCHEMA,
        "started": evidence.started.astimezone(UTC).isoformat(),
        "elapsed_ms": evidence.elapsed_ms,
        "reader": evidence.reader,
        "atr": _text(evidence.atr),
        "access": {name: getattr(access, name) for name in AccessEvidence.__slots__},
        "files": {
            file.label: {
                "state": file_evidence.state,
                "content": _text(file_evidence.content),
                "cause": file_evidence.cause,
            }
            for file, file_evidence in evidence.files.items()
        },
        "chip_authentication": {
            "outcome": chip.outcome,
            "protocol": chip.protocol,
            "public_key": _text(chip.public_key),
            "key_id": chip.key_id,
            "cause": chip.cause,
        },
        "active_authentication": {
            "outcome": active.outcome,
            "challenge": _text(active.challenge),
            "signature": _text(active.signature),
            "cause": active.cause,
        },
        "chip_mapping": None
        if mapping is None
        else {"mapping_public": _text(mapping.mapping_public), "chip_data": _text(mapping.chip_data)},
        "terminal_authentication": {name: getattr(terminal, name) for name in TerminalAuthenticationEvidence.__slots__},
        "apdus": evidence.apdus,
        "interrupted": evidence.interrupted,
    }
    return json.dumps(data, indent=1).encode()


def decode_evidence(raw: bytes) -> Evidence:
    """Reads the file; raises :class:`BadInput` if it is no evidence of a version that this software knows."""
    if len(raw) > MAX_SIZE:
        raise BadInput("evidence-too-large", limit=MAX_SIZE)
    try:
        data = json.loads(raw)
        schema = data.pop("schema")
    except (ValueError, RecursionError, AttributeError, KeyError, TypeError):
        raise BadInput("evidence-malformed", part="schema") from None
    data.pop("signature", None)
    if schema not in _READ:
        raise BadInput("evidence-schema", schema=schema, supported=SCHEMA)
    try:
        return _evidence(data)
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise BadInput("evidence-malformed", part=type(error).__name__) from None


def _evidence(data: dict[str, Any]) -> Evidence:
    started = datetime.fromisoformat(data.pop("started"))
    if started.tzinfo is None:
        raise ValueError("a time without its zone")
    chip, active = data.pop("chip_authentication"), data.pop("active_authentication")
    return Evidence(
        started=started.astimezone(UTC),
        elapsed_ms=_duration(data.pop("elapsed_ms")),
        atr=_required(data.pop("atr")),
        access=_access(data.pop("access")),
        files=dict(_files(data.pop("files"))),
        chip_authentication=ChipAuthenticationEvidence(
            ChipProof(chip.pop("outcome")), public_key=_bytes(chip.pop("public_key")), **_checked(chip)
        ),
        active_authentication=ActiveAuthenticationEvidence(
            ChipProof(active.pop("outcome")),
            challenge=_bytes(active.pop("challenge")),
            signature=_bytes(active.pop("signature")),
            **_checked(active),
        ),
        chip_mapping=_mapping(data.pop("chip_mapping", None)),
        terminal_authentication=_terminal(data.pop("terminal_authentication", None)),
        **_checked(data),
    )


def _access(data: dict[str, Any]) -> AccessEvidence:
    """How a card was opened; that there was none, and so no check of its opening, is for no evidence to say."""
    if data["protocol"] not in _PROTOCOLS:
        raise ValueError("protocol")
    return AccessEvidence(**_checked(data))


def _files(by_label: dict[str, Any]) -> Iterator[tuple[ElementaryFile, FileEvidence]]:
    for label, data in by_label.items():
        file = ElementaryFile.by_label(label)
        yield file, _file(file, data)


def _mapping(data: dict[str, str] | None) -> ChipMappingProof | None:
    """Evidence saved before this mapping was known has none."""
    return None if data is None else ChipMappingProof(**{name: _required(text) for name, text in data.items()})


def _terminal(data: dict[str, Any] | None) -> TerminalAuthenticationEvidence:
    """Evidence saved before Terminal Authentication was run has none."""
    if data is None:
        return TerminalAuthenticationEvidence(TerminalProof.NOT_ATTEMPTED)
    trusted, numbers = data.pop("trusted"), data.pop("data_groups")
    if not all(type(name) is str for name in trusted) or not all(type(number) is int for number in numbers):
        raise TypeError("terminal_authentication")
    return TerminalAuthenticationEvidence(
        TerminalProof(data.pop("outcome")), tuple(trusted), data_groups=tuple(numbers), **_checked(data)
    )


def _file(file: ElementaryFile, data: dict[str, Any]) -> FileEvidence:
    """One file; a state that no reading of it can have is refused."""
    state = FileState(data.pop("state"))
    if state is FileState.TOLD or (state is FileState.NEEDS_TERMINAL_AUTHENTICATION and file not in _BIOMETRICS):
        raise ValueError(state)
    return FileEvidence(state, content=_bytes(data.pop("content")), **_checked(data))


def _duration(value: float) -> float:
    if not 0 <= float(value) < math.inf:
        raise ValueError("no duration")
    return float(value)


_TYPES: dict[str, type] = {"apdus": int, "key_id": int, "parameter_id": int, "mrz_matches": bool}


def _checked(values: dict[str, Any]) -> dict[str, Any]:
    """The simple values, each of its type or None; unknown names are refused by the class that takes them."""
    for name, value in values.items():
        if value is not None and type(value) is not _TYPES.get(name, str):
            raise TypeError(name)
    return values


def _text(value: bytes | None) -> str | None:
    return None if value is None else base64.b64encode(value).decode("ascii")


def _bytes(text: str | None) -> bytes | None:
    return None if text is None else _required(text)


def _required(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error:
        raise ValueError("no base64") from None
