"""Somebody who can write files, but lacks the staff key, makes himself an operator."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from eid_toolkit.books.audit import states
from eid_toolkit.books.register.documents.applications import Application, ApplicationState
from eid_toolkit.books.staff.operators import Operator, OperatorStore
from eid_toolkit.books.staff.roles import EVERY_ROLE, Role
from eid_toolkit.ground.errors import IntegrityBroken, NotPermitted
from eid_toolkit.ground.secret import Secret
from eid_toolkit.standards.crypto.domain_parameters import ec_domain_by_name
from eid_toolkit.standards.crypto.ec import EcPrivateKey
from eid_toolkit.work.office.appointing import add_operator
from support.homes import CLOCK, ENTROPY, NOW, PASSPHRASE, NoQuestions, WorkingOffice, build_home, person

P256 = ec_domain_by_name("secp256r1")
WORD = Secret(b"a passphrase of one's own")


@pytest.fixture
def real(tmp_path: Path) -> WorkingOffice:
    home = build_home(tmp_path / "home", demo=False)
    office = WorkingOffice.open(home.root, NoQuestions(second_operator="bert"), CLOCK, ENTROPY)
    assert isinstance(office, WorkingOffice)
    return replace(office, clerk=person(office, "anna"), approver=person(office, "bert"))


def forge(office: WorkingOffice, name: str) -> Operator:
    """An operator made without the staff key; one of that name is replaced."""
    files = office.home.operators
    for path in files.glob(f"{name}.*"):
        path.unlink()
    forger, own_key = OperatorStore(files, office.keys.foundation), EcPrivateKey.generate(P256, ENTROPY)
    record = forger.enrol(name, WORD, EVERY_ROLE, NOW, lambda statement: own_key.sign(statement, "sha256"), ENTROPY)
    return Operator(name, forger.unlock(record, WORD))


def approved_with_own_software(office: WorkingOffice, application: Application, operator: Operator) -> None:
    """This software refuses it; one that does not look at who acts writes it as the operator's key can sign it."""
    with pytest.raises(NotPermitted, match=r"operator-standing-changed|register-not-taken-over"):
        office.register.applications.approve(application.id, operator)
    assert office.register.applications.get(application.id).state is ApplicationState.CREATED
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(states, "_require_standing", lambda *_: None)
        office.register.applications.approve(application.id, operator)


@pytest.mark.parametrize(
    ("name", "reason"), [("bert", "audit-signature-foreign"), ("mallory", "audit-signature-missing")]
)
def test_an_approval_by_an_operator_whom_the_staff_key_does_not_vouch_for_holds_nowhere(
    real: WorkingOffice, name: str, reason: str
) -> None:
    """Of somebody whom the log does not know there is no chain to sign in."""
    application = real.application()
    approved_with_own_software(real, application, forge(real, name))
    with pytest.raises(IntegrityBroken, match="row-not-signed"):
        real.prepare(application)
    assert real.register.audit.verify().reason == reason
    real.register.close()


def test_an_approval_by_somebody_without_the_role_for_it_holds_nowhere(real: WorkingOffice) -> None:
    """A clerk with software of their own, which lets them do everything."""
    add_operator(real, "carl", lambda: PASSPHRASE, [Role.CLERK])
    application = real.application()
    carl = Operator("carl", real.operators.unlock(real.operators.get("carl"), PASSPHRASE), EVERY_ROLE)
    approved_with_own_software(real, application, carl)
    with pytest.raises(IntegrityBroken, match="row-not-permitted"):
        real.prepare(application)
    assert real.register.audit.verify().reason == "audit-right-missing"
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
