"""Emulated cards in a virtual PC/SC reader: inspected by us, and looked at by a program that is not ours."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from eid_toolkit.books.authorities.terminals import TerminalStore
from eid_toolkit.books.keys.signers import EcSigner
from eid_toolkit.cards.emulator.card import EmulatedCard
from eid_toolkit.cards.transport.pcsc import list_readers
from eid_toolkit.doors.cli.main import main
from eid_toolkit.ground.errors import CardRemoved
from eid_toolkit.ground.ports import SystemEntropy
from eid_toolkit.ground.secret import Secret
from eid_toolkit.work.conformance.suite import all_cases
from support.at_terminal import at_terminal
from support.authorities import new_key
from support.conformance import complete_card, complete_memory
from support.emulated import CAN, Tampered, card_memory, emulated_card
from support.officer import Officer
from support.opensc import opensc_tool
from support.pcscd import PrivatePcscd
from support.waiting import LIMIT, ended, next_line, wait_for

pytestmark = pytest.mark.pcsc


@pytest.fixture(scope="module")
def officer(tmp_path_factory: pytest.TempPathFactory) -> Officer:
    made = Officer(tmp_path_factory.mktemp("officer") / "home")
    made.add_card("attached", card_memory(made.document))
    return made


def verify(officer: Officer, reader: str, *arguments: str) -> Result:
    return CliRunner().invoke(main, ["--home", str(officer.home.root), "verify", "--reader", reader, *arguments])


def test_a_card_in_a_reader_is_verified(pcscd: PrivatePcscd, officer: Officer) -> None:
    with pcscd.card_in(emulated_card(card_memory(officer.document)), slot=3):
        result = verify(officer, "beta 00 01", "--can", CAN, "--format", "json")
    data = json.loads(result.stdout)
    assert (result.exit_code, data["verdict"]) == (0, "passed")
    assert data["elapsed_ms"] / data["apdus"] < 10


def test_a_card_pulled_after_access_still_gets_a_verdict(pcscd: PrivatePcscd, officer: Officer) -> None:
    def pull(command: bytes) -> bytes:
        raise CardRemoved("card-removed", reader="test")

    with pcscd.card_in(Tampered(emulated_card(card_memory(officer.document)), 17, pull)) as reader:
        result = verify(officer, reader, "--can", CAN, "--format", "json")
    reasons = {check["id"]: check["reason"] for check in json.loads(result.stdout)["checks"]}
    assert (result.exit_code, reasons["document.reading"]) == (4, "reading-ended-early")


def test_an_empty_reader_and_one_that_is_not_there_have_exit_code_5(pcscd: PrivatePcscd, officer: Officer) -> None:
    results = [verify(officer, reader, "--can", CAN) for reader in ("1", "9", "Alpha")]
    assert [result.exit_code for result in results] == [5, 5, 5]
    assert "no card in the reader Specimen Alpha 00 00" in results[0].stderr


def test_without_pcscd_the_exit_code_is_11_and_emulated_cards_still_work(pcscd: PrivatePcscd, officer: Officer) -> None:
    pcscd.kill()
    assert verify(officer, "1", "--can", CAN).exit_code == 11
    assert verify(officer, "emulator:attached", "--can", CAN).exit_code == 0


def test_another_program_selects_the_application_and_is_refused_its_files(
    pcscd: PrivatePcscd, officer: Officer
) -> None:
    card = emulated_card(card_memory(officer.document))
    with pcscd.card_in(card) as reader:
        atr = opensc_tool("--reader", reader, "--atr")
        answers = opensc_tool(
            "--reader", reader, "--card-driver", "default",
            "--send-apdu", "00A4040C07A0000002471001",
            "--send-apdu", "00B0810000",
        )  # fmt: skip
    assert bytes.fromhex(atr.strip().replace(":", "")) == card.atr
    assert [line.split("(")[1][:18] for line in answers.splitlines() if "SW1" in line] == [
        "SW1=0x90, SW2=0x00",
        "SW1=0x69, SW2=0x82",
    ]


@contextmanager
def attached(officer: Officer, port: int) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "eid_toolkit.doors.cli.main", "--home", str(officer.home.root)]
    process = subprocess.Popen(
        [*command, "emulator", "attach", "attached", "--port", str(port)],
        stderr=subprocess.PIPE,
        text=True,
        env=dict(os.environ),
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate(timeout=LIMIT)


def test_an_attached_card_stays_until_it_is_interrupted(pcscd: PrivatePcscd, officer: Officer, tmp_path: Path) -> None:
    slot = pcscd.slots[0]
    with attached(officer, slot.port) as process:
        wait_for(lambda: list_readers()[0].atr is not None, "the attached card does not appear")
        assert verify(officer, slot.reader, "--can", CAN).exit_code == 0
        held = verify(officer, "emulator:attached", "--can", CAN)
        process.send_signal(signal.SIGINT)
        assert process.wait(LIMIT) == 130
    assert held.exit_code == 11
    pcscd.wait_until_empty()


def test_one_card_after_another_is_served(pcscd: PrivatePcscd, officer: Officer) -> None:
    slot = pcscd.slots[1]
    command = [sys.executable, "-m", "eid_toolkit.doors.cli.main", "--home", str(officer.home.root)]
    process = subprocess.Popen(
        [*command, "verify", "--watch", "--reader", slot.reader, "--can", CAN, "--format", "jsonl"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    copy = card_memory(officer.document, chip_key=new_key(), aa_key=new_key())
    verdicts = []
    try:
        for memory in (card_memory(officer.document), copy):
            with pcscd.card_in(emulated_card(memory), slot=1):
                verdicts.append(json.loads(next_line(process))["verdict"])
    finally:
        process.send_signal(signal.SIGINT)
        assert process.wait(LIMIT) == 130
        process.communicate(timeout=LIMIT)
    assert verdicts == ["passed", "failed"]


def test_what_was_typed_for_a_card_that_was_pulled_does_not_open_the_next(
    pcscd: PrivatePcscd, officer: Officer
) -> None:
    """The next card lies in the reader already when the answer comes, and it has the same CAN."""
    slot, inserted = 1, [pcscd.insert(emulated_card(card_memory(officer.document)), slot=1)]
    command = [sys.executable, "-m", "eid_toolkit.doors.cli.main", "--home", str(officer.home.root)]
    asked: list[str] = []

    def answer(question: str) -> str:
        asked.append(question)
        if len(asked) > 1:
            return "\x03"
        card, thread = inserted.pop()
        card.pull()
        ended(thread)
        inserted.append(pcscd.insert(emulated_card(card_memory(officer.document)), slot=slot))
        return CAN

    watch = [*command, "verify", "--watch", "--reader", pcscd.slots[slot].reader]
    try:
        code, shown = at_terminal(watch, os.environ, answer)
    finally:
        for card, thread in inserted:
            card.pull()
            ended(thread)
        pcscd.wait_until_empty(slot)
    assert (code, len(asked)) == (130, 2)
    assert "removed" in shown
    assert "PASSED" not in shown


def test_the_whole_conformance_suite_passes_on_a_card_in_a_reader(
    pcscd: PrivatePcscd, officer: Officer, tmp_path: Path
) -> None:
    """Every case applies: the card offers everything, both passwords are given, and the home has a terminal's key."""
    card, home = complete_card(), tmp_path / "tester"
    store = TerminalStore.create(home, lambda: Secret(b"a passphrase for tests"), SystemEntropy())
    for identity in card.terminals:
        assert isinstance(identity.signer, EcSigner)
        store.add((*identity.above, identity.certificate), identity.signer.key)
    assert card.mrz is not None and card.can is not None
    with pcscd.card_in(EmulatedCard(complete_memory(), SystemEntropy(), lambda _: None)) as reader:
        command = ["--home", str(home), "conformance", "--reader", reader, "--format", "json"]
        result = CliRunner().invoke(
            main,
            [*command, "--can", card.can, "--mrz", card.mrz.text],
            env={"EID_PASSPHRASE": "a passphrase for tests"},
        )
    cases = json.loads(result.stdout)["cases"]
    assert {case["number"]: case["detail"] for case in cases if case["status"] != "passed"} == {}
    assert (result.exit_code, len(cases)) == (0, len(all_cases()))
