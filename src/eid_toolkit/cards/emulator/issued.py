"""The applications of the cards that are issued, in the order in which a name finds them."""

from __future__ import annotations

from eid_toolkit.cards.emulator.card_application import ApplicationMemory
from eid_toolkit.cards.emulator.domain.memory import DomainMemory
from eid_toolkit.cards.emulator.emrtd.memory import EmrtdMemory

ISSUED: tuple[type[ApplicationMemory], ...] = (EmrtdMemory, DomainMemory)
"""Each by what it remembers; the first brings the master file."""
