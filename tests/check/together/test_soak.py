"""Stations, importers and an auditor at one register, with kills: afterwards everything adds up.

``EID_SOAK_SECONDS`` makes it longer; ``make bench`` runs ten minutes.
"""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path

from sqlalchemy import func, select

from eid_toolkit.books.audit.state_walk import Finding, walk_states
from eid_toolkit.books.ledger.schema import card, document, person, person_import
from eid_toolkit.books.register.stock.manifests import Manifest
from support.homes import ANNA, BERT, HomeCopies, WorkingOffice
from support.manifests import manifest
from support.postgres_server import PrivatePostgres, postgres_binaries
from support.soaking import BLANKS, STATIONS, Soak, chips_of

SECONDS = float(os.environ.get("EID_SOAK_SECONDS", "60"))


def stocked(office: WorkingOffice) -> None:
    """Blanks at each station, and an open shift."""
    for number in range(1, STATIONS + 1):
        delivered = Manifest.read(manifest(*chips_of(number), batch=f"B{number}"))
        office.register.stock.receiving.receive(delivered, ANNA, f"s{number}")
        assert office.register.stock.shifts.open(f"s{number}", BLANKS, (ANNA, BERT)).agrees


def test_many_places_work_while_processes_and_the_server_die(tmp_path: Path) -> None:
    binaries = postgres_binaries()
    assert binaries is not None, "install the package postgresql"
    server = PrivatePostgres(binaries)
    server.start()
    try:
        copies = HomeCopies.found(tmp_path / "template", server)
        home = copies.copy(tmp_path / "home")
        office = WorkingOffice.at(home)
        stocked(office)

        def die() -> None:
            server.crash()
            server.start_again()

        soak = Soak(home, tmp_path, SECONDS, seed=16)
        soak.run(die)
        assert soak.killed >= 10
        everything_adds_up(office)
        office.register.close()
    finally:
        server.stop()


def everything_adds_up(office: WorkingOffice) -> None:
    """Whatever was killed, and when."""
    with office.register.database.read() as connection:
        documents = connection.execute(select(document)).all()
        living = Counter(each.application_id for each in documents if each.state != "spoiled")
        assert living and max(living.values()) == 1, "nothing was issued twice"
        chips = [each.chip for each in documents if each.chip is not None]
        assert len(chips) == len(set(chips)) == connection.execute(select(func.count()).select_from(card)).scalar()
        imported = connection.execute(select(func.sum(person_import.c.imported))).scalar()
        there = connection.execute(select(func.count()).where(person.c.source.is_not(None))).scalar()
        assert imported == there > 0, "every row of the files is there once"
        assert [each for each in walk_states(connection) if isinstance(each, Finding)] == []
    for number in range(1, STATIONS + 1):
        left = BLANKS - sum(chip_number in _numbers(chips) for chip_number in chips_of(number))
        assert office.register.stock.shifts.close(f"s{number}", left, (ANNA, BERT)).agrees
    verified = office.register.audit.verify()
    assert verified.reason is None, (verified.reason, verified.broken_at)


def _numbers(chips: list[str]) -> set[int]:
    return {int(chip[-12:], 16) for chip in chips}
