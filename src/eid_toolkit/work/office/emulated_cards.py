"""Emulated blanks with the transport keys that real blanks have: the home's own, or a vendor's for one batch."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from eid_toolkit.ground.errors import NotPermitted
from eid_toolkit.ground.home.home import Home
from eid_toolkit.ground.ports import Entropy
from eid_toolkit.work.office.acting import Acting
from eid_toolkit.work.office.credentials import Credentials

if TYPE_CHECKING:
    from eid_toolkit.books.register.stock.vendor_keys import Batch
    from eid_toolkit.cards.emulator.state import CardMemory


def make_blank_card(
    root: Path, credentials: Credentials, entropy: Entropy, name: str, batch: Batch | None = None
) -> CardMemory:
    """A new emulated card ``name`` in the home at ``root``, as the vendor of a ``batch`` delivers it if one is named.

    Raises :class:`NotPermitted` if the name is taken, or the batch has no key.
    """
    from eid_toolkit.books.keys.keys import TRANSPORT_KEY
    from eid_toolkit.books.register.stock.vendor_keys import VendorKeys
    from eid_toolkit.cards.emulator.blank import make_blank
    from eid_toolkit.cards.emulator.domain.memory import DomainMemory
    from eid_toolkit.cards.emulator.shelf import CardStore

    home = Home.open(root)
    keys = Acting.at(home, credentials, entropy).keys
    own = keys.symmetric(TRANSPORT_KEY)
    memory = make_blank((own, own, own), entropy)
    if batch is not None:
        vendor_key = VendorKeys(keys).opening(batch)
        if vendor_key is None:
            raise NotPermitted("vendor-key-unknown", vendor=batch.vendor, batch=batch.batch)
        memory.part(DomainMemory).keys = vendor_key.of_chip(memory.chip_identity)
    CardStore(home).create(name, memory)
    return memory
