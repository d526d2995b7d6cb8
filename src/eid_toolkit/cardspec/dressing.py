"""The chip in the clothes that a spec gives it: the ways of a kind of real cards, and what goes wrong with it."""

from __future__ import annotations

import time
from collections.abc import Callable

from eid_toolkit.cardspec.spec import CardSpec
from eid_toolkit.emulator.card import EmulatedCard
from eid_toolkit.emulator.state import CardMemory
from eid_toolkit.ports import Entropy
from eid_toolkit.transport.interface import Card


def dressed(memory: CardMemory, spec: CardSpec, entropy: Entropy, wait: Callable[[float], None] | None = None) -> Card:
    """A card over ``memory``, with power; ``wait`` is how it takes its time."""
    return EmulatedCard(memory, entropy, lambda _: None, wait=wait or time.sleep)
