"""Cards come and go by the hundred in one process: nothing of them stays, neither memory nor files nor threads."""

from __future__ import annotations

import gc
import threading
import tracemalloc
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from eid_toolkit.cards.emulator.card import EmulatedCard
from eid_toolkit.cards.emulator.emrtd.memory import EmrtdMemory
from eid_toolkit.cards.transport.inprocess import InProcessTransport
from eid_toolkit.cards.transport.interface import Transport
from eid_toolkit.cards.transport.pcsc import PcscTransport
from eid_toolkit.ground.ports import SystemEntropy
from eid_toolkit.standards.iso7816.files import ElementaryFile
from eid_toolkit.standards.protocols.passwords import AccessPassword
from eid_toolkit.work.cardspec import SpecimenCard, build
from eid_toolkit.work.inspection.capture import capture
from eid_toolkit.work.inspection.evidence import FileState
from support.pcscd import PrivatePcscd
from support.scripted import FixedClock
from support.spec_cards import NOW, OFFICER, SEEDED, copy_of

CARDS, TRACED = 200, 20
"""How many come and go in this process; and how many twice more, while every allocation is counted."""
CARDS_IN_READER = 12
"""As many as go in and out of the reader in some fifteen seconds."""


@dataclass(frozen=True)
class Held:
    """What the process holds."""

    descriptors: int
    threads: int
    cards: int

    @classmethod
    def now(cls) -> Held:
        gc.collect()
        cards = sum(isinstance(found, EmulatedCard) for found in gc.get_objects())
        return cls(len(list(Path("/proc/self/fd").iterdir())), len(threading.enumerate()), cards)


def read_whole(card: SpecimenCard, transport: Transport) -> None:
    password = AccessPassword.from_can(card.can or "")
    evidence = capture(transport, password, OFFICER, SystemEntropy(), FixedClock(NOW))
    assert evidence.interrupted is None
    assert evidence.state(ElementaryFile.DG2) is FileState.READ


def come_and_go(card: SpecimenCard) -> None:
    transport = InProcessTransport(card.card, "emulator:one")
    read_whole(card, transport)
    transport.close()


def grown_by(work: Callable[[int], None], count: int) -> int:
    """Bytes that ``count`` more runs leave allocated, after as many to warm up."""
    tracemalloc.start()
    try:
        sizes = []
        for first in (0, count):
            for number in range(first, first + count):
                work(number)
            gc.collect()
            sizes.append(tracemalloc.get_traced_memory()[0])
        return sizes[1] - sizes[0]
    finally:
        tracemalloc.stop()


def contents(card: SpecimenCard) -> int:
    return sum(len(found.content) for found in card.memory.part(EmrtdMemory).files.values())


@pytest.mark.parametrize(
    "make",
    [lambda number: build(replace(SEEDED, seed=f"leak {number}")), lambda _: copy_of()],
    ids=["made anew", "out of one image"],
)
def test_two_hundred_cards_come_and_go_in_one_process(make: Callable[[int], SpecimenCard]) -> None:
    come_and_go(make(-1))
    before = Held.now()
    for number in range(CARDS):
        come_and_go(make(number))
    assert Held.now() == before
    grown = grown_by(lambda number: come_and_go(make(CARDS + number)), TRACED)
    assert grown < contents(make(-1)), f"{TRACED} more cards left {grown} bytes, more than one card has in its files"


def test_the_test_would_notice_a_card_that_stays() -> None:
    kept: list[SpecimenCard] = []
    copy_of()  # of a card that is kept
    before = Held.now()
    assert grown_by(lambda _: kept.append(copy_of()), TRACED) > contents(copy_of())
    assert Held.now().cards - before.cards == 2 * TRACED


@pytest.mark.pcsc
def test_cards_come_and_go_in_a_reader(pcscd: PrivatePcscd) -> None:
    def in_reader() -> None:
        card = copy_of()
        with pcscd.card_in(card.card) as reader:
            transport = PcscTransport(reader)
            read_whole(card, transport)
            transport.close()
        pcscd.empty_slots()

    in_reader()
    before = Held.now()
    for _ in range(CARDS_IN_READER):
        in_reader()
    assert Held.now() == before
