"""Emulated blanks with the home's transport keys, as its real blanks have them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from eid_toolkit.ground.home.home import Home
from eid_toolkit.ground.ports import Entropy
from eid_toolkit.work.office.acting import Acting
from eid_toolkit.work.office.credentials import Credentials

if TYPE_CHECKING:
    from eid_toolkit.cards.emulator.state import CardMemory


def make_blank_card(root: Path, credentials: Credentials, entropy: Entropy, name: str) -> CardMemory:
    """A new emulated card ``name`` in the home at ``root``; raises :class:`NotPermitted` if the name is taken."""
    from eid_toolkit.books.keys.keys import TRANSPORT_KEY
    from eid_toolkit.cards.emulator.blank import make_blank
    from eid_toolkit.cards.emulator.shelf import CardStore

    home = Home.open(root)
    transport_key = Acting.at(home, credentials, entropy).keys.symmetric(TRANSPORT_KEY)
    memory = make_blank((transport_key, transport_key, transport_key), entropy)
    CardStore(home).create(name, memory)
    return memory
