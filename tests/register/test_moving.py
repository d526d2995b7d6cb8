"""A register that is a file moves to a server: all of it, with nothing written meanwhile, and never half."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from eid_toolkit.books.keys.opening import open_key_store
from eid_toolkit.books.ledger.database import Database
from eid_toolkit.books.ledger.register_address import RegisterAddress
from eid_toolkit.books.register.keeping import moving as module
from eid_toolkit.books.register.keeping.moving import Mover, moved_config
from eid_toolkit.ground.errors import EidError, NotPermitted
from eid_toolkit.ground.home.home import Home
from support.homes import ANNA, CLOCK, ENTROPY, UTOPIAN, HomeCopies, WorkingOffice
from support.postgres import PrivatePostgres


@pytest.fixture
def home(demo_home_template: Path, tmp_path: Path) -> Home:
    return HomeCopies(demo_home_template, None).copy(tmp_path / "home")


@pytest.fixture
def url(postgres: PrivatePostgres) -> Iterator[str]:
    name = postgres.create()
    yield postgres.url(name)
    postgres.drop(name)


def mover(home: Home, url: str) -> Mover:
    keys = open_key_store(home, ENTROPY)
    return Mover(home, moved_config(home.config, url, unverified=None), keys, [ANNA], CLOCK, ENTROPY)


def test_the_register_is_on_the_server_and_the_file_is_kept_aside(home: Home, url: str) -> None:
    office = WorkingOffice.at(home)
    document = office.document()
    rows = len(office.register.audit_rows())
    office.register.close()
    moved = mover(home, url).move()
    assert moved.restored.lost is None and moved.restored.row == rows + 1
    assert moved.old.exists() and not home.register_path.exists()
    assert not [each for each in home.root.iterdir() if each.name.startswith(".moving")]
    there = WorkingOffice.at(Home.open(home.root))
    try:
        assert not there.register.database.is_file
        assert there.register.documents.load_package(document.id).files
        there.person({**UTOPIAN, "personal_number": "77"})
        assert there.register.audit.verify().reason is None
    finally:
        there.register.close()


def test_who_had_the_file_open_writes_into_it_no_more(home: Home, url: str) -> None:
    late = WorkingOffice.at(home)
    try:
        mover(home, url).move()
        with pytest.raises(EidError):
            late.person({**UTOPIAN, "personal_number": "78"})
    finally:
        late.register.close()
    there = WorkingOffice.at(Home.open(home.root))
    try:
        assert there.register.persons.search() == ()
    finally:
        there.register.close()


def test_it_is_not_moved_while_a_station_works(home: Home, url: str) -> None:
    office = WorkingOffice.at(home)
    document = office.document()
    try:
        with office.personalization.hold(document.id), pytest.raises(NotPermitted, match="move-while-at-work"):
            mover(home, url).move()
        assert Home.open(home.root) == home
        office.person({**UTOPIAN, "personal_number": "79"})
    finally:
        office.register.close()


def test_a_register_that_is_there_is_replaced_only_if_that_was_said(home: Home, url: str) -> None:
    mover(home, url).move()
    old = next(home.root.glob("register.sqlite.moved-*"))
    again = HomeCopies(home.root, None).copy(home.root.parent / "again")
    old.with_name(old.name).replace(again.register_path)
    again = Home(again.root, replace(again.config, register_url=None))
    database = Database.reach(RegisterAddress.file(again.register_path), new=False)
    with database.write() as connection:
        connection.exec_driver_sql("DROP TRIGGER moved")
    database.close()
    with pytest.raises(NotPermitted, match="restore-register-exists"):
        mover(again, url).move()
    assert again.register_path.exists()


def test_a_stop_on_the_way_leaves_the_file_in_use(home: Home, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    class Stop(Exception):
        pass

    def stop(*_: object) -> None:
        raise Stop

    with monkeypatch.context() as patch:
        patch.setattr(module, "write_atomic", stop)
        with pytest.raises(Stop):
            mover(home, url).move()
    office = WorkingOffice.at(Home.open(home.root))
    try:
        assert office.register.database.is_file
        office.person({**UTOPIAN, "personal_number": "80"})
    finally:
        office.register.close()
    assert mover(home, url).move(replace=True).old.exists()


def test_a_register_on_a_server_and_one_that_is_there_are_not_moved(home: Home, url: str) -> None:
    with pytest.raises(NotPermitted, match="move-to-itself"):
        mover(home, f"sqlite:///{home.register_path}")
    mover(home, url).move()
    with pytest.raises(NotPermitted, match="move-from-server"):
        mover(Home.open(home.root), f"sqlite:///{home.root}/other.sqlite")
