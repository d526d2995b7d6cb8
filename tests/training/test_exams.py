"""Exams between a trainer's and an officer's home, over a connection that either side or a stranger may spoil."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eid_toolkit.cards.transport.inprocess import InProcessTransport
from eid_toolkit.cards.transport.interface import Card
from eid_toolkit.ground.errors import BadInput, CardRemoved, EidError, IntegrityBroken, NotPermitted, ServiceAway
from eid_toolkit.ground.messages.catalogue import ENGLISH
from eid_toolkit.ground.ports import SystemClock, SystemEntropy
from eid_toolkit.work.training.attempts import Attempt, Attempts
from eid_toolkit.work.training.case import Case, Family
from eid_toolkit.work.training.deck import Deck, find_deck
from eid_toolkit.work.training.exam_messages import (
    AnswerSheet,
    Certificate,
    Channel,
    Hello,
    Refusal,
    Sheet,
    decode,
    encode,
    is_by,
    signed,
)
from eid_toolkit.work.training.examining import EXAMS, Examiner, certificate_of
from eid_toolkit.work.training.range import Range
from eid_toolkit.work.training.range_key import RangeKey
from eid_toolkit.work.training.sitting import Answering, Candidate

PATIENCE = 20.0
ENTROPY = SystemEntropy()
DECK = find_deck("first-line")
SMALL = replace(DECK, drawn=4)


@dataclass
class Slot:
    """The officer's reader: which card is in it."""

    card: Card | None = None
    served: int = 0

    @contextmanager
    def __call__(self, card: Card) -> Iterator[None]:
        self.card, self.served = card, self.served + 1
        try:
            yield
        finally:
            self.card = None


@dataclass
class Room:
    """A trainer's home and an officer's."""

    folder: Path
    deck: Deck = SMALL
    slot: Slot = field(default_factory=Slot)
    failures: list[EidError] = field(default_factory=list)

    @property
    def trainer(self) -> Path:
        return self.folder / "trainer"

    @property
    def officer(self) -> Path:
        return self.folder / "officer"

    @property
    def exams(self) -> Attempts:
        return Attempts(self.trainer, EXAMS)

    @property
    def examiner(self) -> Examiner:
        key = RangeKey.at(self.trainer, ENTROPY)
        return Examiner(self.exams, self.deck, key, self.slot, SystemClock(), ENTROPY)

    def candidate(self, home: Path | None = None, trainer: str | None = None) -> Candidate:
        told = RangeKey.at(self.trainer, ENTROPY).fingerprint if trainer is None else trainer
        return Candidate(RangeKey.at(home or self.officer, ENTROPY), told, "en")

    def held(self, use: Callable[[Channel], Any], attempt: Attempt | None = None) -> Any:
        """What ``use`` makes of the officer's end of a connection whose other end is served."""
        examiner = self.examiner
        attempt = attempt or examiner.begin("linh")
        ours, theirs = socket.socketpair()

        def serve() -> None:
            try:
                examiner.examine(self.exams.get(attempt.id), Channel(theirs, PATIENCE))
            except EidError as error:
                self.failures.append(error)
            finally:
                theirs.close()

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            return use(Channel(ours, PATIENCE))
        finally:
            ours.close()
            thread.join(PATIENCE)
            assert not thread.is_alive()

    def truth(self, sheet: Sheet) -> Case:
        return self.deck.by_name[self.exams.get(sheet.exam).drawn[sheet.number - 1].case]


@pytest.fixture
def room(tmp_path: Path) -> Room:
    return Room(tmp_path)


def reply(sheet: Sheet, decision: Any, reason: Family | None, seconds: int = 30) -> AnswerSheet:
    return AnswerSheet(sheet.exam, sheet.number, sheet.digest, decision, reason, 3, seconds, "passed")


def perfect(room: Room) -> Answering:
    def answer(sheet: Sheet) -> AnswerSheet:
        case = room.truth(sheet)
        return reply(sheet, case.answers[0], (*case.reasons, None)[0])

    return answer


def accepts(sheet: Sheet) -> AnswerSheet:
    return reply(sheet, "accept", None)


def one_alone(sheet: Sheet) -> AnswerSheet | None:
    return accepts(sheet) if sheet.number == 1 else None


def test_an_exam_ends_with_a_certificate_of_what_was_answered(room: Room) -> None:
    certificate = room.held(lambda channel: room.candidate().sit(channel, perfect(room)))
    assert isinstance(certificate, Certificate)
    (exam,) = room.exams.all()
    assert exam.is_over and len(exam.sheets) == 4
    assert (certificate.exam, certificate.officer, certificate.deck, certificate.deck_digest) == (
        exam.id,
        "linh",
        "first-line",
        DECK.digest,
    )
    assert certificate.passed and certificate.cost == 0
    assert certificate.caught[0] == certificate.caught[1] >= 1
    certificate.check()
    assert decode(encode(certificate)) == certificate
    assert room.slot.served == 4 and room.slot.card is None


def test_each_card_is_in_the_reader_while_its_sheet_is_answered(room: Room) -> None:
    cards = []

    def answer(sheet: Sheet) -> AnswerSheet:
        assert room.slot.card is not None
        cards.append(room.slot.card)
        with suppress(CardRemoved):  # as some of the cases have it
            InProcessTransport(room.slot.card, "slot").process(bytes.fromhex("00A4040C07A0000002471001"))
        return accepts(sheet)

    room.held(lambda channel: room.candidate().sit(channel, answer))
    assert len(cards) == 4


def test_the_officers_home_holds_no_truth(room: Room) -> None:
    stage, told = Range(room.officer, ENGLISH), []

    def answer(sheet: Sheet) -> AnswerSheet:
        stage.set_up_sheet(sheet, "Virtual PCD", datetime.now(UTC))
        case, telling = room.truth(sheet), room.truth(sheet).telling("en")
        there = b"".join(path.read_bytes() for path in room.officer.rglob("*") if path.is_file())
        there += encode(sheet)
        told.append(case.name)
        secret = (telling.notice, telling.title, case.section, '"threat"', "forgery", "expected", "answers", "reasons")
        assert [word for word in secret if word.encode() in there] == [], case.name
        assert telling.scene.encode() in encode(sheet)
        return accepts(sheet)

    room.held(lambda channel: room.candidate().sit(channel, answer))
    stage.clear()
    assert len(told) == 4
    assert {path.name for path in room.officer.rglob("*") if path.is_file()} == {
        "range-key.der",
        "range-unwrapping-key.der",
    }


def test_a_stop_in_the_middle_goes_on_with_the_next_case(room: Room) -> None:
    seen: list[int] = []

    def two(sheet: Sheet) -> AnswerSheet | None:
        seen.append(sheet.number)
        return accepts(sheet) if len(seen) < 3 else None

    assert room.held(lambda channel: room.candidate().sit(channel, two)) is None
    assert isinstance(room.failures.pop(), ServiceAway)
    assert room.held(lambda channel: room.candidate().sit(channel, accepts)) is not None
    assert seen == [1, 2, 3]
    (exam,) = room.exams.all()
    assert [sheet.number for sheet in exam.sheets] == [1, 2, 3, 4]


def test_a_second_exam_draws_other_cases(room: Room) -> None:
    for _ in range(2):
        room.held(lambda channel: room.candidate().sit(channel, accepts))
    first, second = room.exams.all()
    assert {each.case for each in first.drawn}.isdisjoint(each.case for each in second.drawn)


def test_another_trainer_is_refused_by_the_officer(room: Room) -> None:
    with pytest.raises(NotPermitted, match="exam-trainer-other"):
        room.held(lambda channel: room.candidate(trainer="00" * 16).sit(channel, accepts))
    assert room.exams.all()[0].answers == ()


def test_another_officer_cannot_go_on(room: Room) -> None:
    room.held(
        lambda channel: room.candidate().sit(channel, lambda sheet: accepts(sheet) if sheet.number == 1 else None)
    )
    with pytest.raises(NotPermitted, match="exam-refused"):
        room.held(lambda channel: room.candidate(room.folder / "other").sit(channel, accepts))
    assert len(room.exams.all()[0].answers) == 1


@pytest.mark.parametrize(
    "spoil",
    [
        lambda sheet, key: reply(sheet, "accept", None),  # not signed
        lambda sheet, key: signed(replace(reply(sheet, "accept", None), number=2), key),
        lambda sheet, key: signed(replace(reply(sheet, "accept", None), exam="T-20200101-00000000"), key),
        lambda sheet, key: signed(replace(reply(sheet, "accept", None), sheet="0" * 64), key),
        lambda sheet, key: replace(signed(reply(sheet, "refuse", "pa"), key), reason="chip"),
        lambda sheet, key: signed(Hello(key.public, "en"), key),
    ],
)
def test_an_answer_that_is_not_the_officers_to_this_sheet_is_refused(
    room: Room, spoil: Callable[[Sheet, RangeKey], Any]
) -> None:
    key = RangeKey.at(room.officer, ENTROPY)

    def use(channel: Channel) -> object:
        channel.send(signed(Hello(key.public, "en"), key))
        sheet = channel.receive()
        assert isinstance(sheet, Sheet) and is_by(sheet, sheet.trainer_key)
        channel.send(spoil(sheet, key))
        return channel.receive()

    refused = room.held(use)
    assert isinstance(refused, Refusal) and refused.code == "exam-answer-changed"
    assert room.exams.all()[0].answers == ()


def test_whoever_is_not_expected_is_not_examined(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []
    real = Room.examiner.fget
    assert real is not None
    expecting = replace(real(room), expected="00" * 16, joined=told.append)
    monkeypatch.setattr(Room, "examiner", property(lambda self: expecting))
    with pytest.raises(NotPermitted, match="exam-refused"):
        room.held(lambda channel: room.candidate().sit(channel, accepts))
    assert told == [RangeKey.at(room.officer, ENTROPY).fingerprint]
    own = replace(expecting, expected=told[0][:32])
    monkeypatch.setattr(Room, "examiner", property(lambda self: own))
    assert room.held(lambda channel: room.candidate().sit(channel, accepts)) is not None


def test_who_connects_and_says_nothing_is_let_go(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    from eid_toolkit.work.training import examining

    monkeypatch.setattr(examining, "GREETING", 0.2)
    with pytest.raises(ServiceAway):
        room.held(lambda channel: channel.receive())
    assert isinstance(room.failures.pop(), ServiceAway)


def test_a_sheet_that_was_changed_on_its_way_is_refused(room: Room) -> None:
    key = RangeKey.at(room.trainer, ENTROPY)

    class Meddled(Channel):
        def receive(self) -> Any:
            message = super().receive()
            return replace(message, can="654321") if isinstance(message, Sheet) else message

    def use(channel: Channel) -> object:
        channel.__class__ = Meddled
        return room.candidate(trainer=key.fingerprint).sit(channel, accepts)

    with pytest.raises(IntegrityBroken, match="exam-sheet-changed"):
        room.held(use)


def test_an_answer_that_is_changed_in_the_trainers_home_is_not_certified(room: Room) -> None:
    room.held(lambda channel: room.candidate().sit(channel, accepts))
    (exam,) = room.exams.all()
    certificate_of(SMALL, exam, RangeKey.at(room.trainer, ENTROPY), datetime.now(UTC))
    path = room.exams.folder / f"{exam.id}.json"
    for before, after in (('"decision": "accept"', '"decision": "refuse"'), ('"sure": 3', '"sure": 1')):
        text = path.read_text()
        assert before in text
        path.write_text(text.replace(before, after, 1))
        with pytest.raises(IntegrityBroken, match="exam-answer-changed"):
            certificate_of(SMALL, room.exams.get(exam.id), RangeKey.at(room.trainer, ENTROPY), datetime.now(UTC))
        path.write_text(text)


def test_a_changed_deck_does_not_go_on(room: Room) -> None:
    room.held(
        lambda channel: room.candidate().sit(channel, lambda sheet: accepts(sheet) if sheet.number == 1 else None)
    )
    room.deck = replace(SMALL, digest="0" * 64)
    with pytest.raises(NotPermitted, match="training-deck-changed"):
        room.examiner.begin("linh")


def test_any_changed_value_of_a_certificate_is_found(room: Room) -> None:
    certificate = room.held(lambda channel: room.candidate().sit(channel, accepts))
    assert isinstance(certificate, Certificate)
    changes: dict[str, object] = {
        "exam": "T-20200101-00000000",
        "officer": "wei",
        "officer_key": "0" * 64,
        "deck": "second-line",
        "version": 2,
        "deck_digest": "0" * 64,
        "begun": certificate.begun + timedelta(seconds=1),
        "ended": certificate.ended + timedelta(seconds=1),
        "caught": (9, 9),
        "refused": (9, 9),
        "delayed": (9, 9),
        "passed_on": (9, 9),
        "reasons": (9, 9),
        "cost": certificate.cost + 1,
        "passed": not certificate.passed,
        "trainer_key": RangeKey.at(room.officer, ENTROPY).public,
        "signature": b"",
    }
    for name, value in changes.items():
        with pytest.raises(IntegrityBroken, match="training-certificate-changed"):
            replace(certificate, **{name: value}).check()


@given(data=st.binary(max_size=300))
def test_a_hostile_line_is_no_message(data: bytes) -> None:
    with pytest.raises(BadInput, match="exam-message-malformed"):
        decode(data)


@given(
    at=st.sampled_from(["exam", "number", "sheet", "decision", "reason", "sure", "seconds", "verdict", "signature"]),
    value=st.none() | st.booleans() | st.integers() | st.text(max_size=20) | st.lists(st.integers(), max_size=3),
)
def test_a_hostile_value_is_refused_or_breaks_the_signature(at: str, value: object) -> None:
    key = _KEY
    answer = signed(AnswerSheet("T-20261103-00000000", 1, "0" * 64, "refuse", "pa", 2, 10, None), key)
    values = {**json.loads(encode(answer)), at: value}
    if values == json.loads(encode(answer)):
        return
    try:
        message = decode(json.dumps(values).encode())
    except BadInput:
        return
    assert message == answer or not is_by(message, key.public)


def test_a_line_without_an_end_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    from eid_toolkit.work.training import exam_messages

    monkeypatch.setattr(exam_messages, "MAX_LINE", 1000)
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.sendall(b"x" * 5000)
        with pytest.raises(BadInput, match="exam-message-malformed"):
            Channel(ours, PATIENCE).receive()
        with pytest.raises(ServiceAway, match="exam-connection-lost"):
            theirs.close()
            Channel(ours, PATIENCE).receive()


_KEY = RangeKey.generate(ENTROPY)
