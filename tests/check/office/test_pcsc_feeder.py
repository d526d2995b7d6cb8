"""A reader that feeds a batch, through pcscd: a card that is changed quickly for another one is not taken for it."""

from __future__ import annotations

from pathlib import Path

import pytest

from eid_toolkit.cards.transport.pcsc import ReaderStatus, status_of
from eid_toolkit.work.office import readers
from eid_toolkit.work.office.feeders import PcscFeeder
from support.cards import EchoCard
from support.pcscd import PrivatePcscd
from support.waiting import beside

pytestmark = pytest.mark.pcsc
STATUS = "eid_toolkit.cards.transport.pcsc.status_of"


def never() -> bool:
    return False


def feeder_of(pcscd: PrivatePcscd, home: Path) -> PcscFeeder:
    return PcscFeeder(pcscd.slots[0].reader, lambda reader, wait: readers.connect(reader, home, wait))


def served(feeder: PcscFeeder) -> None:
    opened = feeder.next(never)
    assert opened is not None
    with opened as transport:
        transport.process(bytes.fromhex("00A4040C07A0000002471001"))


def test_the_next_card_is_fed_although_the_reader_was_never_seen_empty(pcscd: PrivatePcscd, tmp_path: Path) -> None:
    feeder = feeder_of(pcscd, tmp_path)
    with pcscd.card_in(EchoCard()):
        served(feeder)
    with pcscd.card_in(EchoCard()), beside(lambda: feeder.taken_out(never)):
        pass


def test_a_card_that_stays_is_waited_for_also_over_a_pcscd_that_counts_anew(
    pcscd: PrivatePcscd, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    feeder = feeder_of(pcscd, tmp_path)
    with pcscd.card_in(EchoCard()) as reader:
        served(feeder)
        there = status_of(reader)
        counts = [there.events, 0, 0, 2]
        looks = iter([ReaderStatus(there.name, there.atr, events) for events in counts])
        monkeypatch.setattr(STATUS, lambda name: next(looks))
        feeder.taken_out(never)
        assert list(looks) == []
