"""Homes for tests: one demo home made once and copied, and an office that works in it."""

from __future__ import annotations

import io
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from PIL import Image
from sqlalchemy import make_url

from eid_toolkit.books.authorities.authorities import AuthorityStore
from eid_toolkit.books.keys.keys import KeyStore
from eid_toolkit.books.keys.opening import open_key_store
from eid_toolkit.books.register.documents.applications import Application
from eid_toolkit.books.register.documents.documents import Document
from eid_toolkit.books.register.people.person_data import PersonData
from eid_toolkit.books.register.people.persons import Person
from eid_toolkit.books.register.register import Register
from eid_toolkit.books.staff.operators import Operator, OperatorStore
from eid_toolkit.ground.home.atomic import write_atomic
from eid_toolkit.ground.home.config import HomeConfig
from eid_toolkit.ground.home.home import CONFIG_NAME, Home
from eid_toolkit.ground.images.portrait import make_portrait
from eid_toolkit.ground.ports import SystemEntropy
from eid_toolkit.ground.secret import Secret
from eid_toolkit.standards.profiles import list_profiles, load_profile
from eid_toolkit.work.office.founding import found
from eid_toolkit.work.personalization.prepare import Preparation
from support.postgres import PrivatePostgres
from support.scripted import FixedClock

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


def portrait_file() -> bytes:
    """A PNG of 500 by 643 pixels, which is nobody's portrait."""
    stream = io.BytesIO()
    Image.linear_gradient("L").resize((500, 643)).convert("RGB").save(stream, "PNG")
    return stream.getvalue()


def build_home(root: Path, *, demo: bool = True, register_url: str | None = None) -> Home:
    config = HomeConfig("UTO", "Ministry of Utopia", demo, NOW, register_url)
    profiles = [load_profile(name) for name in list_profiles()]
    return found(root, config, profiles, None if demo else PASSPHRASE, CLOCK, ENTROPY)


@dataclass
class Desk:
    """A home with its parts opened, and the steps to a document in one call each."""

    home: Home
    keys: KeyStore
    register: Register
    authorities: AuthorityStore
    clerk: Operator = ANNA
    approver: Operator = BERT

    @classmethod
    def open(cls, home: Home) -> Desk:
        keys = open_key_store(home, lambda: PASSPHRASE, ENTROPY)
        return cls(home, keys, Register.open(home, keys, CLOCK, ENTROPY), AuthorityStore(home.pki, keys))

    @property
    def operators(self) -> OperatorStore:
        return OperatorStore(self.home.operators, demo=self.home.config.demo, keys=self.keys)

    def person(self, values: dict[str, str]) -> Person:
        return self.register.persons.add(PersonData.from_text(values), self.clerk)

    def application(self, values: dict[str, str] = UTOPIAN, profile: str = "utopia-id") -> Application:
        wanted = load_profile(profile)
        portrait = make_portrait(portrait_file(), wanted.portrait)
        return self.register.applications.create(self.person(values), wanted, portrait, self.clerk)

    def approved(self, values: dict[str, str] = UTOPIAN, profile: str = "utopia-id") -> Application:
        return self.register.applications.approve(self.application(values, profile).id, self.approver)

    def prepare(self, application: Application) -> Document:
        preparation = Preparation(self.home, self.register, self.authorities, CLOCK, ENTROPY)
        return preparation.prepare(application.id, self.clerk)

    def document(self, values: dict[str, str] = UTOPIAN, profile: str = "utopia-id") -> Document:
        return self.prepare(self.approved(values, profile))


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
def desk(demo_home: Home) -> Iterator[Desk]:
    """An office at work in a fresh demo home."""
    opened = Desk.open(demo_home)
    yield opened
    opened.register.close()
