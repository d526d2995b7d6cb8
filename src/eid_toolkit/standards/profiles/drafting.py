"""A new profile out of one that there is: its file with other values, comments and order kept."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

from eid_toolkit.ground.errors import BadInput

_HEADER = re.compile(r"^\[", re.MULTILINE)
_FIRST_COMMENT = re.compile(r"\A(#[^\n]*\n)+")


def draft_profile(text: str, changes: Mapping[str, str], *, years: int | None = None) -> str:
    """The profile in ``text`` with other values at its top level, and valid for ``years`` if that is given.

    The version begins at 1, and a comment at the head, which tells of the old one, goes. Raises :class:`BadInput` for a
    field that the old one does not have.
    """
    text = _FIRST_COMMENT.sub("", text)
    at = _HEADER.search(text)
    head, tables = (text, "") if at is None else (text[: at.start()], text[at.start() :])
    for name, value in {**changes, "version": "1"}.items():
        written = value if name == "version" else json.dumps(value, ensure_ascii=False)
        line = f"{name} = {written}"
        head, count = re.subn(rf"(?m)^{re.escape(name)} *=[^\n]*", line.replace("\\", r"\\"), head)
        if count == 0:
            if name != "number_prefix":
                raise BadInput("profile-missing-field", field=name)
            head = f"{head.rstrip()}\n{line}\n\n"
    if years is not None:
        tables, count = re.subn(
            r"(?m)^\[validity\]\n(?:[^\[\n][^\n]*\n|\n)*", f"[validity]\nyears = {years}\n\n", tables
        )
        if count == 0:
            raise BadInput("profile-missing-field", field="validity")
    return head + tables
