"""Roles: which operators may do what, in one table that the documentation is drawn from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum

from eid_toolkit.books.keys.compartments import Compartment


class Permission(StrEnum):
    """One thing that not everybody may do."""

    READ_PERSONS = "read-persons"
    CHANGE_PERSONS = "change-persons"
    DECIDE_DUPLICATES = "decide-duplicates"
    ERASE_PERSONS = "erase-persons"
    MANAGE_AGENCIES = "manage-agencies"
    REPORT_NOTICES = "report-notices"
    APPLY = "apply"
    DECIDE_APPLICATIONS = "decide-applications"
    PREPARE_DOCUMENTS = "prepare-documents"
    EXPORT_PRINT_DATA = "export-print-data"
    PERSONALIZE = "personalize"
    SPOIL = "spoil"
    REPORT_DOCUMENTS = "report-documents"
    REVOKE_DOCUMENTS = "revoke-documents"
    KEEP_STOCK = "keep-stock"
    WITNESS_STOCK = "witness-stock"
    READ_AUDIT = "read-audit"
    SIGN_AUDIT = "sign-audit"
    MANAGE_KEYS = "manage-keys"
    BACK_UP = "back-up"


class Role(StrEnum):
    """What an operator is in the office; an operator may have several."""

    CLERK = "clerk"
    APPROVER = "approver"
    PERSONALIZER = "personalizer"
    STOCK_KEEPER = "stock-keeper"
    AUDITOR = "auditor"
    SECURITY_OFFICER = "security-officer"


_P = Permission
PERMISSIONS: Mapping[Role, frozenset[Permission]] = {
    Role.CLERK: frozenset(
        {_P.READ_PERSONS, _P.CHANGE_PERSONS, _P.APPLY, _P.REPORT_DOCUMENTS, _P.REPORT_NOTICES, _P.WITNESS_STOCK}
    ),
    Role.APPROVER: frozenset(
        {_P.READ_PERSONS, _P.DECIDE_APPLICATIONS, _P.DECIDE_DUPLICATES, _P.REPORT_DOCUMENTS, _P.WITNESS_STOCK}
    ),
    Role.PERSONALIZER: frozenset(
        {_P.PREPARE_DOCUMENTS, _P.EXPORT_PRINT_DATA, _P.PERSONALIZE, _P.SPOIL, _P.WITNESS_STOCK}
    ),
    Role.STOCK_KEEPER: frozenset({_P.KEEP_STOCK, _P.WITNESS_STOCK, _P.SPOIL}),
    Role.AUDITOR: frozenset({_P.READ_AUDIT, _P.WITNESS_STOCK}),
    Role.SECURITY_OFFICER: frozenset(
        {
            *(_P.REPORT_DOCUMENTS, _P.REVOKE_DOCUMENTS, _P.ERASE_PERSONS, _P.MANAGE_AGENCIES, _P.MANAGE_KEYS),
            *(_P.READ_AUDIT, _P.SIGN_AUDIT, _P.BACK_UP, _P.WITNESS_STOCK),
        }
    ),
}
"""What each role may do; what is not in it, it may not."""

COMPARTMENTS: Mapping[Role, frozenset[Compartment]] = {
    Role.CLERK: frozenset({Compartment.REGISTER, Compartment.EVIDENCE}),
    Role.APPROVER: frozenset({Compartment.REGISTER, Compartment.EVIDENCE}),
    Role.PERSONALIZER: frozenset(
        {Compartment.REGISTER, Compartment.CARDS, Compartment.DOCUMENT_SIGNING, Compartment.EVIDENCE}
    ),
    Role.STOCK_KEEPER: frozenset({Compartment.AUDIT}),
    Role.AUDITOR: frozenset(),
    Role.SECURITY_OFFICER: frozenset(
        {
            *(Compartment.STAFF, Compartment.CSCA, Compartment.CVCA),
            *(Compartment.VERIFYING, Compartment.AUDIT, Compartment.EVIDENCE),
        }
    ),
}
"""Which compartments of the key store each role opens: those of staff, CSCA and CVCA by two of them together."""

EVERY_ROLE = frozenset(Role)
"""Of somebody in an office of two or three people."""


def compartments_of(roles: Iterable[Role]) -> frozenset[Compartment]:
    """What somebody with these roles opens, or helps to open."""
    return frozenset().union(*(COMPARTMENTS[role] for role in roles))


def permissions_of(roles: frozenset[Role]) -> frozenset[Permission]:
    """What somebody with these roles may do."""
    return frozenset().union(*(PERMISSIONS[role] for role in roles))


def roles_with(permission: Permission) -> tuple[Role, ...]:
    """The roles that may do it, in the order of the roles."""
    return tuple(role for role in Role if permission in PERMISSIONS[role])
