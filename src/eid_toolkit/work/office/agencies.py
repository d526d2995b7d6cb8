"""Agencies that share the register, and what they report."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from eid_toolkit.books.keys.compartments import Compartment
from eid_toolkit.books.staff.roles import Permission, permissions_of
from eid_toolkit.work.office.office import Office

if TYPE_CHECKING:
    from eid_toolkit.books.register.agencies.agencies import Answer
    from eid_toolkit.books.register.agencies.agency_record import Agency
    from eid_toolkit.books.register.agencies.notices import Notice, NoticeKind


def add(
    office: Office, code: str, name: str, fields: Sequence[str], purposes: Sequence[str], *, may_report: bool
) -> Agency:
    """A new agency."""
    operator = office.operator(Permission.MANAGE_AGENCIES)
    return office.register.agencies.add(code, name, fields, purposes, operator, may_report=may_report)


def change(
    office: Office,
    code: str,
    *,
    fields: Sequence[str] | None,
    purposes: Sequence[str] | None,
    may_report: bool | None,
) -> Agency:
    """Change what an agency may see and what for; what is None stays."""
    operator = office.operator(Permission.MANAGE_AGENCIES)
    return office.register.agencies.change(code, operator, fields=fields, purposes=purposes, may_report=may_report)


def every(office: Office) -> tuple[Agency, ...]:
    """All agencies, by their codes."""
    return office.register.agencies.all(office.look(Permission.MANAGE_AGENCIES))


def get(office: Office, code: str) -> Agency:
    """One agency."""
    return office.register.agencies.get(code, office.look(Permission.MANAGE_AGENCIES))


def disable(office: Office, code: str) -> Agency:
    """From now on the agency is told nothing."""
    return office.register.agencies.disable(code, office.operator(Permission.MANAGE_AGENCIES))


def look_up(office: Office, code: str, purpose: str, *, reference: str | None, words: str | None) -> Answer:
    """What an agency may see of persons; on record with its purpose, whatever the answer."""
    named = office.credentials.operator is not None or not office.home.config.demo
    operator = office.operator() if named else office.look(Permission.READ_PERSONS)
    if Permission.READ_PERSONS in permissions_of(operator.roles):  # who has it not is refused, on record
        office.keys.unlock(Compartment.REGISTER)  # its key hashes what is asked for the log
    return office.register.agencies.look_up(code, purpose, operator, reference=reference, words=words)


def report_person(office: Office, person: str, agency: str, reason: str | None) -> Notice:
    """The police's notice of a person who is wanted or missing."""
    return office.register.notices.add_person(person, agency, office.operator(Permission.REPORT_NOTICES), reason)


def report_document(
    office: Office, kind: NoticeKind, document: str, agency: str, reason: str | None, confirm: Callable[[], None]
) -> Notice:
    """The police's notice of a document that is lost or stolen; ``confirm`` may stop it."""
    operator = office.operator(Permission.REPORT_NOTICES)
    confirm()
    return office.register.notices.add_document(kind, document, agency, operator, reason)


def notices(office: Office, *, withdrawn: bool, person: str | None, document: str | None) -> tuple[Notice, ...]:
    """Notices, of one person or document if it is given."""
    operator = office.look(Permission.READ_PERSONS)
    return office.register.notices.list(operator, withdrawn=withdrawn, person=person, document=document)


def names_in(office: Office, records: Sequence[Notice]) -> dict[str, str]:
    """The names of the persons whom the notices are about; who looked at these is on record."""
    people = {each.person_id for each in records if each.person_id is not None}
    return {each: office.register.persons.get(each).data.names for each in sorted(people)}


def withdraw_notice(office: Office, notice: str, reason: str) -> Notice:
    """A notice holds no more; it stays on record."""
    return office.register.notices.withdraw(notice, reason, office.operator(Permission.REPORT_NOTICES))
