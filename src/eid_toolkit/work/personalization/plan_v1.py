"""The first form of a plan's hash, which covered the sentences of its day: for cards that were begun under it.

Nothing here changes any more.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

VERSION = 1

_IRREVERSIBLE = frozenset({"bind-chip", "replace-keys", "lock-application", "secure-domain", "issue"})
_TITLES = {
    "bind-chip": "bind the document to this chip",
    "lock-application": "lock the application for good",
    "secure-domain": "set the card to SECURED",
    "prove-locks": "prove the locks by trying to write",
    "read-back": "read back as a stranger, through PACE, and judge",
    "confirm-print": "have the printed CAN or MRZ typed from the card",
    "issue": "issue the document and destroy the chip's keys here",
}


def plan_hash(document: str, steps: Sequence[tuple[str, str, Mapping[str, Any]]]) -> str:
    """SHA-256 in hex over a plan of these steps: action, subject, and what the step brings to the card."""
    plan = {
        "schema": "eid-personalization-plan/1",
        "document": document,
        "steps": [
            {
                "position": position,
                "action": action,
                "subject": subject,
                "title": _title(action, subject, content),
                "irreversible": action in _IRREVERSIBLE,
            }
            for position, (action, subject, content) in enumerate(steps)
        ],
    }
    return hashlib.sha256(json.dumps(plan, sort_keys=True).encode()).hexdigest()


def _title(action: str, subject: str, content: Mapping[str, Any]) -> str:
    match action:
        case "replace-keys":
            return f"replace the transport keys by the chip's own (version {content['version']:02X})"
        case "write-file":
            return f"write {subject}, {content['size']} bytes, SHA-256 {content['sha256'][:16]}…"
        case "set-access":
            return f"offer {'+'.join(content['protocols'])}"
        case "trust-terminals":
            return f"trust the terminals of {', '.join(content['references'])}"
        case "store-secret":
            check = f", check value {content['check_value']}" if "check_value" in content else ""
            return f"store {subject} under the data encryption key{check}"
    return _TITLES[action]
