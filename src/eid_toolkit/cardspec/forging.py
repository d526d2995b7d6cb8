"""The forgeries that a spec can name."""

from __future__ import annotations

from eid_toolkit.cardspec.spec import CardSpec
from eid_toolkit.emulator import forgeries
from eid_toolkit.emulator.state import CardMemory
from eid_toolkit.errors import BadInput
from eid_toolkit.ports import Entropy


def forge(name: str, memory: CardMemory, spec: CardSpec, entropy: Entropy) -> CardMemory:
    """The forgery ``name`` of the genuine card in ``memory``; raises :class:`BadInput` for an unknown name."""
    if name == "clone":
        return forgeries.clone_without_chip_keys(memory, entropy)
    raise BadInput("forgery-unknown", name=name, known="clone")
