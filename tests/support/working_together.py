"""One of several who work in the same register at once; as a process: ``python -m support.working_together``."""

from __future__ import annotations

import sys
from collections import Counter
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from eid_toolkit.books.register.documents.applications import ApplicationState
from eid_toolkit.books.register.stock.stations import Stations
from eid_toolkit.ground.errors import NotPermitted, ServiceAway
from eid_toolkit.ground.images.portrait import make_portrait
from support.homes import CLOCK, ENTROPY, NoQuestions, WorkingOffice, person, portrait_file

ALLOWED = {"state-forbids", "approver-is-creator", "register-busy", "row-changed-meanwhile", "notice-withdrawn"}
"""What one of several may be told who come to the same thing at once."""


def work(root: Path, who: str, rounds: int, name: str) -> Counter[str]:
    """Persons, applications and approvals of others' applications, and a station that everybody pauses."""
    office = WorkingOffice.open(root, NoQuestions(who, "bert" if who != "bert" else "anna"), CLOCK, ENTROPY)
    assert isinstance(office, WorkingOffice)
    office = replace(office, clerk=person(office, who))
    done: Counter[str] = Counter()
    try:
        profile = office.profile("utopia-id")
        portrait = make_portrait(portrait_file(), profile.portrait)
        for number in range(rounds):
            _counted(done, "applied", lambda number=number: _apply(office, profile, portrait, f"{name}{number}"))
            _counted(done, "approved", lambda: _approve(office))
            _counted(done, "paused", lambda number=number: _pause(office, paused=number % 2 == 0))
        office.register.audit.settle()
    finally:
        office.register.close()
    return done


def _counted(done: Counter[str], what: str, act) -> None:  # type: ignore[no-untyped-def]
    try:
        done[what] += act()
    except (NotPermitted, ServiceAway) as error:
        if error.code not in ALLOWED:
            raise
        done[error.code] += 1


def _apply(office: WorkingOffice, profile, portrait, name: str) -> int:  # type: ignore[no-untyped-def]
    data = {"primary_identifier": name, "date_of_birth": "1990-01-31", "sex": "F", "nationality": "UTO"}
    office.register.applications.create(office.person(data), profile, portrait, office.clerk)
    return 1


def _approve(office: WorkingOffice) -> int:
    """The oldest that somebody else has made: all come to the same one."""
    waiting = office.register.applications.list(ApplicationState.CREATED, limit=1, not_of=office.clerk.name)
    for each in waiting:
        office.register.applications.approve(each.id, office.clerk)
    return len(waiting)


def _pause(office: WorkingOffice, *, paused: bool) -> int:
    stations = Stations(office.register.database, office.clock)
    (stations.pause if paused else stations.resume)("desk-1", office.clerk)
    return 1


if __name__ == "__main__":
    with suppress(BrokenPipeError):
        told = work(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), sys.argv[4])
        print(" ".join(f"{what}={count}" for what, count in sorted(told.items())))
