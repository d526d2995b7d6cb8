"""Asking by pinentry, GnuPG's program for passphrases, where there is a desktop: it keeps them from other programs.

The protocol is Assuan: a line each way, answered by OK, ERR, or D with the data, percent-escaped.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping
from urllib.parse import quote_from_bytes, unquote_to_bytes

from eid_toolkit.ground.errors import ServiceAway
from eid_toolkit.ground.secret import Secret

_PATIENCE = 300.0
"""Seconds in which a passphrase has to be typed."""
_LIMIT = 4096
_NONE = "none"
_CANCELLED = 99
"""The lower bits of GPG_ERR_CANCELED, and of Assuan's own code for it."""


def program(environment: Mapping[str, str]) -> str | None:
    """The pinentry to ask by: the one of ``EID_PINENTRY``, else the desktop's; None where there is none."""
    chosen = environment.get("EID_PINENTRY")
    if chosen is not None:
        return None if chosen in ("", _NONE) else chosen
    if not (environment.get("DISPLAY") or environment.get("WAYLAND_DISPLAY")):
        return None
    return shutil.which("pinentry")


def ask(command: str, question: str) -> Secret | None:
    """What is typed in answer to the question; None if the person gave up, who is asked no more.

    Raises :class:`ServiceAway` if the program does not work.
    """
    lines = [
        "OPTION grab",
        f"SETTITLE {_escaped('eid')}",
        f"SETDESC {_escaped(question)}",
        "SETPROMPT",
        "GETPIN",
        "BYE",
    ]
    if terminal := os.environ.get("GPG_TTY"):
        lines.insert(0, f"OPTION ttyname={terminal}")
    try:
        done = subprocess.run(
            [command], input="\n".join(lines).encode() + b"\n", capture_output=True, check=False, timeout=_PATIENCE
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ServiceAway("pinentry-failed", program=command, reason=type(error).__name__) from None
    return _typed(command, done.stdout[:_LIMIT])


def _typed(command: str, output: bytes) -> Secret | None:
    for line in output.split(b"\n"):
        if line.startswith(b"D "):
            return Secret(unquote_to_bytes(line[2:]))
        if line.startswith(b"ERR "):
            number = line[4:].partition(b" ")[0]
            if number.isdigit() and int(number) & 0xFF == _CANCELLED:
                return None
    raise ServiceAway("pinentry-failed", program=command, reason="no answer")


def _escaped(text: str) -> str:
    return quote_from_bytes(text.encode(), safe=" ,.:;-_()'").replace("%20", " ")
