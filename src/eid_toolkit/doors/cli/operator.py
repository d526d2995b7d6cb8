"""`eid operator`: who may act."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from eid_toolkit.books.staff.roles import EVERY_ROLE, Role
from eid_toolkit.doors.cli.context import App, Group, format_option, list_format_option, pass_app
from eid_toolkit.doors.cli.office import open_office
from eid_toolkit.doors.cli.output import emit, emit_values, note, table
from eid_toolkit.work.office import appointing

if TYPE_CHECKING:
    from eid_toolkit.books.staff.records import OperatorRecord

_ALL = "all"


@click.group(cls=Group)
def operator() -> None:
    """Manage operators, each with their own keys and roles."""


_role_option = click.option(
    "--role",
    "roles",
    multiple=True,
    type=click.Choice([*(str(role) for role in Role), _ALL]),
    help="Role of the operator; repeatable.",
)
_new_passphrase_option = click.option(
    "--new-passphrase-fd", type=int, metavar="N", help="Read the new passphrase from file descriptor N."
)


@operator.command("add")
@click.argument("name")
@_role_option
@_new_passphrase_option
@format_option
@pass_app
def add(app: App, name: str, roles: tuple[str, ...], new_passphrase_fd: int | None, fmt: str) -> None:
    """Add an operator with new keys, in one or more roles.

    This takes two security officers, each with their own passphrase, and a new passphrase for the operator (asked for,
    or from EID_NEW_PASSPHRASE or --new-passphrase-fd). `--role all` gives every role, as in an office of two people.
    """
    app = replace(app, new_passphrase_fd=new_passphrase_fd)
    with open_office(app) as office:
        _show(appointing.add_operator(office, name, lambda: app.new_passphrase(name), _roles(roles)), fmt)


@operator.command("roles")
@click.argument("name")
@_role_option
@format_option
@pass_app
def roles(app: App, name: str, roles: tuple[str, ...], fmt: str) -> None:
    """Set the roles of an operator, replacing all earlier ones.

    This takes two security officers. What the operator can no longer open gets new keys. Without --role, the operator
    is only shown.
    """
    with open_office(app) as office:
        if not roles:
            _show(appointing.Appointed(office.operators.get(name)), fmt)
            return
        _show(appointing.assign_roles(office, name, _roles(roles)), fmt)


@operator.command("list")
@list_format_option
@pass_app
def list_(app: App, fmt: str) -> None:
    """List all operators."""
    with open_office(app) as office:
        rows = [_to_json(record) for record in office.operators.list()]
    emit(rows, fmt, lambda: table(("name", "state", "roles", "key_sha256"), (_cells(r) for r in rows)))


@operator.command("disable")
@click.argument("name")
@format_option
@pass_app
def disable(app: App, name: str, fmt: str) -> None:
    """Disable an operator: from now on they can decide nothing and open nothing.

    Their earlier decisions remain valid. This takes two security officers; what the operator could open gets new keys.
    """
    with open_office(app) as office:
        _show(appointing.Appointed(appointing.disable_operator(office, name)), fmt)


@operator.command("passphrase")
@_new_passphrase_option
@format_option
@pass_app
def passphrase(app: App, new_passphrase_fd: int | None, fmt: str) -> None:
    """Change your own passphrase.

    The present one is asked for first, then the new one (or from EID_NEW_PASSPHRASE or --new-passphrase-fd).
    """
    app = replace(app, new_passphrase_fd=new_passphrase_fd)
    with open_office(app) as office:
        _show(appointing.Appointed(appointing.change_passphrase(office, app.new_passphrase)), fmt)


@operator.command("re-enrol")
@click.argument("name")
@click.option(
    "--recovery",
    multiple=True,
    metavar="NAME",
    help="Security officer whose recovery share is typed instead of the passphrase; repeatable.",
)
@_new_passphrase_option
@format_option
@pass_app
def re_enrol(app: App, name: str, recovery: tuple[str, ...], new_passphrase_fd: int | None, fmt: str) -> None:
    """Give an operator who has forgotten their passphrase new keys and a new passphrase.

    Their earlier decisions remain valid. This takes two security officers; one who has forgotten their own passphrase
    is named by --second-operator and by --recovery, and their recovery share is asked for.
    """
    app = replace(app, new_passphrase_fd=new_passphrase_fd, recovery=recovery)
    with open_office(app) as office:
        _show(appointing.re_enrol_operator(office, name, lambda: app.new_passphrase(name)), fmt)


def _roles(names: tuple[str, ...]) -> frozenset[Role]:
    return EVERY_ROLE if _ALL in names else frozenset(map(Role, names))


def _cells(row: dict[str, Any]) -> tuple[str, ...]:
    return row["name"], row["state"], ", ".join(row["roles"]), row["key_sha256"]


def _show(appointed: appointing.Appointed, fmt: str) -> None:
    from eid_toolkit.books.staff.recovery import on_paper

    record, share = appointed.record, appointed.recovery_share
    values = _to_json(record) | ({"recovery_share": on_paper(share)} if share is not None else {})
    emit_values(values, fmt, {**values, "roles": ", ".join(appointing.role_names(record))}.items())
    if share is not None:
        note(f"Print the recovery share of {record.name} for a sealed envelope in a safe: it is not shown again.")


def _to_json(record: OperatorRecord) -> dict[str, Any]:
    return {
        "name": record.name,
        "roles": appointing.role_names(record),
        "state": "disabled" if record.disabled else "active",
        "key_sha256": appointing.fingerprint(record),
        "created": record.created.isoformat(timespec="seconds"),
        "disabled": record.disabled.isoformat(timespec="seconds") if record.disabled else None,
    }
