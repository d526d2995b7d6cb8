"""Attacks with the database alone on the log itself: rewritten with all hashes, cut off at its end, or set back."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from eid_toolkit.books.audit.home_notes import NEWEST_FILE
from eid_toolkit.books.audit.log import Filter
from eid_toolkit.books.audit.rows import StoredRow
from eid_toolkit.books.keys.compartments import Compartment
from eid_toolkit.books.ledger.kinds import AGENCIES, APPLICATIONS, DOCUMENTS
from eid_toolkit.books.ledger.schema import agency, application, document
from eid_toolkit.books.register.documents.documents import Document
from eid_toolkit.books.register.register import RESEALED
from eid_toolkit.doors.cli.main import main
from eid_toolkit.ground.home.home import Home
from eid_toolkit.work.office import appointing, keeping
from eid_toolkit.work.office.at_work import office_at_work
from support.homes import CLOCK, ENTROPY, PASSPHRASE, NoQuestions, WorkingOffice
from support.meddling import Meddler, meddling, vouching
from support.real_offices import at_work, both, copied_real_home, differing, log_broken, looked_at, refused
from support.whole_life import BANK, WholeLife, apply_for, issue_for, prepare_for

__all__ = ["copied_real_home"]
NO_KEY = ("register-behind", "row-not-signed")


@pytest.fixture
def life() -> WholeLife:
    return WholeLife()


@pytest.fixture
def meddler(real_home: Home) -> Iterator[Meddler]:
    with meddling(real_home) as found:
        yield found


def forgetful(home: Home) -> None:
    """Another home of the same register, in which nobody has signed yet."""
    (home.audit / NEWEST_FILE).unlink(missing_ok=True)


def prepared(office: WorkingOffice, application_id: str) -> Document:
    return office.preparation.prepare(application_id, office.clerk)


def looked_up(life: WholeLife, office: WorkingOffice) -> object:
    return office.register.agencies.look_up(BANK, "opening an account", office.clerk, reference=life.persons["person"])


@pytest.fixture
def rejected(real_home: Home, life: WholeLife) -> str:
    """An application that was rejected, and more that came behind it."""
    with at_work(real_home) as office:
        made = apply_for(office, life, "rejected")
        office.register.applications.reject(made.id, office.approver, "blurred portrait")
        prepare_for(office, life, "other")
    return made.id


def rewritten(meddler: Meddler, rejected: str) -> None:
    """The rejection becomes an approval, and everything fits: values, hashes, heads, and what points to them."""
    meddler.set(application, rejected, state="approved")
    values = meddler.values(application, rejected)
    (_, decided) = meddler.told(APPLICATIONS, rejected)

    def approved(row: StoredRow) -> StoredRow:
        return vouching(row._replace(action="application.approved", state="approved"), APPLICATIONS, values)

    meddler.rewrite({decided.position: approved})
    meddler.run("UPDATE decision SET action = 'approve' WHERE subject = :subject", subject=rejected)


@pytest.mark.parametrize("unsigned", [False, True])
@pytest.mark.parametrize("remembered", [False, True])
def test_a_log_that_was_rewritten_without_a_key_is_not_believed(
    real_home: Home, meddler: Meddler, rejected: str, unsigned: bool, remembered: bool
) -> None:
    if not remembered:
        forgetful(real_home)
    rewritten(meddler, rejected)
    if unsigned:
        first = meddler.told(APPLICATIONS, rejected)[-1].position
        meddler.run("DELETE FROM audit_signature WHERE position >= :first", first=first)
    refused(real_home, NO_KEY[not remembered], lambda office: prepared(office, rejected))
    assert differing(real_home)[("application", rejected) if not remembered else ("", "")] == NO_KEY[not remembered]
    assert log_broken(real_home) in ("audit-signature-wrong", "audit-signature-missing")


def test_a_checkpoint_finds_what_was_rewritten_before_it(real_home: Home, meddler: Meddler, rejected: str) -> None:
    with at_work(real_home) as office:
        office.register.audit.checkpoint(both(office))
    rewritten(meddler, rejected)
    meddler.run("DELETE FROM audit_signature")
    meddler.run("DELETE FROM audit_session")
    assert log_broken(real_home) is not None


def test_rights_that_were_written_into_the_log_too_are_not_believed(
    real_home: Home, meddler: Meddler, life: WholeLife
) -> None:
    with at_work(real_home) as office:
        apply_for(office, life, "person")
        office.register.agencies.add(BANK, "Bank of Utopia", ["id"], ["opening an account"], office.clerk)
    forgetful(real_home)
    meddler.set(agency, BANK, fields='["id", "religion"]')
    (added,) = meddler.told(AGENCIES, BANK)
    values = meddler.values(agency, BANK)
    meddler.rewrite({added.position: lambda row: vouching(row, AGENCIES, values)})
    refused(real_home, "row-not-signed", lambda office: looked_up(life, office))
    assert differing(real_home) == {("agency", BANK): "row-not-signed"}
    assert log_broken(real_home) == "audit-signature-wrong"


# Set back.


def test_a_log_whose_tail_was_dropped_is_behind_what_the_home_has_seen(
    real_home: Home, meddler: Meddler, life: WholeLife
) -> None:
    with at_work(real_home) as office:
        made = issue_for(office, life, "robbed")
        before = meddler.log()[-1].position
        office.register.statuses.change(made.id, "report-stolen", office.clerk, "on the train")
    meddler.forget(before + 1, meddler.log()[-1].position)
    meddler.run("DELETE FROM document_status")
    meddler.set(document, made.id, state="issued")
    for act in (
        lambda office: office.register.documents.load_package(made.id),
        lambda office: office.register.statuses.change(made.id, "suspend", office.clerk),
    ):
        refused(real_home, "register-behind", act)
    assert differing(real_home) == {("", ""): "register-behind"}
    assert log_broken(real_home) == "register-behind"
    assert meddler.told(DOCUMENTS, made.id)[-1].state == "issued"


@pytest.mark.parametrize("backend", ["sqlite"])
def test_yesterdays_database_in_the_place_of_todays_is_behind(
    real_home: Home, tmp_path: Path, life: WholeLife, backend: str
) -> None:
    with at_work(real_home) as office:
        made = issue_for(office, life, "robbed")
        office.register.database.copy_to(tmp_path / "yesterday.sqlite")
        office.register.statuses.change(made.id, "report-stolen", office.clerk, "on the train")
    for path in real_home.register_path.parent.glob(f"{real_home.register_path.name}*"):
        path.unlink()
    shutil.copy(tmp_path / "yesterday.sqlite", real_home.register_path)
    refused(real_home, "register-behind", lambda office: office.register.documents.load_package(made.id))
    refused(real_home, "register-behind",
            lambda office: office.register.statuses.change(made.id, "suspend", office.clerk))  # fmt: skip
    assert differing(real_home) == {("", ""): "register-behind"}
    assert log_broken(real_home) == "register-behind"


def restored(home: Home, file: Path) -> None:
    restorer = keeping.restorer_of(home.root, NoQuestions(second_operator="bert"), CLOCK, ENTROPY)
    restorer.restore(restorer.check(file), replace=True)


def verified(home: Home) -> dict[str, object]:
    """What `eid audit verify` prints."""
    words = ["--home", str(home.root), "--operator", "anna", "audit", "verify", "--format", "json"]
    result = CliRunner().invoke(main, words, env={"EID_OPERATOR_PASSPHRASE": PASSPHRASE.reveal().decode()})
    return dict(json.loads(result.stdout))


def test_every_restoring_is_remembered_whatever_is_restored_later(
    real_home: Home, tmp_path: Path, life: WholeLife
) -> None:
    with at_work(real_home) as office:
        made = issue_for(office, life, "robbed")
        keeping.back_up(office, tmp_path / "backup")
        office.register.statuses.change(made.id, "report-stolen", office.clerk, "on the train")
    for _ in range(2):
        restored(real_home, tmp_path / "backup")
        assert log_broken(real_home) is None
        assert differing(real_home) == {}
        with at_work(real_home) as office:
            assert office.register.documents.get(made.id).state == "issued"
            office.register.statuses.change(made.id, "suspend", office.clerk)
    with looked_at(real_home) as office:
        assert len(office.register.audit.restorings()) == 2
        assert len(office.register.audit.verify().restorings) == 1
    told = verified(real_home)
    assert told["intact"] is True
    assert len(told["restorings_of_the_home"]) == 2  # type: ignore[arg-type]


def test_what_an_office_does_by_itself_is_signed_too(real_home: Home, life: WholeLife) -> None:
    """Somebody leaves, and data keys are wrapped anew at the end of the next command."""
    with at_work(real_home) as office:
        prepare_for(office, life, "holder")
        appointing.disable_operator(office, "clara")
    with office_at_work(real_home.root, NoQuestions(second_operator="bert"), CLOCK, ENTROPY) as working:
        working.keys.unlock(Compartment.REGISTER)
    with looked_at(real_home) as office:
        assert office.register.audit_rows(Filter(action=RESEALED))
    assert log_broken(real_home) is None
    assert differing(real_home) == {}
