"""Numbers that grow as long as a register is used have 8 bytes on PostgreSQL, too."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import inspect, text

from eid_toolkit.books.ledger.database import Database, upgrade
from eid_toolkit.books.ledger.name_index import write_names
from eid_toolkit.books.ledger.schema import metadata
from support.postgres_server import PrivatePostgres

BOUNDED = {
    ("agency", "may_report"),
    ("application", "portrait_height"),
    ("application", "portrait_width"),
    ("application_biometric", "data_group"),
    ("document", "remake"),
    ("personalization_job", "plan_version"),
    ("personalization_step", "position"),  # of a plan
    *(("portrait_print", f"band_{number}") for number in range(4)),  # of 16 bits each
}
"""What cannot grow: the only numbers of four bytes."""


@pytest.fixture
def url(postgres: PrivatePostgres) -> Iterator[str]:
    name = postgres.create()
    yield postgres.url(name)
    postgres.drop(name)


def test_only_what_cannot_grow_has_four_bytes(url: str) -> None:
    database = Database.open(url)
    with database.read() as connection:
        found = inspect(connection)
        narrow = {
            (table, column["name"])
            for table in metadata.tables
            for column in found.get_columns(table)
            if str(column["type"]) in ("INTEGER", "SMALLINT")
        }
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
    database.close()
    assert narrow == BOUNDED


def test_a_register_of_an_earlier_version_is_widened_with_what_is_in_it(url: str) -> None:
    database = Database.reach(url, new=True)
    with database.write() as connection:
        upgrade(connection, "0004")
        connection.execute(text("INSERT INTO audit_head VALUES (2147483647, 'x')"))
        write_names(connection, ["NGUYEN"])
        connection.execute(text("SELECT setval('name_word_id_seq', 2147483647)"))
    database.close()
    database = Database.open(url)
    with database.write() as connection:
        connection.execute(text("UPDATE chain_head SET position = position + 1, number = number + 1"))
        write_names(connection, ["TRAN"])
        assert connection.execute(text("SELECT position, number FROM chain_head")).one() == (2**31, 2**31)
        assert connection.execute(text("SELECT id FROM name_word WHERE word = 'TRAN'")).scalar() == 2**31
        variants = text("SELECT count(*) FROM name_variant WHERE word_id = 2147483648")
        assert connection.execute(variants).scalar() == 5  # the word itself, and without each of its letters
    database.close()
