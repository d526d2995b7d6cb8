"""The terminal keys of a home, with which fingerprints and irises are read; an officer's home has no others."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from eid_toolkit.ground.ports import Entropy
from eid_toolkit.ground.secret import Secret

if TYPE_CHECKING:
    from eid_toolkit.books.authorities.terminals import TerminalStore
    from eid_toolkit.cards.terminal.rights import TerminalIdentity

Passphrase = Callable[[bool], Secret]
"""The passphrase of terminal keys, new (True) or as it is."""
Pin = Callable[[], Secret]


def identities_of(root: Path, passphrase: Passphrase, pin: Pin, entropy: Entropy) -> tuple[TerminalIdentity, ...]:
    """The home's terminals; none in most homes. Where there are some, what opens their keys is asked for now."""
    if not (root / "terminal").exists():
        return ()
    from eid_toolkit.books.authorities.terminals import TerminalStore

    store = TerminalStore.open(root, lambda: passphrase(False), entropy, pin)
    return () if store is None else store.identities()


def open_or_create(
    root: Path, passphrase: Passphrase, pin: Pin, entropy: Entropy, token: str | None = None
) -> TerminalStore:
    """The terminals of a home, made if it has none: with a key store of their own, or in the ``token`` of a URI."""
    from eid_toolkit.books.authorities.terminals import TerminalStore

    existing = TerminalStore.open(root, lambda: passphrase(False), entropy, pin)
    if existing is None and token is not None:
        return TerminalStore.create_for_token(root, token, pin)
    return existing or TerminalStore.create(root, lambda: passphrase(True), entropy)
