"""Exams over the real PC/SC stack: a trainer's and an officer's processes and homes, and cards that any reader sees."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path

import pytest

from eid_toolkit.cards.terminal.quirks import quirks_by_name
from eid_toolkit.cards.transport.pcsc import PcscTransport
from eid_toolkit.ground.ports import SystemClock, SystemEntropy
from eid_toolkit.standards.protocols.passwords import AccessPassword
from eid_toolkit.work.inspection.capture import capture
from eid_toolkit.work.inspection.policy import policy_by_name
from eid_toolkit.work.inspection.trusted_time import latest_told
from eid_toolkit.work.inspection.verdict import judge
from eid_toolkit.work.training.deck import find_deck
from eid_toolkit.work.training.range_authority import RangeAuthority
from eid_toolkit.work.training.staging import stage
from support.at_terminal import at_terminal
from support.pcscd import PrivatePcscd
from support.waiting import wait_for

pytestmark = pytest.mark.pcsc
EID = [sys.executable, "-m", "eid_toolkit.doors.cli.main"]
WAITING = re.compile(r"at (127\.0\.0\.1:[0-9]+)\. The trainer's fingerprint: ([0-9a-f ]+)\.")
VERDICT = re.compile(r"^(PASSED|FAILED|UNDETERMINED)", re.MULTILINE)
DRAWN = 6


@pytest.fixture
def deck(tmp_path: Path) -> Path:
    """The second line, with few cases for an exam."""
    folder = tmp_path / "exam.deck"
    shutil.copytree(str(files("eid_toolkit.work.training").joinpath("decks", "second-line")), folder)
    head = folder / "deck.toml"
    head.write_text(head.read_text().replace("drawn = 16", f"drawn = {DRAWN}"))
    return folder


@contextmanager
def trainer(folder: Path, deck: Path, port: int) -> Iterator[tuple[str, str]]:
    """A trainer who serves an exam: the address and the fingerprint that are shown."""
    line = [*EID, "--home", str(folder / "trainer"), "train", "serve", str(deck), "--officer", "linh"]
    log = folder / "trainer.log"
    with log.open("w") as written:
        serving = subprocess.Popen([*line, "--port", str(port)], stderr=written, stdout=written)
    try:
        wait_for(lambda: WAITING.search(log.read_text()) is not None, "the trainer does not wait")
        shown = WAITING.search(log.read_text())
        assert shown is not None
        yield shown[1], shown[2]
    finally:
        serving.terminate()
        serving.wait(30)


class Officer:
    """Reads each card with the tool, and does what it says; ``stops`` before the n-th case."""

    def __init__(self, folder: Path, reader: str, stops: int = 99) -> None:
        self.folder, self.reader, self.stops = folder, reader, stops
        self.screen, self.verified = "", ""

    def sit(self, address: str, fingerprint: str) -> tuple[int, str]:
        environment = {**os.environ, "EID_HOME": str(self.folder / "officer"), "NO_COLOR": "1"}
        words = ["train", "sit", address, "--trainer", fingerprint, "--reader", self.reader]
        output = ["--output", str(self.folder / "certificate")]
        return at_terminal([*EID, *words, *output], environment, self.answer, self.look)

    def look(self, screen: str) -> None:
        self.screen = screen

    def answer(self, question: str) -> str:
        number = self.screen.count(f" of {DRAWN}.")
        now = self.screen.rpartition(f" of {DRAWN}.")[2]
        if not question.startswith("What do you do"):
            return "pa" if question.startswith("Why") else "2"
        if number == self.stops:
            return "stop"
        if "verify\n" not in now:
            return "verify"
        verdict = VERDICT.search(now)
        return {"PASSED": "accept", "FAILED": "refuse"}.get(verdict[1] if verdict else "", "second-line")


def test_an_exam_goes_on_after_a_stop_and_ends_with_a_certificate(
    pcscd: PrivatePcscd, tmp_path: Path, deck: Path
) -> None:
    slot = pcscd.slots[0]
    with trainer(tmp_path, deck, slot.port) as (address, fingerprint):
        code, screen = Officer(tmp_path, slot.reader, stops=3).sit(address, fingerprint)
        assert code == 0 and "goes on with this case" in screen
        assert not (tmp_path / "certificate").exists()
    with trainer(tmp_path, deck, slot.port) as (address, again):
        assert again == fingerprint
        code, screen = Officer(tmp_path, slot.reader).sit(address, fingerprint)
        assert code == 0, screen
        assert "Case 3 of 6." in screen and "Case 2 of 6." not in screen
        assert "Right" not in screen and "Wrong" not in screen

    def eid(home: str, *words: str) -> subprocess.CompletedProcess[str]:
        line = [*EID, "--home", str(tmp_path / home), "train", *words]
        return subprocess.run(line, capture_output=True, text=True, timeout=60, check=False)

    assert (tmp_path / "trainer").stat().st_mode & 0o077 == 0  # another user of the machine sees nothing of it
    certificate = str(tmp_path / "certificate")
    verified = eid("officer", "verify", certificate, "--trainer", fingerprint, "--format", "json")
    told = json.loads(verified.stdout)
    assert (told["officer"], told["cost"], told["caught"][0]) == ("linh", told["cost"], told["caught"][1])
    result = json.loads(eid("trainer", "result", "--exams", "--deck", str(deck), "--format", "json").stdout)
    assert result["over"] and result["score"]["cost"] == told["cost"]
    assert [each["verdict"] for each in result["cases"]].count("passed") >= 1
    other = eid("officer", "verify", certificate, "--trainer", "00" * 16)
    assert other.returncode != 0 and "somebody else" in other.stderr
    (tmp_path / "certificate").write_text((tmp_path / "certificate").read_text().replace('"linh"', '"wei"'))
    changed = eid("officer", "verify", certificate)
    assert changed.returncode != 0 and "was changed" in changed.stderr and "Traceback" not in changed.stderr


@pytest.mark.parametrize(
    "name", ["utopian", "vietnamese", "singaporean", "clone", "bac-passport", "odd-security-object", "own-key"]
)
def test_any_reader_sees_the_same_card(pcscd: PrivatePcscd, tmp_path: Path, name: str) -> None:
    case, now = find_deck("second-line").by_name[name], datetime.now(UTC).replace(microsecond=0)
    staged, authority = stage(case, tmp_path, "seed", now), RangeAuthority.create(now, SystemEntropy())
    trust = staged.trust(authority)
    policy = policy_by_name("officer").tightened(trust.bundle)
    password = AccessPassword.from_mrz_information(staged.mrz.information)
    quirks = quirks_by_name(case.terminal.quirks)
    with pcscd.card_in(staged.card.card) as reader:
        transport = PcscTransport(reader, 5.0)
        try:
            evidence = capture(transport, password, policy, SystemEntropy(), SystemClock(), quirks, (), staged.mrz)
        finally:
            transport.close()
    verdict = judge(evidence, trust, policy, now, latest_told(trust))
    assert verdict.decision.value == case.expected.verdict
    assert {each.id: each.reason for each in verdict.causes} == dict(case.expected.causes)
