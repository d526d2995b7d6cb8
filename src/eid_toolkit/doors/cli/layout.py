"""Tables and labelled values in the columns of a terminal: wrapped between words, and no word is ever broken.

Widths are those of :mod:`eid_toolkit.ground.columns`. All texts given here are one line each, and harmless.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import zip_longest

from eid_toolkit.ground.columns import width_of, wrapped

_GAP = 2
"""Columns between two cells, or between label and value."""
_INDENT = 2
"""Of a value that stands below its label."""


def grid(headers: Sequence[str], rows: Sequence[Sequence[str]], limit: int | None = None) -> str:
    """Columns under their headers, in ``limit`` columns of a terminal if there is one.

    What does not fit is wrapped within its column; where even that does not help, each row is shown as labels and
    values.
    """
    lines = [headers, *rows]
    columns = list(zip(*lines, strict=True))
    widths = [max(map(width_of, column)) for column in columns]
    if limit is None or _sum(widths) <= limit:
        return "\n".join(_line(cells, widths) for cells in lines)
    least = [max(map(_longest_word, column)) for column in columns]
    if _sum(least) <= limit:
        shared = _shared(widths, least, limit - _GAP * (len(widths) - 1))
        return "\n".join(line for cells in lines for line in _wrapped_row(cells, shared))
    if not rows:
        return "\n".join(wrapped(" ".join(headers), limit))
    return "\n\n".join(labelled(zip(headers, row, strict=True), limit) for row in rows)


def fixed(cells: Iterable[str], widths: Sequence[int], limit: int | None = None) -> str:
    """One row in columns of fixed widths, for rows that come one by one; what does not fit goes on below, indented."""
    row = list(cells)
    line = _line(row, widths)
    if limit is None or width_of(line) <= limit:
        return line
    lines: list[str] = []
    for part in (part for cell in row for part in wrapped(cell, limit - _INDENT)):
        if lines and width_of(lines[-1]) + _GAP + width_of(part) <= limit:
            lines[-1] += " " * _GAP + part
        else:
            lines.append(" " * (_INDENT if lines and width_of(part) + _INDENT <= limit else 0) + part)
    return "\n".join(lines)


def labelled(pairs: Iterable[tuple[str, str]], limit: int | None = None) -> str:
    """Labels and values, one pair a line; a value that does not fit goes on below itself, or below its label."""
    shown = list(pairs)
    width = max((width_of(label) for label, _ in shown), default=0)
    return "\n".join(line for label, value in shown for line in _pair(label, value, width, limit))


def _pair(label: str, value: str, width: int, limit: int | None) -> list[str]:
    whole = f"{_padded(label, width)}{' ' * _GAP}{value}"
    if limit is None or width_of(whole) <= limit:
        return [whole]
    place = width + _GAP
    if _longest_word(value) + place <= limit:
        first, *rest = wrapped(value, limit - place)
        return [f"{_padded(label, width)}{' ' * _GAP}{first}", *(f"{' ' * place}{line}" for line in rest)]
    indent = _INDENT if _longest_word(value) + _INDENT <= limit else 0
    return [*wrapped(label, limit), *(f"{' ' * indent}{line}" for line in wrapped(value, limit - indent))]


def _shared(widths: Sequence[int], least: Sequence[int], room: int) -> list[int]:
    """The columns' widths in ``room``: none wider than it needs or narrower than its longest word, else all alike."""
    best = list(least)
    for level in range(1, room + 1):
        tried = [min(width, max(word, level)) for width, word in zip(widths, least, strict=True)]
        if sum(tried) > room:
            break
        best = tried
    return best


def _wrapped_row(cells: Sequence[str], widths: Sequence[int]) -> Iterable[str]:
    columns = [wrapped(cell, width) for cell, width in zip(cells, widths, strict=True)]
    return (_line(line, widths) for line in zip_longest(*columns, fillvalue=""))


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    padded = (_padded(cell, width) for cell, width in zip(cells, widths, strict=True))
    return (" " * _GAP).join(padded).rstrip()


def _padded(text: str, width: int) -> str:
    return text + " " * (width - width_of(text))


def _sum(widths: Sequence[int]) -> int:
    return sum(widths) + _GAP * (len(widths) - 1)


def _longest_word(text: str) -> int:
    return max(map(width_of, text.split()), default=0)
