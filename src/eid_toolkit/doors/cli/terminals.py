"""The terminal keys of the home, with which fingerprints and irises are read."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from eid_toolkit.doors.cli.context import App
from eid_toolkit.doors.cli.output import prompt, sentence
from eid_toolkit.ground.ports import SystemEntropy
from eid_toolkit.ground.secret import Secret
from eid_toolkit.work.office.terminals import identities_of, open_or_create

if TYPE_CHECKING:
    from eid_toolkit.books.authorities.terminals import TerminalStore
    from eid_toolkit.cards.terminal.rights import TerminalIdentity


def load_terminals(app: App) -> tuple[TerminalIdentity, ...]:
    """The home's terminals; none in most homes. Where there are some, their passphrase is asked for now."""
    return identities_of(app.home_path, lambda new: app.passphrase(new=new), app.pin, SystemEntropy())


def new_terminal_store(root: Path, key_store: str | None = None) -> TerminalStore:
    """The terminals of an officer's home, made if it has none; passphrase, or PIN of the token, are their own."""
    return open_or_create(root, lambda new: terminal_passphrase(new=new), _terminal_pin, SystemEntropy(), key_store)


def terminal_passphrase(*, new: bool) -> Secret:
    """The passphrase of an officer's terminal keys, from EID_TERMINAL_PASSPHRASE or asked."""
    if "EID_TERMINAL_PASSPHRASE" in os.environ:
        return Secret(os.fsencode(os.environ["EID_TERMINAL_PASSPHRASE"]))
    return Secret(prompt(sentence("ask-officer-terminal-passphrase"), hidden=True, twice=new).encode())


def _terminal_pin() -> Secret:
    """The PIN of an officer's token, from EID_TERMINAL_PIN or asked."""
    if "EID_TERMINAL_PIN" in os.environ:
        return Secret(os.fsencode(os.environ["EID_TERMINAL_PIN"]))
    return Secret(prompt(sentence("ask-officer-token-pin"), hidden=True).encode())
