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
from support.homes import UTOPIAN, WorkingOffice, both_backends
from support.preparing import GROUP, approved, check_all_whole, counted, outcomes, preparation, signed

__all__ = ["both_backends"]


@pytest.fixture(autouse=True)
def small_groups(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prepare_module, "_GROUP", GROUP)


def test_a_group_is_one_transaction_and_one_sync_of_the_count(
    backend: str, office: WorkingOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    applications, steps = approved(office, 2 * GROUP + 1), list[str]()
    write, sync, count = Database.write, AuthorityFiles.sync_signatures, AuthorityFiles.count_signature

    def noted(name: str, of: Callable[..., object]) -> Callable[..., object]:
        def call(*arguments: object, **more: object) -> object:
            steps.append(name)
            return of(*arguments, **more)

        return call

    monkeypatch.setattr(Database, "write", noted("write", write))
    monkeypatch.setattr(AuthorityFiles, "sync_signatures", noted("sync", sync))
    monkeypatch.setattr(AuthorityFiles, "count_signature", noted("sign", count))
    assert outcomes(office, applications) == ["prepared"] * len(applications)
    whole = [*["sign"] * GROUP, "sync", "write"]
    assert steps == [*whole, *whole, "sign", "sync", "write"]
    assert counted(office) == signed(office) == len(applications)


def test_what_is_wrong_with_one_is_its_own(backend: str, office: WorkingOffice) -> None:
    one, undecided, two, three = *approved(office, 1), office.application().id, *approved(office, 2)
    ended = office.approved(UTOPIAN | {"primary_identifier": "Gone"})
    office.register.applications.withdraw(ended.id, office.clerk, "moved abroad")
    applications = [one, undecided, "A-UNKNOWN", two, ended.id, three.lower()]
    assert outcomes(office, applications) == [
        "prepared", "application-not-approved", "application-unknown",
        "prepared", "application-not-approved", "prepared",
    ]  # fmt: skip
    check_all_whole(office, [one, two, three])
    assert counted(office) == 3  # nothing was signed for the others


def test_an_unknown_application_is_named_as_it_was_typed(office: WorkingOffice) -> None:
    (outcome,) = preparation(office).prepare_all(["a-nowhere"], office.clerk)
    assert isinstance(outcome, EidError) and outcome.facts["application"] == "a-nowhere"


def test_an_application_that_ends_while_its_group_is_signed_takes_no_other_along(
    backend: str, office: WorkingOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    applications = approved(office, GROUP)
    sync = AuthorityFiles.sync_signatures

    def late(files: AuthorityFiles, *which: object) -> None:
        if office.register.applications.get(applications[1]).state == "approved":
            office.register.applications.withdraw(applications[1], office.clerk, "moved abroad")
        sync(files, *which)  # type: ignore[arg-type]

    monkeypatch.setattr(AuthorityFiles, "sync_signatures", late)
    assert outcomes(office, applications) == ["prepared", "application-not-approved", "prepared", "prepared"]
    assert len(check_all_whole(office, applications)) == GROUP - 1
    assert counted(office) == GROUP


def test_the_same_application_twice_has_one_document(office: WorkingOffice) -> None:
    (one, two) = approved(office, 2)
    assert outcomes(office, [one, two, one.lower()]) == ["prepared", "prepared", "application-has-document"]
    assert len(check_all_whole(office, [one, two])) == 2


def test_two_documents_of_a_group_have_not_the_same_number(
    office: WorkingOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    applications, drawn = approved(office, 2), [7, 7, 8, *range(100)]
    group = prepare_module._Group

    def below(self: object, limit: int) -> int:
        return drawn.pop(0) if limit > 1_000_000 else 0

    monkeypatch.setattr(group, "_random_below", below)
    assert outcomes(office, applications) == ["prepared", "prepared"]
    assert len({document.document_number for document in office.register.documents.list()}) == 2


def test_a_signer_signs_no_more_than_it_may_in_the_midst_of_a_group_either(backend: str, office: WorkingOffice) -> None:
    applications = approved(office, GROUP + 1)
    exhausted = "document-signer-exhausted"
    assert outcomes(office, applications, limit=3) == [*["prepared"] * 3, exhausted, exhausted]
    assert counted(office) == signed(office) == 3


def test_whoever_may_not_prepare_prepares_nothing(office: WorkingOffice) -> None:
    applications = approved(office, 1)
    with pytest.raises(NotPermitted, match="role-missing"):
        list(preparation(office).prepare_all(applications, Operator("eve", roles=frozenset({Role.AUDITOR}))))
    assert not office.register.documents.list() and counted(office) == 0
