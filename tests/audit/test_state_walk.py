"""A register in which a whole life was lived holds together; whatever single thing is changed in it is named."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from hashlib import sha256
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Table

from eid_toolkit.books.audit.rows import OFFICE
from eid_toolkit.books.ledger import schema
from eid_toolkit.books.ledger.kinds import KINDS
from eid_toolkit.books.ledger.workflow import ApplicationState, BlankState, CardState, DocumentState
from support.one_change import Pristine, Row, other_values, replace, under_another_key
from support.real_offices import at_work, both, real_home_copies
from support.whole_life import WholeLife, apply_for, live

STATES = [kind.table for kind in KINDS.values()]
PAPERS = [schema.decision, schema.document_status]
HEADS = [schema.subject_head]
LOG = [schema.audit, schema.audit_signature, schema.audit_session, schema.audit_checkpoint]
GROUPS = {"states": STATES, "papers": PAPERS, "heads": HEADS, "log": LOG}
EXAMPLES = {"states": 24, "papers": 12, "heads": 6, "log": 10}
FIRST_SIGNED = ("operator/anna", 1)
_LIVES: list[WholeLife] = []


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pristine]:
    folder = tmp_path_factory.mktemp("lived")
    home = real_home_copies(folder / "founded", None).copy(folder / "home")
    with at_work(home) as office:
        _LIVES.append(live(office))
        office.register.audit.checkpoint(both(office))
        apply_for(office, _LIVES[-1], "afterwards")
    with at_work(home) as office:
        office.register.database.copy_to(folder / "pristine.sqlite")
    pristine = Pristine(home, folder / "pristine.sqlite")
    pristine.prove()
    yield pristine


@pytest.fixture
def life(lived: Pristine) -> WholeLife:
    return _LIVES[-1]


def test_a_whole_life_holds_together_and_lacks_nothing(lived: Pristine) -> None:
    there = {name: {kind.state(row) for row in lived.rows(kind.table)} for name, kind in KINDS.items()}
    assert there == {
        "application": set(ApplicationState),
        "document": set(DocumentState),
        "blank": set(BlankState),
        "card": set(CardState) - {CardState.RETURNED},  # it is destroyed at once
        "shift": {"open", "closed"},
        "manifest": {"received"},
        "vendor": {"known"},
        "station": {"paused", "running"},
        "agency": {"active", "disabled"},
        "notice": {"open", "withdrawn"},
    }
    actions = {row["action"] for row in lived.rows(schema.audit)}
    steps = {f"{kind.name}.{step}" for kind in KINDS.values() for step in kind.steps}
    assert steps <= actions
    with lived.changing():
        pass
    assert lived.named(log=True) == []


Place = tuple[Table, Row, list[Row]]


def chosen(lived: Pristine, life: WholeLife, data: st.DataObject, tables: Sequence[Table]) -> Place:
    """A row of a table, and all the others.

    The papers of somebody who was erased, and signatures of the office's chain, have tests of their own; the heads of
    operators are read by nobody.
    """
    erased = {life.applications["erased"], life.documents["erased"], life.documents["erased-torn"]}
    there = {each.name: each for each in tables if lived.rows(each)}
    table = there[data.draw(st.sampled_from(sorted(there)))]
    rows = [
        row
        for row in lived.rows(table)
        if row.get("kind") != "operator" or table is not schema.subject_head
        if table not in PAPERS or not erased & {row.get("subject"), row.get("document_id")}
        if table is not schema.audit_signature
        or ((row["chain"], row["last"]) != FIRST_SIGNED and row["chain"] != OFFICE)
    ]
    return table, rows[data.draw(st.integers(0, len(rows) - 1))], rows


def column_of(data: st.DataObject, table: Table) -> str:
    """Any column, but for the order of reports, which has a test of its own."""
    names = [name for name in table.columns.keys() if (table.name, name) != ("document_status", "position")]  # noqa: SIM118
    return data.draw(st.sampled_from(names))


def tried(group: str, share: int, test: Callable[[st.DataObject], None]) -> None:
    """Try it with as many examples as the group is worth."""
    count = max(EXAMPLES[group] // share, 3)
    settings(max_examples=count, deadline=None, suppress_health_check=list(HealthCheck))(given(st.data())(test))()


@pytest.mark.parametrize("group", GROUPS)
def test_any_single_value_that_was_changed_is_named(lived: Pristine, life: WholeLife, group: str) -> None:
    def changed(data: st.DataObject) -> None:
        table, row, _ = chosen(lived, life, data, GROUPS[group])
        column = column_of(data, table)
        new = {**row, column: data.draw(other_values(table, column, row[column]))}
        with lived.changing() as connection:
            replace(connection, table, [row], [new])
        assert lived.named(log=group == "log"), (table.name, column, row[column], new[column])

    tried(group, 1, changed)


@pytest.mark.parametrize("group", GROUPS)
def test_any_single_row_that_was_removed_is_named(lived: Pristine, life: WholeLife, group: str) -> None:
    def removed(data: st.DataObject) -> None:
        table, row, _ = chosen(lived, life, data, GROUPS[group])
        with lived.changing() as connection:
            replace(connection, table, [row], [])
        assert lived.named(log=group == "log"), (table.name, row)

    tried(group, 2, removed)


@pytest.mark.parametrize("group", ["states", "papers", "log"])
def test_any_single_row_that_stands_there_again_under_another_key_is_named(
    lived: Pristine, life: WholeLife, group: str
) -> None:
    """But for a session: one that no signature names means nothing. Heads have a test of their own."""
    tables = [table for table in GROUPS[group] if table is not schema.audit_session]

    def repeated(data: st.DataObject) -> None:
        table, row, rows = chosen(lived, life, data, tables)
        with lived.changing() as connection:
            replace(connection, table, [], [under_another_key(table, row, rows)])
        assert lived.named(log=group == "log"), (table.name, row)

    tried(group, 2, repeated)


@pytest.mark.parametrize("group", GROUPS)
def test_any_two_values_that_were_exchanged_are_named(lived: Pristine, life: WholeLife, group: str) -> None:
    def exchanged(data: st.DataObject) -> None:
        table, one, rows = chosen(lived, life, data, GROUPS[group])
        column = column_of(data, table)
        others = [row for row in rows if row[column] != one[column]]
        if not others:  # all have the same
            return
        other = others[data.draw(st.integers(0, len(others) - 1))]
        swapped = [{**one, column: other[column]}, {**other, column: one[column]}]
        with lived.changing() as connection:
            replace(connection, table, [one, other], swapped)
        assert lived.named(log=group == "log"), (table.name, column, one[column], other[column])

    tried(group, 1, exchanged)


# Values that nobody would think of, and places that are easily left out.


def run(lived: Pristine, statement: str, *values: object) -> None:
    with lived.changing() as connection:
        assert connection.execute(statement, values).rowcount > 0


def first(lived: Pristine, table: Table, column: str) -> Any:
    with closing(sqlite3.connect(lived.file)) as connection:
        return connection.execute(f"SELECT {column} FROM {table.name} LIMIT 1").fetchone()[0]


NOT_TEXT = "cast(x'636166e9' AS TEXT)"


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE agency SET may_report = may_report + 0.5",
        "UPDATE blank SET moves = 9e999",
        f"UPDATE agency SET name = {NOT_TEXT}",
        f"UPDATE station SET paused_by = {NOT_TEXT}",
        "UPDATE agency SET name = cast(name AS BLOB)",
        "UPDATE decision SET operator = cast(operator AS BLOB)",
        "UPDATE decision SET signature = hex(signature)",
        "UPDATE document_status SET statement = cast(statement AS BLOB)",
        "UPDATE audit SET version = x'01' WHERE version IS NULL AND position > 20",
        "UPDATE audit SET number = x'01' WHERE number = 7",
    ],
)
def test_a_value_of_another_type_is_named(lived: Pristine, statement: str) -> None:
    run(lived, statement)
    assert lived.named(log=statement.startswith("UPDATE audit"))


def test_the_hash_of_a_value_does_not_stand_for_the_value(lived: Pristine) -> None:
    for table, column in ((schema.vendor, "certificate"), (schema.application, "portrait")):
        value = first(lived, table, column)
        run(lived, f"UPDATE {table.name} SET {column} = ? WHERE {column} = ?", sha256(value).hexdigest(), value)
        assert lived.named(), table.name


@pytest.mark.parametrize("column", ["operator", "decided_at", "signature", "action"])
def test_who_decided_on_somebody_who_was_erased_is_held_too(lived: Pristine, life: WholeLife, column: str) -> None:
    value = {"decided_at": "2020-01-01T00:00:00.000000Z", "signature": None}.get(column, "reject")
    run(lived, f"UPDATE decision SET {column} = ? WHERE subject = ?", value, life.applications["erased"])
    assert lived.named()


@pytest.mark.parametrize("column", ["operator", "since", "state", "action", "signature"])
def test_who_reported_a_document_of_somebody_who_was_erased_is_held_too(
    lived: Pristine, life: WholeLife, column: str
) -> None:
    value = {"since": "2020-01-01T00:00:00.000000Z", "signature": None}.get(column, "expired")
    mine = "document_id = ? AND position = 1"
    run(lived, f"UPDATE document_status SET {column} = ? WHERE {mine}", value, life.documents["erased"])
    assert lived.named()


def test_the_order_of_reports_is_held_too(lived: Pristine, life: WholeLife) -> None:
    mine = "document_id = ? AND position = 1"
    run(lived, f"UPDATE document_status SET position = 7 WHERE {mine}", life.documents["stolen"])
    assert lived.named()


def test_a_head_of_nothing_is_named(lived: Pristine) -> None:
    run(lived, "INSERT INTO subject_head SELECT kind, subject || 'Z', version, position, hash FROM subject_head"
               " WHERE kind = 'document' LIMIT 1")  # fmt: skip
    assert lived.named()


@pytest.mark.parametrize("which", ["chain = 'office'", "chain = 'operator/anna' AND last = 1"])
def test_a_signature_that_was_removed_is_missed_on_an_operators_record_and_on_the_first_row_too(
    lived: Pristine, which: str
) -> None:
    run(lived, f"DELETE FROM audit_signature WHERE {which}")
    assert lived.named(log=True)
