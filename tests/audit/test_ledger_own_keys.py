"""Attacks with the database and one's own operator's key: what is signed is no more than what its signer might do."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from eid_toolkit.books.audit import keeper
from eid_toolkit.books.audit.endorsed import ENDORSEMENT, RECORD
from eid_toolkit.books.audit.log import AuditEvent, append
from eid_toolkit.books.audit.sessions import LENGTH, Session, SessionRecord
from eid_toolkit.books.audit.taken_over import statement
from eid_toolkit.books.keys.holding import KeyPair
from eid_toolkit.books.ledger.kinds import APPLICATIONS, DOCUMENTS
from eid_toolkit.books.ledger.schema import document
from eid_toolkit.books.staff.operators import Operator
from eid_toolkit.books.staff.recovery import recovery_key
from eid_toolkit.books.staff.roles import EVERY_ROLE, Role
from eid_toolkit.ground.home.home import Home
from eid_toolkit.standards.crypto.domain_parameters import ec_domain_by_name
from eid_toolkit.standards.crypto.ec import EcPrivateKey
from eid_toolkit.standards.crypto.key_wrapping import CURVE
from eid_toolkit.work.office import appointing
from support.forging import approve, change, create, in_the_name_of, sign_in
from support.homes import CLOCK, ENTROPY, PASSPHRASE, WorkingOffice, build_home, person
from support.meddling import meddling
from support.real_offices import at_work, copied_real_home, differing, log_broken, looked_at, refused
from support.whole_life import WholeLife, apply_for, prepare_for

__all__ = ["copied_real_home"]
NOBODYS = "row-not-permitted"


@pytest.fixture
def backend() -> str:
    """What is signed is the same on every database: one that differs is told by the tests that run on both."""
    return "sqlite"


@pytest.fixture
def life() -> WholeLife:
    return WholeLife()


@pytest.fixture
def applied(real_home: Home, life: WholeLife) -> str:
    """An application by Anna that nobody has decided on."""
    with at_work(real_home) as office:
        return apply_for(office, life, "holder").id


def is_found_out(home: Home, application: str, code: str, *, log: str | None) -> None:
    """No document is prepared for it, the walk of states names it, and the walk of the log says this."""
    refused(home, code, lambda office: office.preparation.prepare(application, office.clerk))
    assert differing(home)[("application", application)] == code
    assert log_broken(home) == log


@pytest.mark.parametrize("who", ["clara", "stan", "petra", "olga"])
def test_who_has_no_right_to_approve_does_not(real_home: Home, applied: str, who: str) -> None:
    with at_work(real_home) as office:
        approve(office, applied, person(office, who))
    is_found_out(real_home, applied, NOBODYS, log="audit-right-missing")


def test_somebody_who_says_to_have_every_role_has_the_own_ones(real_home: Home, applied: str) -> None:
    with at_work(real_home) as office:
        clara = person(office, "clara")
        approve(office, applied, Operator("clara", clara.keys, EVERY_ROLE))
    is_found_out(real_home, applied, NOBODYS, log="audit-right-missing")


def test_a_disabled_approver_does_not_approve_any_more(real_home: Home, applied: str) -> None:
    with at_work(real_home) as office:
        alan = person(office, "alan")
        appointing.disable_operator(office, "alan")
        approve(office, applied, alan)
    is_found_out(real_home, applied, NOBODYS, log="audit-right-missing")


def test_an_approver_who_was_given_other_roles_does_not_approve_any_more(real_home: Home, applied: str) -> None:
    with at_work(real_home) as office:
        alan = person(office, "alan")
        appointing.assign_roles(office, "alan", [Role.CLERK])
        approve(office, applied, alan)
    is_found_out(real_home, applied, NOBODYS, log="audit-right-missing")


def test_keys_from_before_somebody_was_enrolled_anew_sign_no_more(real_home: Home, applied: str) -> None:
    with at_work(real_home) as office:
        alan = person(office, "alan")
        appointing.re_enrol_operator(office, "alan", lambda: PASSPHRASE)
        approve(office, applied, alan)
    is_found_out(real_home, applied, "row-not-signed", log="audit-signature-foreign")


def test_the_creator_does_not_approve_their_own(real_home: Home, applied: str) -> None:
    with at_work(real_home) as office:
        approve(office, applied, office.clerk)
    is_found_out(real_home, applied, "approver-is-creator-on-record", log=None)


def test_the_creator_does_not_approve_their_own_by_another_name_of_the_step(real_home: Home, applied: str) -> None:
    with at_work(real_home) as office:
        approve(office, applied, office.clerk, "approved")
    refused(real_home, "row-step-forbidden", lambda office: office.preparation.prepare(applied, office.clerk))
    assert ("application", applied) in differing(real_home)


def test_the_creator_does_not_become_somebody_else(real_home: Home, applied: str) -> None:
    """Anna, who may prepare documents too, has the application say that Clara has made it."""
    with at_work(real_home) as office:
        office.register.applications.approve(applied, office.approver)
        change(office, APPLICATIONS, applied, "application.prepared", office.clerk, {"creator": "clara"})
    is_found_out(real_home, applied, "row-creator-differs", log=None)


@pytest.mark.parametrize("name", ["bert", "Anna", "nobody"])
def test_nobody_signs_in_the_name_of_another(real_home: Home, applied: str, name: str) -> None:
    with at_work(real_home) as office:
        approve(office, applied, in_the_name_of(name, person(office, "clara")))
    log = "foreign" if name == "bert" else "missing"  # of nobody whom the log knows there is no chain to sign in
    is_found_out(real_home, applied, "row-not-signed", log=f"audit-signature-{log}")


def test_nobody_writes_into_the_chain_of_another(
    real_home: Home, applied: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """There a right that was lost would hold for longer."""
    with at_work(real_home) as office:
        alan = person(office, "alan")
        appointing.disable_operator(office, "alan")
        monkeypatch.setattr(keeper, "chain_of", lambda name: "operator/bert")
        approve(office, applied, alan)
        monkeypatch.undo()
    is_found_out(real_home, applied, "row-not-signed", log="audit-signature-foreign")


def made_session(home: bytes, operator: Operator, begins: timedelta, length: timedelta) -> Session:
    key = EcPrivateKey.generate(ec_domain_by_name(CURVE), ENTROPY)
    begun = CLOCK.now() + begins
    record = SessionRecord(home, operator.name, key.public_key.spki(), begun, begun + length)
    voucher = operator.sign(record.statement.encode())
    assert voucher is not None
    return Session(record, voucher, key)


SESSIONS: dict[str, tuple[timedelta, timedelta]] = {
    "that has ended": (timedelta(days=-2), LENGTH),
    "that has not begun": (timedelta(days=1), LENGTH),
    "without an end": (timedelta(days=-2), timedelta(days=2000)),
}


@pytest.mark.parametrize("which", SESSIONS)
def test_a_session_signs_in_its_time(real_home: Home, applied: str, which: str) -> None:
    with at_work(real_home) as office:
        sign_in(office, made_session(office.keys.foundation.home, office.approver, *SESSIONS[which]))
        approve(office, applied, office.approver)
    is_found_out(real_home, applied, "row-not-signed", log="audit-signature-foreign")


def test_a_session_signs_in_its_own_home(real_home: Home, applied: str, tmp_path: Path) -> None:
    with looked_at(build_home(tmp_path / "other", demo=False)) as other:
        elsewhere = other.keys.foundation.home
    with at_work(real_home) as office:
        sign_in(office, made_session(elsewhere, office.approver, timedelta(0), LENGTH))
        approve(office, applied, office.approver)
        office.register.database.keeper.seen.clear()  # type: ignore[attr-defined]
    is_found_out(real_home, applied, "row-not-signed", log="audit-signature-wrong")


def test_a_session_that_nobody_vouches_for_signs_nothing(real_home: Home, applied: str) -> None:
    with at_work(real_home) as office:
        made = made_session(office.keys.foundation.home, office.approver, timedelta(0), LENGTH)
        sign_in(office, Session(made.record, made.voucher[:-1] + b"\0", made.key))
        approve(office, applied, office.approver)
    is_found_out(real_home, applied, "row-not-signed", log="audit-signature-foreign")


def test_a_recovery_share_decides_nothing(real_home: Home, applied: str) -> None:
    with at_work(real_home) as office:
        roles = [Role.SECURITY_OFFICER, Role.APPROVER]
        appointed = appointing.add_operator(office, "rita", lambda: PASSPHRASE, roles)
        assert appointed.recovery_share is not None
        key = recovery_key(appointed.recovery_share)
        rita = Operator("rita", None, frozenset(roles), KeyPair(key, key))
        made = made_session(office.keys.foundation.home, Operator("rita", rita.recovery), timedelta(0), LENGTH)
        sign_in(office, made)
        approve(office, applied, Operator("rita", rita.recovery, rita.roles))
    is_found_out(real_home, applied, "row-not-signed", log="audit-signature-foreign")


@pytest.mark.parametrize("old", [False, True])
def test_nobody_gives_themselves_roles(real_home: Home, applied: str, old: bool) -> None:
    """By a record that they have endorsed themselves, or that was endorsed once and is theirs no more."""
    with at_work(real_home) as office:
        alan = person(office, "alan")
        before = office.operators.get("alan")
        appointing.assign_roles(office, "alan", [Role.CLERK])
        foundation = office.keys.foundation
        record = before if old else office.operators.get("alan")
        statement_of = json.loads(record.statement(foundation))
        if not old:
            statement_of[3], statement_of[7] = record.version + 1, sorted(EVERY_ROLE)
        signature = alan.sign(json.dumps(statement_of).encode())
        assert signature is not None
        endorsement = record.endorsement if old else signature
        detail = {RECORD: statement_of, ENDORSEMENT: endorsement.hex(), "version": statement_of[3]}
        detail["record_sha256"] = record.digest(foundation)
        told = ("operator", statement_of[3], "active")
        with meddling(real_home) as meddler:
            meddler.run("DELETE FROM subject_head WHERE kind = 'operator' AND subject = 'alan'")
        with office.register.database.write() as connection:
            append(connection, office.clock.now(), alan, [AuditEvent("operator.roles", "alan", detail, told)])
        approve(office, applied, alan)
    is_found_out(real_home, applied, NOBODYS, log="audit-endorsement-wrong")


def test_a_rejection_is_not_followed_by_an_approval(real_home: Home, applied: str) -> None:
    with at_work(real_home) as office:
        office.register.applications.reject(applied, office.approver, "blurred portrait")
        approve(office, applied, office.approver)
    is_found_out(real_home, applied, "row-step-forbidden", log=None)


def test_a_step_that_was_left_out_is_missed(real_home: Home, applied: str) -> None:
    with at_work(real_home) as office:
        approve(office, applied, office.approver)
        change(office, APPLICATIONS, applied, "application.prepared", office.clerk, {}, row_before="0" * 64)
    is_found_out(real_home, applied, "row-step-missing", log=None)


def test_an_approver_does_not_turn_an_own_rejection_into_an_approval(real_home: Home, applied: str) -> None:
    """With all signatures of the own chain made anew; the home has seen that chain's end."""
    with at_work(real_home) as office:
        alan = person(office, "alan")
        office.register.applications.reject(applied, alan, "blurred portrait")
        office.person({"primary_identifier": "X", "date_of_birth": "1990", "sex": "F", "nationality": "UTO"})
    with meddling(real_home) as meddler:
        rejected = meddler.told(APPLICATIONS, applied)[-1].position
        meddler.forget(rejected, rejected)
        meddler.run("UPDATE application SET state = 'created'")
        meddler.run("DELETE FROM decision")
    with looked_at(real_home) as office:
        office.register.database.keeper.proofs["register-behind"] = True  # type: ignore[attr-defined]
        approve(office, applied, person(office, "alan"))
    refused(real_home, "register-behind", lambda office: office.preparation.prepare(applied, office.clerk))
    assert log_broken(real_home) == "register-behind"


# What is said to be from before the log told of states.


def taken_over(office: WorkingOffice, made_up: dict[str, object], operator: Operator) -> None:
    create(office, DOCUMENTS, made_up, "document.issued.taken-over", operator)


Saying = Callable[[WorkingOffice, Operator], dict[str, object]]


def alone(office: WorkingOffice, olga: Operator) -> dict[str, object]:
    return {"with": None, "signature": None}


def with_herself(office: WorkingOffice, olga: Operator) -> dict[str, object]:
    return {"with": "olga", "signature": signed_by(office, olga, olga, "olga").hex()}


def with_annas_name(office: WorkingOffice, olga: Operator) -> dict[str, object]:
    return {"with": "anna", "signature": signed_by(office, olga, olga, "anna").hex()}


def with_a_clerk(office: WorkingOffice, olga: Operator) -> dict[str, object]:
    return {"with": "clara", "signature": signed_by(office, olga, person(office, "clara"), "clara").hex()}


def signed_by(office: WorkingOffice, olga: Operator, signer: Operator, name: str) -> bytes:
    signature = signer.sign(statement(office.keys.foundation.home, 1, 1, olga.name, name))
    assert signature is not None
    return signature


@pytest.mark.parametrize("saying", [None, alone, with_herself, with_annas_name, with_a_clerk])
def test_a_security_officer_takes_nothing_over_alone(real_home: Home, life: WholeLife, saying: Saying | None) -> None:
    with at_work(real_home) as office:
        made = prepare_for(office, life, "holder")
        olga = person(office, "olga")
        with meddling(real_home) as meddler:
            copied = {**meddler.values(document, made.id), "id": "D-MADEUP", "state": "issued"}
        if saying is not None:
            detail = {"rows": 1, **saying(office, olga)}
            with office.register.database.write() as connection:
                append(connection, office.clock.now(), olga, [AuditEvent("register.taken-over", "register", detail)])
        taken_over(office, {name: copied[name] for name in DOCUMENTS.covered}, olga)
    refused(real_home, "row-not-taken-over", lambda office: office.register.documents.load_package("D-MADEUP"))
    assert differing(real_home) == {("document", "D-MADEUP"): "row-not-taken-over"}
    assert log_broken(real_home) == "audit-right-missing"
