"""The terminal keys of the home, with which fingerprints and irises are read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from eid_toolkit.cli.context import App

if TYPE_CHECKING:
    from eid_toolkit.terminal.rights import TerminalIdentity


def load_terminals(app: App) -> tuple[TerminalIdentity, ...]:
    """The home's terminals; none in most homes. Where there are some, their passphrase is asked for now."""
    if not (app.home_path / "terminal").exists():
        return ()
    from eid_toolkit.ports import SystemEntropy
    from eid_toolkit.stores.terminals import TerminalStore

    store = TerminalStore.open(app.home_path, app.passphrase, SystemEntropy())
    return () if store is None else store.identities()
