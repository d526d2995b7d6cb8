"""An office whose register is a PostgreSQL server, as real processes: founded, at work, and the server goes away."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import make_url

from support.homes import portrait_file
from support.postgres import PrivatePostgres

BASE = {name: value for name, value in os.environ.items() if not name.startswith("EID_")}


@pytest.fixture
def url(postgres: PrivatePostgres) -> Iterator[str]:
    name = postgres.create()
    yield postgres.url(name)
    postgres.drop(name)


def eid(home: Path, *words: object, code: int = 0) -> Any:
    command = [sys.executable, "-m", "eid_toolkit.doors.cli.main", "--home", str(home), "--yes", *map(str, words)]
    done = subprocess.run(
        command, env=BASE, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False, timeout=60
    )
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr
    if code:
        return done.stderr
    return json.loads(done.stdout) if "json" in words else done.stdout


def test_a_home_with_its_register_on_a_server(tmp_path: Path, postgres: PrivatePostgres, url: str) -> None:
    home, other = tmp_path / "home", tmp_path / "other"
    eid(home, "init", "--demo", "--country", "UTO", "--register", url)
    assert not list(home.glob("register.sqlite*"))
    assert "already" in eid(other, "init", "--demo", "--country", "UTO", "--register", url, code=10)
    assert not other.exists()

    (tmp_path / "face.png").write_bytes(portrait_file())
    json_ = ("--operator", "anna", "--format", "json")
    holder = ("--surname", "Eriksson", "--given-names", "Anna", "--birth", "1974-08-12", "--sex", "F")
    person = eid(home, "person", "add", *holder, "--nationality", "UTO", *json_)["id"]
    wanted = ("--person", person, "--profile", "utopia-id", "--portrait", tmp_path / "face.png")
    application = eid(home, "application", "create", *wanted, *json_)["id"]
    eid(home, "application", "approve", application, "--operator", "bert")
    (document,) = eid(home, "document", "prepare", application, *json_)
    eid(home, "emulator", "blank", "b-1")
    shown = eid(home, "card", "batch", "--without-print-check", "--reader", "emulator:b-*", *json_)
    assert shown["counts"]["issued"] == 1
    assert eid(home, "audit", "verify", "--format", "json")["intact"] is True

    postgres.crash()
    try:
        assert "register" in eid(home, "document", "show", document["id"], code=11)
    finally:
        postgres.start_again()
    assert eid(home, "document", "show", document["id"], "--format", "json")["state"] == "issued"
    assert eid(home, "audit", "verify", "--format", "json")["intact"] is True


def test_a_home_that_cannot_be_founded_leaves_nothing_on_the_server(
    tmp_path: Path, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from eid_toolkit.work.office import founding
    from support.homes import build_home

    def fail(*_: object) -> None:
        raise RuntimeError

    with monkeypatch.context() as patch:
        patch.setattr(founding, "_states", fail)
        with pytest.raises(RuntimeError):
            build_home(tmp_path / "home", register_url=url)
    build_home(tmp_path / "home", register_url=url)


def tables(postgres: PrivatePostgres, url: str) -> set[str]:
    import psycopg

    with psycopg.connect(url.replace("+psycopg", "")) as connection:
        found = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
    return {name for (name,) in found}


def test_the_tables_of_another_program_are_left_alone(tmp_path: Path, postgres: PrivatePostgres, url: str) -> None:
    name = str(make_url(url).database)
    postgres.statement("CREATE TABLE person (id int); INSERT INTO person VALUES (1); CREATE TABLE other (id int)", name)
    assert "with the name of" in eid(
        tmp_path / "home", "init", "--demo", "--country", "UTO", "--register", url, code=10
    )
    assert tables(postgres, url) == {"person", "other"}
    assert not (tmp_path / "home").exists()


@pytest.mark.parametrize("kind", ["file", "server"])
def test_of_two_foundings_at_one_address_one_comes_and_stays(
    tmp_path: Path, url: str, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second begins while the first is at work, and does not take away what the first has made."""
    from eid_toolkit.ground.errors import NotPermitted
    from eid_toolkit.ground.home.home import Home
    from eid_toolkit.work.office import founding
    from support.homes import WorkingOffice, build_home

    address = url if kind == "server" else f"sqlite:///{tmp_path}/shared.sqlite"
    real, begun = founding._create_rest, []

    def second_meanwhile(*facts: object) -> None:
        if not begun:
            begun.append(True)
            with pytest.raises(NotPermitted, match="register-exists"):
                build_home(tmp_path / "second", register_url=address)
        real(*facts)  # type: ignore[arg-type]

    monkeypatch.setattr(founding, "_create_rest", second_meanwhile)
    build_home(tmp_path / "first", register_url=address)
    assert begun and not (tmp_path / "second").exists()
    office = WorkingOffice.at(Home.open(tmp_path / "first"))
    assert office.register.audit.verify().reason is None
    office.register.close()


@pytest.mark.parametrize("kind", ["file", "server"])
def test_a_home_whose_place_was_taken_meanwhile_leaves_no_register(tmp_path: Path, url: str, kind: str) -> None:
    from eid_toolkit.ground.errors import NotPermitted
    from eid_toolkit.work.office import founding
    from support.homes import build_home

    address = url if kind == "server" else f"sqlite:///{tmp_path}/shared.sqlite"
    real = founding._create_rest

    def occupied(*facts: object) -> None:
        real(*facts)  # type: ignore[arg-type]
        (tmp_path / "home").mkdir()
        (tmp_path / "home" / "somebody").touch()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(founding, "_create_rest", occupied)
        with pytest.raises(NotPermitted, match="home-exists"):
            build_home(tmp_path / "home", register_url=address)
    assert not list(tmp_path.glob("shared.sqlite*"))
    build_home(tmp_path / "again", register_url=address)


@pytest.mark.parametrize(
    ("address", "code"),
    [("postgresql://nobody:secret@127.0.0.1:1/none", 11), ("postgresql://u:secret@h", 9), ("mysql://u:secret@h/db", 9)],
)
def test_an_address_that_is_no_use_is_told_without_its_password(tmp_path: Path, address: str, code: int) -> None:
    told = eid(tmp_path / "home", "init", "--demo", "--country", "UTO", "--register", address, code=code)
    assert "secret" not in told
    assert not (tmp_path / "home").exists()
