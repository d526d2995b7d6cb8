"""What is written next, out of a hundred thousand that wait: one row is read for it, in the order of an index."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import Engine, event, text

from eid_toolkit.books.ledger.database import Database
from eid_toolkit.books.register.documents.documents import DocumentState
from eid_toolkit.books.register.stock.manifests import Manifest
from eid_toolkit.work.personalization.work import MANY, Free, WorkQueue
from support.homes import ANNA, BERT, UTOPIAN, WorkingOffice, both_backends
from support.manifests import chip_of, manifest, serial_of

__all__ = ["both_backends"]
COUNT = 100_000
COLUMNS = (
    "application_id, profile, profile_hash, document_code, issuing_state, document_number, date_of_issue, signer, "
    "sod_sha256, state, created_at"
)
COPIES = f"""
INSERT INTO document (id, {COLUMNS})
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {COUNT})
SELECT 'D-' || n.i, {COLUMNS} FROM n, document
"""


@contextmanager
def statements(engine: Engine) -> Iterator[list[tuple[str, Any]]]:
    """What is asked of the documents meanwhile."""
    asked: list[tuple[str, Any]] = []

    def note(_c: Any, _cursor: Any, statement: str, parameters: Any, _x: Any, _m: Any) -> None:
        if "FROM document" in statement:
            asked.append((statement, parameters))

    event.listen(engine, "before_cursor_execute", note)
    try:
        yield asked
    finally:
        event.remove(engine, "before_cursor_execute", note)


def plan_of(database: Database, statement: str, parameters: Any) -> str:
    how = "EXPLAIN QUERY PLAN" if database.is_file else "EXPLAIN"
    with database.read() as connection:
        return "\n".join(str(row) for row in connection.exec_driver_sql(f"{how} {statement}", parameters))


@pytest.fixture
def full(office: WorkingOffice) -> WorkingOffice:
    """A register where very many documents wait."""
    office.document()
    with office.register.database.write() as connection:
        connection.execute(text(COPIES))
    with office.register.database.write() as connection:
        connection.execute(text("ANALYZE"))
    return office


def test_of_very_many_documents_one_row_is_read(full: WorkingOffice) -> None:
    database, service = full.register.database, full.personalization
    work = WorkQueue(database, service.leases)
    with statements(database._engine) as asked:
        first, second = work.take("C1"), work.take("C2", frozenset(["D-1", "D-2"]))
        assert not work.is_empty()
        free = work.free()
    assert first is not None and second is not None and first.document_id != second.document_id
    assert free == Free(MANY, 0)
    taking = [each for each in asked if "ORDER BY" in each[0]]
    assert len(taking) == 4  # re-makes and others, for each of the two
    for statement, parameters in taking:
        plan = plan_of(database, statement, parameters)
        assert "ix_document_queue" in plan, plan
        assert "TEMP B-TREE" not in plan and "Sort" not in plan, plan
    assert all("LIMIT" in statement for statement, _ in asked)
    service.leases.give_back([*first.leases, *second.leases])


def test_everything_else_counts_all_of_them(full: WorkingOffice) -> None:
    work = WorkQueue(full.register.database, full.personalization.leases)
    assert work.waiting() == COUNT + 1
    assert work.half_way() == 0


def test_a_document_for_an_application_whose_card_was_spoiled_is_a_remake(office: WorkingOffice) -> None:
    first = office.document()
    assert not first.remake
    office.register.documents.spoil(first.id, "torn", office.clerk)
    again = office.prepare(office.register.documents.application_of(first))
    assert again.remake and again.state is DocumentState.PREPARED


def test_a_station_waits_for_half_way_cards_of_its_own_blanks_only(office: WorkingOffice) -> None:
    service = office.personalization
    here, there, anywhere = (
        WorkQueue(office.register.database, service.leases, station=name) for name in ("main", "window 2", None)
    )
    unknown = office.document()
    office.register.documents.bind_chip(unknown.id, chip_of(9), ANNA)  # while no stock was kept
    assert [each.half_way() for each in (here, there, anywhere)] == [1, 1, 1]
    office.register.stock.receiving.receive(Manifest.read(manifest(1, 2)), ANNA)
    office.register.stock.hand_out("window 2", ANNA, [serial_of(1)])
    office.register.stock.shifts.open("window 2", 1, (ANNA, BERT))
    own = office.document({**UTOPIAN, "secondary_identifier": "Berta"})
    office.register.documents.bind_chip(own.id, chip_of(1), ANNA, station="window 2")
    assert [each.half_way() for each in (here, there, anywhere)] == [1, 2, 2]
    assert [each.free().half_way for each in (here, there, anywhere)] == [1, 2, 2]
