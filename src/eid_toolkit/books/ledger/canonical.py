"""One encoding for what is hashed and signed: JSON with sorted keys, no blanks, NFC text."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Mapping
from hashlib import sha256

_encode = json.JSONEncoder(
    ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False, check_circular=False
).encode


def canonical(values: Mapping[str, object]) -> str:
    """The canonical text of JSON values; floats have no place in it."""
    text = _encode(values)
    return text if text.isascii() else unicodedata.normalize("NFC", text)


def digest(values: Mapping[str, object]) -> str:
    """SHA-256 of the canonical text, in hex."""
    return sha256(canonical(values).encode()).hexdigest()
