"""Results on stdout: JSON with stable keys, tables of text, and foreign characters made harmless."""

from __future__ import annotations

import json
import os
import sys
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import click

from eid_toolkit.codec.display import harmless


def to_json(data: object, *, indent: int | None = 2) -> str:
    """JSON text; letters stay readable, and every character that could harm a terminal is escaped."""
    text = json.dumps(data, ensure_ascii=False, indent=indent)
    return "".join(char if char.isprintable() or char == "\n" else json.dumps(char)[1:-1] for char in text)


def emit(data: object, fmt: str, text: Callable[[], str]) -> None:
    """Print a result: ``data`` for ``json``, its rows one a line for ``jsonl``, else what ``text`` returns."""
    if fmt == "json":
        click.echo(to_json(data))
    elif fmt == "jsonl":
        for row in data if isinstance(data, list) else [data]:
            click.echo(to_json(row, indent=None))
    else:
        click.echo(text())


def table(headers: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """Columns of text under their headers; ``None`` shows as a dash."""
    cells = [["-" if value is None else harmless(str(value)) for value in row] for row in rows]
    widths = [max(map(_width, column)) for column in zip(headers, *cells, strict=True)]
    lines = [_line([header.upper() for header in headers], widths)]
    lines += [_line(row, widths) for row in cells]
    return "\n".join(lines)


def details(pairs: Iterable[tuple[str, object]]) -> str:
    """Labels and values, one pair a line."""
    shown = [(label, "-" if value is None else harmless(str(value))) for label, value in pairs]
    width = max((len(label) for label, _ in shown), default=0)
    return "\n".join(f"{label:<{width}}  {value}" for label, value in shown)


def paint(text: str, colour: str) -> str:
    """``text`` in bold ``colour``, unless the user wants none (NO_COLOR); click drops it where no terminal is."""
    return text if os.environ.get("NO_COLOR") else click.style(text, fg=colour, bold=True)


def note(text: str) -> None:
    """Something for a person beside the result: to stderr."""
    click.echo(text, err=True)


def is_terminal() -> bool:
    """Whether a person watches stderr, so that progress may be drawn."""
    return sys.stderr.isatty()


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    return "  ".join(cell + " " * (width - _width(cell)) for cell, width in zip(cells, widths, strict=True)).rstrip()


def _width(text: str) -> int:
    """Columns on a terminal: combining marks take none."""
    return sum(not unicodedata.combining(char) for char in text)
