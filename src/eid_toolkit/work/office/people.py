"""Persons of the register: added, changed, compared, and taken in from files."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from eid_toolkit.books.staff.roles import Permission
from eid_toolkit.ground.errors import NotPermitted
from eid_toolkit.work.office.office import Office

if TYPE_CHECKING:
    from eid_toolkit.books.register.agencies.notices import Notice
    from eid_toolkit.books.register.documents.applications import Application
    from eid_toolkit.books.register.documents.documents import Document
    from eid_toolkit.books.register.people.person_data import PersonData
    from eid_toolkit.books.register.people.person_history import Change
    from eid_toolkit.books.register.people.person_import import ImportOptions, ImportReport
    from eid_toolkit.books.register.people.person_pairs import Pair
    from eid_toolkit.books.register.people.person_record import Person
    from eid_toolkit.books.register.people.person_search import Hit
    from eid_toolkit.books.register.people.person_source import PersonSource
    from eid_toolkit.standards.lds.dates import PartialDate


_MOST_KNOWN = 20


def add(office: Office, data: PersonData, source: str) -> tuple[Person, int]:
    """A new person, and how many of the register it may be."""
    added = office.register.persons.add(data, office.operator(), source)
    return added, office.register.persons.pairs.open_of(added)


def known_as(office: Office, data: PersonData) -> tuple[Person, ...]:
    """Who has the person's number, or name and date of birth, in the register already; looked up, on record."""
    operator, look_ups = office.look(Permission.READ_PERSONS), office.register.persons.look_ups
    found: dict[str, Person] = {}
    if data.personal_number is not None:
        hits = look_ups.search(data.personal_number, operator, limit=_MOST_KNOWN)
        found |= {hit.person.id: hit.person for hit in hits if hit.person.data.personal_number == data.personal_number}
    hits = look_ups.search(data.name, operator, date_of_birth=data.date_of_birth, limit=_MOST_KNOWN)
    found |= {hit.person.id: hit.person for hit in hits if hit.person.data.folded_name == data.folded_name}
    return tuple(each for each in found.values() if each.merged_into is None)


def unlikely_age(office: Office, data: PersonData) -> int | None:
    """How many years ago somebody was born who is said to live, if that is most probably wrong."""
    from eid_toolkit.standards.lds.issuer_time import zones_of

    return data.unlikely_age(zones_of(office.home.config).today(office.clock.now()))


def change(
    office: Office,
    reference: str,
    given: Mapping[str, str],
    source: str,
    version: int | None,
    confirm: Callable[[PersonData, int], None],
) -> Person:
    """Change the fields ``given`` of a person; refused if a ``version`` was seen that is not the newest.

    ``confirm`` is asked about an age that is unlikely, if the date of birth is changed.
    """
    from eid_toolkit.books.register.people.person_data import PersonData

    operator, persons = office.operator(Permission.CHANGE_PERSONS), office.register.persons
    person = persons.look_ups.person(reference, operator)
    if version is not None and version != person.version:
        raise NotPermitted("person-changed-meanwhile", person=person.id, version=person.version)
    data = PersonData.from_text({**person.data.to_text(), **given})
    if data.date_of_birth != person.data.date_of_birth and (years := unlikely_age(office, data)) is not None:
        confirm(data, years)
    return persons.change(person, data, operator, source)


def show(office: Office, reference: str, purpose: str | None) -> Person:
    """One person, by identifier or number; on record."""
    return office.register.persons.look_ups.person(reference, office.look(Permission.READ_PERSONS), purpose)


@dataclass(frozen=True, slots=True)
class PersonPage:
    """All that an office has to do with one person, the newest first."""

    person: Person
    applications: tuple[Application, ...]
    documents: tuple[Document, ...]
    notices: tuple[Notice, ...]

    def next_of_application(self, record: Application) -> tuple[str, ...]:
        """The commands that lead on from an application."""
        from eid_toolkit.books.ledger.workflow import APPLICATION, ApplicationState, DocumentState

        alive = any(each.application_id == record.id and each.state != DocumentState.SPOILED for each in self.documents)
        if alive:
            return ()
        possible = (each for each in APPLICATION.possible(record.state) if each != "complete")
        prepare = ("document prepare",) if record.state == ApplicationState.APPROVED else ()
        return (*prepare, *(f"application {each}" for each in possible))

    def next_of_document(self, record: Document) -> tuple[str, ...]:
        """The commands that lead on from a document."""
        from eid_toolkit.books.ledger.workflow import DOCUMENT

        commands = {"bind": "card personalize", "issue": "card personalize", "spoil": "card spoil", "expire": None}
        possible = DOCUMENT.possible(record.state)
        return tuple(name for each in possible if (name := commands.get(each, f"document {each}")) is not None)

    def to_json(self) -> dict[str, object]:
        """The person's own keys, and under others what belongs to them."""
        return {
            **self.person.to_json(),
            "applications": [
                {**each.to_json(), "next": list(self.next_of_application(each))} for each in self.applications
            ],
            "documents": [{**each.to_json(), "next": list(self.next_of_document(each))} for each in self.documents],
            "notices": [each.to_json() for each in self.notices],
        }


def page(office: Office, reference: str, purpose: str | None) -> PersonPage:
    """One person, by identifier or number, with applications, documents and notices that hold; on record."""
    from eid_toolkit.books.register.agencies.notices import notices_about

    register, person = office.register, show(office, reference, purpose)
    with register.database.read() as connection:
        notices = notices_about(connection, person.id)
    applications, documents = register.applications.of_person(person.id), register.documents.of_person(person.id)
    return PersonPage(person, applications, documents, notices)


def search(
    office: Office,
    words: str,
    purpose: str | None,
    *,
    date_of_birth: PartialDate | None,
    limit: int,
    offset: int,
) -> Sequence[Hit]:
    """Persons by number or words of the name; on record."""
    operator = office.look(Permission.READ_PERSONS)
    return office.register.persons.look_ups.search(
        words, operator, purpose, date_of_birth=date_of_birth, limit=limit, offset=offset
    )


def history(office: Office, reference: str, purpose: str | None) -> tuple[Change, ...]:
    """How a person was registered, and each change; on record."""
    operator, persons = office.look(Permission.READ_PERSONS), office.register.persons
    return persons.history.of(persons.look_ups.person(reference, operator, purpose), operator)


def take_in(office: Office, source: PersonSource, options: ImportOptions) -> ImportReport:
    """Persons from a file."""
    operator = office.operator(Permission.CHANGE_PERSONS)
    return office.register.persons.imports.run(source, operator, options)


def going_out(
    office: Office, purpose: str | None
) -> tuple[Callable[[], int], Callable[..., Generator[Person, None, None]]]:
    """About how many persons there are, and all of them as :meth:`PersonLookUps.export` gives them; on record."""
    operator, look_ups = office.look(Permission.READ_PERSONS), office.register.persons.look_ups
    return partial(look_ups.count, operator), partial(look_ups.export, operator, purpose)


def pairs(office: Office, *, limit: int, offset: int) -> tuple[Pair, ...]:
    """Pairs of persons that may be one."""
    operator = office.operator(Permission.DECIDE_DUPLICATES)
    return office.register.persons.pairs.list(operator, limit=limit, offset=offset)


def find_pairs(office: Office) -> int:
    """Look through the whole register for new pairs; how many there were."""
    return office.register.persons.pairs.scan(office.operator(Permission.DECIDE_DUPLICATES))


def decide_pair(
    office: Office, first: str, second: str, confirm: Callable[[Person, Person], None], *, same: bool
) -> Pair:
    """Two persons are the same, of whom the first is kept, or are not; ``confirm`` may stop it."""
    operator, persons = office.operator(Permission.DECIDE_DUPLICATES), office.register.persons
    one, other = (persons.look_ups.person(reference, operator) for reference in (first, second))
    confirm(one, other)
    return persons.pairs.decide(one, other, operator, same=same)
