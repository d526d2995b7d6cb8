"""Guessing gets slow: attempts after failed ones wait, also after a reset, and until one succeeds."""

from __future__ import annotations

import pytest

from eid_toolkit.cards.emulator.card import EmulatedCard
from eid_toolkit.cards.emulator.emrtd.access import LONGEST_DELAY, delay_after
from eid_toolkit.cards.emulator.state import CardMemory
from eid_toolkit.cards.terminal.access import open_access
from eid_toolkit.cards.terminal.session import CardSession
from eid_toolkit.cards.transport.inprocess import InProcessTransport
from eid_toolkit.ground.errors import AccessDenied
from eid_toolkit.ground.ports import SystemEntropy
from eid_toolkit.standards.protocols.passwords import AccessPassword
from support.authorities import Authority
from support.documents import IssuedDocument, specimen_mrz
from support.emulated import CAN, card_memory


@pytest.fixture(scope="module")
def document() -> IssuedDocument:
    return IssuedDocument(Authority(), specimen_mrz())


def attempt(memory: CardMemory, can: str) -> list[float]:
    """How long the card waited in one attempt after power-up."""
    waited: list[float] = []
    card = EmulatedCard(memory, SystemEntropy(), lambda _: None, wait=waited.append)
    session = CardSession(InProcessTransport(card, "test"))
    try:
        open_access(session, AccessPassword.from_can(can), SystemEntropy(), allow_bac=False)
    except AccessDenied:
        assert can != CAN
    return waited


def test_the_delay_grows_with_failures_over_power_cuts_until_a_success(document: IssuedDocument) -> None:
    memory = card_memory(document)
    waits = [attempt(memory, "000000") for _ in range(6)]
    assert waits == [[], [], [], [0.25], [0.5], [1.0]]
    assert attempt(memory, CAN) == [2.0]
    assert attempt(memory, CAN) == []


def test_the_delay_has_an_upper_end() -> None:
    assert [delay_after(failures) for failures in (0, 2, 3, 8, 9, 10, 0xFFFF)] == [
        0.0, 0.0, 0.25, 8.0, LONGEST_DELAY, LONGEST_DELAY, LONGEST_DELAY,
    ]  # fmt: skip
