"""From application to issued card: who may, in which state, and what is checked again when it is used."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest
from sqlalchemy import select, text

from eid_toolkit.books.ledger.kinds import APPLICATIONS
from eid_toolkit.books.ledger.schema import application
from eid_toolkit.books.register.documents.applications import ApplicationState
from eid_toolkit.books.register.documents.documents import DocumentState
from eid_toolkit.books.staff.operators import Operator
from eid_toolkit.books.staff.roles import EVERY_ROLE
from eid_toolkit.ground.errors import BadInput, EidError, IntegrityBroken, NotPermitted, ServiceAway
from eid_toolkit.ground.home.home import Home
from eid_toolkit.standards.iso7816.files import ElementaryFile
from eid_toolkit.standards.lds.sod import Sod
from eid_toolkit.standards.pki.cms import verify_signed_data
from support.arranging import put_on_record
from support.homes import ANNA, BERT, ENTROPY, NOW, PASSPHRASE, UTOPIAN, VIETNAMESE, WorkingOffice, build_home, person


def change(office: WorkingOffice, statement: str, **values: object) -> None:
    """Somebody with access to the database."""
    with office.register.database.write() as connection:
        connection.execute(text(statement), values)


def test_the_approver_is_never_the_creator(office: WorkingOffice) -> None:
    made = office.application()
    for name in ("anna", "Anna"):
        with pytest.raises(NotPermitted, match="approver-is-creator"):
            office.register.applications.approve(made.id, Operator(name))
    approved = office.register.applications.approve(made.id, BERT)
    assert approved.state is ApplicationState.APPROVED
    assert approved.decision is not None and approved.decision.operator == "bert"


def test_an_application_is_decided_once(office: WorkingOffice) -> None:
    made = office.application()
    rejected = office.register.applications.reject(made.id, BERT, "blurred portrait")
    assert rejected.decision is not None and rejected.decision.state["reason"] == "blurred portrait"
    with pytest.raises(NotPermitted, match="state-forbids"):
        office.register.applications.approve(made.id, BERT)
    with pytest.raises(NotPermitted, match="application-not-approved"):
        office.prepare(made)


def test_a_document_needs_an_approval(office: WorkingOffice) -> None:
    with pytest.raises(NotPermitted, match="application-not-approved"):
        office.prepare(office.application())


@pytest.mark.parametrize(
    "statement",
    ["UPDATE person SET primary_identifier = 'Other'", "UPDATE decision SET operator = 'carl'"],
)
def test_an_approval_holds_for_the_state_it_was_given_on(office: WorkingOffice, statement: str) -> None:
    approved = office.approved()
    change(office, statement)
    with pytest.raises(IntegrityBroken, match="decision-on-another-state"):
        office.prepare(approved)


CHANGED = [{"portrait_sha256": "00"}, {"creator": "carl"}, {"profile_hash": "00"}, {"evidence": '[["letter", "7"]]'}]


@pytest.mark.parametrize("values", CHANGED)
def test_an_application_that_was_changed_is_found_out(office: WorkingOffice, values: dict[str, str]) -> None:
    approved = office.approved()
    ((name, value),) = values.items()
    change(office, f"UPDATE application SET {name} = :value", value=value)
    with pytest.raises(IntegrityBroken, match="row-changed"):
        office.prepare(approved)


@pytest.mark.parametrize("values", [each for each in CHANGED if "creator" not in each])
def test_an_approval_holds_for_no_other_state_that_the_log_vouches_for(
    office: WorkingOffice, values: dict[str, str]
) -> None:
    approved = office.approved()
    put_on_record(office, APPLICATIONS, approved.id, **values)
    with pytest.raises(IntegrityBroken, match="decision-on-another-state"):
        office.prepare(approved)


def test_who_has_made_an_application_is_who_the_log_says(office: WorkingOffice) -> None:
    approved = office.approved()
    put_on_record(office, APPLICATIONS, approved.id, creator="carl")
    with pytest.raises(IntegrityBroken, match="row-creator-differs"):
        office.prepare(approved)


def test_a_portrait_that_was_exchanged_is_found_out(office: WorkingOffice) -> None:
    approved, other = office.approved(), office.application(VIETNAMESE, "vn-cccd")
    change(
        office,
        "UPDATE application SET portrait = (SELECT portrait FROM application WHERE id = :other) WHERE id = :own",
        other=other.id,
        own=approved.id,
    )
    with pytest.raises(IntegrityBroken, match="row-changed"):
        office.prepare(approved)


def test_a_portrait_that_was_exchanged_opens_nowhere_else(office: WorkingOffice) -> None:
    """Even where the log vouches for the row: it is sealed for its own person and application."""
    approved, other = office.approved(), office.application(VIETNAMESE, "vn-cccd")
    with office.register.database.read() as connection:
        query = select(application.c.portrait).where(application.c.id == other.id)
        portrait = connection.execute(query).scalar_one()
    put_on_record(office, APPLICATIONS, approved.id, portrait=portrait)
    with pytest.raises(IntegrityBroken, match="sealed-data-broken"):
        office.prepare(approved)


def test_a_prepared_document_is_signed_and_whole(office: WorkingOffice) -> None:
    document = office.document(VIETNAMESE, "vn-cccd")
    package = office.register.documents.load_package(document.id)
    sod = Sod.parse(package.files[ElementaryFile.SOD])
    assert set(sod.hashes) == {1, 2, 12, 13, 14, 15}
    assert all(sod.covers(n, package.files[ElementaryFile.of_data_group(n)]) for n in sod.hashes)
    signer = office.authorities.signer_certificate("VNM")
    assert verify_signed_data(sod.signed_data, signer.der)
    assert document.signer == signer.fingerprint
    assert document.sod_sha256 == sha256(package.files[ElementaryFile.SOD]).hexdigest()
    assert len(package.can) == 6 and package.can.reveal().isdigit()
    assert package.mrz_information.reveal() == b"000000017090013103001318"


def test_an_application_has_one_document_unless_that_is_spoiled(office: WorkingOffice) -> None:
    approved = office.approved()
    first = office.prepare(approved)
    with pytest.raises(NotPermitted, match="application-has-document"):
        office.prepare(approved)
    office.register.documents.spoil(first.id, "torn", ANNA)
    second = office.prepare(approved)
    packages = [office.register.documents.load_package(each.id) for each in (first, second)]
    assert first.document_number != second.document_number
    assert first.sod_sha256 != second.sod_sha256
    assert packages[0].chip_authentication_key is None


def test_a_card_is_bound_once_and_issued_with_its_keys_destroyed(office: WorkingOffice) -> None:
    documents, document = office.register.documents, office.document()
    assert documents.bind_chip(document.id, "C1", ANNA).state is DocumentState.BOUND
    assert documents.bind_chip(document.id, "C1", ANNA).chip == "C1"
    before = documents.load_package(document.id)
    assert before.chip_authentication_key is not None and before.active_authentication_key is not None
    issued = documents.issue(document.id, ANNA)
    after = documents.load_package(document.id)
    assert issued.state is DocumentState.ISSUED
    assert after.chip_authentication_key is None and after.active_authentication_key is None
    actions = [row.action for row in office.register.audit_rows(document.id)]
    assert actions == ["document.prepared", "document.bound", "document.keys-destroyed", "document.issued"]


def test_one_chip_one_document(office: WorkingOffice) -> None:
    documents = office.register.documents
    first, second = office.document(), office.document({**UTOPIAN, "primary_identifier": "Other"})
    documents.bind_chip(first.id, "C1", ANNA)
    with pytest.raises(NotPermitted, match="chip-has-document"):
        documents.bind_chip(second.id, "C1", ANNA)
    with pytest.raises(NotPermitted, match="state-forbids"):
        documents.bind_chip(first.id, "C2", ANNA)
    documents.spoil(first.id, "lost power", ANNA)
    with pytest.raises(NotPermitted, match="chip-has-document"):
        documents.bind_chip(second.id, "C1", ANNA)


ALLOWED = {
    ("prepared", "bind"),
    ("prepared", "spoil"),
    ("bound", "issue"),
    ("bound", "spoil"),
}


@pytest.mark.parametrize("action", ["bind", "issue", "spoil"])
@pytest.mark.parametrize("state", ["prepared", "bound", "issued", "spoiled"])
def test_the_states_of_a_document(office: WorkingOffice, state: str, action: str) -> None:
    documents, document = office.register.documents, office.document()
    if state in ("bound", "issued"):
        documents.bind_chip(document.id, "C1", ANNA)
    if state == "issued":
        documents.issue(document.id, ANNA)
    if state == "spoiled":
        documents.spoil(document.id, "torn", ANNA)
    steps: dict[str, Callable[[], object]] = {
        "bind": lambda: documents.bind_chip(document.id, "C2", ANNA),
        "issue": lambda: documents.issue(document.id, ANNA),
        "spoil": lambda: documents.spoil(document.id, "torn", ANNA),
    }
    if (state, action) in ALLOWED:
        steps[action]()
    else:
        with pytest.raises(NotPermitted, match="state-forbids"):
            steps[action]()
        assert documents.get(document.id).state == state


def test_a_changed_file_of_a_document_is_found_out(office: WorkingOffice) -> None:
    document = office.document()
    change(
        office,
        "UPDATE document_file SET content = (SELECT content FROM document_secret LIMIT 1) WHERE label = 'EF.DG2'",
    )
    with pytest.raises(IntegrityBroken, match="sealed-data-broken"):
        office.register.documents.load_package(document.id)
    change(office, "DELETE FROM document_file")
    with pytest.raises(IntegrityBroken, match="sealed-data-broken"):
        office.register.documents.load_package(document.id)


def test_preparing_is_for_one_process_at_a_time(office: WorkingOffice) -> None:
    approved = office.approved()
    with office.home.lock(f"application-{approved.id}"), pytest.raises(ServiceAway, match="lock-held"):
        office.prepare(approved)


def test_a_person_without_what_the_profile_needs_gets_no_document(office: WorkingOffice) -> None:
    with pytest.raises(BadInput, match="identity-number-missing"):
        office.approved({**UTOPIAN, "nationality": "VNM"}, "vn-cccd")


def test_nothing_secret_is_in_clear_in_the_home(office: WorkingOffice) -> None:
    document = office.document()
    package = office.register.documents.load_package(document.id)
    secrets: dict[str, bytes] = {
        "mrz information": package.mrz_information.reveal(),
        "mrz": package.files[ElementaryFile.DG1][5:95],
        "portrait": package.files[ElementaryFile.DG2][-200:],
        "data key": office.keys.symmetric("data").reveal(),
        "card master key": office.keys.symmetric("card-master").reveal(),
    }
    for key in (package.chip_authentication_key, package.active_authentication_key):
        assert key is not None
        secrets[f"chip key {len(secrets)}"] = key.reveal()
    for path in (path for path in office.home.root.rglob("*") if path.is_file()):
        content = path.read_bytes()
        for name, secret in secrets.items():
            assert secret not in content, f"{name} in {path.name}"
            assert secret.hex().encode() not in content.lower(), f"{name} in hex in {path.name}"
    for row in office.register.audit_rows():
        assert package.can.reveal().decode() not in row.detail


@pytest.fixture(scope="module")
def real_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = build_home(tmp_path_factory.mktemp("real") / "home", demo=False)
    office = WorkingOffice.at(home)
    for name in ("anna", "bert"):
        person(office, name)
    office.operators.enrol("carl", PASSPHRASE, EVERY_ROLE, NOW, office.keys.staff.sign, ENTROPY)
    office.register.close()
    return home.root


@pytest.fixture
def real_office(real_home: Path, tmp_path: Path) -> Iterator[WorkingOffice]:
    """An office in a home that is no demo: its operators have keys."""
    office = WorkingOffice.at(Home.open(shutil.copytree(real_home, tmp_path / "home")))
    anna, bert = (person(office, name) for name in ("anna", "bert"))
    yield replace(office, clerk=anna, approver=bert)
    office.register.close()


def test_outside_a_demo_home_decisions_are_signed_and_checked(real_office: WorkingOffice) -> None:
    document = real_office.document()
    real_office.register.documents.bind_chip(document.id, "C1", real_office.clerk)
    assert real_office.register.documents.issue(document.id, real_office.clerk).state is DocumentState.ISSUED


@pytest.mark.parametrize(
    ("statement", "code"),
    [
        ("UPDATE decision SET signature = NULL", "decision-signature"),
        ("UPDATE decision SET statement = replace(statement, 'bert', 'carl'), operator = 'carl'", "decision-signature"),
        ("DELETE FROM decision", "decision-missing"),
    ],
)
def test_a_forged_approval_is_found_out(real_office: WorkingOffice, statement: str, code: str) -> None:
    approved = real_office.approved()
    change(real_office, statement)
    with pytest.raises(EidError, match=code):
        real_office.prepare(approved)
    assert real_office.register.documents.list() == ()


def test_a_real_home_issues_for_its_own_state_only(real_office: WorkingOffice) -> None:
    assert real_office.authorities.states() == ("UTO",)
    approved = real_office.approved(VIETNAMESE, "vn-cccd")
    with pytest.raises(BadInput, match="authority-missing"):
        real_office.prepare(approved)
    assert not real_office.authorities.csca("UTO").subject.text.upper().count("SPECIMEN")
