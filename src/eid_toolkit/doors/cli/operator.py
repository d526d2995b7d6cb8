"""`eid operator`: who may act."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import click

from eid_toolkit.books.staff.roles import Role
from eid_toolkit.doors.cli.context import App, Group, format_option, list_format_option, pass_app
from eid_toolkit.doors.cli.office import open_office
from eid_toolkit.doors.cli.output import emit, emit_values, table
from eid_toolkit.work.office import appointing

if TYPE_CHECKING:
    from eid_toolkit.books.staff.operators import OperatorRecord


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
        own = appointing.takes_officer(office) or descriptor is not None or "EID_NEW_PASSPHRASE" in os.environ
        record = appointing.add_operator(
            office,
            name,
            lambda: app.new_passphrase(descriptor) if own else app.operator_passphrase(new=True),
            map(Role, roles),
        )
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
        record = appointing.assign_roles(office, name, map(Role, roles))
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
        record = appointing.disable_operator(office, name)
    _show(record, fmt)


def _cells(row: dict[str, Any]) -> tuple[str, ...]:
    return row["name"], row["state"], ", ".join(row["roles"]), row["key_sha256"]


def _show(record: OperatorRecord, fmt: str) -> None:
    values = _to_json(record)
    emit_values(values, fmt, {**values, "roles": ", ".join(appointing.role_names(record))}.items())


def _to_json(record: OperatorRecord) -> dict[str, Any]:
    return {
        "name": record.name,
        "roles": appointing.role_names(record),
        "state": "disabled" if record.disabled else "active",
        "key_sha256": appointing.fingerprint(record),
        "created": record.created.isoformat(timespec="seconds"),
        "disabled": record.disabled.isoformat(timespec="seconds") if record.disabled else None,
    }
