"""TOML from outside, bounded before it is parsed: the parser's memory grows by the square of the depth of a key."""

from __future__ import annotations

import re
import tomllib
from typing import Any

MAX_SIZE = 1 << 16
"""The largest file in bytes."""
_MAX_DEPTH = 8
"""Of one key's parts, and of arrays and tables within each other."""
_MAX_ENTRIES = 4096
"""Keys, headers, arrays and tables together."""

# As the parser sees them: quotes that end a text of several lines may be up to five, two of which belong to it.
_TEXT_OR_COMMENT = re.compile(
    r'"""(?:\\.|[^\\])*?"{3,5}' r"|'''.*?'{3,5}" r'|"(?:\\[^\n]|[^"\\\n])*"' r"|'[^'\n]*'" r"|\#[^\n]*", re.DOTALL
)
# Possessive, and from the beginning of a word only: else it would be as slow as what it is to prevent.
_DEEP_KEY = re.compile(rf"(?<![\w-])[\w-]++(?:[ \t]*+\.[ \t]*+[\w-]++){{{_MAX_DEPTH}}}")
_BRACKETS = re.compile(r"[\[\]{}]")


def read_toml(data: bytes, limit: int = MAX_SIZE) -> dict[str, Any]:
    """The tables of a file; raises :class:`ValueError` with a short reason for one that is none, or breaks a limit."""
    if len(data) > limit:
        raise ValueError(f"more than {limit} bytes")
    text = data.decode("utf-8-sig")  # an editor may have put its mark before it
    _check(_TEXT_OR_COMMENT.sub(lambda match: "" if match[0].startswith("#") else "text", text))
    try:
        return tomllib.loads(text)
    except RecursionError:
        raise ValueError("nested too deeply") from None


def _check(skeleton: str) -> None:
    """Looks at a file whose texts and comments are taken out."""
    if _DEEP_KEY.search(skeleton):
        raise ValueError(f"a key of more than {_MAX_DEPTH} parts")
    depth = entries = 0
    for bracket in _BRACKETS.findall(skeleton):
        opens = bracket in "[{"
        depth, entries = depth + (1 if opens else -1), entries + opens
        if depth > _MAX_DEPTH:
            raise ValueError("nested too deeply")
    if entries + skeleton.count("=") > _MAX_ENTRIES:
        raise ValueError(f"more than {_MAX_ENTRIES} entries")
