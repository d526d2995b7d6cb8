"""What opens a card, as an officer gives it: the CAN, the MRZ, or the three fields of the MRZ that count."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import TextIO, TypeVar

import click

from eid_toolkit.doors.cli.output import prompt, sentence
from eid_toolkit.doors.cli.presentation import presentation
from eid_toolkit.doors.cli.printed import is_mrz, printed_text
from eid_toolkit.ground.errors import BadInput, UsageError
from eid_toolkit.standards.lds.dates import PartialDate
from eid_toolkit.standards.lds.mrz import Mrz, MrzFormat, mrz_information
from eid_toolkit.standards.protocols.passwords import AccessPassword

_F = TypeVar("_F", bound=Callable[..., object])
STDIN = "-"
NO_EXPIRY = "none"


def password_options(function: _F) -> _F:
    """``--can``, ``--mrz``, or ``--document-number`` with ``--birth`` and ``--expiry``."""
    for option in reversed(
        (
            click.option("--can", metavar="N"),
            click.option("--mrz", metavar="TEXT"),
            click.option("--document-number", metavar="N"),
            click.option("--birth", metavar="YYYY-MM-DD"),
            click.option("--expiry", metavar="YYYY-MM-DD"),
        )
    ):
        function = option(function)
    return function


@dataclass(frozen=True, slots=True)
class Opening:
    """What opens a card, and the whole MRZ where that was given, so that it can be compared with DG1."""

    password: AccessPassword
    printed: Mrz | None = None


def access_password(**options: str | None) -> AccessPassword:
    """The password of :func:`opening_of`."""
    return opening_of(**options).password


def opening_of(
    can: str | None, mrz: str | None, document_number: str | None, birth: str | None, expiry: str | None
) -> Opening:
    """The password in the options, or what is typed at a terminal: on a command line others on the machine see it.

    Raises :class:`UsageError` unless the options say it in just one way.
    """
    fields = (document_number, birth, expiry)
    given = sum((can is not None, mrz is not None, any(fields)))
    if not given and sys.stdin.isatty():
        return typed_opening(printed_text(presentation().speaker.in_short("ask-mrz-or-can")))
    if given != 1:
        raise UsageError("password-not-one")
    if can is not None:
        return Opening(_can(can))
    if mrz is None:
        return Opening(_of_fields(*fields))
    printed = _mrz(mrz)
    return Opening(AccessPassword.from_mrz_information(printed.information), printed)


def typed_opening(text: str) -> Opening:
    """What was typed or scanned of a card: its CAN, or its MRZ; raises :class:`BadInput` for what is neither."""
    if not is_mrz(text):
        return Opening(AccessPassword.from_can(text.strip()))
    printed = Mrz.parse(text)
    return Opening(AccessPassword.from_mrz_information(printed.information), printed)


def all_passwords(
    can: str | None, mrz: str | None, document_number: str | None, birth: str | None, expiry: str | None
) -> tuple[AccessPassword, ...]:
    """The passwords in the options, one of each kind, the MRZ's first: every chip has to take that.

    At a terminal the CAN is asked for where there is none. Raises :class:`UsageError` if there is none, or the MRZ is
    given twice.
    """
    fields = (document_number, birth, expiry)
    can = _asked(can, mrz, *fields)
    if (mrz is not None and any(fields)) or not (can or mrz or any(fields)) or can == mrz == STDIN:
        raise UsageError("passwords-none-or-twice")
    passwords = [_of_mrz(mrz, *fields)] if mrz is not None or any(fields) else []
    return tuple(passwords if can is None else [*passwords, _can(can)])


def _asked(can: str | None, *others: str | None) -> str | None:
    """The CAN of the options; where no option says what opens the card, the one that is typed at a terminal."""
    if can is None and not any(others) and sys.stdin.isatty():
        return prompt(sentence("ask-can"))
    return can


def _can(text: str) -> AccessPassword:
    return AccessPassword.from_can(sys.stdin.readline().strip() if text == STDIN else text.strip())


def _mrz(text: str) -> Mrz:
    return Mrz.parse(_read_mrz(sys.stdin) if text == STDIN else text)


def _of_mrz(mrz: str | None, *fields: str | None) -> AccessPassword:
    return _of_fields(*fields) if mrz is None else AccessPassword.from_mrz_information(_mrz(mrz).information)


def _of_fields(document_number: str | None, birth: str | None, expiry: str | None) -> AccessPassword:
    if document_number is None or birth is None or expiry is None:
        raise UsageError("password-field-missing")
    last_day = None if expiry == NO_EXPIRY else PartialDate.parse(expiry)
    return AccessPassword.from_mrz_information(mrz_information(document_number, PartialDate.parse(birth), last_day))


def _read_mrz(stream: TextIO) -> str:
    """As many lines as the length of the first one asks for, so that several MRZs can follow one another."""
    first = stream.readline().strip()
    count = next((size.line_count for size in MrzFormat if size.line_length == len(first)), 1)
    if not first:
        raise BadInput("mrz-wrong-length", length=0)
    return first + "".join(stream.readline().strip() for _ in range(count - 1))
