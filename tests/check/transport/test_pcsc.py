"""Cards over PC/SC: a pcscd of our own, virtual readers, and every way in which it can go wrong."""

from __future__ import annotations

import threading
import time

import pytest
from smartcard import scard

from eid_toolkit.cards.transport.pcsc import PcscTransport, find_reader, list_readers, status_of, wait_for_removal
from eid_toolkit.cards.transport.virtual_reader import inserted
from eid_toolkit.ground.errors import CardRemoved, NoCardError, ServiceAway
from support.cards import EchoCard
from support.opensc import opensc_tool
from support.pcscd import PrivatePcscd
from support.waiting import LIMIT, beside, ended, wait_for

pytestmark = pytest.mark.pcsc
SELECT = bytes.fromhex("00A4040C07A0000002471001")


def test_readers_are_listed_with_the_card_in_them(pcscd: PrivatePcscd) -> None:
    with pcscd.card_in(EchoCard(), slot=2) as reader:
        found = {status.name: status.atr for status in list_readers()}
    assert list(found) == [slot.reader for slot in pcscd.slots]
    assert found == dict.fromkeys(found) | {reader: EchoCard.atr}


def test_a_card_answers_and_is_powered_off_in_the_end(pcscd: PrivatePcscd) -> None:
    card = EchoCard()
    with pcscd.card_in(card) as reader:
        transport = PcscTransport(reader)
        assert transport.atr == EchoCard.atr
        assert transport.process(SELECT) == SELECT + b"\x90\x00"
        transport.reset()
        transport.close()
        transport.close()
        wait_for(lambda: card.events == ["reset", "reset", "off"], "the card keeps its power")


def test_an_extended_apdu_passes(pcscd: PrivatePcscd) -> None:
    command = bytes.fromhex("00D60000") + b"\x00\x75\x30" + bytes(30_000)
    with pcscd.card_in(EchoCard()) as reader:
        transport = PcscTransport(reader)
        assert transport.process(command) == command + b"\x90\x00"
        transport.close()


def test_an_apdu_takes_less_than_ten_milliseconds(pcscd: PrivatePcscd) -> None:
    with pcscd.card_in(EchoCard()) as reader:
        transport = PcscTransport(reader)
        started = time.perf_counter()
        for _ in range(50):
            transport.process(SELECT)
        elapsed = time.perf_counter() - started
        transport.close()
    assert elapsed / 50 < 0.010


def test_a_program_that_is_not_ours_reads_the_atr_and_talks_to_the_card(pcscd: PrivatePcscd) -> None:
    with pcscd.card_in(EchoCard()) as reader:
        atr = opensc_tool("--reader", reader, "--atr")
        answer = opensc_tool("--reader", reader, "--card-driver", "default", "--send-apdu", SELECT.hex())
    assert atr.strip().replace(":", "").upper() == EchoCard.atr.hex().upper()
    assert "SW1=0x90, SW2=0x00" in answer


def test_an_empty_reader_is_named(pcscd: PrivatePcscd) -> None:
    with pytest.raises(NoCardError) as caught:
        PcscTransport(pcscd.slots[0].reader)
    assert (caught.value.code, caught.value.facts["reader"]) == ("no-card", pcscd.slots[0].reader)


def test_a_card_that_comes_late_is_waited_for(pcscd: PrivatePcscd) -> None:
    late = threading.Timer(0.2, pcscd.insert, (EchoCard(),))
    late.start()
    transport = PcscTransport(pcscd.slots[0].reader, wait=5)
    assert transport.process(SELECT).endswith(b"\x90\x00")
    transport.close()
    ended(late)


def test_a_card_pulled_between_two_commands_is_found_out(pcscd: PrivatePcscd) -> None:
    slot, thread = pcscd.insert(EchoCard())
    transport = PcscTransport(pcscd.slots[0].reader)
    slot.pull()
    ended(thread)
    with pytest.raises(NoCardError) as caught:
        transport.process(SELECT)
    assert caught.value.code == "card-removed"
    transport.close()
    wait_for_removal(pcscd.slots[0].reader)


def test_the_next_card_does_not_take_the_place_of_one_that_was_pulled(pcscd: PrivatePcscd) -> None:
    """SCardReconnect alone goes on with whatever card is in the reader."""
    reader = pcscd.slots[0].reader
    with pcscd.card_in(EchoCard()):
        transport = PcscTransport(reader)
    with pcscd.card_in(next_card := EchoCard()):
        for use in (transport.reset, lambda: transport.process(SELECT), transport.reset):
            with pytest.raises(CardRemoved) as caught:
                use()
            assert caught.value.code == "card-removed"
        assert not next_card.entered.is_set()
        transport.close()


def test_a_card_is_known_to_be_gone_where_the_next_is_in_the_reader_already(pcscd: PrivatePcscd) -> None:
    reader = pcscd.slots[0].reader
    with pcscd.card_in(EchoCard()):
        counted = status_of(reader).events
    with pcscd.card_in(EchoCard()), beside(lambda: wait_for_removal(reader, counted)):
        pass


class HeldCard(EchoCard):
    """A program that has it open ends the connection just when it is pulled."""

    transport: PcscTransport | None = None

    def power_off(self) -> None:
        super().power_off()
        if self.transport is not None:
            self.transport.close()


def test_the_next_card_is_seen_after_one_that_was_pulled_from_a_program(pcscd: PrivatePcscd) -> None:
    """pcscd tells of an empty reader before it looks for a card again; a card that came in between is never seen."""
    for _ in range(3):
        card = HeldCard()
        with inserted(card, pcscd.slots[0].port) as reader:
            card.transport = PcscTransport(reader)
            assert card.transport.process(SELECT).endswith(b"\x90\x00")


def test_a_card_pulled_within_a_command_is_found_out(pcscd: PrivatePcscd) -> None:
    card = EchoCard()
    slot, _ = pcscd.insert(card)
    transport = PcscTransport(pcscd.slots[0].reader)
    card.released.clear()
    with (
        beside(lambda: (card.entered.wait(LIMIT), slot.pull(), card.released.set())),
        pytest.raises(NoCardError) as caught,
    ):
        transport.process(SELECT)
    assert caught.value.code == "card-removed"
    transport.close()


def test_a_card_held_by_another_program_is_told_apart_from_no_card(pcscd: PrivatePcscd) -> None:
    with pcscd.card_in(EchoCard()) as reader:
        holder = PcscTransport(reader)
        with pytest.raises(ServiceAway) as caught:
            PcscTransport(reader)
        holder.close()
        PcscTransport(reader).close()
    assert caught.value.code == "reader-busy"


def test_a_killed_pcscd_is_named_and_a_restarted_one_used(pcscd: PrivatePcscd) -> None:
    with pcscd.card_in(EchoCard()) as reader:
        transport = PcscTransport(reader)
        pcscd.kill()
        with pytest.raises(ServiceAway) as in_use:
            transport.process(SELECT)
        with pytest.raises(ServiceAway) as absent:
            list_readers()
    assert {in_use.value.code, absent.value.code} == {"pcsc-service-away"}
    transport.close()
    pcscd.start()
    with pcscd.card_in(EchoCard()) as reader:
        again = PcscTransport(reader)
        assert again.process(SELECT).endswith(b"\x90\x00")
        again.close()


def test_a_pcscd_that_is_killed_while_a_card_is_waited_for_is_named(pcscd: PrivatePcscd) -> None:
    killing = threading.Timer(0.5, pcscd.kill)
    killing.start()
    with pytest.raises(ServiceAway) as caught:
        PcscTransport(pcscd.slots[0].reader, wait=LIMIT)
    ended(killing)
    assert caught.value.code == "pcsc-service-away"


@pytest.mark.parametrize(
    ("second", "code"),
    [("SCARD_E_NO_SERVICE", "pcsc-service-away"), ("SCARD_W_SECURITY_VIOLATION", "pcsc-not-permitted")],
)
def test_a_pcscd_that_ends_when_it_is_asked_is_told_apart_from_one_that_admits_nobody(
    monkeypatch: pytest.MonkeyPatch, second: str, code: str
) -> None:
    """The first time both close the connection, which the library calls a violation of security."""
    answers = iter([scard.SCARD_W_SECURITY_VIOLATION, getattr(scard, second)])
    monkeypatch.setattr(scard, "SCardEstablishContext", lambda scope: (next(answers), 0))
    with pytest.raises(ServiceAway) as caught:
        list_readers()
    assert caught.value.code == code


def test_a_reader_that_does_not_exist_is_named(pcscd: PrivatePcscd) -> None:
    with pytest.raises(NoCardError) as caught:
        PcscTransport("No Such Reader 00 00")
    assert caught.value.code == "reader-gone"


NAMES = ("Specimen Alpha 00 00", "Specimen Alpha 00 01", "Specimen Beta 00 00", "Reader 2")


@pytest.mark.parametrize(
    ("wanted", "found"),
    [("Specimen Alpha 00 01", 1), ("beta", 2), ("1", 0), ("4", 3), ("Reader 2", 3), ("2", 1)],
)
def test_a_reader_is_found_by_its_name_a_part_or_its_number(wanted: str, found: int) -> None:
    assert find_reader(wanted, NAMES) == NAMES[found]


@pytest.mark.parametrize(("wanted", "code"), [("alpha", "reader-ambiguous"), ("gamma", "reader-not-found")])
def test_a_part_must_fit_just_one_reader(wanted: str, code: str) -> None:
    with pytest.raises(NoCardError) as caught:
        find_reader(wanted, NAMES)
    assert caught.value.code == code
