"""Applications for documents: made, looked at, decided on by somebody else, and taken back."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from eid_toolkit.books.staff.roles import Permission
from eid_toolkit.ground.errors import EidError, NotPermitted
from eid_toolkit.work.office.office import Office

if TYPE_CHECKING:
    from eid_toolkit.books.register.documents.applications import Application, ApplicationState, Evidence
    from eid_toolkit.books.register.documents.documents import Document
    from eid_toolkit.books.register.people.person_data import PersonData
    from eid_toolkit.books.register.people.person_record import Person
    from eid_toolkit.ground.images.portrait import Examined, Portrait
    from eid_toolkit.standards.profiles import DocumentProfile
    from eid_toolkit.work.office.portraits import Doubts

QUEUE_LIMIT = 500
"""How many applications are approved at once."""
LOOKED_UP = "application.looked-up"
"""In the audit log."""


def apply(
    office: Office,
    person: Callable[[], str],
    profile: str,
    portrait: bytes,
    biometrics: Callable[[], Mapping[int, bytes]],
    *,
    kind: str,
    replaces: str | None,
    evidence: Callable[[], Sequence[Evidence]],
    doubts: Doubts,
) -> Application:
    """An application for a document of a ``profile``, with the portrait as it is in its file.

    The portrait is measured before anybody is looked for or asked: ``person`` finds the person, ``biometrics`` gives
    DG3 and DG4 as far as there are some, ``evidence`` what was shown to the clerk, ``doubts`` decide about a portrait
    that is odd, or like another person's. Raises :class:`BadInput` for one that is refused.
    """
    from eid_toolkit.work.office import portraits

    office.acting.may(Permission.APPLY)
    wanted = issued_here(office, profile)
    done = portraits.accepted(portrait, wanted.portrait)
    holder = office.register.persons.get(person())
    data_groups, shown = biometrics(), evidence()
    try_application(office, wanted, holder.data, done.portrait, data_groups)
    noted = _ask(office, done, holder.id, doubts)
    return _create(office, holder, wanted, done, data_groups, kind=kind, replaces=replaces, evidence=shown, noted=noted)


def apply_for_new(
    office: Office,
    data: PersonData,
    source: str,
    profile: str,
    portrait: bytes,
    biometrics: Callable[[], Mapping[int, bytes]],
    *,
    evidence: Callable[[], Sequence[Evidence]],
    doubts: Doubts,
    known: Callable[[Sequence[Person]], str | None],
    confirm_age: Callable[[int], None],
) -> tuple[Application, int]:
    """Somebody who is added to the register, and an application for their first document.

    ``known`` is asked about those who are there already with the same number, or the same name and date of birth: the
    identifier of who is meant, or None. All is checked as by :func:`apply` before anything is written. Returns the
    application, and how many of the register the person may be.
    """
    from eid_toolkit.work.office import people, portraits

    office.acting.may(Permission.APPLY)
    wanted = issued_here(office, profile)
    done = portraits.accepted(portrait, wanted.portrait)
    data_groups, shown = biometrics(), evidence()
    try_application(office, wanted, data, done.portrait, data_groups)
    others = people.known_as(office, data)
    chosen = known(others) if others else None
    if chosen is None and (years := people.unlikely_age(office, data)) is not None:
        confirm_age(years)
    noted = _ask(office, done, chosen or "", doubts)
    alike = 0
    if chosen is None:
        holder, alike = people.add(office, data, source)
    else:
        holder = office.register.persons.get(chosen)
    application = _create(
        office, holder, wanted, done, data_groups, kind="first", replaces=None, evidence=shown, noted=noted
    )
    return application, alike


def _create(
    office: Office,
    holder: Person,
    profile: DocumentProfile,
    done: Examined,
    data_groups: Mapping[int, bytes],
    *,
    kind: str,
    replaces: str | None,
    evidence: Sequence[Evidence],
    noted: Mapping[str, object],
) -> Application:
    from eid_toolkit.books.register.documents.applications import ApplicationKind

    return office.register.applications.create(
        holder,
        profile,
        done.portrait,
        office.operator(Permission.APPLY),
        data_groups,
        kind=ApplicationKind(kind),
        replaces=replaces,
        evidence=evidence,
        fingerprint=done.fingerprint,
        noted=noted,
    )


def issued_here(office: Office, profile: str) -> DocumentProfile:
    """A profile of a state whose documents the home issues; raises :class:`NotPermitted` for another's."""
    wanted = office.profile(profile)
    if wanted.issuing_state not in office.authorities.states():
        raise NotPermitted("profile-of-another-state", profile=profile, state=wanted.issuing_state)
    return wanted


def reissue(
    office: Office,
    document: str,
    portrait: bytes | None,
    *,
    kind: str,
    evidence: Callable[[Document], Sequence[Evidence]],
    doubts: Doubts,
) -> Application:
    """An application for a document in another's place, with the person's data of today and the old pictures.

    A new portrait is measured and compared as that of :func:`apply`. ``evidence`` says what was shown, for the old
    document.
    """
    from eid_toolkit.books.register.documents.applications import ApplicationKind
    from eid_toolkit.work.office import portraits

    office.acting.may(Permission.APPLY)
    applications, old = office.register.applications, office.register.documents.get(document)
    profile = office.profile(old.profile)
    done = portraits.accepted(portrait, profile.portrait) if portrait is not None else None
    operator = office.operator(Permission.APPLY)
    before = office.register.documents.application_of(old)
    holder = office.register.persons.get(before.person.merged_into or before.person.id)
    picture = applications.portrait(before) if done is None else done.portrait
    data_groups = applications.biometrics(before)
    try_application(office, profile, holder.data, picture, data_groups)
    noted: Mapping[str, object] = {}
    if done is None:
        kept = applications.print_of(before)
        fingerprint = kept.fingerprint if kept is not None else None
    else:
        fingerprint, noted = done.fingerprint, _ask(office, done, holder.id, doubts)
    return applications.create(
        holder,
        profile,
        picture,
        operator,
        data_groups,
        kind=ApplicationKind(kind),
        replaces=old.id,
        evidence=evidence(old),
        fingerprint=fingerprint,
        noted=noted,
    )


def _ask(office: Office, done: Examined, person: str, doubts: Doubts) -> Mapping[str, object]:
    """What goes on record of a portrait that was taken though it is odd, or like another person's."""
    from eid_toolkit.work.office import portraits

    findings = done.measures.findings
    if findings:
        doubts.odd(findings)
    office.operator(Permission.APPLY)  # what others have applied for is for who may apply
    others = portraits.others_with(office, done, person)
    if others:
        doubts.alike(others)
    return portraits.noted(findings, others)


def try_application(
    office: Office, profile: DocumentProfile, holder: PersonData, picture: Portrait, data_groups: Mapping[int, bytes]
) -> None:
    """Raises for what would be refused when the document is prepared."""
    from eid_toolkit.work.office.trial import try_document

    if any(number not in profile.data_groups for number in data_groups):  # said where the application is created
        return
    try_document(office, profile, holder, picture, data_groups)


def listed(office: Office, state: ApplicationState | None, limit: int | None, offset: int) -> Sequence[Application]:
    """Applications, the oldest first; that they were looked at is on record."""
    operator = office.look(Permission.READ_PERSONS)
    records = office.register.applications.list(state, limit, offset)
    office.register.record(operator, LOOKED_UP, "applications", {"shown": len(records)})
    return records


def looked_at(office: Office, identifier: str, *, portrait: bool) -> tuple[Application, bytes | None]:
    """One application, with the image of its portrait if it is wanted; that it was looked at is on record."""
    operator = office.look(Permission.READ_PERSONS)
    record = office.register.applications.get(identifier)
    office.register.record(operator, LOOKED_UP, record.id, {"portrait": portrait})
    return record, office.register.applications.portrait(record).image if portrait else None


def approve(
    office: Office,
    identifiers: Iterable[str] | None,
    review: Callable[[Sequence[Application]], None],
    shown: Mapping[str, str] | None = None,
) -> tuple[list[Application], list[tuple[str, EidError]]]:
    """Approve applications, or the oldest that wait for somebody else than their creator: each stands for itself.

    They are given to ``review`` first; what was shown there is what is approved, or what was ``shown`` before, by the
    application's digest. Returns those approved, and why others were not.
    """
    from eid_toolkit.books.register.documents.applications import ApplicationState

    operator, applications = office.operator(Permission.DECIDE_APPLICATIONS), office.register.applications
    if identifiers is None:
        chosen = list(applications.list(ApplicationState.CREATED, QUEUE_LIMIT, not_of=operator.name))
    else:
        chosen = [applications.get(identifier) for identifier in dict.fromkeys(identifiers)]
    review(chosen)
    return _each(chosen, lambda record: applications.approve(record.id, operator, shown=_shown(record, shown)))


def reject_all(
    office: Office, shown: Mapping[str, str], reason: str, review: Callable[[Sequence[Application]], None]
) -> tuple[list[Application], list[tuple[str, EidError]]]:
    """Reject applications, each as it was ``shown`` by its digest; as :func:`approve`."""
    operator, applications = office.operator(Permission.DECIDE_APPLICATIONS), office.register.applications
    chosen = [applications.get(identifier) for identifier in shown]
    review(chosen)
    return _each(chosen, lambda record: applications.reject(record.id, operator, reason, shown=_shown(record, shown)))


def _shown(record: Application, shown: Mapping[str, str] | None) -> str:
    return record.digest if shown is None else shown[record.id]


def _each(
    chosen: Sequence[Application], decide: Callable[[Application], Application]
) -> tuple[list[Application], list[tuple[str, EidError]]]:
    decided, failures = [], []
    for record in chosen:
        try:
            decided.append(decide(record))
        except EidError as error:
            failures.append((record.id, error))
    return decided, failures


def reject(office: Office, identifier: str, reason: str) -> Application:
    """The application comes to nothing, by the office's decision."""
    return office.register.applications.reject(identifier, office.operator(), reason)


def withdraw(office: Office, identifier: str, reason: str) -> Application:
    """The application comes to nothing, at the person's request."""
    return office.register.applications.withdraw(identifier, office.operator(), reason)
