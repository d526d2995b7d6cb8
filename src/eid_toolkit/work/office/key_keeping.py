"""Who opens which compartment of the key store, and what somebody who has left could have copied."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from eid_toolkit.books.audit.log import Filter
from eid_toolkit.books.audit.standing import RENEWED
from eid_toolkit.books.keys.compartments import Compartment
from eid_toolkit.books.keys.keys import DATA_KEY
from eid_toolkit.books.keys.token_keys import TokenKeys
from eid_toolkit.books.staff.roles import Permission, compartments_of
from eid_toolkit.ground.errors import NotPermitted
from eid_toolkit.work.office.act import act, by
from eid_toolkit.work.office.custody_of import custody_of, recipients_for, share_with_all
from eid_toolkit.work.office.office import Office


@dataclass(frozen=True, slots=True)
class Exposure:
    """Keys that somebody could have copied before they lost the role, and that are in use still."""

    person: str
    since: datetime
    keys: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CompartmentStanding:
    """One compartment: its generation, who opens it, what lies in it."""

    compartment: Compartment
    generation: int
    by_two: bool
    holders: tuple[str, ...]
    waiting: tuple[str, ...]
    """Who has a role for it and no wrap yet."""
    keys: tuple[str, ...]
    in_token: bool
    exposures: tuple[Exposure, ...]


@dataclass(frozen=True, slots=True)
class KeyStanding:
    """The key store as a whole."""

    compartments: tuple[CompartmentStanding, ...]
    unsealed: int
    """Data keys of persons and documents that are still wrapped by a key which somebody who has left could have."""


def standing(office: Office) -> KeyStanding:
    """What there is; nobody is asked for anything."""
    exposed = _exposures(office)
    records = () if office.home.config.demo else office.operators.list()
    shown = []
    for compartment in Compartment:
        if not office.keys.has(compartment):
            continue
        file = office.keys.file(compartment)
        entitled = {record.name for record in records if record.disabled is None}
        entitled &= {record.name for record in records if compartment in compartments_of(record.roles)}
        keys = office.keys.names_of(compartment)
        in_token = TokenKeys.is_used(office.keys.directory, compartment)
        holders = file.recipients()
        waiting = tuple(sorted(entitled - set(holders)))
        exposures = tuple(exposed.get(str(compartment), ()))
        shown.append(
            CompartmentStanding(compartment, file.generation, file.by_two, holders, waiting, keys, in_token, exposures)
        )
    with office.register.database.read() as connection:
        unsealed = office.register.data_keys.waiting(connection)
    return KeyStanding(tuple(shown), unsealed)


def rewrap(office: Office) -> list[str]:
    """Wrap every compartment's key anew for those whose roles say so, and make those that are missing."""
    if office.home.config.demo:
        raise NotPermitted("demo-home-without-operators")
    people = office.acting.both("keys.rewrap", "key-store", (Permission.MANAGE_KEYS,))
    with act(office, by(people), "keys.rewrap", "key-store", {}) as doing:
        custody, records = custody_of(office), office.operators.list()
        missing = [compartment for compartment in Compartment if not office.keys.has(compartment)]
        for compartment in missing:
            custody.create(compartment, recipients_for(compartment, records))
        shared = share_with_all(office, custody, Compartment)
        doing.done("keys.rewrapped", {"compartments": shared, "created": sorted(missing)})
    return shared


def _exposures(office: Office) -> Mapping[str, list[Exposure]]:
    names = set(office.keys.names())
    exposed: dict[str, list[Exposure]] = {}
    for compartment in Compartment:
        for row in office.register.audit_rows(Filter(str(compartment), RENEWED)):
            detail = json.loads(row.detail)
            # A data key seals nothing any more: what waits to be sealed anew is counted.
            left = tuple(name for name in detail["keys"] if name in names and name.partition("-")[0] != DATA_KEY)
            if left:
                exposed.setdefault(str(compartment), []).append(Exposure(detail["left"], row.time, left))
    return exposed
