"""Somebody who can write files, but lacks the key store's passphrase, makes himself an operator."""

from __future__ import annotations

from pathlib import Path

import pytest

from eid_toolkit.books.staff.operators import Operator, OperatorStore
from eid_toolkit.ground.errors import IntegrityBroken
from eid_toolkit.ground.secret import Secret
from support.homes import ENTROPY, NOW, Desk, build_home

WORD = Secret(b"a passphrase of one's own")


@pytest.fixture
def real(tmp_path: Path) -> Desk:
    desk = Desk.open(build_home(tmp_path / "home", demo=False))
    for name in ("anna", "bert"):
        desk.operators.add(name, WORD, NOW, ENTROPY)
    desk.clerk, desk.approver = desk.operators.act_as("anna", lambda: WORD), desk.operators.act_as("bert", lambda: WORD)
    return desk


def forge(desk: Desk, name: str) -> Operator:
    """An operator made without the key store; one of that name is replaced."""
    files = desk.home.operators
    for path in files.glob(f"{name}.*"):
        path.unlink()
    forger = OperatorStore(files, demo=False)
    forger.add(name, WORD, NOW, ENTROPY)
    return forger.act_as(name, lambda: WORD)


@pytest.mark.parametrize("name", ["bert", "mallory"])
def test_an_approval_by_an_operator_whom_the_key_store_does_not_know_holds_nowhere(real: Desk, name: str) -> None:
    application = real.application()
    real.register.applications.approve(application.id, forge(real, name))
    with pytest.raises(IntegrityBroken, match="operator-not-endorsed"):
        real.prepare(application)
    real.register.close()


def test_a_disabled_operator_is_not_enabled_by_an_editor(real: Desk) -> None:
    application = real.approved()
    real.operators.disable("bert", NOW)
    assert real.prepare(application).application_id == application.id
    record = real.home.operators / "bert.json"
    record.write_text(record.read_text().replace(f'"disabled": "{NOW.isoformat()}"', '"disabled": null'))
    with pytest.raises(IntegrityBroken, match="operator-not-endorsed"):
        real.prepare(application)
    real.register.close()
