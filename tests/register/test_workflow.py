"""From application to issued card: who may, in which state, and what is checked again when it is used."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path

import pytest
from sqlalchemy import text

from eid_toolkit.books.register.documents.applications import ApplicationState
from eid_toolkit.books.register.documents.documents import DocumentState
from eid_toolkit.ground.errors import BadInput, EidError, IntegrityBroken, NotPermitted, ServiceAway
from eid_toolkit.ground.home.home import Home
from eid_toolkit.ground.secret import Secret
from eid_toolkit.standards.iso7816.files import ElementaryFile
from eid_toolkit.standards.lds.sod import Sod
from eid_toolkit.standards.pki.cms import verify_signed_data
from support.homes import ANNA, BERT, ENTROPY, NOW, PASSPHRASE, UTOPIAN, VIETNAMESE, Desk, build_home


def change(desk: Desk, statement: str, **values: object) -> None:
    """Somebody with access to the database."""
    with desk.register.database.write() as connection:
        connection.execute(text(statement), values)


def test_the_approver_is_never_the_creator(desk: Desk) -> None:
    made = desk.application()
    for name in ("anna", "Anna"):
        with pytest.raises(NotPermitted, match="approver-is-creator"):
            desk.register.applications.approve(made.id, desk.operators.act_as(name, lambda: Secret(b"")))
    approved = desk.register.applications.approve(made.id, BERT)
    assert approved.state is ApplicationState.APPROVED
    assert approved.decision is not None and approved.decision.operator == "bert"


def test_an_application_is_decided_once(desk: Desk) -> None:
    made = desk.application()
    rejected = desk.register.applications.reject(made.id, BERT, "blurred portrait")
    assert rejected.decision is not None and rejected.decision.state["reason"] == "blurred portrait"
    with pytest.raises(NotPermitted, match="state-forbids"):
        desk.register.applications.approve(made.id, BERT)
    with pytest.raises(NotPermitted, match="application-not-approved"):
        desk.prepare(made)


def test_a_document_needs_an_approval(desk: Desk) -> None:
    with pytest.raises(NotPermitted, match="application-not-approved"):
        desk.prepare(desk.application())


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE person SET primary_identifier = 'Other'",
        "UPDATE application SET portrait_sha256 = '00'",
        "UPDATE application SET creator = 'carl'",
        "UPDATE application SET profile_hash = '00'",
        "UPDATE decision SET operator = 'carl'",
    ],
)
def test_an_approval_holds_for_the_state_it_was_given_on(desk: Desk, statement: str) -> None:
    approved = desk.approved()
    change(desk, statement)
    with pytest.raises(IntegrityBroken, match="decision-on-another-state"):
        desk.prepare(approved)


def test_a_portrait_that_was_exchanged_is_found_out(desk: Desk) -> None:
    approved, other = desk.approved(), desk.application(VIETNAMESE, "vn-cccd")
    change(
        desk,
        "UPDATE application SET portrait = (SELECT portrait FROM application WHERE id = :other) WHERE id = :own",
        other=other.id,
        own=approved.id,
    )
    with pytest.raises(IntegrityBroken, match="sealed-data-broken"):
        desk.prepare(approved)


def test_a_prepared_document_is_signed_and_whole(desk: Desk) -> None:
    document = desk.document(VIETNAMESE, "vn-cccd")
    package = desk.register.documents.load_package(document.id)
    sod = Sod.parse(package.files[ElementaryFile.SOD])
    assert set(sod.hashes) == {1, 2, 12, 13, 14, 15}
    assert all(sod.covers(n, package.files[ElementaryFile.of_data_group(n)]) for n in sod.hashes)
    signer = desk.authorities.signer_certificate("VNM")
    assert verify_signed_data(sod.signed_data, signer.der)
    assert document.signer == signer.fingerprint
    assert document.sod_sha256 == sha256(package.files[ElementaryFile.SOD]).hexdigest()
    assert len(package.can) == 6 and package.can.reveal().isdigit()
    assert package.mrz_information.reveal() == b"000000017090013103001318"


def test_an_application_has_one_document_unless_that_is_spoiled(desk: Desk) -> None:
    approved = desk.approved()
    first = desk.prepare(approved)
    with pytest.raises(NotPermitted, match="application-has-document"):
        desk.prepare(approved)
    desk.register.documents.spoil(first.id, "torn", ANNA)
    second = desk.prepare(approved)
    packages = [desk.register.documents.load_package(each.id) for each in (first, second)]
    assert first.document_number != second.document_number
    assert first.sod_sha256 != second.sod_sha256
    assert packages[0].chip_authentication_key is None


def test_a_card_is_bound_once_and_issued_with_its_keys_destroyed(desk: Desk) -> None:
    documents, document = desk.register.documents, desk.document()
    assert documents.bind_chip(document.id, "C1", ANNA).state is DocumentState.BOUND
    assert documents.bind_chip(document.id, "C1", ANNA).chip == "C1"
    before = documents.load_package(document.id)
    assert before.chip_authentication_key is not None and before.active_authentication_key is not None
    issued = documents.issue(document.id, ANNA)
    after = documents.load_package(document.id)
    assert issued.state is DocumentState.ISSUED
    assert after.chip_authentication_key is None and after.active_authentication_key is None
    actions = [row.action for row in desk.register.audit_rows(document.id)]
    assert actions == ["document.prepared", "document.bound", "document.keys-destroyed", "document.issued"]


def test_one_chip_one_document(desk: Desk) -> None:
    documents = desk.register.documents
    first, second = desk.document(), desk.document({**UTOPIAN, "primary_identifier": "Other"})
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
def test_the_states_of_a_document(desk: Desk, state: str, action: str) -> None:
    documents, document = desk.register.documents, desk.document()
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


def test_a_changed_file_of_a_document_is_found_out(desk: Desk) -> None:
    document = desk.document()
    change(
        desk, "UPDATE document_file SET content = (SELECT content FROM document_secret LIMIT 1) WHERE label = 'EF.DG2'"
    )
    with pytest.raises(IntegrityBroken, match="sealed-data-broken"):
        desk.register.documents.load_package(document.id)
    change(desk, "DELETE FROM document_file")
    with pytest.raises(IntegrityBroken, match="sealed-data-broken"):
        desk.register.documents.load_package(document.id)


def test_preparing_is_for_one_process_at_a_time(desk: Desk) -> None:
    approved = desk.approved()
    with desk.home.lock(f"application-{approved.id}"), pytest.raises(ServiceAway, match="lock-held"):
        desk.prepare(approved)


def test_a_person_without_what_the_profile_needs_gets_no_document(desk: Desk) -> None:
    with pytest.raises(BadInput, match="identity-number-missing"):
        desk.approved({**UTOPIAN, "nationality": "VNM"}, "vn-cccd")


def test_nothing_secret_is_in_clear_in_the_home(desk: Desk) -> None:
    document = desk.document()
    package = desk.register.documents.load_package(document.id)
    secrets: dict[str, bytes] = {
        "mrz information": package.mrz_information.reveal(),
        "mrz": package.files[ElementaryFile.DG1][5:95],
        "portrait": package.files[ElementaryFile.DG2][-200:],
        "data key": desk.keys.symmetric("data").reveal(),
        "card master key": desk.keys.symmetric("card-master").reveal(),
    }
    for key in (package.chip_authentication_key, package.active_authentication_key):
        assert key is not None
        secrets[f"chip key {len(secrets)}"] = key.reveal()
    for path in (path for path in desk.home.root.rglob("*") if path.is_file()):
        content = path.read_bytes()
        for name, secret in secrets.items():
            assert secret not in content, f"{name} in {path.name}"
            assert secret.hex().encode() not in content.lower(), f"{name} in hex in {path.name}"
    for row in desk.register.audit_rows():
        assert package.can.reveal().decode() not in row.detail


@pytest.fixture(scope="module")
def real_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = build_home(tmp_path_factory.mktemp("real") / "home", demo=False)
    desk = Desk.open(home)
    for name in ("anna", "bert", "carl"):
        desk.operators.add(name, PASSPHRASE, NOW, ENTROPY)
    desk.register.close()
    return home.root


@pytest.fixture
def real_desk(real_home: Path, tmp_path: Path) -> Iterator[Desk]:
    """An office in a home that is no demo: its operators have keys."""
    desk = Desk.open(Home.open(shutil.copytree(real_home, tmp_path / "home")))
    desk.clerk, desk.approver = (desk.operators.act_as(name, lambda: PASSPHRASE) for name in ("anna", "bert"))
    yield desk
    desk.register.close()


def test_outside_a_demo_home_decisions_are_signed_and_checked(real_desk: Desk) -> None:
    document = real_desk.document()
    real_desk.register.documents.bind_chip(document.id, "C1", real_desk.clerk)
    assert real_desk.register.documents.issue(document.id, real_desk.clerk).state is DocumentState.ISSUED


@pytest.mark.parametrize(
    ("statement", "code"),
    [
        ("UPDATE decision SET signature = NULL", "decision-signature"),
        ("UPDATE decision SET statement = replace(statement, 'bert', 'carl'), operator = 'carl'", "decision-signature"),
        ("DELETE FROM decision", "decision-missing"),
    ],
)
def test_a_forged_approval_is_found_out(real_desk: Desk, statement: str, code: str) -> None:
    approved = real_desk.approved()
    change(real_desk, statement)
    with pytest.raises(EidError, match=code):
        real_desk.prepare(approved)
    assert real_desk.register.documents.list() == ()


def test_a_real_home_issues_for_its_own_state_only(real_desk: Desk) -> None:
    assert real_desk.authorities.states() == ("UTO",)
    approved = real_desk.approved(VIETNAMESE, "vn-cccd")
    with pytest.raises(BadInput, match="authority-missing"):
        real_desk.prepare(approved)
    assert not real_desk.authorities.csca("UTO").subject.text.upper().count("SPECIMEN")
