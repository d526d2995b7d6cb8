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
import termios
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any

import click

from eid_toolkit.doors.cli.layout import grid, labelled
from eid_toolkit.doors.cli.presentation import Presentation, presentation, time_in
from eid_toolkit.ground.display import escaped, harmless, shortened
from eid_toolkit.ground.errors import OutputLost
from eid_toolkit.ground.messages.catalogue import Message, Speaker

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


def answer_shell(text: str) -> None:
    """An answer to a shell that completes a line: as :func:`say`, but tabulators, which part value and help, stay."""
    click.echo("\n".join("\t".join(map(_plain_line, line.split("\t"))) for line in text.split("\n")))


def is_utf_8() -> bool:
    """Whether standard output takes any character; elsewhere some come as escapes."""
    return codecs.lookup(sys.stdout.encoding or "utf-8").name == "utf-8"


def plain(text: str) -> str:
    """Lines as :func:`say` prints them."""
    return "\n".join(map(_plain_line, text.split("\n")))


def sentence(code: str, **facts: object) -> str:
    """What the message catalogue says of a code, in the language of the running command."""
    return presentation().speaker.explain(code, facts)


def tell(code: str, **facts: object) -> None:
    """Such a sentence for a person beside the result: to stderr."""
    note(sentence(code, **facts))


def note(text: str) -> None:
    """Text for a person beside the result: to stderr."""
    say(text, err=True)


def note_error(message: Message, speaker: Speaker) -> None:
    """What went wrong, and what to do next."""
    note(f"{paint(speaker.in_short('label-error'), 'red')} {message.text}")
    if message.hint:
        note(f"{paint(speaker.in_short('label-hint'), 'yellow')} {message.hint}")


def confirm(code: str, **facts: object) -> None:
    """Ask a question of the message catalogue on stderr; a no ends the command."""
    click.confirm(harmless(sentence(code, **facts)), abort=True, err=True)


def prompt(question: str, *, hidden: bool = False, twice: bool = False, optional: bool = False) -> str:
    """Have something typed, on stderr: ``hidden`` from the screen, ``twice`` to be sure, ``optional`` if it may be
    nothing. The question is one that :func:`sentence` made.
    """
    nothing = "" if optional else None
    answer: str = click.prompt(
        harmless(question), nothing, hidden, confirmation_prompt=twice, show_default=False, err=True
    )
    return answer


def forget_typed() -> None:
    """Drop what was typed at the terminal before it was asked for."""
    if sys.stdin.isatty():
        with suppress(termios.error):  # the terminal is gone, which is told when it is asked at
            termios.tcflush(sys.stdin, termios.TCIFLUSH)


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


def table(headers: Sequence[str], rows: Iterable[Sequence[Any]], *, err: bool = False) -> str:
    """Columns of text under their headers, as wide as the terminal allows; ``None`` shows as a dash.

    Times are shown as the office's clock has them, and columns of hashes are left out unless details are asked for.
    ``err`` says that it is printed on stderr.
    """
    how, lines = presentation(), list(rows)
    columns = [
        how.column(name, (row[number] for row in lines)) for number, name in enumerate(headers) if how.shows(name)
    ]
    cells = [_cells(values) for _, values in columns]
    return grid([name.upper() for name, _ in columns], list(zip(*cells, strict=True)), terminal_width(err=err))


def details(pairs: Iterable[tuple[str, object]]) -> str:
    """Labels and values, one pair a line, shown as :func:`table` shows them."""
    how = presentation()
    shown = [(label, _value(label, value, how)) for label, value in pairs if how.shows(label, value)]
    return labelled(((how.speaker.label(label), harmless(value)) for label, value in shown), terminal_width())


def time_text(time: datetime, *, seconds: bool = False) -> str:
    """A time in a sentence, as the office's clock shows it, with its zone."""
    return presentation().time(time, seconds=seconds)


def terminal_width(*, err: bool = False) -> int | None:
    """Columns of the terminal that standard output (or ``err``) goes to; None where that is a file or a pipe."""
    stream = sys.stderr if err else sys.stdout
    if not stream.isatty():
        return None
    try:
        columns = int(os.environ.get("COLUMNS", ""))
    except ValueError:
        columns = 0
    if columns <= 0:
        try:
            columns = os.get_terminal_size(stream.fileno()).columns
        except (OSError, ValueError):
            columns = 0
    return max(columns, _NARROWEST) if columns > 0 else _USUAL


_NARROWEST, _USUAL = 20, 80
"""Columns of the narrowest terminal that tables are fitted to, and of one that does not tell."""


def _cells(values: Iterable[object]) -> list[str]:
    return ["-" if value is None else harmless(str(value)) for value in values]


def _value(label: str, value: object, how: Presentation) -> str:
    if value is None:
        return "-"
    time = time_in(label, value)
    return str(how.speaker.shown(label, value)) if time is None else how.time(time)


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
