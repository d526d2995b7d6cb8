"""Reasons and sources as people type them: one rule for all of them."""

from __future__ import annotations

from eid_toolkit.ground.errors import BadInput

MAX_REASON = 200
"""Characters of a reason."""


def clean_reason(text: str) -> str:
    """A reason as it is kept, with single blanks; raises :class:`BadInput` for an empty, long or unprintable one."""
    reason = " ".join(text.split())
    if not 0 < len(reason) <= MAX_REASON or not reason.isprintable():
        raise BadInput("reason-malformed", limit=MAX_REASON)
    return reason
