"""Somebody who can write files, but lacks the staff key, makes himself an operator."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from eid_toolkit.books.staff.operators import Operator, OperatorStore
from eid_toolkit.books.staff.roles import EVERY_ROLE, Role
from eid_toolkit.ground.errors import IntegrityBroken
from eid_toolkit.ground.secret import Secret
from eid_toolkit.standards.crypto.domain_parameters import ec_domain_by_name
from eid_toolkit.standards.crypto.ec import EcPrivateKey
from support.homes import ENTROPY, NOW, PASSPHRASE, WorkingOffice, build_home, person

P256 = ec_domain_by_name("secp256r1")
WORD = Secret(b"a passphrase of one's own")


@pytest.fixture
def real(tmp_path: Path) -> WorkingOffice:
    office = WorkingOffice.at(build_home(tmp_path / "home", demo=False))
    return replace(office, clerk=person(office, "anna"), approver=person(office, "bert"))


def forge(office: WorkingOffice, name: str) -> Operator:
    """An operator made without the staff key; one of that name is replaced."""
    files = office.home.operators
    for path in files.glob(f"{name}.*"):
        path.unlink()
    forger, own_key = OperatorStore(files, office.keys.foundation), EcPrivateKey.generate(P256, ENTROPY)
    record = forger.enrol(name, WORD, EVERY_ROLE, NOW, lambda statement: own_key.sign(statement, "sha256"), ENTROPY)
    return Operator(name, forger.unlock(record, WORD))


@pytest.mark.parametrize("name", ["bert", "mallory"])
def test_an_approval_by_an_operator_whom_the_staff_key_does_not_vouch_for_holds_nowhere(
    real: WorkingOffice, name: str
) -> None:
    application = real.application()
    real.register.applications.approve(application.id, forge(real, name))
    with pytest.raises(IntegrityBroken, match="operator-not-endorsed"):
        real.prepare(application)
    real.register.close()


def test_an_approval_by_somebody_without_the_role_for_it_holds_nowhere(real: WorkingOffice) -> None:
    """A clerk with software of their own, which lets them do everything."""
    real.operators.enrol("carl", PASSPHRASE, frozenset({Role.CLERK}), NOW, real.keys.staff.sign, ENTROPY)
    record = real.operators.get("carl")
    standing = {"version": 1, "record_sha256": record.digest(real.keys.foundation), "roles": ["clerk"]}
    real.register.record("anna", "operator.added", "carl", standing)
    application = real.application()
    carl = Operator("carl", real.operators.unlock(record, PASSPHRASE), EVERY_ROLE)
    real.register.applications.approve(application.id, carl)
    with pytest.raises(IntegrityBroken, match="decision-signature"):
        real.prepare(application)
    real.register.close()


def test_a_disabled_operator_is_not_enabled_by_an_editor(real: WorkingOffice) -> None:
    application = real.approved()
    real.operators.disable("bert", NOW, real.keys.staff.sign)
    assert real.prepare(application).application_id == application.id
    record = real.home.operators / "bert.json"
    record.write_text(record.read_text().replace(f'"disabled": "{NOW.isoformat()}"', '"disabled": null'))
    with pytest.raises(IntegrityBroken, match="operator-not-endorsed"):
        real.prepare(application)
    real.register.close()
