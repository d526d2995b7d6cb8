"""A register's URL at the command line: what is wrong with it is told before anything is asked for or written."""

from __future__ import annotations

from pathlib import Path

import pytest

from eid_toolkit.ground.errors import BadInput, DatabaseAway
from support.offices import CommandLine, new_office

WITHOUT = "--register-without-tls-verification"
INIT = ("init", "--authority", "Ministry of Utopia", "--register")
NOTHING: dict[str, None] = {"EID_PASSPHRASE": None, "EID_OPERATOR_PASSPHRASE": None}
WRONG = (
    ("postgresql://db.example", "does not name a database"),
    ("postgresql+psycopg2://db.example/register", "postgresql+psycopg2"),
    ("mysql://db.example/register", "mysql"),
    ("postgresql://eid:a@b@db.example/register", "percent-encoded"),
    ("postgresql://db.example/register?service=other", "service"),
    ("postgresql://db.example/register?sslmode=require", WITHOUT),
    ("postgresql://localhost/register?hostaddr=192.0.2.7&sslmode=prefer", "192.0.2.7"),
    ("sqlite://register.sqlite", "sqlite:////PATH"),
)  # fmt: skip


@pytest.fixture(scope="module")
def office_root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return new_office(tmp_path_factory.mktemp("office") / "home").root


@pytest.mark.parametrize(("url", "word"), WRONG)
def test_init_refuses_it_before_it_asks_for_a_passphrase(tmp_path: Path, url: str, word: str) -> None:
    done = CommandLine(tmp_path / "home").call(*INIT, url, code=BadInput.exit_code, **NOTHING)
    assert word in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_init_keeps_the_url_as_it_was_given(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/register%20of%20Utopia.sqlite"
    office = new_office(tmp_path / "home", "--register", url)
    assert f'register_url = "{url}"' in (office.root / "eid.toml").read_text("utf-8")
    assert (tmp_path / "register of Utopia.sqlite").stat().st_size > 0
    assert "file" in office.one("register", "stats").stdout


def test_a_server_without_verification_is_an_option_of_a_server(tmp_path: Path) -> None:
    done = CommandLine(tmp_path / "home").call("init", "--demo", WITHOUT, code=2)
    assert "--register" in done.stderr
    assert not (tmp_path / "home").exists()


@pytest.mark.parametrize(("url", "word"), WRONG)
def test_a_home_whose_configuration_has_it_says_so_before_it_asks(office_root: Path, url: str, word: str) -> None:
    office, config = CommandLine(office_root), office_root / "eid.toml"
    before = config.read_text("utf-8")
    config.write_text(before + f'register_url = "{url}"\n', "utf-8")
    try:
        for words in (("person", "search", "Eriksson"), ("register", "restore", config)):
            done = office.call("--operator", "anna", *words, code=BadInput.exit_code, **NOTHING)
            assert word in done.stderr
    finally:
        config.write_text(before, "utf-8")


def test_a_home_whose_server_cannot_be_reached_is_not_made(tmp_path: Path) -> None:
    for scheme in ("postgresql", "postgres"):
        address = f"{scheme}://eid@127.0.0.1:1/r"
        done = CommandLine(tmp_path / "home").both(*INIT, address, code=DatabaseAway.exit_code)
        assert "127.0.0.1" in done.stderr
    assert list(tmp_path.iterdir()) == []
