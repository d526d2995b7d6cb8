"""The chip in the clothes that a spec gives it: the ways of a kind of real cards, and what goes wrong with it."""

from __future__ import annotations

import time
from collections.abc import Callable

from eid_toolkit.cards.emulator.quirks import QuirkyCard, quirks_named
from eid_toolkit.cards.emulator.state import CardMemory
from eid_toolkit.cards.transport.interface import Card
from eid_toolkit.ground.ports import Entropy
from eid_toolkit.work.cardspec.faults import FailingMemory, FaultyCard
from eid_toolkit.work.cardspec.spec import CardSpec

Performance = Callable[[Card], Card]
"""What answers in place of a card."""


def dressed(
    memory: CardMemory,
    spec: CardSpec,
    entropy: Entropy,
    wait: Callable[[float], None] | None = None,
    performs: Performance | None = None,
) -> Card:
    """A card over ``memory``, with power; ``wait`` is how it takes its time, ``performs`` what answers in its place.

    Raises :class:`BadInput` for quirks that are unknown or contradict each other.
    """
    wait = wait or time.sleep
    store = FailingMemory(memory)
    card: Card = QuirkyCard(memory, entropy, store.save, quirks_named(spec.quirks), wait=wait)
    if performs is not None:
        card = performs(card)
    return FaultyCard(card, store, spec.faults, wait) if spec.faults else card
