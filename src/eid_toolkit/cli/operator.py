"""`eid operator`: who may act."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from eid_toolkit.cli.context import App, Group, format_option, list_format_option, pass_app
from eid_toolkit.cli.office import CLOCK, ENTROPY, Office, open_office
from eid_toolkit.cli.output import details, emit, table
from eid_toolkit.errors import NotPermitted

if TYPE_CHECKING:
    from eid_toolkit.stores.operators import OperatorRecord


@click.group(cls=Group)
def operator() -> None:
    """Operators, each with a key of their own."""


@operator.command("add")
@click.argument("name")
@format_option
@pass_app
def add(app: App, name: str, fmt: str) -> None:
    """Add an operator with a new key.

    It takes the key store's passphrase, and a new one for the operator (asked for, or from EID_OPERATOR_PASSPHRASE
    or --operator-passphrase-fd).
    """
    with open_office(app) as office:
        _check_may_manage(office)
        record = office.operators.add(name, app.operator_passphrase(new=True), CLOCK.now(), ENTROPY)
        office.register.record(
            app.operator or record.name, "operator.added", record.name, {"key_sha256": _fingerprint(record)}
        )
    _show(record, fmt)


@operator.command("list")
@list_format_option
@pass_app
def list_(app: App, fmt: str) -> None:
    """List all operators."""
    with open_office(app) as office:
        rows = [_to_json(record) for record in office.operators.list()]
    emit(rows, fmt, lambda: table(("name", "state", "key"), ((r["name"], r["state"], r["key_sha256"]) for r in rows)))


@operator.command("disable")
@click.argument("name")
@format_option
@pass_app
def disable(app: App, name: str, fmt: str) -> None:
    """Let an operator decide nothing from now on.

    What they decided before stands. It takes the key store's passphrase.
    """
    with open_office(app) as office:
        _check_may_manage(office)
        record = office.operators.disable(name, CLOCK.now())
        office.register.record(app.operator or "key store", "operator.disabled", record.name, {})
    _show(record, fmt)


def _check_may_manage(office: Office) -> None:
    """Who opens the key store may say who acts; a demo home has no operator keys."""
    if office.home.config.demo:
        raise NotPermitted("demo-home-without-operators")
    office.keys.unlock()


def _show(record: OperatorRecord, fmt: str) -> None:
    values = _to_json(record)
    emit(values, fmt, lambda: details(values.items()))


def _to_json(record: OperatorRecord) -> dict[str, object]:
    return {
        "name": record.name,
        "state": "disabled" if record.disabled else "active",
        "key_sha256": _fingerprint(record),
        "created": record.created.isoformat(timespec="seconds"),
        "disabled": record.disabled.isoformat(timespec="seconds") if record.disabled else None,
    }


def _fingerprint(record: OperatorRecord) -> str:
    from hashlib import sha256

    return sha256(record.public_key).hexdigest()
