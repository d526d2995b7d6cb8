"""`eid operator`: who may act."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from eid_toolkit.books.staff.roles import EVERY_ROLE, Role
from eid_toolkit.doors.cli.context import App, Group, format_option, list_format_option, pass_app
from eid_toolkit.doors.cli.office import open_office
from eid_toolkit.doors.cli.output import emit, emit_values, table, tell
from eid_toolkit.work.office import appointing

if TYPE_CHECKING:
    from eid_toolkit.books.staff.records import OperatorRecord

_ALL = "all"


@click.group(cls=Group)
def operator() -> None:
    pass


_role_option = click.option("--role", "roles", multiple=True, type=click.Choice([*(str(role) for role in Role), _ALL]))
_new_passphrase_option = click.option("--new-passphrase-fd", type=int, metavar="N")


@operator.command("add")
@click.argument("name")
@_role_option
@_new_passphrase_option
@format_option
@pass_app
def add(app: App, name: str, roles: tuple[str, ...], new_passphrase_fd: int | None, fmt: str) -> None:
    app = replace(app, new_passphrase_fd=new_passphrase_fd)
    with open_office(app) as office:
        _show(appointing.add_operator(office, name, lambda: app.new_passphrase(name), _roles(roles)), fmt)


@operator.command("roles")
@click.argument("name")
@_role_option
@format_option
@pass_app
def roles(app: App, name: str, roles: tuple[str, ...], fmt: str) -> None:
    with open_office(app) as office:
        if not roles:
            _show(appointing.Appointed(office.operators.get(name)), fmt)
            return
        _show(appointing.assign_roles(office, name, _roles(roles)), fmt)


@operator.command("list")
@list_format_option
@pass_app
def list_(app: App, fmt: str) -> None:
    with open_office(app) as office:
        rows = [_to_json(record) for record in office.operators.list()]
    emit(rows, fmt, lambda: table(("name", "state", "roles", "key_sha256"), (_cells(r) for r in rows)))


@operator.command("disable")
@click.argument("name")
@format_option
@pass_app
def disable(app: App, name: str, fmt: str) -> None:
    with open_office(app) as office:
        _show(appointing.Appointed(appointing.disable_operator(office, name)), fmt)


@operator.command("passphrase")
@_new_passphrase_option
@format_option
@pass_app
def passphrase(app: App, new_passphrase_fd: int | None, fmt: str) -> None:
    app = replace(app, new_passphrase_fd=new_passphrase_fd)
    with open_office(app) as office:
        _show(appointing.Appointed(appointing.change_passphrase(office, app.new_passphrase)), fmt)


@operator.command("re-enrol")
@click.argument("name")
@click.option("--recovery", multiple=True, metavar="NAME")
@_new_passphrase_option
@format_option
@pass_app
def re_enrol(app: App, name: str, recovery: tuple[str, ...], new_passphrase_fd: int | None, fmt: str) -> None:
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
        tell("recovery-share-print", name=record.name)


def _to_json(record: OperatorRecord) -> dict[str, Any]:
    return {
        "name": record.name,
        "roles": appointing.role_names(record),
        "state": "disabled" if record.disabled else "active",
        "key_sha256": appointing.fingerprint(record),
        "created": record.created.isoformat(timespec="seconds"),
        "disabled": record.disabled.isoformat(timespec="seconds") if record.disabled else None,
    }
