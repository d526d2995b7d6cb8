"""Operators: who is appointed to act, in which roles, and until when."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from hashlib import sha256
from typing import TYPE_CHECKING

from eid_toolkit.books.staff.roles import EVERY_ROLE, Permission, Role, permissions_of
from eid_toolkit.ground.errors import NotPermitted
from eid_toolkit.ground.secret import Secret
from eid_toolkit.work.office.act import act, by
from eid_toolkit.work.office.office import Office

if TYPE_CHECKING:
    from eid_toolkit.books.staff.operators import Operator, OperatorRecord, OperatorStore

KEY_STORE = "key store"
"""Who stands in the audit log where nobody but the key store's passphrase was asked for."""


def takes_officer(office: Office) -> bool:
    """Whether it takes a security officer to say who acts; before roles are given, the key store's passphrase does.

    Raises :class:`NotPermitted` in a demo home, which has no operator keys.
    """
    if office.home.config.demo:
        raise NotPermitted("demo-home-without-operators")
    return _are_apart(office.operators)


def add_operator(office: Office, name: str, passphrase: Callable[[], Secret], roles: Iterable[Role]) -> OperatorRecord:
    """A new operator with a new key under ``passphrase``, in these ``roles`` or in every one."""
    people, given = _who_may_manage(office), frozenset(roles) or EVERY_ROLE
    office.operators.require_free(name)
    secret = passphrase()
    with act(office, by(people), "operator.add", name, {"roles": sorted(given)}) as doing:
        record = office.operators.add(name, secret, office.clock.now(), office.entropy, given)
        doing.done("operator.added", {"key_sha256": fingerprint(record), "roles": role_names(record)})
    return record


def assign_roles(office: Office, name: str, roles: Iterable[Role]) -> OperatorRecord:
    """Give an operator these roles and no others."""
    people, assigned = _who_may_manage(office), frozenset(roles)
    name = office.operators.get(name).name
    with act(office, by(people), "operator.assign", name, {"roles": sorted(assigned)}) as doing:
        _check_last(office.operators, name, assigned)
        record = office.operators.assign(name, assigned)
        doing.done("operator.roles", {"roles": sorted(assigned)})
    return record


def disable_operator(office: Office, name: str) -> OperatorRecord:
    """From now on the operator decides nothing; earlier decisions stand."""
    people = _who_may_manage(office)
    name = office.operators.get(name).name
    with act(office, by(people), "operator.disable", name, {}) as doing:
        _check_last(office.operators, name, frozenset())
        record = office.operators.disable(name, office.clock.now())
        doing.done("operator.disabled", {})
    return record


def fingerprint(record: OperatorRecord) -> str:
    """The SHA-256 of the operator's public key, in hex."""
    return sha256(record.public_key).hexdigest()


def role_names(record: OperatorRecord) -> list[str]:
    """The operator's roles in their usual order."""
    return [str(role) for role in Role if role in record.held_roles]


def _who_may_manage(office: Office) -> tuple[Operator, ...]:
    from eid_toolkit.books.staff.operators import Operator

    needs_officer = takes_officer(office)
    office.keys.unlock()
    return (office.operator(Permission.MANAGE_KEYS) if needs_officer else Operator(KEY_STORE),)


def _are_apart(operators: OperatorStore) -> bool:
    """Whether somebody who may manage keys is there, and somebody who has less than every role."""
    held = [record.held_roles for record in operators.list() if record.disabled is None]
    return any(roles != EVERY_ROLE for roles in held) and any(map(_manages, held))


def _check_last(operators: OperatorStore, name: str, assigned: frozenset[Role]) -> None:
    """Raises :class:`NotPermitted` if roles are apart, and nobody would be left who may manage them."""
    others = [
        record.held_roles
        for record in operators.list()
        if record.disabled is None and record.name.casefold() != name.casefold()
    ]
    if _are_apart(operators) and not any(map(_manages, [*others, assigned])):
        raise NotPermitted("operator-last-officer", name=name)


def _manages(roles: frozenset[Role]) -> bool:
    return Permission.MANAGE_KEYS in permissions_of(roles)
