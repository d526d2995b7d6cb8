"""What is printed on a card, typed or scanned: a keyboard-wedge scanner ends each line of an MRZ as a person would."""

from __future__ import annotations

import re

from eid_toolkit.doors.cli.output import prompt
from eid_toolkit.doors.cli.presentation import presentation
from eid_toolkit.ground.messages.catalogue import Speaker

_MRZ_LINE = re.compile(r"(?=.*<)[A-Z0-9<]+", re.IGNORECASE)
_MRZ_LINES = {30: 3, 36: 2, 44: 2}
"""Lines of an MRZ by their length (9303-4, -5, -6)."""


def printed_text(question: str, *, optional: bool = False, speaker: Speaker | None = None) -> str:
    """A number, a CAN, or an MRZ in one line or in all of its lines; ``question`` asks for the first.

    ``speaker`` asks for the others where several threads ask: only the first of them knows the command.
    """
    told = presentation().speaker if speaker is None else speaker
    first = prompt(question, optional=optional).strip()
    lines = _MRZ_LINES.get(len(first), 1) if _MRZ_LINE.fullmatch(first) else 1
    questions = [told.explain("ask-mrz-line", {"number": number}) for number in range(2, lines + 1)]
    return "".join([first, *(prompt(each).strip() for each in questions)])


def is_mrz(text: str) -> bool:
    """Whether a text that was typed is meant to be an MRZ, and no CAN: it has fillers, or its length."""
    return "<" in text or len(text) in {length * lines for length, lines in _MRZ_LINES.items()}
