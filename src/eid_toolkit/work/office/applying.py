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
    from eid_toolkit.books.register.people.person_record import Person
    from eid_toolkit.ground.images.portrait import Portrait
    from eid_toolkit.standards.profiles import DocumentProfile

QUEUE_LIMIT = 500
"""How many applications are approved at once."""


def apply(
    office: Office,
    person: str,
    profile: str,
    portrait: bytes,
    biometrics: Callable[[], Mapping[int, bytes]],
    *,
    kind: str,
    replaces: str | None,
    evidence: Callable[[], Sequence[Evidence]],
) -> Application:
    """An application for a document of a ``profile``, with the portrait as it is in its file.

    ``biometrics`` gives DG3 and DG4 as far as there are some, ``evidence`` what was shown to the clerk.
    """
    from eid_toolkit.books.register.documents.applications import ApplicationKind
    from eid_toolkit.ground.images.portrait import make_portrait

    wanted = office.profile(profile)
    if wanted.issuing_state not in office.authorities.states():
        raise NotPermitted("profile-of-another-state", profile=profile, state=wanted.issuing_state)
    picture = make_portrait(portrait, wanted.portrait)
    holder = office.register.persons.get(person)
    data_groups, shown = biometrics(), evidence()
    _try(office, wanted, holder, picture, data_groups)
    operator = office.operator(Permission.APPLY)
    return office.register.applications.create(
        holder,
        wanted,
        picture,
        operator,
        data_groups,
        kind=ApplicationKind(kind),
        replaces=replaces,
        evidence=shown,
    )


def reissue(
    office: Office,
    document: str,
    portrait: bytes | None,
    *,
    kind: str,
    evidence: Callable[[Document], Sequence[Evidence]],
) -> Application:
    """An application for a document in another's place, with the person's data of today and the old pictures.

    ``evidence`` says what was shown, for the old document.
    """
    from eid_toolkit.books.register.documents.applications import ApplicationKind
    from eid_toolkit.ground.images.portrait import make_portrait

    operator = office.operator(Permission.APPLY)
    applications, old = office.register.applications, office.register.documents.get(document)
    before = office.register.documents.application_of(old)
    holder = office.register.persons.get(before.person.merged_into or before.person.id)
    profile = office.profile(old.profile)
    new_picture = make_portrait(portrait, profile.portrait) if portrait is not None else None
    picture, data_groups = new_picture or applications.portrait(before), applications.biometrics(before)
    _try(office, profile, holder, picture, data_groups)
    return applications.create(
        holder,
        profile,
        picture,
        operator,
        data_groups,
        kind=ApplicationKind(kind),
        replaces=old.id,
        evidence=evidence(old),
    )


def _try(
    office: Office, profile: DocumentProfile, holder: Person, picture: Portrait, data_groups: Mapping[int, bytes]
) -> None:
    """Raises for what would be refused when the document is prepared."""
    from eid_toolkit.work.office.trial import try_document

    if any(number not in profile.data_groups for number in data_groups):  # said where the application is created
        return
    try_document(office, profile, holder.data, picture, data_groups)


def listed(office: Office, state: ApplicationState | None, limit: int | None, offset: int) -> Sequence[Application]:
    """Applications, the oldest first; that they were looked at is on record."""
    operator = office.look(Permission.READ_PERSONS)
    records = office.register.applications.list(state, limit, offset)
    office.register.record(operator, _LOOKED_UP, "applications", {"shown": len(records)})
    return records


def looked_at(office: Office, identifier: str, *, portrait: bool) -> tuple[Application, bytes | None]:
    """One application, with the image of its portrait if it is wanted; that it was looked at is on record."""
    operator = office.look(Permission.READ_PERSONS)
    record = office.register.applications.get(identifier)
    office.register.record(operator, _LOOKED_UP, record.id, {"portrait": portrait})
    return record, office.register.applications.portrait(record).image if portrait else None


def approve(
    office: Office, identifiers: Iterable[str] | None, review: Callable[[Sequence[Application]], None]
) -> tuple[list[Application], list[tuple[str, EidError]]]:
    """Approve applications, or the oldest that wait for somebody else than their creator: each stands for itself.

    They are given to ``review`` first; what was shown there is what is approved. Returns those approved, and why others
    were not.
    """
    from eid_toolkit.books.register.documents.applications import ApplicationState

    operator, applications = office.operator(Permission.DECIDE_APPLICATIONS), office.register.applications
    if identifiers is None:
        chosen = list(applications.list(ApplicationState.CREATED, QUEUE_LIMIT, not_of=operator.name))
    else:
        chosen = [applications.get(identifier) for identifier in dict.fromkeys(identifiers)]
    review(chosen)
    approved, failures = [], []
    for record in chosen:
        try:
            approved.append(applications.approve(record.id, operator, shown=record.digest))
        except EidError as error:
            failures.append((record.id, error))
    return approved, failures


def reject(office: Office, identifier: str, reason: str) -> Application:
    """The application comes to nothing, by the office's decision."""
    return office.register.applications.reject(identifier, office.operator(), reason)


def withdraw(office: Office, identifier: str, reason: str) -> Application:
    """The application comes to nothing, at the person's request."""
    return office.register.applications.withdraw(identifier, office.operator(), reason)


_LOOKED_UP = "application.looked-up"
