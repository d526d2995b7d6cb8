"""What the register's tables share: their naming, and times and sortable text that are the same on every database."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import BigInteger, Column, Dialect, Integer, MetaData, String, Text, TypeDecorator

from eid_toolkit.books.ledger.stored import stored

_TIME_FORMAT = "%Y-%m-%dT%H:%M:%S.%fZ"
_TIME_LENGTH = 27

SORTED_TEXT = Text().with_variant(Text(collation="C"), "postgresql")
"""Text that compares by its code points on every database, so that an index serves beginnings and order."""

COUNT = BigInteger().with_variant(Integer(), "sqlite")
"""A number that grows as long as the register is used: 8 bytes on every database, which on SQLite an INTEGER has."""


VERSION, TOLD_BY = "version", "told_by"


def standing() -> tuple[Column[int], Column[str]]:
    """The columns of a row with a state: its version, and the hash of the row of the log that put it there.

    Version 0 has a row of a register that was not taken over yet: the log vouches for no state of it.
    """
    return Column(VERSION, COUNT, nullable=False, server_default="0"), Column(TOLD_BY, String(64))


class UtcTime(TypeDecorator[datetime]):
    """A time in UTC as sortable ISO text, the same on every database."""

    impl = String(27)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> str | None:
        return None if value is None else value.astimezone(UTC).strftime(_TIME_FORMAT)

    def process_result_value(self, value: str | None, dialect: Dialect) -> datetime | None:
        return None if value is None else stored(_read_time, value, "a time")


def _read_time(text: str) -> datetime:
    time = datetime.fromisoformat(text)
    if len(text) != _TIME_LENGTH or not text.endswith("Z"):
        raise ValueError("a time of another form")
    return time


metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)
