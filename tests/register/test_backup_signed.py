"""A back-up is for the staff's public key, which anybody has; who has made it signs it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from eid_toolkit.books.register.keeping.backup import back_up, check_backup
from eid_toolkit.books.staff.operators import Operator
from eid_toolkit.ground.errors import IntegrityBroken
from support.homes import CLOCK, ENTROPY, PASSPHRASE, UTOPIAN, WorkingOffice, build_home, person
from support.people import People


@pytest.fixture
def real(tmp_path: Path) -> Iterator[WorkingOffice]:
    office = WorkingOffice.at(build_home(tmp_path / "home", demo=False))
    office.person(UTOPIAN)
    yield office
    office.register.close()


def made_by(office: WorkingOffice, operator: Operator, file: Path) -> Path:
    back_up(office.register.database, office.keys.foundation, office.home.config, file, operator, CLOCK, ENTROPY)
    return file


def test_what_an_operator_has_made_is_read_by_two(real: WorkingOffice, tmp_path: Path) -> None:
    anna = person(real, "anna")
    file = made_by(real, anna, tmp_path / "backup")
    person(real, "bert")
    assert check_backup(file, real.keys, real.operators).tables["person"] == 1


def test_who_has_all_files_and_no_passphrase_makes_none_that_is_taken(real: WorkingOffice, tmp_path: Path) -> None:
    stranger = People(tmp_path / "stranger", ["anna", "bert"]).acting("anna", PASSPHRASE)
    for number, operator in enumerate((stranger, Operator("anna"), Operator("nobody", stranger.keys))):
        file = made_by(real, operator, tmp_path / f"forged-{number}")
        for name in ("anna", "bert"):
            person(real, name)
        with pytest.raises(IntegrityBroken, match="backup-not-signed"):
            check_backup(file, real.keys, real.operators)
