"""A stop before and after every single command and every write to the register, on both databases, then a rerun.

Each time exactly one card is issued, or, where the operator gives it up, spoiled; nothing is issued twice, and no key
is in doubt. A stop is a SIGKILL of the station, or a cut: the card's power at a command, the database at a commit.

What a killed station leaves is what is committed and written at that event, and nothing else. Many events leave the
same: so the run is watched once, and the station is killed at the first event of each state that it goes through. A cut
leaves the station alive: it is made at the first event of each kind in each state, and on one database at every event.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import select

from eid_toolkit.books.ledger import database as database_module
from eid_toolkit.books.ledger.schema import card
from eid_toolkit.books.ledger.workflow import BlankState, CardState
from eid_toolkit.books.register.documents.documents import DocumentState
from eid_toolkit.books.register.stock.manifests import Manifest
from eid_toolkit.books.register.stock.stock import DEFAULT_STATION
from eid_toolkit.cards.emulator.domain.memory import DomainMemory
from eid_toolkit.cards.emulator.emrtd.memory import EmrtdMemory
from eid_toolkit.cards.emulator.state import CardMemory
from eid_toolkit.cards.transport.interface import PassingTransport, Transport
from eid_toolkit.ground.errors import CardRemoved, DatabaseAway, EidError, NoCardError, ServiceAway
from eid_toolkit.ground.home.home import Home
from eid_toolkit.standards.protocols.globalplatform import ApplicationState, DomainState
from eid_toolkit.work.personalization.batch import Summary
from eid_toolkit.work.personalization.drivers.card_keys import CardKeys
from eid_toolkit.work.personalization.journal import JobState
from support.batches import Box, Station
from support.durable import durable_state
from support.homes import HomeCopies, WorkingOffice, both_backends
from support.postgres import memory_folder
from support.sampling import sample
from support.stops import Tripwire, commits_watched, kill
from support.waiting import status_of

__all__ = ["both_backends"]

pytestmark = pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
PARTS = 2
STOPS = 24
"""This many are tried in one test, unless every one is asked for."""
COUNTS = "counts"
"""The property of a test that is printed at the end of a run."""
Tell = Callable[[str, object], None]


class StationTripwire(Tripwire):
    """Trips at what a station sends to the card, too."""

    def line(self, transport: Transport) -> Transport:
        return _Line(transport, self)


class Watcher(StationTripwire):
    """Stops nothing; keeps, for each event, its kind and the state that a stop there would leave."""

    def __init__(self, state: Callable[[], str]) -> None:
        super().__init__()
        self._state = state
        self.seen: list[tuple[str, str]] = []

    def pass_over(self, event: str) -> None:
        super().pass_over(event)
        self.seen.append((event, self._state()))

    def events_of(self, how: str) -> list[int]:
        """The numbers (from 1) of the events to stop at: the first of each state, or of each kind of event in it."""
        first: dict[tuple[str, str], int] = {}
        for number, (kind, state) in enumerate(self.seen, start=1):
            first.setdefault(("" if how == "killed" else kind, state), number)
        return sorted(first.values())


class _Line(PassingTransport):
    """Trips before and after each command; once the power was cut, the card is gone."""

    def __init__(self, inner: Transport, tripwire: Tripwire) -> None:
        super().__init__(inner)
        self._tripwire = tripwire
        self._gone = False

    def process(self, command: bytes, /) -> bytes:
        if self._gone:
            raise CardRemoved("card-removed", reader=self.reader)
        try:
            self._tripwire.pass_over("command")
            answer = super().process(command)
            self._tripwire.pass_over("answer")
        except NoCardError:
            self._gone = True
            raise
        return answer


def cut(event: str) -> None:
    if event in ("command", "answer"):
        raise CardRemoved("card-removed", reader="test")
    raise DatabaseAway("register-away", reason="test")


@dataclass
class Prepared:
    """A home with one prepared document and one blank."""

    root: Path
    trials: HomeCopies

    def trial(self, root: Path) -> Trial:
        self.trials.drop()  # the database of the trial before: there are hundreds of them
        return Trial(self.trials.copy(root))


def receive(office: WorkingOffice, serials: Mapping[str, str]) -> None:
    """The emulated cards with these serials come into stock, to the station, and its shift is opened."""
    stock, clerk = office.register.stock, office.clerk
    blanks = [
        {"serial": serial, "chip": office.cards.load(name).chip_identity.hex()} for serial, name in serials.items()
    ]
    content = {"schema": "eid-blank-manifest/1", "vendor": "Cards Ltd", "batch": "B1", "blanks": blanks}
    stock.receiving.receive(Manifest.read(json.dumps(content).encode()), clerk, DEFAULT_STATION)
    assert stock.shifts.open(DEFAULT_STATION, len(blanks), [clerk]).agrees


class Trial:
    """One copy of the prepared home, in which a personalization is stopped and started again."""

    def __init__(self, home: Home) -> None:
        self.home = home

    def open(self) -> WorkingOffice:
        return WorkingOffice.at(self.home)

    def run(self, tripwire: StationTripwire) -> None:
        office = self.open()
        try:
            document = office.register.documents.list()[0]
            with commits_watched(tripwire):
                office.personalize(document, "blank", line=tripwire.line)
        finally:
            office.register.close()

    def killed_at(self, at: int) -> bool:
        """Runs in a child that is killed at an event; whether it came to that."""
        child = os.fork()
        if child == 0:
            try:
                self.run(StationTripwire(at, kill))
            finally:
                os._exit(0)
        status = status_of(child)
        return os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL

    def cut_at(self, at: int) -> bool:
        tripwire = StationTripwire(at, cut)
        try:
            self.run(tripwire)
        except (NoCardError, ServiceAway):
            return True
        return len(tripwire.events) >= at

    def finish(self) -> str:
        """The rerun: what became of card and document; asserts that they agree."""
        office = self.open()
        register, journal = office.register, office.personalization.journal
        (document,) = register.documents.list()
        if document.state is not DocumentState.ISSUED or any(job.state is not JobState.DONE for job in journal.list()):
            office.personalize(document, "blank")
        (document,) = register.documents.list()
        (job,) = journal.list()
        memory = office.cards.load("blank")
        issued = [row for row in register.audit_rows() if row.action == "document.issued"]
        assert (document.state, job.state, len(issued)) == (DocumentState.ISSUED, JobState.DONE, 1)
        assert document.chip == memory.chip_identity.hex()
        self.check_keys(office, memory)
        assert (memory.part(EmrtdMemory).state, memory.state) == (ApplicationState.PERSONALIZED, DomainState.SECURED)
        package = register.documents.load_package(document.id)
        assert package.chip_authentication_key is None
        assert {file: memory.part(EmrtdMemory).files[file].content for file in package.files} == dict(package.files)
        self.reconcile(office, {BlankState.USED: 1, BlankState.AT_STATION: 1}, [CardState.FINISHED])
        register.close()
        return "issued"

    def check_keys(self, office: WorkingOffice, memory: CardMemory) -> None:
        """The chip has its own keys, which follow from the home's, and no try of them is still counted."""
        own, found = (
            CardKeys.of(office.keys, office.register.stock).of_chip(memory.chip_identity),
            memory.part(DomainMemory).keys,
        )
        assert found.version == own.version
        assert [key.reveal() for key in (found.enc, found.mac, found.dek)] == [
            key.reveal() for key in (own.enc, own.mac, own.dek)
        ]
        assert not list(self.home.keys.glob("*.attempts"))

    def reconcile(self, office: WorkingOffice, blanks: Mapping[BlankState, int], cards: list[CardState]) -> None:
        """Every blank is accounted for by its serial, so that the shift closes, and the log holds together."""
        register = office.register
        assert Counter(each.state for each in register.stock.blanks()) == blanks
        with register.database.read() as connection:
            found = sorted(connection.execute(select(card.c.state)).scalars())
        assert found == sorted(map(str, cards))
        account = register.stock.shifts.close(DEFAULT_STATION, blanks.get(BlankState.AT_STATION, 0), [office.clerk])
        assert account.agrees
        assert register.audit.verify().broken_at is None

    def spoil(self) -> str:
        """The operator gives the card up instead: a fresh one is issued, and both are accounted for."""
        office = self.open()
        register = office.register
        (document,) = register.documents.list()
        bound = document.state is DocumentState.BOUND
        office.personalization.spoil_document(document.id, "test", office.clerk, serial="S-1" if bound else None)
        with pytest.raises(EidError):
            office.personalize(document, "blank")
        renewed = office.prepare(register.applications.list()[0])
        office.personalize(renewed, "fresh")
        states = Counter(found.state for found in register.documents.list())
        assert states == {DocumentState.SPOILED: 1, DocumentState.ISSUED: 1}
        first = BlankState.SPOILED if bound else BlankState.AT_STATION
        cards = [CardState.FINISHED, *([CardState.SPOILED] if bound else [])]
        self.reconcile(office, {first: 1, BlankState.USED: 1}, cards)
        register.close()
        return "spoiled with its serial" if bound else "spoiled before a blank was used"


class BatchTrial(Trial):
    """The same, with the personalization done by a batch."""

    def run(self, tripwire: StationTripwire) -> None:
        station = Station(WorkingOffice.at(self.home))
        try:
            with commits_watched(tripwire):
                self.batch(station, tripwire.line)
        finally:
            station.office.register.close()

    def batch(self, station: Station, line: Callable[[Transport], Transport] = lambda transport: transport) -> Summary:
        return station.run(Box(station.office, "one", ["blank"], line), patience=0.0)

    def finish(self) -> str:
        """The rerun is a batch too: it leaves nothing to do, and no job open, before all else is looked at."""
        station = Station(WorkingOffice.at(self.home))
        summary = self.batch(station)
        assert [each.error for each in summary.results if each.error is not None and each.document_id] == []
        assert station.states() == {DocumentState.ISSUED: 1}
        assert [job.state for job in station.office.personalization.journal.list()] == [JobState.DONE]
        station.office.register.close()
        return super().finish()


@pytest.fixture(autouse=True)
def quick_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """A killed process loses nothing that it has given to the system: these tests need no waiting for the disk."""
    quick = tuple(each.replace("synchronous = FULL", "synchronous = OFF") for each in database_module._PRAGMAS)
    monkeypatch.setattr(database_module, "_PRAGMAS", quick)
    monkeypatch.setattr(os, "fsync", lambda descriptor: None)


@pytest.fixture
def folder() -> Iterator[Path]:
    """Where trials are made: in memory where there is such a place, since none of them waits for a disk."""
    with tempfile.TemporaryDirectory(dir=memory_folder()) as path:
        yield Path(path)


@pytest.fixture(scope="module")
def prepared_homes(
    demo_home_template: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[HomeCopies, str], Prepared]]:
    made: dict[str, Prepared] = {}

    def prepare(copies: HomeCopies, backend: str) -> Prepared:
        if backend not in made:
            home = copies.copy(tmp_path_factory.mktemp("prepared") / "home", keep=True)
            office = WorkingOffice.at(home)
            office.document()
            serials = {f"S-{number}": office.blank(name) for number, name in enumerate(("blank", "fresh"), start=1)}
            receive(office, serials)
            office.register.close()
            made[backend] = Prepared(home.root, HomeCopies.of(home.root, copies))
        return made[backend]

    yield prepare


@pytest.fixture
def prepared(prepared_homes: Callable[[HomeCopies, str], Prepared], home_copies: HomeCopies, backend: str) -> Prepared:
    return prepared_homes(home_copies, backend)


def watched(trial: Trial) -> Watcher:
    """One run that nothing stops."""
    watcher = Watcher(durable_state(trial.home))
    trial.run(watcher)
    assert trial.finish() == "issued"
    return watcher


def stopped_at(events: Iterable[int], trial_in: Callable[[Path], Trial], folder: Path, how: str) -> Counter[str]:
    """What became of trials that were stopped at these events."""
    counts: Counter[str] = Counter()
    for at in events:
        trial = trial_in(folder / str(at))
        assert trial.killed_at(at) if how == "killed" else trial.cut_at(at), f"the run has no event {at}"
        counts[trial.finish()] += 1
        shutil.rmtree(trial.home.root)
    return counts


@pytest.mark.parametrize("part", range(PARTS))
@pytest.mark.parametrize("how", ["killed", "cut"])
def test_a_stop_anywhere_ends_in_one_issued_card(
    prepared: Prepared, folder: Path, record_property: Tell, how: str, backend: str, part: int
) -> None:
    watcher = watched(prepared.trial(folder / "watched"))
    every = range(1, len(watcher.seen) + 1)
    events = every if how == "cut" and backend == "sqlite" else watcher.events_of(how)
    tried = sample(events[part::PARTS], STOPS)
    counts = stopped_at(tried, prepared.trial, folder, how)
    mine = f"{len(tried)} of {len(events)} stops for {len(every)} events"
    record_property(COUNTS, f"{how} on {backend}, part {part + 1}: {mine}: {dict(counts)}")
    assert counts == {"issued": len(tried)}
    assert len(every) > 160 and len(events) > 60


def test_after_a_stop_the_operator_may_spoil_instead(
    prepared: Prepared, folder: Path, record_property: Tell, backend: str
) -> None:
    counts: Counter[str] = Counter()
    at = 7
    while True:
        trial = prepared.trial(folder / str(at))
        if not trial.killed_at(at):
            break
        office = trial.open()
        issued = office.register.documents.list()[0].state is DocumentState.ISSUED
        office.register.close()
        counts["issued already" if issued else trial.spoil()] += 1
        shutil.rmtree(trial.home.root)
        at += 16
    record_property(COUNTS, f"killed on {backend} and given up: {dict(counts)}")
    assert counts["spoiled with its serial"] > 10


@pytest.mark.parametrize("how", ["killed", "cut"])
def test_a_batch_that_is_stopped_anywhere_is_finished_by_the_next(
    prepared: Prepared, folder: Path, record_property: Tell, how: str, backend: str
) -> None:
    """Killed in each state on both databases, cut at half of the events on each; single cards are cut at all."""

    def trial_in(root: Path) -> BatchTrial:
        return BatchTrial(prepared.trial(root).home)

    watcher = watched(trial_in(folder / "watched"))
    events = watcher.events_of(how)
    if how == "cut":
        events = events[backend == "postgresql" :: 2]
    tried = sample(events, STOPS)
    counts = stopped_at(tried, trial_in, folder, how)
    record_property(
        COUNTS,
        f"batch {how} on {backend}: {len(tried)} of {len(events)} stops for {len(watcher.seen)} events: {dict(counts)}",
    )
    assert counts == {"issued": len(tried)}
    assert len(events) > 40
