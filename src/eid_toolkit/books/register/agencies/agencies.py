"""Agencies that look persons up: what of a person each may see, and what it may ask for; each look-up is on record.

A look-up names one of the agency's stated purposes. The log knows what was asked by its keyed hash alone, and the
persons who were found by their identifiers.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Connection, select

from eid_toolkit.books.audit.log import AuditEvent, append
from eid_toolkit.books.audit.states import change, create
from eid_toolkit.books.ledger.database import Database, lock
from eid_toolkit.books.ledger.kinds import AGENCIES
from eid_toolkit.books.ledger.reasons import MAX_REASON, clean_reason
from eid_toolkit.books.ledger.schema import agency, person
from eid_toolkit.books.register.agencies.agency_record import Agency, active_agency, agency_of, find_agency, load_agency
from eid_toolkit.books.register.agencies.notices import notices_about
from eid_toolkit.books.register.people.person_data import FIELDS
from eid_toolkit.books.register.people.person_look_ups import PersonLookUps
from eid_toolkit.books.register.people.person_record import Person, load_person
from eid_toolkit.books.register.people.person_search import search_persons
from eid_toolkit.books.staff.operators import Operator
from eid_toolkit.books.staff.roles import Permission, permissions_of
from eid_toolkit.ground.errors import BadInput, EidError, NotPermitted
from eid_toolkit.ground.ports import Clock
from eid_toolkit.standards.lds.transliteration import fold

IDENTIFIER, NOTICES = "id", "notices"
AGENCY_FIELDS = (IDENTIFIER, *FIELDS, NOTICES)
"""What an agency may see of a person, if it is granted."""
MOST_FOUND = 20
"""This many persons are shown of one look-up: an agency asks for somebody, and does not copy the register."""
SHORTEST = 2
"""This many letters at least are searched for."""
LOOKED_UP = "agency.looked-up"
"""In the audit log."""

_CODE = re.compile(r"[a-z0-9][a-z0-9-]{1,38}[a-z0-9]")
_MOST_PURPOSES = 50
_UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Answer:
    """What an agency gets: of each person found the fields that it may see."""

    agency: str
    purpose: str
    persons: tuple[dict[str, object], ...]
    more: bool
    """Whether there are more than are shown."""
    similar: bool = False
    """Whether nobody fits what was asked, and these only do nearly."""

    def to_json(self) -> dict[str, object]:
        """Stable keys for output."""
        return {
            "schema": "eid-agency-look-up/1",
            "agency": self.agency,
            "purpose": self.purpose,
            "persons": list(self.persons),
            "more": self.more,
            "match": "similar" if self.similar else "exact",
        }


class Agencies:
    """The agencies of one register."""

    def __init__(self, database: Database, look_ups: PersonLookUps, clock: Clock) -> None:
        self._database = database
        self._look_ups = look_ups
        self._clock = clock

    def add(
        self,
        code: str,
        name: str,
        fields: Sequence[str],
        purposes: Sequence[str],
        operator: Operator,
        *,
        may_report: bool = False,
    ) -> Agency:
        """Let an agency look persons up; raises :class:`NotPermitted` if there is one of that code."""
        operator.require(Permission.MANAGE_AGENCIES)
        if not _CODE.fullmatch(code):
            raise BadInput("agency-code-malformed")
        now = self._clock.now()
        added = Agency(code, _clean(name), _fields(fields), _purposes(purposes), may_report, now)
        row = {"code": code, "name": added.name, "created_at": now, **_columns(added)}
        with self._database.write() as connection:
            lock(connection, "agency", code)
            if find_agency(connection, code) is not None:
                raise NotPermitted("agency-exists", agency=code)
            create(connection, AGENCIES, [row], "added", operator, now, [_rights(added)])
        return added

    def change(
        self,
        code: str,
        operator: Operator,
        *,
        fields: Sequence[str] | None = None,
        purposes: Sequence[str] | None = None,
        may_report: bool | None = None,
    ) -> Agency:
        """Let the rights that are given stand for the agency's, on record with those from before.

        Raises :class:`NotPermitted` for an agency that was disabled; :class:`BadInput` as :meth:`add`, and if nothing
        changes.
        """
        operator.require(Permission.MANAGE_AGENCIES)
        now = self._clock.now()
        with self._database.write() as connection:
            before = active_agency(connection, code)
            after = replace(
                before,
                fields=before.fields if fields is None else _fields(fields),
                purposes=before.purposes if purposes is None else _purposes(purposes),
                may_report=before.may_report if may_report is None else may_report,
            )
            if after == before:
                raise BadInput("agency-unchanged", agency=code)
            detail = {"before": _rights(before), "after": _rights(after)}
            change(connection, AGENCIES, [code], _columns(after), "changed", operator, now, detail)
        return after

    def all(self, operator: Operator) -> tuple[Agency, ...]:
        """All agencies by code, disabled ones included."""
        operator.require(Permission.MANAGE_AGENCIES)
        with self._database.read() as connection:
            return tuple(map(agency_of, connection.execute(select(agency).order_by(agency.c.code))))

    def get(self, code: str, operator: Operator) -> Agency:
        """One agency; raises :class:`BadInput` if there is none of that code."""
        operator.require(Permission.MANAGE_AGENCIES)
        with self._database.read() as connection:
            return load_agency(connection, code)

    def disable(self, code: str, operator: Operator) -> Agency:
        """From now on the agency gets nothing and reports nothing."""
        operator.require(Permission.MANAGE_AGENCIES)
        now = self._clock.now()
        with self._database.write() as connection:
            active_agency(connection, code)
            change(connection, AGENCIES, [code], {"disabled_at": now}, "disabled", operator, now)
            return load_agency(connection, code)

    def look_up(
        self, code: str, purpose: str, operator: Operator, *, reference: str | None = None, words: str | None = None
    ) -> Answer:
        """What the agency may see of the person with this identifier or number, or of those who fit the words.

        On record before anything is shown, and where it is refused: :class:`NotPermitted` for a disabled agency, a
        purpose that is none of its own, or an operator who may not; :class:`BadInput` for an unknown agency or person,
        too short a search, or what is no text.
        """
        typed = reference if reference is not None else words or ""
        text = typed.encode("utf-8", "backslashreplace").decode("utf-8")  # bytes that are no text come as surrogates
        may = Permission.READ_PERSONS in permissions_of(operator.roles)
        asked = self._look_ups.typed(text) if may else None  # who may not does not open the key of the hash either
        try:
            operator.require(Permission.READ_PERSONS)
            with self._database.read() as connection:
                requester = active_agency(connection, code)
                if purpose not in requester.purposes:
                    raise NotPermitted("purpose-not-stated", agency=code, purposes="; ".join(requester.purposes))
                if typed != text:
                    raise BadInput("look-up-no-text")
                people, more, similar = _find(connection, reference, words)
                shown = tuple(_shown(connection, record, requester) for record in people)
        except EidError as error:
            self._record(operator, code, {"asked": asked, "refused": error.code, "persons": [], "fields": []})
            raise
        detail = {"asked": asked, "purpose": purpose, "persons": [record.id for record in people], "more": more}
        self._record(operator, code, {**detail, "fields": list(requester.fields)})
        return Answer(requester.code, purpose, shown, more, similar)

    def _record(self, operator: Operator, code: str, detail: dict[str, object]) -> None:
        with self._database.write() as connection:
            # What was typed there may be anything, a personal number too.
            subject = _UNKNOWN if find_agency(connection, code) is None else code
            append(connection, self._clock.now(), operator, [AuditEvent(LOOKED_UP, subject, detail)])


def _fields(names: Sequence[str]) -> tuple[str, ...]:
    """In their own order; raises :class:`BadInput` for none, and for one that is no field."""
    unknown = next((each for each in names if each not in AGENCY_FIELDS), None)
    if unknown is not None or not names:
        raise BadInput("agency-field-unknown", field=unknown, known=", ".join(AGENCY_FIELDS))
    return tuple(each for each in AGENCY_FIELDS if each in names)


def _purposes(texts: Sequence[str]) -> tuple[str, ...]:
    """Each once; raises :class:`BadInput` for none, too many, and a text that is none."""
    stated = tuple(dict.fromkeys(map(_clean, texts)))
    if not 0 < len(stated) <= _MOST_PURPOSES:
        raise BadInput("agency-purposes-count", limit=_MOST_PURPOSES)
    return stated


def _columns(of: Agency) -> dict[str, object]:
    return {
        "fields": json.dumps(of.fields),
        "purposes": json.dumps(of.purposes),
        "may_report": int(of.may_report),
    }


def _rights(of: Agency) -> dict[str, object]:
    """What the audit log tells of an agency's rights."""
    return {"fields": list(of.fields), "purposes": list(of.purposes), "may_report": of.may_report}


def _find(connection: Connection, reference: str | None, words: str | None) -> tuple[list[Person], bool, bool]:
    """The persons asked for, whether there are more, and whether they only are similar."""
    if reference is not None:
        return [_load(connection, reference)], False, False
    text = words or ""
    if len(fold(text).replace(" ", "")) < SHORTEST:
        raise BadInput("look-up-too-short", limit=SHORTEST)
    hits = search_persons(connection, text, None, MOST_FOUND + 1, 0)
    people = {each.id: each for each in (_merged(connection, hit.person) for hit in hits)}
    return list(people.values())[:MOST_FOUND], len(hits) > MOST_FOUND, any(hit.similar for hit in hits)


def _load(connection: Connection, reference: str) -> Person:
    record = load_person(connection, reference)
    query = select(person.c.erased_at).where(person.c.id == record.id)
    if connection.execute(query).scalar() is not None:
        raise BadInput("person-unknown", person=reference)
    return _merged(connection, record)


def _merged(connection: Connection, record: Person) -> Person:
    """The person that this one was found to be the same as, if so."""
    return record if record.merged_into is None else load_person(connection, record.merged_into)


def _shown(connection: Connection, record: Person, by: Agency) -> dict[str, object]:
    """The fields of the person that the agency may see."""
    values: dict[str, Any] = {IDENTIFIER: record.id, **record.data.to_text()}
    if NOTICES in by.fields:
        values[NOTICES] = [each.to_agency() for each in notices_about(connection, record.id)]
    return {name: values[name] for name in by.fields}


def _clean(text: str) -> str:
    """The name of an agency, or a purpose, by the rule for reasons; raises :class:`BadInput` if it breaks it."""
    try:
        return clean_reason(text)
    except BadInput:
        raise BadInput("agency-text-malformed", limit=MAX_REASON) from None
