"""Persons who are erased for good, by two people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from eid_toolkit.work.office.act import by_two, decide
from eid_toolkit.work.office.office import Office

if TYPE_CHECKING:
    from eid_toolkit.books.register.keeping.erasure import Erased


def check(office: Office, person: str) -> str:
    """The identifier of a person who may be erased, given by it or by a number; raises as :meth:`Erasure.check`."""
    from eid_toolkit.books.register.keeping.erasure import FIRST, SECOND

    office.acting.may_both("person.erase", FIRST, SECOND)
    return office.register.erasure.check(person)


def erase(office: Office, identifier: str, reason: str) -> Erased:
    """Have two people decide, then destroy the keys of the person's data and remove what identifies the person."""
    from eid_toolkit.books.register.keeping.erasure import FIRST, SECOND

    people = decide(office, by_two(*FIRST, second=SECOND), "person.erase", identifier, {"reason": reason})
    return office.register.erasure.erase(identifier, reason, people)
