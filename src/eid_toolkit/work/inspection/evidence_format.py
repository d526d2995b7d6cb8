"""Evidence as a file: JSON with a version, binary values in base64; strictly read.

Who answers for it is another question: :mod:`eid_toolkit.work.inspection.evidence_seal`.
"""

from __future__ import annotations

import json

from eid_toolkit.ground.errors import BadInput
from eid_toolkit.ground.plain_values import Misfit, from_plain, parse_json, to_plain
from eid_toolkit.standards.iso7816.files import ElementaryFile
from eid_toolkit.work.inspection.evidence import Evidence, FileState
from eid_toolkit.work.inspection.printed_mrz import FIELDS

SCHEMA = "eid-evidence/3"
_READ = ("eid-evidence/1", "eid-evidence/2", SCHEMA)
"""Version 1 had no signature, version 2 no fields in which the printed MRZ differs."""
_PROTOCOLS = ("pace", "bac", "none")
_BIOMETRICS = (ElementaryFile.DG3, ElementaryFile.DG4)
MAX_SIZE = 32 << 20
"""The largest file in bytes that is accepted; a card holds far less."""


def encode_evidence(evidence: Evidence) -> bytes:
    """The file's bytes."""
    return json.dumps({"schema": SCHEMA, **to_plain(evidence)}, indent=1).encode()


def decode_evidence(raw: bytes) -> Evidence:
    """Reads the file; raises :class:`BadInput` if it is no evidence of a version that this software knows."""
    if len(raw) > MAX_SIZE:
        raise BadInput("evidence-too-large", limit=MAX_SIZE)
    try:
        data = parse_json(raw)
        schema = data.pop("schema")
    except (ValueError, AttributeError, KeyError, TypeError):
        raise BadInput("evidence-malformed", part="schema") from None
    data.pop("signature", None)
    if schema not in _READ:
        raise BadInput("evidence-schema", schema=schema, supported=SCHEMA)
    try:
        evidence = from_plain(Evidence, data, strict=True)
        _check(evidence)
    except Misfit as error:
        raise BadInput("evidence-malformed", part=error.field) from None
    return evidence


def _check(evidence: Evidence) -> None:
    """That no card was opened, and so no check of its opening, is for no file to say; nor what no reading can find."""
    if evidence.access.protocol not in _PROTOCOLS:
        raise Misfit("wrong", "access.protocol")
    if not FIELDS.issuperset(evidence.access.mrz_differs or ()):
        raise Misfit("wrong", "access.mrz_differs")
    for file, found in evidence.files.items():
        only_biometrics = found.state is FileState.NEEDS_TERMINAL_AUTHENTICATION
        if found.state is FileState.TOLD or (only_biometrics and file not in _BIOMETRICS):
            raise Misfit("wrong", f"files.{file.label}.state")
