"""Personalization through the real PC/SC stack: a blank in a virtual reader, from the command line."""

from __future__ import annotations

import json
import threading

import pytest
from click.testing import CliRunner, Result

from eid_toolkit.books.register.documents.documents import DocumentState
from eid_toolkit.cards.emulator.card import EmulatedCard
from eid_toolkit.cards.emulator.emrtd.memory import EmrtdMemory
from eid_toolkit.doors.cli.main import main
from eid_toolkit.ground.errors import CardRemoved
from eid_toolkit.standards.protocols.globalplatform import ApplicationState
from eid_toolkit.work.personalization.journal import JobState
from support.homes import WorkingOffice
from support.opensc import opensc_tool
from support.pcscd import PrivatePcscd
from support.waiting import beside, ended

pytestmark = pytest.mark.pcsc


def eid(office: WorkingOffice, *arguments: str) -> Result:
    return CliRunner().invoke(main, ["--home", str(office.home.root), "--operator", "clerk", *arguments])


def test_a_blank_in_a_reader_is_personalized_and_verified(pcscd: PrivatePcscd, office: WorkingOffice) -> None:
    document = office.document()
    can = office.register.documents.load_package(document.id).can.reveal().decode()
    with office.cards.open(office.blank()) as opened, pcscd.card_in(opened.card) as reader:
        written = eid(
            office,
            "card",
            "personalize",
            "--without-print-check",
            document.id,
            "--reader",
            reader,
            "--yes",
            "--format",
            "json",
        )
        assert written.exit_code == 0, written.stderr
        judged = eid(office, "verify", "--reader", reader, "--can", can, "--format", "json")
        again = eid(office, "card", "personalize", "--without-print-check", document.id, "--reader", reader, "--yes")
        answers = opensc_tool(
            "--reader", reader, "--card-driver", "default",
            "--send-apdu", "00A4040C07A0000002471001",
            "--send-apdu", "00A4020C020101",
            "--send-apdu", "00D600000161",
        )  # fmt: skip
    assert json.loads(written.stdout)["state"] == "done"
    assert (judged.exit_code, json.loads(judged.stdout)["verdict"]) == (0, "passed"), judged.stdout
    assert again.exit_code == 10
    words = [line.split("(")[1][:18] for line in answers.splitlines() if "SW1" in line]
    assert words == ["SW1=0x90, SW2=0x00", "SW1=0x69, SW2=0x82", "SW1=0x6D, SW2=0x00"]


class Pulled:
    """A card that is taken out of the reader after a number of commands."""

    def __init__(self, card: EmulatedCard, after: int) -> None:
        self._card, self._left = card, after
        self.gone = threading.Event()

    @property
    def atr(self) -> bytes:
        return self._card.atr

    def process(self, command: bytes, /) -> bytes:
        self._left -= 1
        if self._left < 0:
            self.gone.set()
            raise CardRemoved("card-removed", reader="test")
        return self._card.process(command)

    def reset(self) -> None:
        self._card.reset()

    def power_off(self) -> None:
        self._card.power_off()


@pytest.mark.parametrize("after", [9, 25, 40])
def test_a_card_pulled_while_it_is_written_goes_on_when_it_is_put_back(
    pcscd: PrivatePcscd, office: WorkingOffice, after: int
) -> None:
    document = office.document()
    arguments = ("card", "personalize", "--without-print-check", document.id, "--yes", "--reader")
    with office.cards.open(office.blank()) as opened:
        pulled = Pulled(opened.card, after)
        inserted, thread = pcscd.insert(pulled)
        interrupted = eid(office, *arguments, pcscd.slots[0].reader)
        inserted.pull()
        ended(thread)
        pcscd.empty_slots()
        assert (interrupted.exit_code, pulled.gone.is_set()) == (5, True), interrupted.stderr
        with pcscd.card_in(opened.card) as reader:
            resumed = eid(office, *arguments, reader)
    assert resumed.exit_code == 0, resumed.stderr
    assert office.register.documents.get(document.id).state is DocumentState.ISSUED
    assert office.cards.load("blank").part(EmrtdMemory).state is ApplicationState.PERSONALIZED


def test_a_batch_serves_two_readers_one_blank_after_another(pcscd: PrivatePcscd, office: WorkingOffice) -> None:
    """A person at each reader puts the next blank in when the last one is done."""
    for _ in range(3):
        office.document()
    for name in ("a1", "a2", "b1"):
        office.blank(name)
    given_up = threading.Event()

    def is_done(name: str) -> bool:
        chip = office.cards.load(name).chip_identity.hex()
        return any(job.chip == chip for job in office.personalization.journal.list(JobState.DONE))

    def serve(slot: int, names: list[str]) -> None:
        for name in names:
            with office.cards.open(name) as opened, pcscd.card_in(opened.card, slot):
                while not is_done(name) and not given_up.wait(0.05):
                    pass

    readers = [word for slot in pcscd.slots[:2] for word in ("--reader", slot.reader)]
    with beside(lambda: serve(0, ["a1", "a2"]), lambda: serve(1, ["b1"])):
        try:
            done = eid(office, "card", "batch", *readers, "--yes", "--without-print-check", "--format", "json")
        finally:
            given_up.set()
    assert done.exit_code == 0, done.output
    shown = json.loads(done.stdout)
    assert shown["counts"]["issued"] == 3 and shown["waiting"] == 0
    assert len({each["chip"] for each in shown["cards"]}) == 3
    assert {each.state for each in office.register.documents.list()} == {DocumentState.ISSUED}
