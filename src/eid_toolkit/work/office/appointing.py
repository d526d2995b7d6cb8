"""Operators: who is appointed to act, in which roles, and until when; and which compartments they open by that.

All of it is done by two security officers, who open the staff compartment together: its key endorses records, and the
working compartments are sealed for it. Who loses a role may have copied what it opened: that gets new keys.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING

from eid_toolkit.books.audit.endorsed import in_detail
from eid_toolkit.books.audit.standing import RENEWED
from eid_toolkit.books.keys.compartments import Compartment
from eid_toolkit.books.staff.operators import Operator
from eid_toolkit.books.staff.roles import Permission, Role, compartments_of
from eid_toolkit.ground.errors import NotPermitted, UsageError
from eid_toolkit.ground.secret import Secret
from eid_toolkit.work.office.act import Act, act, by
from eid_toolkit.work.office.custody_of import Renewed, custody_of, renew_for_rest, share_with_all
from eid_toolkit.work.office.office import Office

if TYPE_CHECKING:
    from eid_toolkit.books.keys.foundation import Foundation
    from eid_toolkit.books.keys.holding import HeldKeys
    from eid_toolkit.books.staff.records import OperatorRecord

_OFFICERS = 2
"""The fewest security officers: fewer open neither the staff compartment nor the CSCA's."""


@dataclass(frozen=True, slots=True)
class Appointed:
    """An operator's record after an act, and the recovery share that is to be kept in a safe."""

    record: OperatorRecord
    recovery_share: Secret | None = None


def add_operator(office: Office, name: str, passphrase: Callable[[], Secret], roles: Iterable[Role]) -> Appointed:
    """A new operator with new keys under ``passphrase``, in these ``roles``, of which there is one at least."""
    given = frozenset(roles)
    if not given:
        raise UsageError("operator-without-role", name=name)
    _require_officers(office, "operator.add")
    office.operators.require_free(name)
    people = _officers(office, "operator.add", name)
    secret = passphrase()
    with act(office, by(people), "operator.add", name, {"roles": sorted(given)}) as doing:
        custody, share = custody_of(office), _share_for(office, given)
        record = office.operators.enrol(
            name, secret, given, office.clock.now(), office.keys.staff.sign, office.entropy, _recovery_key(share)
        )
        shared = share_with_all(office, custody, compartments_of(given))
        _record(office, doing, "operator.added", record, {"compartments": shared})
    return Appointed(record, share)


def assign_roles(office: Office, name: str, roles: Iterable[Role]) -> Appointed:
    """Give an operator these roles and no others."""
    assigned = frozenset(roles)
    _require_officers(office, "operator.assign")
    before = office.operators.require_active(name)
    _check_last(office, before, assigned)
    people = _officers(office, "operator.assign", before.name)
    with act(office, by(people), "operator.assign", before.name, {"roles": sorted(assigned)}) as doing:
        custody = custody_of(office)
        gained = compartments_of(assigned) - compartments_of(before.roles)
        lost = compartments_of(before.roles) - compartments_of(assigned)
        was_officer, is_officer = (Role.SECURITY_OFFICER in roles for roles in (before.roles, assigned))
        share = _share_for(office, assigned) if is_officer and not was_officer else None
        kept = before.recovery_key if is_officer else b""
        recovery = kept if share is None else _recovery_key(share)
        record = office.operators.assign(before.name, assigned, office.keys.staff.sign, recovery)
        shared = share_with_all(office, custody, gained)
        _record(office, doing, "operator.roles", record, {"compartments": shared})
        _record_renewed(doing, before.name, renew_for_rest(office, custody, lost))
    return Appointed(record, share)


def disable_operator(office: Office, name: str) -> OperatorRecord:
    """From now on the operator decides nothing and opens nothing; earlier decisions stand."""
    _require_officers(office, "operator.disable")
    before = office.operators.require_active(name)
    _check_last(office, before, frozenset())
    people = _officers(office, "operator.disable", before.name)
    with act(office, by(people), "operator.disable", before.name, {}) as doing:
        custody = custody_of(office)
        record = office.operators.disable(before.name, office.clock.now(), office.keys.staff.sign)
        _record(office, doing, "operator.disabled", record, {})
        _record_renewed(doing, before.name, renew_for_rest(office, custody, compartments_of(before.roles)))
    return record


def re_enrol_operator(office: Office, name: str, passphrase: Callable[[], Secret]) -> Appointed:
    """New keys for somebody who has forgotten their passphrase; what they decided before stands.

    A security officer who has done so is stood for by their recovery share.
    """
    _require_officers(office, "operator.re-enrol")
    before = office.operators.require_active(name)
    people = office.acting.both("operator.re-enrol", before.name, (Permission.MANAGE_KEYS,), recovery=True)
    secret = passphrase()
    shares = [person.name for person in people if person.keys is None]
    with act(office, by(people), "operator.re-enrol", before.name, {"by_recovery_share": shares}) as doing:
        custody, share = custody_of(office), _share_for(office, before.roles)
        record = office.operators.re_enrol(
            before.name, secret, office.clock.now(), office.keys.staff.sign, office.entropy, _recovery_key(share)
        )
        shared = share_with_all(office, custody, compartments_of(before.roles))
        _record(office, doing, "operator.re-enrolled", record, {"compartments": shared})
    return Appointed(record, share)


def change_passphrase(office: Office, new_passphrase: Callable[[str], Secret]) -> OperatorRecord:
    """One's own new passphrase; the keys stay as they are."""
    from eid_toolkit.books.keys.holding import KeyPair
    from eid_toolkit.work.office.credentials import Purpose

    _require_keys(office)
    operator = office.acting.first((), Purpose("operator.passphrase"), by_passphrase=True)
    record = office.operators.get(operator.name)
    assert isinstance(operator.keys, KeyPair)  # not those of an agent, which gives none out
    secret = new_passphrase(record.name)
    with act(office, by((operator,)), "operator.passphrase", record.name, {}) as doing:
        office.operators.change_passphrase(record, operator.keys, secret, office.entropy)
        doing.done("operator.passphrase-changed", {})
    return record


def unlocked_keys(office: Office) -> tuple[str, HeldKeys]:
    """Who acts, and their keys as an agent keeps them; the passphrase is asked for."""
    from eid_toolkit.books.keys.agent.working_keys import WorkingKeys
    from eid_toolkit.work.office.credentials import Purpose

    _require_keys(office)
    operator = office.acting.first((), Purpose("unlock"), by_passphrase=True)
    assert operator.keys is not None  # as everybody has who is not of a demo home
    return operator.name, WorkingKeys(operator.keys)


def fingerprint(record: OperatorRecord) -> str:
    """The SHA-256 of the operator's public key, in hex."""
    return sha256(record.public_key).hexdigest()


def role_names(record: OperatorRecord) -> list[str]:
    """The operator's roles in their usual order."""
    return [str(role) for role in Role if role in record.roles]


def standing_of(record: OperatorRecord, foundation: Foundation) -> dict[str, object]:
    """What the log keeps of a record, by which its file is held to the newest row."""
    return {
        "version": record.version,
        "record_sha256": record.digest(foundation),
        "key_sha256": fingerprint(record),
        "roles": role_names(record),
        **in_detail(record, foundation),
    }


def _record(office: Office, doing: Act, action: str, record: OperatorRecord, detail: Mapping[str, object]) -> None:
    doing.done(action, {**standing_of(record, office.keys.foundation), **detail}, record.name)


def _record_renewed(doing: Act, left: str, renewed: Iterable[Renewed]) -> None:
    """What a leaver could have copied stands in the log by the names of the keys."""
    for each in renewed:
        detail = {"generation": each.generation, "left": left, "keys": list(each.keys)}
        doing.done(RENEWED, detail, str(each.compartment))


def _officers(office: Office, action: str, subject: str) -> tuple[Operator, ...]:
    return office.acting.both(action, subject, (Permission.MANAGE_KEYS,))


def _require_officers(office: Office, action: str) -> None:
    """Raises :class:`NotPermitted` unless two security officers act, before they are asked for anything."""
    _require_keys(office)
    office.acting.may_both(action, (Permission.MANAGE_KEYS,))


def _require_keys(office: Office) -> None:
    if office.home.config.demo:
        raise NotPermitted("demo-home-without-operators")


def _share_for(office: Office, roles: frozenset[Role]) -> Secret | None:
    from eid_toolkit.books.staff.recovery import new_share

    return new_share(office.entropy) if Compartment.STAFF in compartments_of(roles) else None


def _recovery_key(share: Secret | None) -> bytes:
    from eid_toolkit.books.staff.recovery import recovery_key

    return b"" if share is None else recovery_key(share).public_key.spki()


def _check_last(office: Office, leaving: OperatorRecord, assigned: frozenset[Role]) -> None:
    """Raises :class:`NotPermitted` if too few security officers would be left."""
    if Role.SECURITY_OFFICER in assigned or Role.SECURITY_OFFICER not in leaving.roles:
        return
    officers = office.operators.active(Role.SECURITY_OFFICER)
    left = [record for record in officers if record.name != leaving.name and record.wrapping_key]
    if len(left) < _OFFICERS:
        raise NotPermitted("operator-last-officer", name=leaving.name)
