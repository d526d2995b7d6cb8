"""Tables of the audit log that hold what nobody here has written: named as damage, and no command ends by it."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from eid_toolkit.books.ledger.schema import (
    audit,
    audit_checkpoint,
    audit_session,
    audit_signature,
    chain_head,
    subject_head,
)
from eid_toolkit.ground.home.home import Home
from support.offices import CommandLine

BROKEN = 12
PERSON = ("person", "add", "--surname", "X", "--birth", "1990", "--sex", "F", "--nationality", "UTO")
ODD = st.sampled_from(
    [None, b"", b"\xff\xfe", "", "x", "9", "\ud800", -1, 0, 10**12, 2**63 - 1, 1.5, 1e300, float("inf"), "[" * 9000]
)
LOOSE = """
CREATE TABLE loose AS SELECT * FROM {table};
DROP TABLE {table};
CREATE TABLE {table} ({columns});
INSERT INTO {table} SELECT * FROM loose;
DROP TABLE loose;
"""
TABLES = (audit, chain_head, audit_checkpoint, audit_session, audit_signature, subject_head)
COLUMNS = {table.name: list(table.columns.keys()) for table in TABLES}


@pytest.fixture
def backend() -> str:
    """Only an SQLite file holds whatever is put into it."""
    return "sqlite"


@pytest.fixture
def office(demo_home: Home) -> CommandLine:
    return CommandLine(demo_home.root)


def put(office: CommandLine, table: str, column: str, value: object, row: str = "1 = 1") -> None:
    """Put a value where the table's definition would not have it."""
    connection = sqlite3.connect(office.root / "register.sqlite", isolation_level=None)
    columns = ", ".join(COLUMNS[table]).replace("id,", "id UNIQUE,")  # signatures refer to it
    connection.executescript(LOOSE.format(table=table, columns=columns))
    if value == "\ud800":
        connection.execute(f"UPDATE OR IGNORE {table} SET {column} = CAST(X'eda080ff' AS TEXT) WHERE {row}")
    else:
        connection.execute(f"UPDATE OR IGNORE {table} SET {column} = ? WHERE {row}", (value,))
    connection.close()


@pytest.mark.parametrize("value", [None, "x", "", b"\x01", 1.5, "\ud800"], ids=repr)
@pytest.mark.parametrize("column", ["position", "number", "hash"])
def test_a_damaged_head_is_told_and_stops_no_reading(office: CommandLine, column: str, value: object) -> None:
    """Of all chains: nothing is added where it is not known what comes next; a position leads nowhere."""
    office.one(*PERSON)
    put(office, "chain_head", column, value)
    listed = office.one("document", "list")
    assert "eid audit verify" in listed.stderr
    result = json.loads(office.one("audit", "verify", "--format", "json", code=BROKEN).stdout)
    assert result["intact"] is False
    if column == "number" or (column == "hash" and value not in ("x", "")):
        office.one(*PERSON, code=BROKEN)
    office.one("audit", "checkpoint", code=BROKEN)


@pytest.mark.parametrize("value", [None, "x", b"\x01", 2**60, "\ud800"], ids=repr)
@pytest.mark.parametrize("column", COLUMNS["audit_checkpoint"])
def test_a_damaged_checkpoint_is_told_and_stops_no_reading(office: CommandLine, column: str, value: object) -> None:
    put(office, "audit_checkpoint", column, value)
    listed = office.one("document", "list")
    assert "eid audit verify" in listed.stderr
    office.one("audit", "verify", code=BROKEN)
    office.one("audit", "checkpoint", code=BROKEN)


@pytest.mark.parametrize("value", [b"\xff\xfe", b"", "x", 1.5, float("inf"), None], ids=repr)
def test_a_row_whose_position_is_none_is_told(office: CommandLine, value: object) -> None:
    put(office, "audit", "position", value, "rowid = 1")
    office.one("audit", "verify", code=BROKEN)
    assert office_answer(office, *PERSON) in (0, BROKEN)


@pytest.mark.parametrize("column", COLUMNS["audit"][1:])
def test_a_row_that_is_not_utf_8_is_told(office: CommandLine, tmp_path: Path, column: str) -> None:
    office.one(*PERSON)
    put(office, "audit", column, "\ud800", "position = 1")
    result = json.loads(office.one("audit", "verify", "--format", "json", code=BROKEN).stdout)
    assert result["broken_at"] == 1
    for fmt in ("json", "jsonl"):
        shown = office.call("audit", "show", "--format", fmt, code=BROKEN if column in ("time", "detail") else 0)
        told = column in ("version", "state")  # are shown of a row that puts a state there, which this is not
        assert shown.exit_code or told or "\\udced" in shown.output
    shown = office.call("audit", "show", code=BROKEN if column == "time" else 0)
    assert "\\u{DCED}" in shown.output or column not in ("operator", "action", "subject")  # others are not in the list
    path = tmp_path / "log.jsonl"
    office.call("audit", "export", "--output", path, code=BROKEN)
    bent = json.loads(office.call("audit", "verify", "--file", path, "--format", "json", code=BROKEN).stdout)
    assert bent["broken_at"] == 1
    told = office.one("register", "backup", tmp_path / "register.backup", code=BROKEN)
    assert "not UTF-8" in told.stderr
    assert not (tmp_path / "register.backup").exists()


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_whatever_is_in_a_table_of_the_log_no_command_fails_by_itself(
    office: CommandLine, tmp_path: Path, data: st.DataObject
) -> None:
    register = office.root / "register.sqlite"
    before = register.read_bytes()
    table = data.draw(st.sampled_from(list(COLUMNS)))
    column: Any = data.draw(st.sampled_from(COLUMNS[table]))
    put(office, table, column, data.draw(ODD), data.draw(st.sampled_from(["1 = 1", "rowid = 1"])))
    try:
        office.one("document", "list")
        for words in (
            ("audit", "verify"),
            ("audit", "show", "--format", "json"),
            ("audit", "show"),
            ("audit", "export"),
            PERSON,
            ("register", "stats"),
            ("audit", "checkpoint"),
        ):
            result = office_answer(office, *words)
            assert result in (0, BROKEN), (words, result)
    finally:
        for left in office.root.glob("register.sqlite-*"):
            left.unlink()
        register.write_bytes(before)


def office_answer(office: CommandLine, *words: str) -> int:
    from click.testing import CliRunner

    from eid_toolkit.doors.cli.main import main

    result = CliRunner().invoke(main, ["--home", str(office.root), "--operator", "anna", *words])
    assert "Traceback" not in result.output and "internal error" not in result.output, result.output
    return result.exit_code
