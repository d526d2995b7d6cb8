"""`eid card batch` as people at a station use it, and as processes that are interrupted, killed, and side by side."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import IO, Any

import pytest
from click.testing import CliRunner, Result

from eid_toolkit.books.ledger.database import Database
from eid_toolkit.books.register.documents.applications import ApplicationKind, Evidence
from eid_toolkit.books.register.documents.documents import Document, DocumentState
from eid_toolkit.books.trust.store import TrustStore
from eid_toolkit.doors.cli import batch as command
from eid_toolkit.doors.cli.main import main
from eid_toolkit.ground.errors import CardRemoved, DatabaseAway, DecisionNeeded, EidError, NoCardError
from eid_toolkit.standards.pki.document_status import DocumentStatus
from eid_toolkit.standards.profiles import load_profile
from eid_toolkit.work.office.feeders import EmulatedBox, EmulatedFeeder, Kind
from eid_toolkit.work.office.readers import OpenReader, connect
from eid_toolkit.work.personalization.journal import JobState
from eid_toolkit.work.personalization.readback import ReadBack
from support.homes import WorkingOffice, both_backends
from support.silent_clerk import CutLine

__all__ = ["both_backends"]

BASE = {name: value for name, value in os.environ.items() if not name.startswith("EID_")}
BOX = ("--reader", "emulator:b-*")


def stocked(office: WorkingOffice, documents: int, blanks: int | None = None) -> None:
    for _ in range(documents):
        office.document()
    for number in range(blanks or documents):
        office.blank(f"b-{number + 1}")


def eid(office: WorkingOffice, *words: str, code: int = 0, **options: Any) -> Result:
    arguments = ["--home", str(office.home.root), "--operator", "petra", *words]
    done = CliRunner().invoke(main, arguments, **options)
    assert done.exit_code == code, (done.output, done.exception)
    assert "Traceback" not in done.output
    return done


SLOWLY = """
import itertools, sys, time
from eid_toolkit.doors.cli.main import main
from eid_toolkit.work.personalization.service import PersonalizationService
real, cards = PersonalizationService.personalize, itertools.count(1)
def personalize(*facts):
    if next(cards) == 2:
        time.sleep(5)
    return real(*facts)
PersonalizationService.personalize = personalize
main(sys.argv[1:])
"""
"""A station whose second card takes so long that it is in the middle of it whenever something happens."""


def begin(office: WorkingOffice, *words: str, slowly: bool = False) -> subprocess.Popen[str]:
    """A station of its own, as a process."""
    root = str(office.home.root)
    arguments = [
        "--home",
        root,
        "--operator",
        "petra",
        "--yes",
        "card",
        "batch",
        "--without-print-check",
        *BOX,
        *words,
        "--format",
        "json",
    ]
    program = [sys.executable, *(("-c", SLOWLY) if slowly else ("-m", "eid_toolkit.doors.cli.main")), *arguments]
    pipe = subprocess.PIPE
    return subprocess.Popen(program, env=BASE, text=True, stdin=subprocess.DEVNULL, stdout=pipe, stderr=pipe)


def read_until(stream: IO[str] | None, text: str) -> None:
    assert stream is not None
    for line in stream:
        if text in line:
            return
    raise AssertionError(f"{text} was never told")


def ended(process: subprocess.Popen[str], code: int = 0) -> Any:
    out, err = process.communicate(timeout=120)
    assert process.returncode == code, err
    assert "Traceback" not in err
    return json.loads(out)


def fail_first_read_back(monkeypatch: pytest.MonkeyPatch, error: EidError) -> None:
    real, faults = ReadBack.__call__, [error]

    def read_back(self: ReadBack, *facts: Any) -> Any:
        if faults:
            raise faults.pop()
        return real(self, *facts)

    monkeypatch.setattr(ReadBack, "__call__", read_back)


def check_issued(office: WorkingOffice, count: int) -> None:
    """So many issued documents, each on a chip of its own, each issued once."""
    register = office.register
    found = register.documents.list()
    assert [each.state for each in found] == [DocumentState.ISSUED] * count
    assert len({each.chip for each in found}) == count
    issued = [row.subject for row in register.audit_rows() if row.action == "document.issued"]
    assert len(issued) == len(set(issued)) == count
    assert register.audit.verify().reason is None


def test_a_person_sees_and_hears_each_card(office: WorkingOffice, monkeypatch: pytest.MonkeyPatch) -> None:
    stocked(office, 2)
    monkeypatch.setattr(command, "is_terminal", lambda: True)
    done = eid(office, "card", "batch", *BOX, "--in-order", input="y\n", color=True, env={"NO_COLOR": ""}, code=7)
    assert "Write up to 2 documents, using 1 readers?" in done.stderr
    assert done.stderr.count("Printed number, CAN or MRZ") == 1  # nobody types it: half-way, and no other is begun
    assert "\x1b[33m\x1b[1mOPEN\x1b[0m" in done.stderr and "\a\a\a" in done.stderr
    assert "1 unfinished; 1 waiting." in done.stdout
    done = eid(office, "card", "batch", *BOX, "--yes", "--without-print-check", color=True, env={"NO_COLOR": ""})
    assert "\x1b[32m\x1b[1mFINISHED\x1b[0m" in done.stderr and "\a" in done.stderr
    assert "\a\a" not in done.stderr
    assert "2 cards issued (0 remakes)" in done.stdout
    check_issued(office, 2)


def test_each_reader_speaks_the_language_of_the_user(office: WorkingOffice) -> None:
    """Readers have threads of their own, which know of no command."""
    stocked(office, 1)
    done = eid(office, "--lang", "vi", "card", "batch", *BOX, input="y\n", code=7)
    for told in (
        "Ghi tối đa 1 giấy tờ",
        "hãy đưa phôi thẻ tiếp theo vào",
        "hãy gõ hoặc quét",
        "Số in trên thẻ, số CAN",
    ):
        assert told in done.stderr, told
    assert "1 giấy tờ đang chờ" in done.stdout


def test_what_cannot_be_served_is_told(office: WorkingOffice) -> None:
    stocked(office, 1)
    assert "at least one reader" in eid(office, "card", "batch", "--yes", code=2).stderr
    assert "for a batch" in eid(office, "card", "batch", "--yes", "--reader", "spec:card.toml", code=2).stderr
    assert "D-0" in eid(office, "card", "batch", "--yes", "--without-print-check", *BOX, "D-0", code=9).stderr
    assert "station" in eid(office, "card", "batch", "--pause", "--station", "a b", code=9).stderr
    eid(office, "card", "batch", *BOX, input="n\n", code=130)
    shown = json.loads(eid(office, "card", "batch", "--yes", "--reader", "emulator:none-*", "--format", "json").stdout)
    assert (shown["counts"]["issued"], shown["waiting"]) == (0, 1)


def test_a_card_that_waits_for_a_decision_ends_with_code_8(
    office: WorkingOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    stocked(office, 2)
    fail_first_read_back(monkeypatch, DecisionNeeded("read-back-differs", files="EF.DG2"))
    done = eid(office, "card", "batch", *BOX, "--yes", "--without-print-check", code=8)
    assert "Put this card aside" in done.stderr
    assert "1 cards issued" in done.stdout and "1 aside" in done.stdout


def test_paused_from_another_terminal(office: WorkingOffice) -> None:
    stocked(office, 2)
    assert "paused" in eid(office, "card", "batch", "--pause").stdout
    process = begin(office)
    read_until(process.stderr, "paused")
    assert all(each.state is DocumentState.PREPARED for each in office.register.documents.list())
    assert "working" in eid(office, "card", "batch", "--resume").stdout
    assert ended(process)["counts"]["issued"] == 2
    check_issued(office, 2)


def test_an_interrupt_finishes_the_card_in_work_and_stops(office: WorkingOffice) -> None:
    stocked(office, 4)
    process = begin(office, slowly=True)
    read_until(process.stderr, "ISSUED")
    read_until(process.stderr, "…")
    process.send_signal(signal.SIGINT)
    shown = ended(process)
    assert shown["counts"]["issued"] >= 2 and shown["waiting"] >= 1 and shown["half_way"] == 0, json.dumps(shown)
    assert ended(begin(office))["waiting"] == 0
    check_issued(office, 4)


def test_a_second_interrupt_ends_at_once_and_the_next_batch_goes_on(office: WorkingOffice) -> None:
    stocked(office, 3)
    process = begin(office, slowly=True)
    read_until(process.stderr, "ISSUED")
    read_until(process.stderr, "…")
    process.send_signal(signal.SIGINT)
    read_until(process.stderr, "Ctrl-C again")
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=120)
    assert process.returncode == 130 and "Traceback" not in err and "ISSUED" not in err, err
    assert ended(begin(office))["waiting"] == 0
    check_issued(office, 3)


def test_the_work_of_a_killed_station_is_another_ones_at_once(office: WorkingOffice) -> None:
    stocked(office, 4)
    process = begin(office, slowly=True)
    read_until(process.stderr, "ISSUED")
    read_until(process.stderr, "…")
    process.kill()
    process.communicate(timeout=60)
    shown = ended(begin(office))
    assert shown["counts"]["issued"] + shown["counts"]["finished"] == 3 and shown["waiting"] == shown["half_way"] == 0
    check_issued(office, 4)


def test_two_stations_side_by_side_take_no_document_and_no_blank_twice(office: WorkingOffice) -> None:
    stocked(office, 8)
    stations = [begin(office, "--station", name) for name in ("north", "south")]
    shown = [ended(each) for each in stations]
    assert sum(each["counts"]["issued"] for each in shown) == 8
    assert all(each["counts"]["refused"] == 0 for each in shown)
    check_issued(office, 8)


def cut_half_way(office: WorkingOffice, document: Document, card: str) -> None:
    with pytest.raises(NoCardError):
        office.personalize(document, card, line=lambda transport: CutLine(transport, 40, after=True))


def test_half_way_cards_count_among_what_is_confirmed_and_come_first(office: WorkingOffice) -> None:
    stocked(office, 3, 4)
    first, second, _ = sorted(office.register.documents.list(), key=lambda each: each.id)
    assert office.personalize(first, "b-1").state is JobState.DONE
    cut_half_way(office, second, "b-4")
    asked = eid(office, "card", "batch", *BOX, input="n\n", code=130).stderr
    assert "Write up to 2 documents, up to 1 of them on unfinished cards, using 1 readers?" in asked
    asked = eid(office, "card", "batch", *BOX, "--limit", "1", input="n\n", code=130).stderr
    assert "Write up to 1 documents, up to 1 of them on unfinished cards, using 1 readers?" in asked
    done = eid(office, "card", "batch", *BOX, "--yes", "--without-print-check", "--format", "json")
    chips = [office.cards.load(name).chip_identity.hex() for name in ("b-4", "b-2")]
    assert [(each["outcome"], each["chip"]) for each in json.loads(done.stdout)["cards"]] == [
        ("finished", chips[0]),
        ("issued", chips[1]),
    ]
    assert "insert the next blank; 1 to do, unfinished cards to insert again: 1." in done.stderr
    check_issued(office, 3)


def test_a_card_that_was_pulled_comes_again_out_of_its_box(
    office: WorkingOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was put right in the same batch is no failure of it."""
    stocked(office, 2)
    fail_first_read_back(monkeypatch, CardRemoved("card-removed", reader="test"))
    shown = json.loads(eid(office, "card", "batch", *BOX, "--yes", "--without-print-check", "--format", "json").stdout)
    assert [each["outcome"] for each in shown["cards"]] == ["open", "issued", "finished"]
    assert shown["cards"][0]["chip"] == shown["cards"][2]["chip"]
    check_issued(office, 2)


def box_opener(office: WorkingOffice) -> OpenReader:
    return lambda reader, wait: connect(reader, office.home.root, wait)


def test_a_box_feeds_in_order_and_what_is_half_way_a_few_times(office: WorkingOffice) -> None:
    chips = {office.cards.load(office.blank(f"c-{number}")).chip_identity.hex(): number for number in range(1, 5)}
    kinds = {1: Kind.BLANK, 2: Kind.DONE, 3: Kind.HALF_WAY, 4: Kind.BLANK}
    box = EmulatedBox(office.home, "c-*", box_opener(office), lambda chip: kinds[chips[chip]])
    feeder, fed = EmulatedFeeder(box, "one"), []
    while (card := feeder.next(lambda: False)) is not None:
        with card as transport:
            fed.append(transport.reader)
            kinds[1] = Kind.DONE  # finished by the first that has it
        feeder.taken_out(lambda: False)
    assert fed == [f"emulator:c-{number}" for number in (3, 4, 3, 3)]


def test_a_box_that_is_shared_gives_each_card_to_one(office: WorkingOffice) -> None:
    for number in range(1, 4):
        office.blank(f"c-{number}")
    box = EmulatedBox(office.home, "c-*", box_opener(office), lambda chip: Kind.BLANK)
    with office.cards.open("c-2"), ExitStack() as stack:  # in another station's reader
        fed = [box.open_next(stack), box.open_next(stack), box.open_next(stack)]
    assert [found[0] for found in fed if found is not None] == ["c-1", "c-3"]


def test_what_was_done_is_told_where_the_register_goes_away(
    office: WorkingOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    stocked(office, 2)
    is_away: list[bool] = []
    real_done, real_read = command._Bell.done, Database.read

    def done(self: Any, result: Any) -> None:
        real_done(self, result)
        is_away.append(True)

    @contextmanager
    def read(self: Database) -> Iterator[Any]:
        if is_away:
            raise DatabaseAway("register-away", reason="test")
        with real_read(self) as connection:
            yield connection

    monkeypatch.setattr(command._Bell, "done", done)
    monkeypatch.setattr(Database, "read", read)
    failed = eid(
        office,
        "card",
        "batch",
        *BOX,
        "--yes",
        "--without-print-check",
        "--patience",
        "0.2",
        "--format",
        "json",
        code=11,
    )
    shown = json.loads(failed.stdout)
    assert (shown["counts"]["issued"], shown["waiting"], shown["half_way"]) == (1, None, None)
    is_away.clear()
    monkeypatch.undo()
    text = eid(office, "card", "batch", *BOX, "--yes", "--without-print-check").stdout
    assert "1 cards issued" in text


@pytest.mark.parametrize("how", ["batch", "personalize"])
def test_inspections_of_this_home_know_the_document_that_was_replaced(office: WorkingOffice, how: str) -> None:
    old = office.document()
    office.personalize(old, office.blank("old"))
    before = office.register.documents.application_of(old)
    made = office.register.applications.create(
        before.person, load_profile("utopia-id"), office.register.applications.portrait(before), office.clerk,
        kind=ApplicationKind.RENEWAL, replaces=old.id,
        evidence=[Evidence("former-document", "X"), Evidence("certificate-of-change", "M-1")],
    )  # fmt: skip
    office.register.applications.approve(made.id, office.approver)
    renewed = office.prepare(made)
    office.blank("b-1")
    assert TrustStore(office.home.trust).own_reports() == ()
    if how == "batch":
        eid(office, "card", "batch", *BOX, "--yes", "--without-print-check")
    else:
        eid(office, "card", "personalize", "--without-print-check", renewed.id, "--reader", "emulator:b-1", "--yes")
    (reports,) = TrustStore(office.home.trust).own_reports()
    assert [(each.number, each.status) for each in reports.reports] == [(old.document_number, DocumentStatus.REVOKED)]
