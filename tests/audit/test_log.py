"""The audit log: whatever is done to a row afterwards is found."""

from __future__ import annotations

import json
from hashlib import sha256

import pytest
from sqlalchemy import text

from eid_toolkit.books.audit.rows import GENESIS
from support.homes import ANNA, BERT, UTOPIAN, WorkingOffice


@pytest.fixture
def busy_desk(office: WorkingOffice) -> WorkingOffice:
    for number in range(4):
        office.person({**UTOPIAN, "personal_number": str(number)})
    return office


def test_every_change_of_state_is_a_row(office: WorkingOffice) -> None:
    document = office.document()
    office.register.documents.bind_chip(document.id, "C1", ANNA)
    office.register.documents.issue(document.id, ANNA)
    actions = [row.action for row in office.register.audit_rows() if row.action != "authority.created"]
    assert actions == [
        "person.added",
        "application.created",
        "application.approved",
        "document.prepared",
        "application.prepared",
        "card.writing",
        "document.bound",
        "document.keys-destroyed",
        "card.finished",
        "document.issued",
        "application.completed",
    ]
    states = [(row.kind, row.version, row.state) for row in office.register.audit_rows(document.id)]
    told = [each for each in states if each[0] is not None]
    assert told == [("document", 1, "prepared"), ("document", 2, "bound"), ("document", 3, "issued")]
    assert office.register.audit.verify().reason is None


@pytest.mark.parametrize("change", ["kind = 'card'", "version = 7", "state = 'approved'", "kind = NULL"])
def test_what_a_row_puts_there_is_held_by_its_hash(office: WorkingOffice, change: str) -> None:
    application = office.application()
    (row,) = office.register.audit_rows(application.id)
    with office.register.database.write() as connection:
        connection.execute(text(f"UPDATE audit SET {change} WHERE position = :position"), {"position": row.position})
    result = office.register.audit.verify()
    assert (result.broken_at, result.reason) == (row.position, "audit-row-changed")


@pytest.mark.parametrize(
    ("statement", "broken_at", "reason"),
    [
        ("UPDATE audit SET operator = 'carl' WHERE position = 5", 5, "audit-row-changed"),
        ("UPDATE audit SET time = '2020-01-01T00:00:00.000000Z' WHERE position = 5", 5, "audit-row-changed"),
        ("UPDATE audit SET detail = '{}' WHERE position = 1", 1, "audit-row-changed"),
        ("UPDATE audit SET hash = '00' WHERE position = 4", 4, "audit-row-changed"),
        ("UPDATE audit SET previous = '00' WHERE position = 4", 4, "audit-chain-broken"),
        ("DELETE FROM audit WHERE position = 1", 1, "audit-row-missing"),
        ("DELETE FROM audit WHERE position = 5", 5, "audit-row-missing"),
        ("DELETE FROM audit WHERE position = 7", 7, "audit-rows-cut-off"),
        ("DELETE FROM audit", 1, "audit-rows-cut-off"),
    ],
)
def test_a_changed_removed_or_cut_off_row_is_named(
    busy_desk: WorkingOffice, statement: str, broken_at: int, reason: str
) -> None:
    with busy_desk.register.database.write() as connection:
        connection.execute(text(statement))
    result = busy_desk.register.audit.verify()
    assert (result.broken_at, result.reason) == (broken_at, reason)


@pytest.mark.parametrize(
    ("columns", "reason"), [(["position"], "audit-row-missing"), (["position", "number"], "audit-chain-broken")]
)
def test_rows_that_changed_places_are_found(busy_desk: WorkingOffice, columns: list[str], reason: str) -> None:
    (_, first, second, _) = (row for row in busy_desk.register.audit_rows() if row.chain == "operator/anna")
    with busy_desk.register.database.write() as connection:
        for old, new in ((first.position, 100), (second.position, first.position), (100, second.position)):
            values = {
                "position": new,
                "number": {first.position: first.number, second.position: second.number}.get(new),
            }
            changed = ", ".join(f"{name} = :{name}" for name in columns)
            connection.execute(text(f"UPDATE audit SET {changed} WHERE position = :old"), {**values, "old": old})
    result = busy_desk.register.audit.verify()
    assert (result.broken_at, result.reason) == (first.position, reason)


def canonical_json(values: object) -> str:
    return json.dumps(values, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def sha256_of(values: object) -> str:
    return sha256(canonical_json(values).encode()).hexdigest()


def test_the_export_can_be_verified_without_the_register(busy_desk: WorkingOffice) -> None:
    application = busy_desk.application()  # of which rows tell that put a state there, by two people
    busy_desk.register.applications.approve(application.id, BERT)
    newest: dict[str, tuple[int, str]] = {}
    last = 0
    for row in busy_desk.register.audit_rows():
        exported = json.loads(json.dumps(row.to_json()))
        claimed, previous = exported.pop("hash"), exported.pop("previous")
        content = sha256_of({**exported, "detail": canonical_json(exported["detail"])})
        assert sha256_of({"content": content, "previous": previous}) == claimed
        assert exported["position"] > last  # of several who write at the same time one may leave a gap
        last = exported["position"]
        number, before = newest.get(exported["chain"], (0, GENESIS))
        assert (exported["number"], previous) == (number + 1, before)
        newest[exported["chain"]] = (exported["number"], claimed)
    assert newest.keys() == {"operator/founder", "operator/anna", "operator/bert"}
