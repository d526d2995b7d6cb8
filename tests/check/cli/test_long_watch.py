"""`eid verify --watch` for two hundred cards through pcscd, with pulls, wrong numbers and restarts."""

from __future__ import annotations

import re
import signal
import sys
from collections import Counter
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import pytest

from eid_toolkit.books.trust.store import TrustStore
from eid_toolkit.work.inspection.document import Document
from eid_toolkit.work.inspection.evidence_format import decode_evidence
from support.long_desk import Desk, Served
from support.long_watch import CARDS, PROFILES, Coming, Fate, planned
from support.officer import Officer
from support.pcscd import PrivatePcscd

pytestmark = pytest.mark.pcsc

SLOT, SEED = 1, 20261201
PASSED, FAILED, UNDETERMINED = "PASSED", "FAILED", "UNDETERMINED"
BELLS = {PASSED: 1, FAILED: 3, UNDETERMINED: 2}
ENDS = {-signal.SIGKILL: 2, -signal.SIGTERM: 1, 130: 2, 11: 1}
"""How the command ended: twice killed, once told to end, twice interrupted, once without a pcscd."""
UNREAD = dict.fromkeys((Fate.LEFT, Fate.PULLED_AT_PROMPT, Fate.SWAPPED, Fate.SWAPPED_AND_MISTYPED))
ATTEMPTS = {
    **dict.fromkeys(UNREAD, (0, 0)),
    Fate.PULLED_BEFORE_ACCESS: (0, 0),
    Fate.WRONG_FIRST: (2, 1),
    Fate.THREE_WRONG: (3, 3),
    Fate.COPY: (2, 0),  # opened anew after the chip's proof was wrong
    Fate.KILLED_IN_READING: (2, 0),
}
"""How often a card is tried to be opened, and how often in vain; all others once, with what is printed on them."""
ERRORS = {
    Fate.WRONG_FIRST: 1,
    Fate.THREE_WRONG: 3,
    Fate.PULLED_AT_PROMPT: 1,
    Fate.SWAPPED: 1,
    Fate.SWAPPED_AND_MISTYPED: 2,
    Fate.PULLED_BEFORE_ACCESS: 1,
    Fate.SERVICE_LOST_AT_PROMPT: 1,
}
MORE_A_CARD = 16 << 10
"""Bytes that may stay for each card: gmpy2 leaks some numbers with every thread that ends, evidence has far more."""


def decision(fate: Fate) -> str | None:
    if fate in UNREAD or fate in (Fate.PULLED_BEFORE_ACCESS, Fate.THREE_WRONG):
        return None
    return {Fate.COPY: FAILED, Fate.PULLED_IN_READING: UNDETERMINED}.get(fate, PASSED)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "kept"
    made.mkdir()
    return made


@pytest.fixture
def command(pcscd: PrivatePcscd, folder: Path, tmp_path: Path) -> list[str]:
    """The watch, in the home of somebody who believes the authorities of all cards."""
    home, now = Officer(tmp_path / "home").home, datetime.now(UTC)
    trust = TrustStore(home.trust)
    for place in range(len(PROFILES)):
        material = Coming(place, Fate.RIGHT, "123456").made().trust
        for item in (*material.anchors, *material.crls):
            trust.add(item, "test", now)
    eid = [sys.executable, "-m", "eid_toolkit.doors.cli.main", "--home", str(home.root)]
    kept = ["--evidence", str(folder / "x.json"), "--report", str(folder / "x.html")]
    return [*eid, "verify", "--watch", "--reader", pcscd.slots[SLOT].reader, *kept]


def test_of_two_hundred_cards_each_has_files_of_its_own_and_none_is_tried_with_the_number_of_another(
    pcscd: PrivatePcscd, command: list[str], folder: Path
) -> None:
    written = dict[str, str]()

    def look() -> None:
        for path in folder.iterdir():
            if path.name not in written:
                written[path.name] = sha256(path.read_bytes()).hexdigest()

    with Desk(pcscd, SLOT, command, planned(SEED), look) as desk:
        desk.run()
    assert len(desk.served) == CARDS
    assert Counter(desk.codes) == ENDS
    for served in desk.served:
        each_number_is_tried_on_its_own_card(served)
        waiting_is_said_where_there_is_no_card(served)
    verdicts_are_those_of_the_cards(desk)
    each_verdict_has_its_files(desk, folder)
    assert {path.name: sha256(path.read_bytes()).hexdigest() for path in folder.iterdir()} == written
    no_secret_is_told(desk, folder)
    nothing_stays(desk)


def each_number_is_tried_on_its_own_card(served: Served) -> None:
    card, fate = served.card, served.coming.fate
    assert (card.attempts, card.refused) == ATTEMPTS.get(fate, (1, 0)), served.coming
    assert (card.commands == 0) == (fate in UNREAD), served.coming
    assert served.text.count("Error:") == ERRORS.get(fate, 0), served.text


def waiting_is_said_where_there_is_no_card(served: Served) -> None:
    coming, lay_there = served.coming, served.lay_there
    fewest, most = (0, 0) if lay_there else (0, 1) if coming.hasty else (1, 1)
    assert fewest <= served.before.count("Waiting for a card.") <= most, (coming, served.before)
    pauses = 1 if coming.fate is Fate.SERVICE_LOST_AT_PROMPT else 0  # in which it was put in anew
    assert served.text.count("Waiting for a card.") == pauses, (coming, served.text)
    assert "Error:" not in served.before, (coming, served.before)


def verdicts_are_those_of_the_cards(desk: Desk) -> None:
    decisions = {served.coming.number: decision(served.coming.fate) for served in desk.served}
    expected = Counter(filter(None, decisions.values()))
    said = Counter(re.findall(r"\b(PASSED|FAILED|UNDETERMINED)\b", desk.shown))
    assert said == {each: 2 * count for each, count in expected.items()}  # in its first line and in its last
    assert desk.shown.count("\a") == sum(BELLS[each] * count for each, count in expected.items())
    for served in desk.served:
        assert set(re.findall(r"\b(PASSED|FAILED|UNDETERMINED)\b", served.text)) <= {decision(served.coming.fate)}
    numbers = re.findall(r"Document number +(\w+)", desk.shown)
    whole = [number for number, each in decisions.items() if each in (PASSED, FAILED)]
    assert [number for number in numbers if decisions[number] != UNDETERMINED] == whole
    assert max(Counter(numbers).values()) == 1


def each_verdict_has_its_files(desk: Desk, folder: Path) -> None:
    decisions = {served.coming.number: decision(served.coming.fate) for served in desk.served}
    names = sorted(path.name for path in folder.iterdir())
    assert all(re.fullmatch(r"x-\d{8}T\d{6}Z-(LW\d{5}|unknown(-\d+)?)\.(json|html)", name) for name in names), names
    found = [number_of(path) for path in folder.glob("*.json")]
    assert sorted(path.stem for path in folder.glob("*.html")) == sorted(path.stem for path in folder.glob("*.json"))
    known = [number for number in found if number != "unknown"]
    whole = {number for number, each in decisions.items() if each in (PASSED, FAILED)}
    pulled = {number for number, each in decisions.items() if each == UNDETERMINED}
    assert len(known) == len(set(known))
    assert whole <= set(known) <= whole | pulled
    assert len(found) == len(whole) + len(pulled)


def number_of(path: Path) -> str:
    """The document's number in evidence, which stands in the file's name, too, and in the report beside it."""
    evidence = decode_evidence(path.read_bytes())
    mrz = Document(evidence.files).mrz
    number = "unknown" if mrz is None else mrz.document_number
    assert path.stem.split("-")[2] == number
    in_report = set(re.findall(r"\bLW\d{5}\b", path.with_suffix(".html").read_text("utf-8")))
    assert in_report == ({number} if mrz is not None else set())
    return number


def no_secret_is_told(desk: Desk, folder: Path) -> None:
    told = desk.shown + "\n" + "\n".join(path.name for path in folder.iterdir())
    words = set(re.findall(r"[0-9A-Za-z<]+", told))
    for served in desk.served:
        assert words.isdisjoint({served.coming.can, *served.coming.wrong, *served.printed.lines}), served.coming


def nothing_stays(desk: Desk) -> None:
    """From the twentieth card to the last of the longest time without an interruption."""
    held = max((watch.held for watch in desk.watches), key=len)
    early, last, cards = held[20], held[-1], len(held) - 21
    assert cards > CARDS / 2
    assert (last.descriptors, last.threads) == (early.descriptors, early.threads)
    assert last.memory - early.memory < MORE_A_CARD * cards
