"""Preparing is killed, or done by two at once: each document is whole or not there, and every signature is counted."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from eid_toolkit.books.authorities.authority_files import AuthorityFiles
from eid_toolkit.books.register.documents import documents
from eid_toolkit.ground.home.home import Home
from eid_toolkit.work.personalization import prepare as prepare_module
from support.homes import WorkingOffice, both_backends
from support.preparing import GROUP, approved, check_all_whole, counted, outcomes, signed
from support.waiting import status_of

__all__ = ["both_backends"]

pytestmark = pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")


@pytest.fixture(autouse=True)
def small_groups(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prepare_module, "_GROUP", GROUP)


def forked(home: Path, act: Callable[[WorkingOffice], None]) -> int:
    """Another process at the same home; its number."""
    child = os.fork()
    if child == 0:
        try:
            act(WorkingOffice.at(Home.open(home)))
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
    patched.setattr(documents, "change", die)  # documents are written, none is committed


def dies_in_the_second_transaction(patched: pytest.MonkeyPatch) -> None:
    change, groups = documents.change, [1]

    def changes(*what: object) -> None:
        if not groups:
            die()
        groups.pop()
        change(*what)  # type: ignore[arg-type]

    patched.setattr(documents, "change", changes)


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
    backend: str, office: WorkingOffice, kill: Callable[[pytest.MonkeyPatch], None], kept: int, signatures: int
) -> None:
    applications = approved(office, 2 * GROUP)
    office.register.close()

    def act(theirs: WorkingOffice) -> None:
        with pytest.MonkeyPatch.context() as patched:
            kill(patched)
            outcomes(theirs, applications)

    assert os.WTERMSIG(status_of(forked(office.home.root, act))) == signal.SIGKILL
    assert len(check_all_whole(office, applications)) == kept
    assert counted(office) == signatures
    waiting = list(office.register.applications.waiting())
    assert outcomes(office, waiting) == ["prepared"] * (2 * GROUP - kept)
    assert len(check_all_whole(office, applications)) == 2 * GROUP
    assert counted(office) == signatures + 2 * GROUP - kept


def test_two_processes_prepare_each_document_once_and_sign_no_more_than_the_signer_may(
    backend: str, office: WorkingOffice
) -> None:
    applications, limit = approved(office, 3 * GROUP), 2 * GROUP + 1
    office.register.close()
    mine, theirs = os.pipe()

    def act(theirs_too: WorkingOffice) -> None:
        os.read(mine, 1)
        told = outcomes(theirs_too, applications, limit)
        assert set(told) <= {"prepared", "lock-held", "application-has-document", "document-signer-exhausted"}, told

    children = [forked(office.home.root, act) for _ in range(2)]
    os.write(theirs, b"go")
    assert [status_of(child) for child in children] == [0, 0]
    assert len(check_all_whole(office, applications)) == signed(office) <= counted(office) == limit
    os.close(mine)
    os.close(theirs)
