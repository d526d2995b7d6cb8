"""Homes for tests: one demo home made once and copied, and an office that works in it."""

from __future__ import annotations

import io
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import pytest
from PIL import Image
from sqlalchemy import make_url

from eid_toolkit.books.keys.foundation import Foundation
from eid_toolkit.books.keys.holding import HeldKeys
from eid_toolkit.books.keys.opening import DEVELOPER_CARD_KEY
from eid_toolkit.books.register.documents.applications import Application
from eid_toolkit.books.register.documents.documents import Document
from eid_toolkit.books.register.people.person_data import PersonData
from eid_toolkit.books.register.people.persons import Person
from eid_toolkit.books.staff.operators import Operator
from eid_toolkit.books.staff.records import OperatorRecord
from eid_toolkit.books.staff.roles import EVERY_ROLE
from eid_toolkit.cards.emulator.blank import make_blank
from eid_toolkit.cards.emulator.shelf import CardStore
from eid_toolkit.cards.emulator.state import CardMemory
from eid_toolkit.cards.transport.inprocess import InProcessTransport
from eid_toolkit.cards.transport.interface import Transport
from eid_toolkit.ground.home.atomic import write_atomic
from eid_toolkit.ground.home.config import HomeConfig
from eid_toolkit.ground.home.home import CONFIG_NAME, Home
from eid_toolkit.ground.images.portrait import make_portrait
from eid_toolkit.ground.ports import SystemEntropy
from eid_toolkit.ground.secret import Secret
from eid_toolkit.standards.profiles import list_profiles, load_profile
from eid_toolkit.work.office.credentials import Purpose
from eid_toolkit.work.office.founding import Enrolment, found
from eid_toolkit.work.office.office import Office
from eid_toolkit.work.personalization.journal import Job
from support.postgres import PrivatePostgres
from support.scripted import FixedClock
from support.silent_clerk import SilentClerk, Watcher

NOW = (datetime.now(UTC) - timedelta(days=1)).replace(hour=9, minute=30, second=0, microsecond=0)
"""Yesterday: homes of these tests are also worked in by commands, whose clock is the machine's."""
CLOCK = FixedClock(NOW)
ENTROPY = SystemEntropy()
PASSPHRASE = Secret(b"a passphrase for tests")
ANNA, BERT = Operator("anna"), Operator("bert")

VIETNAMESE = {
    "personal_number": "099000000017",
    "primary_identifier": "Nguyễn",
    "secondary_identifier": "Văn An",
    "date_of_birth": "1990-01-31",
    "sex": "M",
    "nationality": "VNM",
    "place_of_residence": "1 Phố Mẫu, Hà Nội",
    "father": "Nguyễn Văn Bình",
}
UTOPIAN = {
    "primary_identifier": "Eriksson",
    "secondary_identifier": "Anna Maria",
    "date_of_birth": "1974-08",
    "sex": "F",
    "nationality": "UTO",
}


def portrait_file(number: int = 0) -> bytes:
    """A PNG of 500 by 643 pixels, which is nobody's portrait: of each ``number`` another one, all of them good."""
    width, height = _PORTRAIT
    draw = Random(number)
    picture = Image.new("L", (width, height), 210)
    side = width // 10
    for top in range(height // 5, height * 4 // 5, side):
        for left in range(width // 5, width * 4 // 5, side):
            picture.paste(draw.randrange(30, 226), (left, top, left + side, top + side))
    stream = io.BytesIO()
    picture.convert("RGB").save(stream, "PNG")
    return stream.getvalue()


_PORTRAIT = (500, 643)


def build_home(root: Path, *, demo: bool = True, register_url: str | None = None) -> Home:
    config = HomeConfig("UTO", "Ministry of Utopia", demo, NOW, register_url)
    profiles = [load_profile(name) for name in list_profiles()]
    officers = () if demo else tuple(Enrolment(name, PASSPHRASE, EVERY_ROLE) for name in ("anna", "bert"))
    return found(root, config, profiles, officers, CLOCK, ENTROPY).home


@dataclass(frozen=True, slots=True)
class NoQuestions:
    """Credentials of a test: the passphrases of its homes, and Anna where nobody is named."""

    operator: str | None = "anna"
    second_operator: str | None = None
    given: Callable[[], Secret] = lambda: PASSPHRASE

    def held_keys(self, record: OperatorRecord, foundation: Foundation) -> HeldKeys | None:
        return None

    def passphrases(self, name: str, purpose: Purpose) -> Iterator[Secret]:
        yield self.given()

    def new_passphrase(self, name: str) -> Secret:
        return self.given()

    def recovery_share(self, name: str) -> Secret | None:
        return None


@dataclass(frozen=True)
class WorkingOffice(Office):
    """An office with a clerk and an approver, the steps to a document and to a card in one call each."""

    clerk: Operator = ANNA
    approver: Operator = BERT

    @classmethod
    def at(cls, home: Home, passphrase: Callable[[], Secret] = lambda: PASSPHRASE) -> WorkingOffice:
        office = cls.open(home.root, NoQuestions(given=passphrase), CLOCK, ENTROPY)
        assert isinstance(office, WorkingOffice)
        return office

    @property
    def cards(self) -> CardStore:
        return CardStore(self.home)

    def person(self, values: dict[str, str]) -> Person:
        return self.register.persons.add(PersonData.from_text(values), self.clerk)

    def application(self, values: dict[str, str] = UTOPIAN, profile: str = "utopia-id") -> Application:
        wanted = load_profile(profile)
        portrait = make_portrait(portrait_file(), wanted.portrait)
        return self.register.applications.create(self.person(values), wanted, portrait, self.clerk)

    def approved(self, values: dict[str, str] = UTOPIAN, profile: str = "utopia-id") -> Application:
        return self.register.applications.approve(self.application(values, profile).id, self.approver)

    def prepare(self, application: Application) -> Document:
        return self.preparation.prepare(application.id, self.clerk)

    def document(self, values: dict[str, str] = UTOPIAN, profile: str = "utopia-id") -> Document:
        return self.prepare(self.approved(values, profile))

    def blank(self, name: str = "blank", memory: CardMemory | None = None) -> str:
        self.cards.create(name, memory or make_blank((DEVELOPER_CARD_KEY,) * 3, ENTROPY))
        return name

    @contextmanager
    def reader(self, card: str) -> Iterator[Transport]:
        """The card with power, as it is on the disk."""
        with self.cards.open(card) as opened:
            transport = InProcessTransport(opened.card, f"emulator:{card}")
            try:
                yield transport
            finally:
                transport.close()

    def personalize(
        self,
        document: Document,
        card: str,
        watch: Watcher = lambda step, done: None,
        line: Callable[[Transport], Transport] = lambda transport: transport,
    ) -> Job:
        service = self.personalization
        with service.hold(document.id), self.reader(card) as transport:
            return service.personalize(document.id, line(transport), self.clerk, SilentClerk(service, watch))


def person(office: Office, name: str) -> Operator:
    """An operator of a home that is no demo, with their keys; what is theirs to open is open from then on."""
    record = office.operators.require_active(name)
    keys = office.operators.unlock(record, PASSPHRASE)
    office.keys.admit(record.name, keys)
    return Operator(record.name, keys, record.roles)


@pytest.fixture(scope="session")
def demo_home_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_home(tmp_path_factory.mktemp("demo") / "home").root


class HomeCopies:
    """Fresh demo homes, each a copy of one that was founded once, with a register of its own."""

    def __init__(self, template: Path, postgres: PrivatePostgres | None) -> None:
        self._template, self._postgres = template, postgres
        self._made: list[str] = []
        self._origin = ""

    @classmethod
    def found(cls, root: Path, postgres: PrivatePostgres | None) -> HomeCopies:
        """A template of its own; with a server, its register is there."""
        if postgres is None:
            return cls(build_home(root).root, None)
        name = postgres.create()
        build_home(root, register_url=postgres.url(name))
        copies = cls(root, postgres)
        copies._origin = name
        return copies

    @classmethod
    def of(cls, root: Path, copies: HomeCopies) -> HomeCopies:
        """Copies of another home, on the same database."""
        found = cls(root, copies._postgres)
        if copies._postgres is not None:
            found._origin = str(make_url(str(Home.open(root).config.register_url)).database)
        return found

    def copy(self, root: Path, *, keep: bool = False) -> Home:
        """A home at ``root``; its database is dropped with the others unless it is to be kept."""
        shutil.copytree(self._template, root)
        home = Home.open(root)
        if self._postgres is None:
            return home
        name = self._postgres.create(self._origin)
        if not keep:
            self._made.append(name)
        config = replace(home.config, register_url=self._postgres.url(name))
        write_atomic(root / CONFIG_NAME, config.encode())
        return Home.open(root)

    def drop(self) -> None:
        """Removes the databases made so far."""
        while self._made and self._postgres is not None:
            self._postgres.drop(self._made.pop())


@pytest.fixture
def backend() -> str:
    """Which database the register is in; :data:`both_backends` in its place runs a test on both."""
    return "sqlite"


@pytest.fixture(params=["sqlite", "postgresql"], name="backend")
def both_backends(request: pytest.FixtureRequest) -> str:
    """SQLite and PostgreSQL, one after the other."""
    return str(request.param)


@pytest.fixture(scope="session")
def postgres_home_copies(tmp_path_factory: pytest.TempPathFactory, postgres: PrivatePostgres) -> HomeCopies:
    return HomeCopies.found(tmp_path_factory.mktemp("demo-postgres") / "home", postgres)


@pytest.fixture
def home_copies(backend: str, request: pytest.FixtureRequest, demo_home_template: Path) -> Iterator[HomeCopies]:
    """Makes fresh demo homes, with their registers in the database of ``backend``."""
    if backend == "sqlite":
        yield HomeCopies(demo_home_template, None)
        return
    copies: HomeCopies = request.getfixturevalue("postgres_home_copies")
    yield copies
    copies.drop()


@pytest.fixture
def demo_home(home_copies: HomeCopies, tmp_path: Path) -> Home:
    """A fresh demo home of the test's own."""
    return home_copies.copy(tmp_path / "home")


@pytest.fixture
def office(demo_home: Home) -> Iterator[WorkingOffice]:
    """An office at work in a fresh demo home."""
    opened = WorkingOffice.at(demo_home)
    yield opened
    opened.register.close()
