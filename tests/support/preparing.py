"""Several applications prepared together, and what must hold of their documents afterwards."""

from __future__ import annotations

from eid_toolkit.books.authorities.authorities import AuthorityStore
from eid_toolkit.books.register.documents.documents import Document, DocumentState
from eid_toolkit.books.register.stock.accounting import signer_accounts
from eid_toolkit.work.personalization.prepare import Preparation
from support.homes import CLOCK, ENTROPY, UTOPIAN, WorkingOffice

GROUP = 4
"""How many are kept together in these tests."""


def approved(office: WorkingOffice, number: int, **values: str) -> list[str]:
    return [
        office.approved(UTOPIAN | {"primary_identifier": f"Berg{'abcdefghijklm'[at]}"} | values).id
        for at in range(number)
    ]


def preparation(office: WorkingOffice, limit: int = 1000) -> Preparation:
    return Preparation(
        office.home, office.register, AuthorityStore(office.home.pki, office.keys, limit), CLOCK, ENTROPY
    )


def outcomes(office: WorkingOffice, applications: list[str], limit: int = 1000) -> list[str]:
    """For each application ``prepared``, or the code of what was wrong; what was prepared is whole."""
    told = []
    for application, outcome in zip(
        applications, preparation(office, limit).prepare_all(applications, office.clerk), strict=True
    ):
        if isinstance(outcome, Document):
            assert outcome.application_id == application.upper()
            assert outcome == office.register.documents.get(outcome.id)
            office.register.documents.load_package(outcome.id)
        told.append("prepared" if isinstance(outcome, Document) else outcome.code)
    return told


def counted(office: WorkingOffice) -> int:
    return office.authorities.files.signatures("UTO", "ds", 1)


def signed(office: WorkingOffice) -> int:
    """How many signatures the register's documents have."""
    return sum(account.signed_files for account in signer_accounts(office.register.database).values())


def check_all_whole(office: WorkingOffice, applications: list[str]) -> list[Document]:
    """No application has two documents, each document opens, and the log tells of just these."""
    there = office.register.documents.list()
    assert len({document.application_id for document in there}) == len(there)
    assert {document.application_id for document in there} <= set(applications)
    for document in there:
        package = office.register.documents.load_package(document.id)
        assert package.state is DocumentState.PREPARED and package.chip_authentication_key is not None
    assert office.register.audit.verify().broken_at is None
    told = [row.subject for row in office.register.audit_rows() if row.action == "document.prepared"]
    assert sorted(told) == sorted(document.id for document in there)
    assert counted(office) >= signed(office) >= len(there)
    return list(there)
