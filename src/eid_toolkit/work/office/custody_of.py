"""Who of a home opens which compartment, by the roles that its operators have."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from eid_toolkit.books.keys.compartments import Compartment
from eid_toolkit.books.staff.operators import recipients_of, recovery_of
from eid_toolkit.books.staff.roles import compartments_of
from eid_toolkit.work.office.office import Office

if TYPE_CHECKING:
    from eid_toolkit.books.keys.custody import Custody, Recipient
    from eid_toolkit.books.staff.records import OperatorRecord


def custody_of(office: Office) -> Custody:
    """What the staff does with compartments; two security officers have opened theirs for it."""
    from eid_toolkit.books.keys.custody import Custody

    return Custody(office.keys, office.keys.staff, office.clock.now(), office.entropy)


def recipients_for(compartment: Compartment, records: Iterable[OperatorRecord]) -> tuple[Recipient, ...]:
    """For whom a compartment's key is wrapped: who has a role for it, and recovery shares where two open."""
    holders = [
        record
        for record in records
        if record.disabled is None and record.wrapping_key and compartment in compartments_of(record.roles)
    ]
    people = [recipient for record in holders for recipient in recipients_of(record)]
    if compartment.by_two:
        people += [recipient for record in holders for recipient in recovery_of(record)]
    return tuple(people)


def share_with_all(office: Office, custody: Custody, compartments: Iterable[Compartment]) -> list[str]:
    """Have those open these compartments whose roles say so; which of them the home has."""
    records, shared = office.operators.list(), []
    for compartment in sorted(compartments):
        if office.keys.has(compartment):
            custody.share(compartment, recipients_for(compartment, records))
            shared.append(str(compartment))
    return shared


@dataclass(frozen=True, slots=True)
class Renewed:
    """A compartment that has a new key, and the keys that could have been copied from it before."""

    compartment: Compartment
    generation: int
    keys: tuple[str, ...]


def renew_for_rest(office: Office, custody: Custody, compartments: Iterable[Compartment]) -> list[Renewed]:
    """A new key for each of these compartments, for those whose roles say so."""
    records, renewed = office.operators.list(), []
    for compartment in sorted(compartments, key=lambda item: (item is Compartment.STAFF, item)):
        if office.keys.has(compartment):
            keys = office.keys.names_of(compartment)
            generation = custody.renew(compartment, recipients_for(compartment, records))
            renewed.append(Renewed(compartment, generation, keys))
    return renewed
