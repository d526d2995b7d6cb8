"""Whom and what people mean: by identifier, document number, identity number, or name and date of birth.

Whoever stands at a counter has a card, a number or a name, and no identifier. Wherever a command takes the identifier
of a person, an application or a document, it takes any of these: what fits one alone is that one, of several somebody
has to choose. Whatever is found by anything but an identifier is on record as a look-up.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from eid_toolkit.books.staff.roles import Permission
from eid_toolkit.ground.errors import BadInput, NotPermitted, SeveralFit
from eid_toolkit.work.office.office import Office

if TYPE_CHECKING:
    from eid_toolkit.books.register.documents.applications import Application
    from eid_toolkit.books.register.documents.documents import Document
    from eid_toolkit.books.register.people.person_record import Person
    from eid_toolkit.standards.lds.dates import PartialDate

MOST_CHOICES = 20
"""Of more that fit, nobody is asked to choose."""
_ANY = re.compile(r"[A-Z]-[0-9A-Z]+")
_OF_JOB = re.compile(r"J-[0-9A-Z]+", re.IGNORECASE)
_OF_NOTICE = re.compile(r"N-[0-9A-Z]+", re.IGNORECASE)
_OF_PERSON = re.compile(r"P-[0-9A-Z]+", re.IGNORECASE)
_IDENTIFIER = re.compile(r"[AD]-[0-9A-Z]+", re.IGNORECASE)
_DATE = re.compile(r"[0-9]{4}(-[0-9]{2}){0,2}")
_NUMBER_LOOKED_UP = "document.looked-up"


@dataclass(frozen=True, slots=True)
class Choice:
    """One of several that fit: its identifier, and what tells it from the others."""

    identifier: str
    told: str


Choose = Callable[[str, Sequence[Choice]], str]
"""Given what was typed and what fits, the identifier that is meant."""


def find_person(office: Office, text: str, choose: Choose) -> str:
    """The identifier of whom name and date of birth fit ("Eriksson Anna 1974-08-12"); anything else as it is.

    Raises :class:`BadInput` if there is nobody, or too many fit.
    """
    words, birth = _name_and_birth(text)
    if not words or birth is None:
        return text.strip()
    look_ups, operator = office.register.persons.look_ups, office.look(Permission.READ_PERSONS)
    hits = look_ups.search(words, operator, date_of_birth=birth, limit=MOST_CHOICES + 1)
    exact = [hit.person for hit in hits if not hit.similar and hit.person.merged_into is None]
    if not exact:
        raise BadInput("person-unknown", person=text)
    return _chosen(text, [Choice(each.id, told_of_person(each)) for each in exact], choose)


def person_identifier(office: Office, text: str, choose: Choose) -> str:
    """A person's identifier, by that, the personal number, or name and date of birth."""
    if _OF_PERSON.fullmatch(text.strip()):
        return text.strip().upper()
    return _person_id(office, text, choose)


def _person_id(office: Office, text: str, choose: Choose) -> str:
    """The identifier of a person, looked up by somebody who may read persons; on record whatever it was found by."""
    found = find_person(office, text, choose)
    return office.register.persons.look_ups.person(found, office.look(Permission.READ_PERSONS)).id


def _with_number(office: Office, text: str) -> Sequence[Document]:
    """The documents with this number, the newest first; if there are some, that is on record."""
    found = office.register.documents.with_number(text.strip())
    if found:
        subject = found[0].id if len(found) == 1 else "documents"
        office.register.record(office.operator(), _NUMBER_LOOKED_UP, subject, {"by": "number", "hits": len(found)})
    return found


def find_document(office: Office, text: str, choose: Choose, *actions: str) -> str:
    """A document's identifier, by that, its number, or the holder's personal number or name and date of birth.

    Of several those count with which one of the ``actions`` may be done, if there are such. Raises :class:`BadInput` if
    there is none, or too many fit.
    """
    from eid_toolkit.books.ledger.workflow import DOCUMENT

    if _IDENTIFIER.fullmatch(text.strip()):
        return text.strip().upper()
    found = _with_number(office, text)
    if not found:
        try:
            found = office.register.documents.of_person(_person_id(office, text, choose))
        except SeveralFit:
            raise
        except (BadInput, NotPermitted) as error:  # who may read no persons has typed a number that no document has
            raise BadInput("document-unknown", document=text) from error
        if not found:
            raise BadInput("person-without-document", person=text)
    wanted = [each for each in found if any(DOCUMENT.allows(each.state, action) for action in actions)]
    return _chosen(text, [Choice(each.id, told_of_document(each)) for each in wanted or found], choose)


def find_job(office: Office, text: str, choose: Choose) -> str:
    """A personalization's identifier, by that, or by its document as :func:`find_document` takes one.

    Of a document's jobs it is the one that waits for a decision, else the newest; raises :class:`BadInput` for none.
    """
    if _OF_JOB.fullmatch(text.strip()):
        return text.strip().upper()
    document, journal = find_document(office, text, choose, "bind", "issue"), office.personalization.journal
    job = journal.unresolved(document) or next(reversed(journal.of_document(document)), None)
    if job is None:
        raise BadInput("document-without-job", document=document)
    return job.id


def find_subject(office: Office, text: str, choose: Choose) -> str:
    """What the audit log calls something: a document by its number, a person by theirs; anything else as it is."""
    if _ANY.fullmatch(text.strip()) or not any(map(str.isdigit, text)):
        return text.strip()
    found = office.register.documents.with_number(text.strip())
    if found:
        return _chosen(text, [Choice(each.id, told_of_document(each)) for each in found], choose)
    if not office.may_look(Permission.READ_PERSONS):
        return text.strip()
    try:
        return _person_id(office, text, choose)
    except SeveralFit:
        raise
    except BadInput:
        return text.strip()


def find_notice(office: Office, text: str, choose: Choose) -> str:
    """A notice's identifier, by that, or of the active ones by a document's number or by whom they are about.

    Raises :class:`BadInput` if there is none, or too many fit.
    """
    if _OF_NOTICE.fullmatch(text.strip()):
        return text.strip().upper()
    operator, notices = office.look(Permission.READ_PERSONS), office.register.notices
    documents = _with_number(office, text)
    if documents:
        found = [each for record in documents for each in notices.list(operator, document=record.id)]
    else:
        found = list(notices.list(operator, person=_person_id(office, text, choose)))
    if not found:
        raise BadInput("notice-unknown", notice=text)
    return _chosen(text, [Choice(each.id, f"{each.kind}, {each.agency}") for each in found], choose)


def documents_of(office: Office, person: str | None, number: str | None, choose: Choose) -> Sequence[Document]:
    """The documents of a person, as :func:`find_person` takes one, or with a number, or both; the newest first."""
    if person is None:
        return _with_number(office, number or "")
    theirs = office.register.documents.of_person(_person_id(office, person, choose))
    return [each for each in theirs if number is None or each.document_number == number.strip().upper()]


def applications_of(office: Office, person: str, choose: Choose) -> Sequence[Application]:
    """The applications of a person, as :func:`find_person` takes one; the newest first."""
    return office.register.applications.of_person(_person_id(office, person, choose))


def find_application(office: Office, text: str, choose: Choose, *, waiting: str | None = None) -> str:
    """An application's identifier, by that, or the applicant's personal number or name and date of birth.

    Of a person's applications those count that are ``waiting`` in this state, if there is one.
    """
    if _IDENTIFIER.fullmatch(text.strip()):
        return text.strip().upper()
    try:
        found = office.register.applications.of_person(_person_id(office, text, choose))
    except SeveralFit:
        raise
    except (BadInput, NotPermitted) as error:
        raise BadInput("application-unknown", application=text) from error
    if not found:
        raise BadInput("person-without-application", person=text)
    wanted = [each for each in found if each.state == waiting] or list(found)
    return _chosen(text, [Choice(each.id, told_of_application(each)) for each in wanted], choose)


def told_of_person(record: Person) -> str:
    """Name, date of birth and number."""
    data = record.data
    return ", ".join(filter(None, (data.names, data.date_of_birth.iso, data.personal_number)))


def told_of_document(record: Document) -> str:
    """Kind, number and state."""
    return f"{record.profile} {record.document_number}, {record.state}"


def told_of_application(record: Application) -> str:
    """For what, for whom, and its state."""
    return f"{record.profile}, {record.person.data.names}, {record.state}"


def _chosen(text: str, choices: Sequence[Choice], choose: Choose) -> str:
    if len(choices) == 1:
        return choices[0].identifier
    if len(choices) > MOST_CHOICES:
        raise SeveralFit("reference-too-wide", reference=text, limit=MOST_CHOICES)
    return choose(text, choices)


def _name_and_birth(text: str) -> tuple[str, PartialDate | None]:
    """What of the text is a name, and the date in it."""
    from eid_toolkit.standards.lds.dates import PartialDate

    words = text.replace(",", " ").split()
    dates = [word for word in words if _DATE.fullmatch(word)]
    if len(dates) != 1:
        return " ".join(words), None
    return " ".join(word for word in words if word is not dates[0]), PartialDate.parse(dates[0])
