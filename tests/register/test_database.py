"""The database: migrated, durable, and shared by processes that get clear answers."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from eid_toolkit.books.ledger import database as database_module
from eid_toolkit.books.ledger.database import Database
from eid_toolkit.books.ledger.schema import metadata
from eid_toolkit.ground.errors import BadInput, IntegrityBroken, ServiceAway


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "register.sqlite"


def test_the_migrations_make_the_schema_of_the_models(path: Path) -> None:
    database = Database.open(f"sqlite:///{path}")
    with database.read() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
    database.close()


def test_sqlite_is_opened_for_durability_and_secrecy(path: Path) -> None:
    database = Database.open(f"sqlite:///{path}")
    with database.read() as connection:
        found = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys", "secure_delete")
        }
    assert found == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "secure_delete": 1}
    assert path.stat().st_mode & 0o777 == 0o600
    database.close()


def test_a_register_of_a_newer_version_is_not_touched(path: Path) -> None:
    Database.open(f"sqlite:///{path}").close()
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    with pytest.raises(BadInput, match="register-newer"):
        Database.open(f"sqlite:///{path}")


def test_a_writer_waits_for_another_and_then_tells(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Database.open(f"sqlite:///{path}").close()
    quick = tuple(p.replace("5000", "50") for p in database_module._PRAGMAS)
    monkeypatch.setattr(database_module, "_PRAGMAS", quick)
    database = Database.open(f"sqlite:///{path}")
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(ServiceAway, match="register-busy"), database.write():
        pass
    with database.read() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM person").scalar() == 0
    other.close()
    with database.write():
        pass
    database.close()


def test_a_failed_transaction_leaves_nothing(path: Path) -> None:
    database = Database.open(f"sqlite:///{path}")
    with pytest.raises(RuntimeError), database.write() as connection:
        connection.exec_driver_sql("INSERT INTO chain_head VALUES ('x', 1, 1, 'x')")
        raise RuntimeError
    with database.read() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM chain_head").scalar() == 0
    database.close()


def test_a_place_where_no_register_can_be_is_told(tmp_path: Path) -> None:
    with pytest.raises(ServiceAway, match="register-away"):
        Database.open(f"sqlite:///{tmp_path}/missing/register.sqlite")


def test_a_file_that_is_no_database_is_told(path: Path) -> None:
    path.write_bytes(b"this is no database, whatever its name says" * 40)
    with pytest.raises(IntegrityBroken, match="register-damaged"):
        Database.open(f"sqlite:///{path}")


def test_a_bit_flipped_in_the_schema_is_told(path: Path) -> None:
    Database.open(f"sqlite:///{path}").close()
    path.write_bytes(path.read_bytes().replace(b"CREATE TABLE ", b"CREATE T\xc1BLE "))
    with pytest.raises(IntegrityBroken, match="register-damaged"):
        Database.open(f"sqlite:///{path}")


def test_a_file_that_is_damaged_meanwhile_is_told_when_its_log_is_cleared(path: Path) -> None:
    database = Database.open(f"sqlite:///{path}")
    database.close()
    path.write_bytes(b"this is no database, whatever its name says" * 40)
    with pytest.raises(IntegrityBroken, match="register-damaged"):
        database.clear_files()


@pytest.mark.parametrize(
    ("url", "code"), [("nonsense", "malformed"), ("mysql://host/db", "unsupported"), ("sqlite://", "no-database")]
)
def test_addresses_that_cannot_be_used_are_refused(url: str, code: str) -> None:
    with pytest.raises(BadInput, match=f"register-url-{code}"):
        Database.open(url)
