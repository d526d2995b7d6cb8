r"""Rows in the text form of PostgreSQL's COPY: cells parted by tabs, ``\N`` for nothing, a line a row.

By the server's manual on COPY, "Text Format": a backslash, a tab and the characters of a line end stand behind a
backslash in a cell. So a line end never stands within a row, and rows may be parted and joined by it. No database is
needed for it: whichever process has the rows can write them.
"""

from __future__ import annotations

from collections.abc import Sequence

_NULL = r"\N"
_ESCAPES = str.maketrans({"\\": r"\\", "\t": r"\t", "\n": r"\n", "\r": r"\r"})


def copy_text(columns: Sequence[Sequence[str | None]]) -> str:
    """Rows, given as columns of equal length, without a line end behind the last."""
    return "\n".join(map("\t".join, zip(*map(_cells, columns), strict=True)))


def _cells(column: Sequence[str | None]) -> Sequence[str]:
    """The cells of a column; whether anything has to be done is asked of all at once, which is quick."""
    filled = [cell for cell in column if cell is not None]
    whole = "".join(filled)
    if any(character in whole for character in "\\\t\n\r"):
        return [_NULL if cell is None else cell.translate(_ESCAPES) for cell in column]
    if len(filled) == len(column):
        return filled
    return [_NULL if cell is None else cell for cell in column] if filled else [_NULL] * len(column)
