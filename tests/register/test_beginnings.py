"""Identifiers and stations by their first characters, on either database."""

from __future__ import annotations

import pytest

from eid_toolkit.books.ledger.beginnings import identifiers_beginning, stations_beginning
from support.homes import WorkingOffice, both_backends

__all__ = ["both_backends"]


def test_both_databases_answer_alike(office: WorkingOffice) -> None:
    document = office.document()
    application = office.register.applications.get(document.application_id)
    for identifier in (document.id, application.id, application.person.id):
        kind = identifier[0]
        assert identifiers_beginning(office.home, identifier[:5].lower(), "PAD") == (identifier,)
        assert identifiers_beginning(office.home, identifier, kind) == (identifier,)
        assert identifiers_beginning(office.home, identifier[:2], kind) == ()


@pytest.mark.parametrize("typed", ["ma", ""])
def test_stations_are_those_that_the_register_knows(office: WorkingOffice, typed: str) -> None:
    with office.register.database.write() as connection:
        connection.exec_driver_sql("INSERT INTO station (name) VALUES ('main'), ('hall')")
    assert set(stations_beginning(office.home, typed)) == ({"main"} if typed else {"main", "hall"})


@pytest.mark.parametrize("typed", ["P-%%", "P-_", "P-' OR 1=1 --", "P-\x00", "p", "", "S-0", "P" * 5000])
def test_what_is_no_identifier_is_not_looked_for(office: WorkingOffice, typed: str) -> None:
    office.application()
    assert identifiers_beginning(office.home, typed, "PADJN") == ()
