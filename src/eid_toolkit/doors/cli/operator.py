"""`eid operator`: who may act."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import click

from eid_toolkit.books.staff.roles import EVERY_ROLE, Permission, Role, permissions_of
from eid_toolkit.doors.cli.context import App, Group, format_option, list_format_option, pass_app
from eid_toolkit.doors.cli.office import CLOCK, ENTROPY, open_office
from eid_toolkit.doors.cli.output import details, emit, table
from eid_toolkit.ground.errors import NotPermitted
from eid_toolkit.work.office.office import Office

if TYPE_CHECKING:
    from eid_toolkit.books.staff.operators import Operator, OperatorRecord


@click.group(cls=Group)
def operator() -> None:
    """Manage operators, each with their own key."""


_role_option = click.option(
    "--role",
    "roles",
    multiple=True,
    type=click.Choice([str(role) for role in Role]),
    help="Role of the operator; repeatable.",
)


@operator.command("add")
@click.argument("name")
@_role_option
@click.option(
    "--new-passphrase-fd",
    "descriptor",
    type=int,
    metavar="N",
    help="Read the new operator's passphrase from file descriptor N.",
)
@format_option
@pass_app
def add(app: App, name: str, roles: tuple[str, ...], descriptor: int | None, fmt: str) -> None:
    """Add an operator with a new key.

    Without --role, the operator has every role, as suits an office of two or three people: the only separation of
    duties is then that no one decides alone.

    This requires the key store's passphrase, and a new one for the operator (asked for, or from EID_NEW_PASSPHRASE or
    --new-passphrase-fd). Once operators have roles, it also requires a security officer with their own passphrase;
    before that, EID_OPERATOR_PASSPHRASE or --operator-passphrase-fd can also give the new operator's.
    """
    with open_office(app) as office:
        officer = _check_may_manage(office)
        own = officer is not None or descriptor is not None or "EID_NEW_PASSPHRASE" in os.environ
        passphrase = app.new_passphrase(descriptor) if own else app.operator_passphrase(new=True)
        record = office.operators.add(name, passphrase, CLOCK.now(), ENTROPY, _roles(roles))
        detail = {"key_sha256": _fingerprint(record), "roles": _role_names(record)}
        office.register.record(_who(officer), "operator.added", record.name, detail)
    _show(record, fmt)


@operator.command("roles")
@click.argument("name")
@_role_option
@format_option
@pass_app
def roles(app: App, name: str, roles: tuple[str, ...], fmt: str) -> None:
    """Set the roles of an operator, replacing all earlier ones.

    This requires the key store's passphrase. Without --role, the operator is only shown.
    """
    with open_office(app) as office:
        if not roles:
            _show(office.operators.get(name), fmt)
            return
        officer, assigned = _check_may_manage(office), _roles(roles)
        _check_last(office, name, assigned)
        detail = {"roles": sorted(assigned)}
        office.register.record(_who(officer), "operator.roles", office.operators.get(name).name, detail)
        record = office.operators.assign(name, assigned)
    _show(record, fmt)


@operator.command("list")
@list_format_option
@pass_app
def list_(app: App, fmt: str) -> None:
    """List all operators."""
    with open_office(app) as office:
        rows = [_to_json(record) for record in office.operators.list()]
    emit(rows, fmt, lambda: table(("name", "state", "roles", "key"), (_cells(r) for r in rows)))


@operator.command("disable")
@click.argument("name")
@format_option
@pass_app
def disable(app: App, name: str, fmt: str) -> None:
    """Disable an operator: from now on they can decide nothing.

    Their earlier decisions remain valid. This requires the key store's passphrase.
    """
    with open_office(app) as office:
        officer = _check_may_manage(office)
        _check_last(office, name, frozenset())
        office.register.record(_who(officer), "operator.disabled", office.operators.get(name).name, {})
        record = office.operators.disable(name, CLOCK.now())
    _show(record, fmt)


def _check_may_manage(office: Office) -> Operator | None:
    """Who opens the key store may say who acts, until roles are given: then it takes a security officer.

    Returns the officer, if it took one. A demo home has no operator keys.
    """
    if office.home.config.demo:
        raise NotPermitted("demo-home-without-operators")
    office.keys.unlock()
    return office.act(Permission.MANAGE_KEYS) if _are_apart(office) else None


def _are_apart(office: Office) -> bool:
    """Whether somebody who may manage keys is there, and somebody who has less than every role."""
    held = [record.held_roles for record in office.operators.list() if record.disabled is None]
    return any(roles != EVERY_ROLE for roles in held) and any(map(_manages, held))


def _check_last(office: Office, name: str, assigned: frozenset[Role]) -> None:
    """Raises :class:`NotPermitted` if roles are apart, and nobody would be left who may manage them."""
    others = [
        record.held_roles
        for record in office.operators.list()
        if record.disabled is None and record.name.casefold() != name.casefold()
    ]
    if _are_apart(office) and not any(map(_manages, [*others, assigned])):
        raise NotPermitted("operator-last-officer", name=name)


def _manages(roles: frozenset[Role]) -> bool:
    return Permission.MANAGE_KEYS in permissions_of(roles)


def _who(officer: Operator | None) -> str:
    """Who stands in the audit log: the officer, else whoever has opened the key store."""
    return officer.name if officer is not None else "key store"


def _roles(names: tuple[str, ...]) -> frozenset[Role]:
    """The roles named, or every one."""
    return frozenset(map(Role, names)) or EVERY_ROLE


def _role_names(record: OperatorRecord) -> list[str]:
    return [str(role) for role in Role if role in record.held_roles]


def _cells(row: dict[str, Any]) -> tuple[str, ...]:
    return row["name"], row["state"], ", ".join(row["roles"]), row["key_sha256"]


def _show(record: OperatorRecord, fmt: str) -> None:
    values = _to_json(record)
    emit(values, fmt, lambda: details({**values, "roles": ", ".join(_role_names(record))}.items()))


def _to_json(record: OperatorRecord) -> dict[str, Any]:
    return {
        "name": record.name,
        "roles": _role_names(record),
        "state": "disabled" if record.disabled else "active",
        "key_sha256": _fingerprint(record),
        "created": record.created.isoformat(timespec="seconds"),
        "disabled": record.disabled.isoformat(timespec="seconds") if record.disabled else None,
    }


def _fingerprint(record: OperatorRecord) -> str:
    from hashlib import sha256

    return sha256(record.public_key).hexdigest()
