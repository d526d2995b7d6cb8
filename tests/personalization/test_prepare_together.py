"""Documents that are prepared together: each is whole or not there, whatever happens to the others or to the office."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from eid_toolkit.books.authorities.authority_files import AuthorityFiles
from eid_toolkit.books.ledger.database import Database
from eid_toolkit.books.staff.operators import Operator
from eid_toolkit.books.staff.roles import Role
from eid_toolkit.ground.errors import EidError, NotPermitted
from eid_toolkit.work.personalization import prepare as prepare_module
from support.homes import UTOPIAN, Desk, both_backends
from support.preparing import GROUP, approved, check_all_whole, counted, outcomes, preparation, signed

__all__ = ["both_backends"]


@pytest.fixture(autouse=True)
def small_groups(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prepare_module, "_GROUP", GROUP)


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
