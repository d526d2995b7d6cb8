"""All that is printed and asked: results on stdout, the rest on stderr, foreign characters made harmless.

Nothing else in the command line may write to a terminal or ask at one, so that nothing goes round this: names out of
certificates, files and cards may hold sequences that move the cursor, hide what stands before them, or answer.
"""

from __future__ import annotations

import codecs
import errno
import os
import re
import sys
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import click

from eid_toolkit.ground.display import escaped, harmless, shortened
from eid_toolkit.ground.errors import OutputLost

_STYLE = re.compile(r"(\x1b\[(?:0|1|3[0-7]|9[0-7])m)")
"""What :func:`paint` writes around a text: colours and bold, and their end."""


def say(text: str, *, err: bool = False) -> None:
    """Print lines; line ends and our own colours are all that is let through of what is not plain text.

    Raises :class:`OutputLost` for a result that cannot be written: what led to it is done all the same.
    """
    try:
        click.echo(plain(text), err=err)
    except OSError as error:
        if err or error.errno == errno.EPIPE:
            raise
        raise OutputLost("output-lost", reason=error.strerror or str(error)) from error


def is_utf_8() -> bool:
    """Whether standard output takes any character; elsewhere some come as escapes."""
    return codecs.lookup(sys.stdout.encoding or "utf-8").name == "utf-8"


def plain(text: str) -> str:
    """Lines as :func:`say` prints them."""
    return "\n".join(map(_plain_line, text.split("\n")))


def note(text: str) -> None:
    """Something for a person beside the result: to stderr."""
    say(text, err=True)


def confirm(question: str) -> None:
    """Ask on stderr; a no ends the command."""
    click.confirm(harmless(question), abort=True, err=True)


def prompt(question: str, *, hidden: bool = False, twice: bool = False, optional: bool = False) -> str:
    """Have something typed, on stderr: ``hidden`` from the screen, ``twice`` to be sure, ``optional`` if it may be
    nothing.
    """
    nothing = "" if optional else None
    answer: str = click.prompt(
        harmless(question), nothing, hidden, confirmation_prompt=twice, show_default=False, err=True
    )
    return answer


def beep(times: int) -> None:
    """Call the person at the terminal."""
    click.echo("\a" * times, nl=False, err=True)


def progress(text: str) -> None:
    """One line on stderr in place of the one before; an empty text takes it away."""
    click.echo(f"\r{' ' * _PROGRESS}\r{shortened(harmless(text), _PROGRESS - 1)}", nl=False, err=True)


_PROGRESS = 30
"""Columns of a progress line."""


def to_json(data: object, *, indent: int | None = 2) -> str:
    """JSON text; letters stay readable, and every character that could harm a terminal is escaped."""
    import json

    lines = json.dumps(data, ensure_ascii=not is_utf_8(), indent=indent).split("\n")
    return "\n".join(escaped(line, lambda character: json.dumps(character)[1:-1]) for line in lines)


def emit(data: object, fmt: str, text: Callable[[], str]) -> None:
    """Print a result: ``data`` for ``json``, its rows one a line for ``jsonl``, else what ``text`` returns."""
    if fmt == "json":
        say(to_json(data))
    elif fmt == "jsonl":
        for row in data if isinstance(data, list) else [data]:
            say(to_json(row, indent=None))
    else:
        say(text())


def emit_rows(
    rows: Sequence[Mapping[str, Any]],
    columns: Sequence[str],
    fmt: str,
    shown: Callable[[str, Mapping[str, Any]], object] = lambda name, row: row[name],
    *,
    within: object = None,
) -> None:
    """Print rows: all their keys as data (``within`` a larger result, if there is one), these columns as a table."""
    data = list(rows) if within is None else within
    emit(data, fmt, lambda: table(columns, ([shown(name, row) for name in columns] for row in rows)))


def emit_values(data: Mapping[str, Any], fmt: str, pairs: Iterable[tuple[str, object]] | None = None) -> None:
    """Print one thing: as data, or as labels and values, which are the data's own unless ``pairs`` are given."""
    emit(data, fmt, lambda: details(data.items() if pairs is None else pairs))


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


def short(fingerprint: str) -> str:
    """The beginning of a fingerprint, for a table: enough to name it, marked as being no more than that."""
    return shortened(fingerprint, _SHORT)


_SHORT = 16


def paint(text: str, colour: str) -> str:
    """``text`` in bold ``colour``, unless the user wants none (NO_COLOR); click drops it where no terminal is."""
    return text if os.environ.get("NO_COLOR") else click.style(text, fg=colour, bold=True)


def is_terminal() -> bool:
    """Whether a person watches stderr, so that progress may be drawn."""
    return sys.stderr.isatty()


def _plain_line(line: str) -> str:
    return "".join(part if number % 2 else harmless(part) for number, part in enumerate(_STYLE.split(line)))


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    return "  ".join(cell + " " * (width - _width(cell)) for cell, width in zip(cells, widths, strict=True)).rstrip()


def _width(text: str) -> int:
    """Columns on a terminal: combining marks take none."""
    return sum(not unicodedata.combining(char) for char in text)
