"""Somebody who can write files, but lacks the key store's passphrase, makes himself an operator."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from eid_toolkit.books.staff.operators import Operator, OperatorStore
from eid_toolkit.ground.errors import IntegrityBroken
from eid_toolkit.ground.secret import Secret
from support.homes import ENTROPY, NOW, WorkingOffice, build_home

WORD = Secret(b"a passphrase of one's own")


@pytest.fixture
def real(tmp_path: Path) -> WorkingOffice:
    office = WorkingOffice.at(build_home(tmp_path / "home", demo=False))
    for name in ("anna", "bert"):
        office.operators.add(name, WORD, NOW, ENTROPY)
    anna, bert = (office.operators.act_as(name, lambda: WORD) for name in ("anna", "bert"))
    return replace(office, clerk=anna, approver=bert)


def forge(office: WorkingOffice, name: str) -> Operator:
    """An operator made without the key store; one of that name is replaced."""
    files = office.home.operators
    for path in files.glob(f"{name}.*"):
        path.unlink()
    forger = OperatorStore(files, demo=False)
    forger.add(name, WORD, NOW, ENTROPY)
    return forger.act_as(name, lambda: WORD)


@pytest.mark.parametrize("name", ["bert", "mallory"])
def test_an_approval_by_an_operator_whom_the_key_store_does_not_know_holds_nowhere(
    real: WorkingOffice, name: str
) -> None:
    application = real.application()
    real.register.applications.approve(application.id, forge(real, name))
    with pytest.raises(IntegrityBroken, match="operator-not-endorsed"):
        real.prepare(application)
    real.register.close()


def test_a_disabled_operator_is_not_enabled_by_an_editor(real: WorkingOffice) -> None:
    application = real.approved()
    real.operators.disable("bert", NOW)
    assert real.prepare(application).application_id == application.id
    record = real.home.operators / "bert.json"
    record.write_text(record.read_text().replace(f'"disabled": "{NOW.isoformat()}"', '"disabled": null'))
    with pytest.raises(IntegrityBroken, match="operator-not-endorsed"):
        real.prepare(application)
    real.register.close()
