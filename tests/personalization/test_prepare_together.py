"""Documents that are prepared together: each is whole or not there, whatever happens to the others or to the office."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from eid_toolkit.books.authorities.authorities import AuthorityStore
from eid_toolkit.books.authorities.authority_files import AuthorityFiles
from eid_toolkit.books.ledger.database import Database
from eid_toolkit.books.register.documents import documents
from eid_toolkit.books.register.documents.documents import Document, DocumentState
from eid_toolkit.books.register.stock.accounting import signer_accounts
from eid_toolkit.books.staff.operators import Operator
from eid_toolkit.books.staff.roles import Role
from eid_toolkit.ground.errors import EidError, NotPermitted
from eid_toolkit.ground.home.home import Home
from eid_toolkit.work.personalization import prepare as prepare_module
from eid_toolkit.work.personalization.prepare import Preparation
from support.homes import CLOCK, ENTROPY, UTOPIAN, Desk, both_backends
from support.waiting import status_of

__all__ = ["both_backends"]

pytestmark = pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
GROUP = 4


@pytest.fixture(autouse=True)
def small_groups(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prepare_module, "_GROUP", GROUP)


def approved(desk: Desk, number: int, **values: str) -> list[str]:
    return [
        desk.approved(UTOPIAN | {"primary_identifier": f"Berg{'abcdefghijklm'[at]}"} | values).id
        for at in range(number)
    ]


def preparation(desk: Desk, limit: int = 1000) -> Preparation:
    return Preparation(desk.home, desk.register, AuthorityStore(desk.home.pki, desk.keys, limit), CLOCK, ENTROPY)


def outcomes(desk: Desk, applications: list[str], limit: int = 1000) -> list[str]:
    """For each application ``prepared``, or the code of what was wrong; what was prepared is whole."""
    told = []
    for application, outcome in zip(
        applications, preparation(desk, limit).prepare_all(applications, desk.clerk), strict=True
    ):
        if isinstance(outcome, Document):
            assert outcome.application_id == application.upper()
            assert outcome == desk.register.documents.get(outcome.id)
            desk.register.documents.load_package(outcome.id)
        told.append("prepared" if isinstance(outcome, Document) else outcome.code)
    return told


def counted(desk: Desk) -> int:
    return desk.authorities.files.signatures("UTO", "ds", 1)


def signed(desk: Desk) -> int:
    """How many signatures the register's documents have."""
    return sum(account.signed_files for account in signer_accounts(desk.register.database).values())


def check_all_whole(desk: Desk, applications: list[str]) -> list[Document]:
    """No application has two documents, each document opens, and the log tells of just these."""
    there = desk.register.documents.list()
    assert len({document.application_id for document in there}) == len(there)
    assert {document.application_id for document in there} <= set(applications)
    for document in there:
        package = desk.register.documents.load_package(document.id)
        assert package.state is DocumentState.PREPARED and package.chip_authentication_key is not None
    assert desk.register.verify_audit().broken_at is None
    told = [row.subject for row in desk.register.audit_rows() if row.action == "document.prepared"]
    assert sorted(told) == sorted(document.id for document in there)
    assert counted(desk) >= signed(desk) >= len(there)
    return list(there)


def test_a_group_is_one_transaction_and_one_sync_of_the_count(
    backend: str, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    applications, steps = approved(desk, 2 * GROUP + 1), list[str]()
    write, sync, count = Database.write, AuthorityFiles.sync_signatures, AuthorityFiles.count_signature

    def noted(name: str, of: Callable[..., object]) -> Callable[..., object]:
        def call(*arguments: object, **more: object) -> object:
            steps.append(name)
            return of(*arguments, **more)

        return call

    monkeypatch.setattr(Database, "write", noted("write", write))
    monkeypatch.setattr(AuthorityFiles, "sync_signatures", noted("sync", sync))
    monkeypatch.setattr(AuthorityFiles, "count_signature", noted("sign", count))
    assert outcomes(desk, applications) == ["prepared"] * len(applications)
    whole = [*["sign"] * GROUP, "sync", "write"]
    assert steps == [*whole, *whole, "sign", "sync", "write"]
    assert counted(desk) == signed(desk) == len(applications)


def test_what_is_wrong_with_one_is_its_own(backend: str, desk: Desk) -> None:
    one, undecided, two, three = *approved(desk, 1), desk.application().id, *approved(desk, 2)
    ended = desk.approved(UTOPIAN | {"primary_identifier": "Gone"})
    desk.register.applications.withdraw(ended.id, desk.clerk, "moved abroad")
    applications = [one, undecided, "A-UNKNOWN", two, ended.id, three.lower()]
    assert outcomes(desk, applications) == [
        "prepared", "application-not-approved", "application-unknown",
        "prepared", "application-not-approved", "prepared",
    ]  # fmt: skip
    check_all_whole(desk, [one, two, three])
    assert counted(desk) == 3  # nothing was signed for the others


def test_an_unknown_application_is_named_as_it_was_typed(desk: Desk) -> None:
    (outcome,) = preparation(desk).prepare_all(["a-nowhere"], desk.clerk)
    assert isinstance(outcome, EidError) and outcome.facts["application"] == "a-nowhere"


def test_an_application_that_ends_while_its_group_is_signed_takes_no_other_along(
    backend: str, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    applications = approved(desk, GROUP)
    sync = AuthorityFiles.sync_signatures

    def late(files: AuthorityFiles, *which: object) -> None:
        if desk.register.applications.get(applications[1]).state == "approved":
            desk.register.applications.withdraw(applications[1], desk.clerk, "moved abroad")
        sync(files, *which)  # type: ignore[arg-type]

    monkeypatch.setattr(AuthorityFiles, "sync_signatures", late)
    assert outcomes(desk, applications) == ["prepared", "application-not-approved", "prepared", "prepared"]
    assert len(check_all_whole(desk, applications)) == GROUP - 1
    assert counted(desk) == GROUP


def test_the_same_application_twice_has_one_document(desk: Desk) -> None:
    (one, two) = approved(desk, 2)
    assert outcomes(desk, [one, two, one.lower()]) == ["prepared", "prepared", "application-has-document"]
    assert len(check_all_whole(desk, [one, two])) == 2


def test_two_documents_of_a_group_have_not_the_same_number(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    applications, drawn = approved(desk, 2), [7, 7, 8, *range(100)]
    group = prepare_module._Group

    def below(self: object, limit: int) -> int:
        return drawn.pop(0) if limit > 1_000_000 else 0

    monkeypatch.setattr(group, "_random_below", below)
    assert outcomes(desk, applications) == ["prepared", "prepared"]
    assert len({document.document_number for document in desk.register.documents.list()}) == 2


def test_a_signer_signs_no_more_than_it_may_in_the_midst_of_a_group_either(backend: str, desk: Desk) -> None:
    applications = approved(desk, GROUP + 1)
    exhausted = "document-signer-exhausted"
    assert outcomes(desk, applications, limit=3) == [*["prepared"] * 3, exhausted, exhausted]
    assert counted(desk) == signed(desk) == 3


def test_whoever_may_not_prepare_prepares_nothing(desk: Desk) -> None:
    applications = approved(desk, 1)
    with pytest.raises(NotPermitted, match="role-missing"):
        list(preparation(desk).prepare_all(applications, Operator("eve", roles=frozenset({Role.AUDITOR}))))
    assert not desk.register.documents.list() and counted(desk) == 0


def forked(home: Path, act: Callable[[Desk], None]) -> int:
    """Another process at the same home; its number."""
    child = os.fork()
    if child == 0:
        try:
            act(Desk.open(Home.open(home)))
            os._exit(0)
        finally:
            os._exit(1)
    return child


def die(*_: object, **__: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def dies_after_signatures(patched: pytest.MonkeyPatch) -> None:
    count, left = AuthorityFiles.count_signature, [GROUP + 2]

    def counts(*which: object) -> None:
        count(*which)  # type: ignore[arg-type]
        left[0] -= 1
        if not left[0]:
            die()

    patched.setattr(AuthorityFiles, "count_signature", counts)


def dies_before_sync(patched: pytest.MonkeyPatch) -> None:
    patched.setattr(AuthorityFiles, "sync_signatures", die)


def dies_within_the_transaction(patched: pytest.MonkeyPatch) -> None:
    patched.setattr(documents, "append", die)  # all rows are written, none is committed


def dies_in_the_second_transaction(patched: pytest.MonkeyPatch) -> None:
    append, groups = documents.append, [1]

    def appends(*what: object) -> None:
        if not groups:
            die()
        groups.pop()
        append(*what)  # type: ignore[arg-type]

    patched.setattr(documents, "append", appends)


@pytest.mark.parametrize(
    ("kill", "kept", "signatures"),
    [
        (dies_after_signatures, GROUP, GROUP + 2),
        (dies_before_sync, 0, GROUP),
        (dies_within_the_transaction, 0, GROUP),
        (dies_in_the_second_transaction, GROUP, 2 * GROUP),
    ],
)
def test_a_kill_leaves_whole_groups_and_every_signature_counted(
    backend: str, desk: Desk, kill: Callable[[pytest.MonkeyPatch], None], kept: int, signatures: int
) -> None:
    applications = approved(desk, 2 * GROUP)
    desk.register.close()

    def act(theirs: Desk) -> None:
        with pytest.MonkeyPatch.context() as patched:
            kill(patched)
            outcomes(theirs, applications)

    assert os.WTERMSIG(status_of(forked(desk.home.root, act))) == signal.SIGKILL
    assert len(check_all_whole(desk, applications)) == kept
    assert counted(desk) == signatures
    waiting = list(desk.register.applications.waiting())
    assert outcomes(desk, waiting) == ["prepared"] * (2 * GROUP - kept)
    assert len(check_all_whole(desk, applications)) == 2 * GROUP
    assert counted(desk) == signatures + 2 * GROUP - kept


def test_two_processes_prepare_each_document_once_and_sign_no_more_than_the_signer_may(
    backend: str, desk: Desk
) -> None:
    applications, limit = approved(desk, 3 * GROUP), 2 * GROUP + 1
    desk.register.close()
    mine, theirs = os.pipe()

    def act(theirs_too: Desk) -> None:
        os.read(mine, 1)
        told = outcomes(theirs_too, applications, limit)
        assert set(told) <= {"prepared", "lock-held", "application-has-document", "document-signer-exhausted"}, told

    children = [forked(desk.home.root, act) for _ in range(2)]
    os.write(theirs, b"go")
    assert [status_of(child) for child in children] == [0, 0]
    assert len(check_all_whole(desk, applications)) == signed(desk) <= counted(desk) == limit
    os.close(mine)
    os.close(theirs)
