"""What a home believes: trust data that comes in and goes out, the trusted time, and whose evidence counts.

In an authority's home these are acts, by two people where the files do not prove themselves; an officer's home is the
officer's own, and has no audit log.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from eid_toolkit.books.staff.roles import Permission
from eid_toolkit.work.office.act import act, by_one, by_two
from eid_toolkit.work.office.office import Office

if TYPE_CHECKING:
    from eid_toolkit.books.staff.operators import Operator
    from eid_toolkit.books.trust.importing import Plan
    from eid_toolkit.books.trust.store import TrustEntry, TrustStore
    from eid_toolkit.work.inspection.evidence_keys import EvidenceKeys, Reader

_STORE = "trust-store"


def import_plan(office: Office, plan: Plan, *, remove_dropped: bool) -> tuple[TrustEntry, ...]:
    """Have an authority's home believe what a plan takes; returns what is new."""
    store = office.trust
    by_people = plan.decided_by_people()
    right = by_two(Permission.MANAGE_KEYS) if by_people else by_one(Permission.MANAGE_KEYS)
    if not (plan.entries or plan.packs or (remove_dropped and plan.dropped)):  # all of it is known
        right(office, "trust.import", _STORE)
        return ()
    with act(office, right, "trust.import", _STORE, {"accepted": by_people}) as doing:
        added = _carry_out(store, plan, doing.people, remove_dropped=remove_dropped)
        for entry in plan.entries:
            doing.done("trust.imported", {"source": entry.source}, entry.fingerprint)
        for pack in plan.packs:
            detail = {"source": pack.name, "kind": pack.kind, "basis": pack.basis.value, "members": pack.counts}
            doing.done("trust.imported", detail, pack.sha256)
        for source, entry in plan.dropped if remove_dropped else ():
            doing.done("trust.removed", {"source": entry.source, "dropped_by": source}, entry.fingerprint)
    return added


def import_by_officer(
    store: TrustStore, plan: Plan, operator: Operator | None, *, remove_dropped: bool
) -> tuple[TrustEntry, ...]:
    """Have an officer's home believe what a plan takes."""
    people = () if operator is None else (operator,)
    return _carry_out(store, plan, people, remove_dropped=remove_dropped)


def _carry_out(
    store: TrustStore, plan: Plan, people: tuple[Operator, ...], *, remove_dropped: bool
) -> tuple[TrustEntry, ...]:
    added = store.carry_out(plan, *people)
    for _, entry in plan.dropped if remove_dropped else ():
        store.remove(entry.fingerprint)
    return added


@dataclass(frozen=True, slots=True)
class Removal:
    """What of the trust store is to go: how a person is asked, its name, its fingerprint, and where it came from."""

    question: str
    """A code of the message catalogue, with ``name`` and, of a list, its ``kind``."""
    name: str
    fingerprint: str
    source: str
    carry_out: Callable[[], None]
    kind: str | None = None


def removal_of(store: TrustStore, fingerprint: str) -> Removal:
    """What a fingerprint's beginning means: a list with all that came with it, what cannot be read, or one entry."""
    pack = store.find_list(fingerprint)
    if pack is not None:
        question = "confirm-trust-remove-list"
        return Removal(question, pack.name, pack.sha256, pack.name, lambda: store.remove_list(pack), pack.kind)
    prefix = fingerprint.replace(":", "").replace(" ", "").rstrip("…").lower()
    unreadable = [candidate for candidate in store.unreadable() if prefix and candidate.startswith(prefix)]
    if len(unreadable) == 1:
        (name,) = unreadable
        return Removal("confirm-trust-remove-unreadable", name, name, "unreadable", lambda: store.remove(name))
    entry = store.find(fingerprint)
    found = entry.fingerprint
    return Removal("confirm-trust-remove", entry.name, found, entry.source, lambda: store.remove(found))


def remove(office: Office, removal: Removal) -> None:
    """Stop an authority's home from believing it: a security officer decides."""
    detail = {"source": removal.source}
    with act(office, by_one(Permission.MANAGE_KEYS), "trust.remove", removal.fingerprint, detail) as doing:
        removal.carry_out()
        doing.done("trust.removed", detail)


def reset_time(office: Office, highest: datetime | None, now: datetime) -> None:
    """Have ``now`` believed in place of all later times, of which ``highest`` is the last."""
    from eid_toolkit.work.inspection.trusted_time import reset_trusted_time

    store = office.trust
    detail = {"from": highest.isoformat() if highest else None, "to": now.isoformat()}
    with act(office, by_two(Permission.MANAGE_KEYS), "trusted-time.reset", _STORE, detail) as doing:
        reset_trusted_time(store.directory, store.material(), now, (person.name for person in doing.people))
        doing.done("trusted-time.reset", detail)


def enrol_reader(office: Office, keys: EvidenceKeys, fingerprint: str, name: str) -> Reader:
    """Believe the evidence of another home, by its key."""
    with act(office, by_two(Permission.MANAGE_KEYS), "evidence.enrol", fingerprint, {"name": name}) as doing:
        reader = keys.enrol(fingerprint, name)
        doing.done("evidence.enrolled", {"name": name})
    return reader


def forget_reader(office: Office, keys: EvidenceKeys, reader: Reader) -> None:
    """Believe that home's evidence no more."""
    detail = {"name": reader.name}
    with act(office, by_two(Permission.MANAGE_KEYS), "evidence.forget", reader.fingerprint, detail) as doing:
        keys.forget(reader)
        doing.done("evidence.forgotten", detail)
