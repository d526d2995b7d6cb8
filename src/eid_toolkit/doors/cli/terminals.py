"""The terminal keys of the home, with which fingerprints and irises are read."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from eid_toolkit.doors.cli.context import App
from eid_toolkit.doors.cli.output import prompt
from eid_toolkit.ground.secret import Secret

if TYPE_CHECKING:
    from eid_toolkit.books.authorities.terminals import TerminalStore
    from eid_toolkit.cards.terminal.rights import TerminalIdentity


def load_terminals(app: App) -> tuple[TerminalIdentity, ...]:
    """The home's terminals; none in most homes. Where there are some, their passphrase is asked for now."""
    if not (app.home_path / "terminal").exists():
        return ()
    from eid_toolkit.books.authorities.terminals import TerminalStore
    from eid_toolkit.ground.ports import SystemEntropy

    store = TerminalStore.open(app.home_path, app.passphrase, SystemEntropy(), app.pin)
    return () if store is None else store.identities()


def new_terminal_store(root: Path, key_store: str | None = None) -> TerminalStore:
    """The terminals of an officer's home, made if it has none; passphrase, or PIN of the token, are their own."""
    from eid_toolkit.books.authorities.terminals import TerminalStore
    from eid_toolkit.ground.ports import SystemEntropy

    entropy = SystemEntropy()
    existing = TerminalStore.open(root, lambda: terminal_passphrase(new=False), entropy, _terminal_pin)
    if existing is None and key_store is not None:
        return TerminalStore.create_for_token(root, key_store, _terminal_pin)
    return existing or TerminalStore.create(root, lambda: terminal_passphrase(new=True), entropy)


def terminal_passphrase(*, new: bool) -> Secret:
    """The passphrase of an officer's terminal keys, from EID_TERMINAL_PASSPHRASE or asked."""
    if "EID_TERMINAL_PASSPHRASE" in os.environ:
        return Secret(os.fsencode(os.environ["EID_TERMINAL_PASSPHRASE"]))
    return Secret(prompt("Passphrase of the terminal's key", hidden=True, twice=new).encode())


def _terminal_pin() -> Secret:
    """The PIN of an officer's token, from EID_TERMINAL_PIN or asked."""
    if "EID_TERMINAL_PIN" in os.environ:
        return Secret(os.fsencode(os.environ["EID_TERMINAL_PIN"]))
    return Secret(prompt("PIN of the officer's token", hidden=True).encode())
