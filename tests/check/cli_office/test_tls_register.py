"""A register on another host: reached by TLS with the server's certificate and name verified, or not at all.

The servers listen on 127.0.0.1. The host of a URL decides what is required, ``hostaddr`` only where it leads: so a URL
with a name is one of another host here, too.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from eid_toolkit.books.ledger.database import Database, channel
from support.postgres import server_binaries
from support.postgres_server import PrivatePostgres, Tls
from support.postgres_tls import ServerAuthority

NAME = "db.utopia.example"
BASE = {name: value for name, value in os.environ.items() if not name.startswith(("EID_", "PG"))}
AWAY = 11
WITHOUT = "--register-without-tls-verification"


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> ServerAuthority:
    return ServerAuthority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def stranger(tmp_path_factory: pytest.TempPathFactory) -> ServerAuthority:
    return ServerAuthority(tmp_path_factory.mktemp("stranger"))


@contextmanager
def running(tls: Tls | None) -> Iterator[PrivatePostgres]:
    server = PrivatePostgres(server_binaries(), listens=True, tls=tls)
    server.start()
    try:
        yield server
    finally:
        server.stop()


@pytest.fixture(scope="module")
def server(authority: ServerAuthority) -> Iterator[PrivatePostgres]:
    with running(authority.certify(NAME)) as server:
        yield server


@pytest.fixture(scope="module")
def plain_server() -> Iterator[PrivatePostgres]:
    with running(None) as server:
        yield server


def url(server: PrivatePostgres, name: str, *options: str, host: str = NAME) -> str:
    return f"postgresql://eid@{host}:{server.port}/{name}?" + "&".join(("hostaddr=127.0.0.1", *options))


def eid(home: Path, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "eid_toolkit.doors.cli.main", "--home", str(home), *words]
    done = subprocess.run(
        command, env=BASE | environment, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False,
        timeout=60,
    )  # fmt: skip
    assert "Traceback" not in done.stderr
    return done


def founded(home: Path, address: str, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return eid(home, "init", "--demo", "--register", address, *words, **environment)


def reached(home: Path, **environment: str) -> str:
    shown = eid(home, "register", "stats", "--format", "json", **environment)
    assert shown.returncode == 0, shown.stderr
    return str(json.loads(shown.stdout)["connection"])


def tables(server: PrivatePostgres, name: str) -> int:
    database = Database.reach(server.url(name), new=False)
    with database.read() as connection:
        counted = connection.exec_driver_sql("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").scalar_one()
    database.close()
    return int(counted)


def test_a_home_is_founded_and_works_over_a_verified_connection(
    tmp_path: Path, server: PrivatePostgres, authority: ServerAuthority
) -> None:
    address = url(server, server.create(), f"sslrootcert={authority.file}")
    done = founded(tmp_path / "home", address)
    assert done.returncode == 0, done.stderr
    assert reached(tmp_path / "home") == "tls-verified"
    database = Database.open(address, new=False)
    with database.read() as connection:
        row = connection.exec_driver_sql("SELECT ssl, version FROM pg_stat_ssl WHERE pid = pg_backend_pid()").one()
        assert (row.ssl, row.version, channel(connection)) == (True, "TLSv1.3", "tls-verified")
    database.close()


@pytest.mark.parametrize("case", ["another authority", "no authority", "another name", "no file", "no TLS"])
def test_a_server_that_is_not_proved_to_be_the_right_one_is_refused(
    tmp_path: Path, server: PrivatePostgres, plain_server: PrivatePostgres, authority: ServerAuthority,
    stranger: ServerAuthority, case: str,
) -> None:  # fmt: skip
    there = plain_server if case == "no TLS" else server
    name = there.create()
    right = f"sslrootcert={authority.file}"
    address, remedy = {
        "another authority": (url(there, name, f"sslrootcert={stranger.file}"), "sslrootcert="),
        "no authority": (url(there, name), "sslrootcert="),  # the system's roots do not include ours
        "another name": (url(there, name, right, host="other.utopia.example"), "name in the certificate"),
        "no file": (url(there, name, f"sslrootcert={tmp_path}/none.pem"), "sslrootcert="),
        "no TLS": (url(there, name, right), "ssl = on"),
    }[case]
    done = founded(tmp_path / "home", address)
    assert (done.returncode, remedy in done.stderr) == (AWAY, True), done.stderr
    assert list(tmp_path.iterdir()) == []
    assert tables(there, name) == 0


def test_an_expired_certificate_is_refused(tmp_path: Path, authority: ServerAuthority) -> None:
    with running(authority.certify(NAME, expired=True)) as server:
        name = server.create()
        done = founded(tmp_path / "home", url(server, name, f"sslrootcert={authority.file}"))
        assert (done.returncode, "expired" in done.stderr) == (AWAY, True), done.stderr
        assert tables(server, name) == 0


def test_a_server_that_is_exchanged_later_is_refused_by_the_next_command(
    tmp_path: Path, server: PrivatePostgres, authority: ServerAuthority, stranger: ServerAuthority
) -> None:
    home, name = tmp_path / "home", server.create()
    assert founded(home, url(server, name, f"sslrootcert={authority.file}")).returncode == 0
    authority_before = authority.file.read_bytes()
    authority.file.write_bytes(stranger.file.read_bytes())
    try:
        done = eid(home, "register", "stats")
    finally:
        authority.file.write_bytes(authority_before)
    assert (done.returncode, "TLS with the register" in done.stderr) == (AWAY, True), done.stderr
    assert reached(home) == "tls-verified"


def test_the_environment_is_no_way_round(
    tmp_path: Path, server: PrivatePostgres, plain_server: PrivatePostgres, authority: ServerAuthority
) -> None:
    services = tmp_path / "services"
    weak = "sslmode=disable\ngssencmode=prefer\nsslrootcert=/nowhere\nhostaddr=192.0.2.9\nhost=other\n"
    services.write_text(f"[weak]\n{weak}", "utf-8")
    around = {
        "PGHOST": "other.utopia.example", "PGHOSTADDR": "192.0.2.9", "PGSSLMODE": "disable",
        "PGSSLROOTCERT": "/nowhere", "PGSERVICE": "weak", "PGSERVICEFILE": str(services),
    }  # fmt: skip
    right = f"sslrootcert={authority.file}"
    done = founded(tmp_path / "home", url(server, server.create(), right), **around)
    assert done.returncode == 0, done.stderr
    assert reached(tmp_path / "home", **around) == "tls-verified"
    refused = founded(tmp_path / "second", url(plain_server, plain_server.create(), right), **around)
    assert (refused.returncode, "does not offer TLS" in refused.stderr) == (AWAY, True), refused.stderr


def test_a_url_without_a_host_stays_on_this_machine_whatever_the_environment_says(
    tmp_path: Path, plain_server: PrivatePostgres
) -> None:
    """Without a host it is the server's usual socket, where none of the test's servers is."""
    address = f"postgresql://eid@:{plain_server.port}/{plain_server.create()}"
    done = founded(tmp_path / "home", address, PGHOST="localhost", PGHOSTADDR="127.0.0.1")
    assert (done.returncode, "socket" in done.stderr) == (AWAY, True), done.stderr


@pytest.mark.parametrize(
    ("encrypted", "options", "expected"),
    [(True, (), "tls"), (True, ("sslmode=disable",), "plain"), (False, (), "plain")],
)
def test_a_home_made_without_verification_takes_what_the_url_says(
    tmp_path: Path, server: PrivatePostgres, plain_server: PrivatePostgres, encrypted: bool, options: tuple[str, ...],
    expected: str,
) -> None:  # fmt: skip
    there = server if encrypted else plain_server
    done = founded(tmp_path / "home", url(there, there.create(), *options, host="other.utopia.example"), WITHOUT)
    assert done.returncode == 0, done.stderr
    assert 'register_tls = "unverified"' in (tmp_path / "home" / "eid.toml").read_text("utf-8")
    assert reached(tmp_path / "home", PGSSLMODE="verify-full") == expected


def test_a_home_made_without_verification_still_verifies_where_the_url_says_so(
    tmp_path: Path, server: PrivatePostgres, authority: ServerAuthority
) -> None:
    options = ("sslmode=verify-full", f"sslrootcert={authority.file}")
    done = founded(tmp_path / "home", url(server, server.create(), *options, host="other.utopia.example"), WITHOUT)
    assert (done.returncode, "another name" in done.stderr) == (AWAY, True), done.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_backup_is_restored_over_a_verified_connection(
    tmp_path: Path, server: PrivatePostgres, authority: ServerAuthority
) -> None:
    home, name, file = tmp_path / "home", server.create(), tmp_path / "register.backup"
    assert founded(home, url(server, name, f"sslrootcert={authority.file}")).returncode == 0
    assert eid(home, "--operator", "anna", "register", "backup", str(file)).returncode == 0
    server.drop(name)
    server.statement(f"CREATE DATABASE {name}")
    done = eid(home, "--operator", "anna", "register", "restore", str(file))
    assert done.returncode == 0, done.stderr
    config = home / "eid.toml"
    config.write_text(config.read_text("utf-8").replace(NAME, "other.utopia.example"), "utf-8")
    refused = eid(home, "--operator", "anna", "--yes", "register", "restore", "--replace", str(file))
    assert (refused.returncode, "another name" in refused.stderr) == (AWAY, True), refused.stderr


def test_on_this_machine_nothing_is_required(tmp_path: Path, plain_server: PrivatePostgres) -> None:
    for kind, host in (("plain", "127.0.0.1"), ("plain", "localhost")):
        address = f"postgres://eid@{host}:{plain_server.port}/{plain_server.create()}"
        assert founded(tmp_path / host, address).returncode == 0
        assert reached(tmp_path / host) == kind
    socket = plain_server.url(plain_server.create()).replace("+psycopg", "")
    assert founded(tmp_path / "socket", socket).returncode == 0
    assert reached(tmp_path / "socket") == "socket"
