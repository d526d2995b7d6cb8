"""Cards that are printed before their chips are written: what is printed says which document a blank is for."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from eid_toolkit.books.register.documents.documents import Document, DocumentState, PrintCheck
from eid_toolkit.doors.cli import screen as module
from eid_toolkit.doors.cli.screen import Screen
from eid_toolkit.ground.errors import BadInput, EidError, NotPermitted, SeveralFit
from eid_toolkit.ground.secret import Secret
from eid_toolkit.standards.iso7816.files import ElementaryFile
from eid_toolkit.standards.lds.dg1 import Dg1
from eid_toolkit.standards.lds.mrz import Mrz
from eid_toolkit.work.personalization.batch import Batch, Outcome
from eid_toolkit.work.personalization.printed import PrintedDocuments
from eid_toolkit.work.personalization.work import WorkQueue
from support.batches import Station, outcomes
from support.homes import WorkingOffice
from support.silent_clerk import SilentClerk


@pytest.fixture
def station(office: WorkingOffice) -> Station:
    return Station(office)


def printed(station: Station, *wanted: str) -> PrintedDocuments:
    office = station.office
    work = WorkQueue(office.register.database, office.personalization.leases, wanted)
    return PrintedDocuments(office.register.documents, work)


def can_of(station: Station, document: Document) -> str:
    return station.office.register.documents.load_package(document.id).can.reveal().decode()


def mrz_of(station: Station, document: Document) -> Mrz:
    return Dg1.parse(station.office.register.documents.load_package(document.id).files[ElementaryFile.DG1]).mrz


@dataclass
class TypingClerk(SilentClerk):
    """Types what is printed on the blanks that are put in, one after another."""

    cards: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    typed: str = ""

    def which_document(self, find: Callable[[str], Document], is_any_left: Callable[[], bool]) -> Document | None:
        while self.cards:
            self.typed = self.cards.pop(0)
            if not self.typed:
                return None
            try:
                return find(self.typed)
            except (BadInput, NotPermitted) as error:
                self.refused.append(error.code)
        return None

    def confirm_print(self, document: Document, matches: Callable[[str], bool]) -> PrintCheck:
        assert matches(self.typed)
        return PrintCheck.TYPED_FIRST


def by_print(station: Station, *cards: str) -> tuple[Batch, TypingClerk]:
    clerk = TypingClerk(station.office.personalization, cards=list(cards))
    return station.batch(desk=clerk, printed=printed(station)), clerk


def test_a_document_is_found_by_its_number_its_can_and_its_mrz(station: Station) -> None:
    first, second = station.documents(2)
    find = printed(station).find
    for document in (second, first):
        number, mrz = document.document_number, mrz_of(station, document)
        can = can_of(station, document)
        for typed in (number, f" {number.lower()} ", can, f"{can[:3]} {can[3:]}", mrz.text, "\n".join(mrz.lines)):
            assert find(typed).id == document.id


def test_a_card_that_no_waiting_document_is_for_is_told(station: Station) -> None:
    first, second = station.documents(2)
    find = printed(station, first.id).find
    for typed in ("X00000000", "", "9" * 5000, "<" * 90, "\x00", "12345"):
        with pytest.raises(BadInput, match="print-unknown"):
            find(typed)
    with pytest.raises(NotPermitted, match="document-state"):  # it waits, and is not one of those to be written
        find(second.document_number)
    card = station.office.blank("alone")
    station.office.personalize(first, card)
    with pytest.raises(NotPermitted, match="document-state"):
        find(first.document_number)
    with pytest.raises(BadInput, match="print-unknown"):
        find(can_of(station, second))


def test_an_mrz_with_the_number_alone_in_common_is_another_print(station: Station) -> None:
    (document,) = station.documents(1)
    mrz = mrz_of(station, document)
    born = mrz.lines[1][:6]
    other = "900101" if born != "900101" else "900102"
    lines = [mrz.lines[0], other + check(other) + mrz.lines[1][7:], mrz.lines[2]]
    composite = lines[0][5:30] + lines[1][0:7] + lines[1][8:15] + lines[1][18:29]
    lines[1] = lines[1][:29] + check(composite)
    with pytest.raises(BadInput, match="print-differs"):
        printed(station).find("".join(lines))


def check(text: str) -> str:
    """A check digit by 9303-3 4.9."""
    values = {"<": 0, **{str(n): n for n in range(10)}, **{chr(65 + n): 10 + n for n in range(26)}}
    return str(sum(values[each] * (7, 3, 1)[at % 3] for at, each in enumerate(text)) % 10)


def test_of_two_documents_with_one_can_the_number_decides(station: Station, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = station.documents(2)
    found = printed(station)
    found._cans = {each.id: Secret(b"123456") for each in (first, second)}
    with pytest.raises(SeveralFit, match="print-not-alone"):
        found.find("123456")
    assert found.find(second.document_number).id == second.id


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(max_size=120))
def test_whatever_is_scanned_is_a_document_or_a_reason(station: Station, text: str) -> None:
    if not station.office.register.documents.list():
        station.documents(1)
    try:
        printed(station).find(text)
    except EidError as error:
        assert error.code in ("print-unknown", "print-differs", "document-state")


def test_cards_are_written_in_any_order_and_each_gets_what_is_printed_on_it(station: Station) -> None:
    documents = station.documents(4)
    shuffled = [documents[at] for at in (2, 0, 3, 1)]
    typed = [shuffled[0].document_number, can_of(station, shuffled[1]), mrz_of(station, shuffled[2]).text]
    batch, clerk = by_print(station, *typed, "nothing like it", shuffled[3].document_number)
    box = station.box(4)
    chips = [station.office.cards.load(name).chip_identity.hex() for name in box.cards]
    summary = batch.run([box])
    assert outcomes(summary) == [Outcome.ISSUED] * 4 and clerk.refused == ["print-unknown"]
    register = station.office.register
    assert [register.documents.get(each.id).chip for each in shuffled] == chips
    assert {register.documents.print_check(each) for each in documents} == {PrintCheck.TYPED_FIRST}
    issued = [row for row in register.audit_rows() if row.action == "document.issued"]
    assert all('"print_check":"typed-first"' in row.detail for row in issued)
    station.check()


def test_a_blank_for_which_nothing_is_typed_is_left_as_it_is(station: Station) -> None:
    (document,) = station.documents(1)
    batch, _ = by_print(station, "", document.document_number)
    assert outcomes(batch.run([station.box(2)])) == [Outcome.ISSUED]
    assert station.bell.told.count("unused") == 1
    station.check()


def test_a_card_for_a_document_that_another_reader_has_written_meanwhile_is_refused(station: Station) -> None:
    first, second = station.documents(2)
    batch, clerk = by_print(station, first.document_number, *[first.document_number] * 3, second.document_number)
    summary = batch.run([station.box(3)])
    assert clerk.refused == ["document-state"] * 3
    assert outcomes(summary) == [Outcome.ISSUED] * 2
    assert station.states() == {DocumentState.ISSUED: 2}


def test_what_was_finished_in_the_end_is_counted_as_finished(station: Station) -> None:
    documents = station.documents(2)
    batch, _ = by_print(station, *(each.document_number for each in documents))
    summary = batch.run([station.box(2)])
    result = summary.results[0]
    summary.results.insert(0, type(result)(Outcome.OPEN, "one", result.chip, result.document_id, 1.0, BadInput("x")))
    assert (summary.count(Outcome.OPEN), summary.count(Outcome.ISSUED)) == (0, 2)
    summary.results.append(type(result)(Outcome.OPEN, "one", "C", "D-ANOTHER", 1.0, BadInput("x")))
    assert summary.count(Outcome.OPEN) == 1


def test_without_a_check_the_document_and_the_log_say_so(station: Station) -> None:
    (document,) = station.documents(1)
    station.run(station.box(1))
    assert station.office.register.documents.print_check(document) is PrintCheck.NOT_MADE
    row = next(row for row in station.office.register.audit_rows() if row.action == "document.issued")
    assert '"print_check":"not-made"' in row.detail


def test_how_the_print_was_checked_is_known_after_a_stop(station: Station) -> None:
    """The step that has the print typed is done in one run, the issue in the next."""
    office = station.office
    document = office.document()
    card = office.blank("stopped")

    class Stop(Exception):
        pass

    def stop(step: object, done: bool) -> None:
        if getattr(step, "name", "") == "issue" and not done:
            raise Stop

    clerk = SilentClerk(office.personalization, watch=stop, printed=document.document_number)
    with pytest.raises(Stop), office.personalization.hold(document.id), office.reader(card) as transport:
        office.personalization.personalize(document.id, transport, office.clerk, clerk)
    office.personalize(document, card)
    assert office.register.documents.print_check(document) is PrintCheck.TYPED


def test_news_of_other_readers_wait_until_the_answer_is_typed(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []
    monkeypatch.setattr(module, "note", told.append)
    screen = Screen()
    screen.tell("before")
    with screen.asking():
        told.append("question")
        news = threading.Thread(target=screen.tell, args=("two: ISSUED",))
        news.start()
        news.join(10)
        assert not news.is_alive()
        told.append("answer")
    screen.tell("after")
    assert told == ["before", "question", "answer", "two: ISSUED", "after"]


def test_one_question_is_open_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    screen, order, first_asks = Screen(), [], threading.Event()

    def second() -> None:
        assert first_asks.wait(10)
        with screen.asking():
            order.append("second")

    other = threading.Thread(target=second)
    other.start()
    with screen.asking():
        first_asks.set()
        other.join(0.2)
        order.append("first")
    other.join(10)
    assert order == ["first", "second"]


def test_a_reader_asks_for_no_card_when_another_one_has_found_the_last_document(station: Station) -> None:
    (document,) = station.documents(1)
    found = printed(station)
    assert found.is_any_left(())
    found.find(document.document_number)
    assert not found.is_any_left(())
    found.release(document.id)
    assert found.is_any_left(()) and not found.is_any_left([document.id])
