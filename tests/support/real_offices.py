"""An office that is no demo, with one operator of each role: founded once, and copied on either database."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from eid_toolkit.books.audit.state_walk import Finding, walk_states
from eid_toolkit.books.staff.operators import Operator
from eid_toolkit.books.staff.roles import Role
from eid_toolkit.ground.errors import EidError
from eid_toolkit.ground.home.home import Home
from eid_toolkit.work.office.appointing import add_operator
from support.homes import CLOCK, ENTROPY, PASSPHRASE, HomeCopies, NoQuestions, WorkingOffice, build_home, person
from support.postgres import PrivatePostgres

STAFF = {
    "clara": Role.CLERK,
    "alan": Role.APPROVER,
    "petra": Role.PERSONALIZER,
    "stan": Role.STOCK_KEEPER,
    "olga": Role.SECURITY_OFFICER,
}
"""Who has one role alone; Anna and Bert have all."""
_FOUNDED: dict[str, HomeCopies] = {}


def real_home_copies(root: Path, postgres: PrivatePostgres | None) -> HomeCopies:
    """A staffed home at ``root`` to make copies of; with a server, its register is there."""
    url = None if postgres is None else postgres.url(postgres.create())
    home = build_home(root, demo=False, register_url=url)
    with at_work(home) as office:
        for name, role in STAFF.items():
            add_operator(office, name, lambda: PASSPHRASE, [role])
    return HomeCopies.of(root, HomeCopies(root, postgres))


@pytest.fixture(name="real_home")
def copied_real_home(
    backend: str, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, tmp_path: Path
) -> Iterator[Home]:
    """A fresh home of the test's own, with its register in the database of ``backend``."""
    copies = found_real_home(backend, request, tmp_path_factory)
    yield copies.copy(tmp_path / "home")
    copies.drop()


def found_real_home(
    backend: str, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> HomeCopies:
    """The home that all tests of this process have copies of."""
    if backend not in _FOUNDED:
        server = request.getfixturevalue("postgres") if backend == "postgresql" else None
        _FOUNDED[backend] = real_home_copies(tmp_path_factory.mktemp(f"real-{backend}") / "home", server)
    return _FOUNDED[backend]


def opened(home: Home) -> WorkingOffice:
    """The home as a new process opens it: Anna is the clerk and Bert the approver, each with their own keys."""
    office = WorkingOffice.open(home.root, NoQuestions(second_operator="bert"), CLOCK, ENTROPY)
    assert isinstance(office, WorkingOffice)
    if home.config.demo:
        return office
    return replace(office, clerk=person(office, "anna"), approver=person(office, "bert"))


@contextmanager
def at_work(home: Home) -> Iterator[WorkingOffice]:
    """As :func:`opened`, for the time of a block; what was written last is remembered in the home at its end."""
    with looked_at(home) as office:
        yield office
        office.register.audit.settle()


@contextmanager
def looked_at(home: Home) -> Iterator[WorkingOffice]:
    """As :func:`opened`, for the time of a block, and nothing is remembered."""
    office = opened(home)
    try:
        yield office
    finally:
        office.register.close()


def both(office: WorkingOffice) -> tuple[Operator, Operator]:
    """The two who act together."""
    return office.clerk, office.approver


def refused(home: Home, code: str, act: Callable[[WorkingOffice], object]) -> None:
    """A new process does not do it, for this reason."""
    with looked_at(home) as office, pytest.raises(EidError) as caught:
        act(office)
    assert caught.value.code == code, caught.value


def differing(home: Home) -> dict[tuple[str, str], str]:
    """What `eid register verify` names in a new process, by kind and key; why it cannot, under no key."""
    with looked_at(home) as office:
        try:
            with office.register.database.read() as connection:
                found = [each for each in walk_states(connection) if isinstance(each, Finding)]
        except EidError as error:
            return {("", ""): error.code}
    return {(each.kind, each.subject): each.reason for each in found}


def log_broken(home: Home) -> str | None:
    """What `eid audit verify` says of the log in a new process."""
    with looked_at(home) as office:
        return office.register.audit.verify().reason
