"""`eid crypto-policy`: which keys, digests and times are strong enough, as two security officers decided."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from eid_toolkit.doors.cli.context import App, Group, format_option, pass_app
from eid_toolkit.doors.cli.files import OutputFile
from eid_toolkit.doors.cli.office import open_office
from eid_toolkit.doors.cli.output import emit, note, sentence, table, tell, time_text
from eid_toolkit.doors.cli.presentation import presentation
from eid_toolkit.ground.home.named_files import read_file, write_file

if TYPE_CHECKING:
    from eid_toolkit.books.authorities.home_policy import PolicyInForce
    from eid_toolkit.work.office.crypto_policies import PolicyChange


@click.group("crypto-policy", cls=Group)
def crypto_policy() -> None:
    pass


@crypto_policy.command("show")
@click.option("--output", type=OutputFile())
@format_option
@pass_app
def show(app: App, output: Path | None, fmt: str) -> None:
    from eid_toolkit.standards.crypto_policy.reading import toml_of

    with open_office(app) as office:
        found = office.crypto_policy
    if output is not None:
        write_file(output, toml_of(found.policy))
    _show(found, fmt)


@crypto_policy.command("set")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@format_option
@pass_app
def set_(app: App, file: Path, fmt: str) -> None:
    from eid_toolkit.standards.crypto_policy.reading import MAX_SIZE
    from eid_toolkit.work.office.crypto_policies import plan_policy, set_policy

    data = read_file(file, MAX_SIZE)
    with open_office(app) as office:
        change = plan_policy(office, data)
        if change.unusable is not None:
            note(f"{app.speaker.of(change.unusable).text} {sentence('crypto-policy-against-shipped')}")
        elif not change.differences:
            tell("crypto-policy-unchanged")
            _show(office.crypto_policy, fmt)
            return
        _show_changes(change)
        app.confirm("crypto-policy-set", version=change.policy.version)
        found = set_policy(office, change)
    _show(found, fmt)


@crypto_policy.command("check")
@format_option
@pass_app
def check(app: App, fmt: str) -> None:
    from eid_toolkit.work.office.compliance import noncompliances

    with open_office(app) as office:
        version = office.crypto_policy.policy.version
        looked, found = noncompliances(office)
    rows = [
        {"what": each.what, "use": each.breach.use, "value": each.breach.value, "rule": each.breach.rule}
        for each in found
    ]
    data = {"schema": "eid-crypto-policy-check/1", "version": version, "looked_at": looked, "refused": rows}

    def text() -> str:
        if not rows:
            return sentence("crypto-policy-complied", count=looked, version=version)
        return table(("what", "use", "value", "rule"), [tuple(row.values()) for row in rows])

    emit(data, fmt, text)
    if rows:
        raise SystemExit(1)


def _show(found: PolicyInForce, fmt: str) -> None:
    from eid_toolkit.work.office.crypto_policies import limits_of

    signed, limits = found.signed, list(limits_of(found.policy))
    tables: dict[str, Any] = {}
    for limit in limits:
        tables.setdefault(limit.table, {})[limit.name] = {"value": limit.value, "source": limit.source}
    people = [each.operator for each in signed.signatures] if signed is not None else []
    decided = signed.decided_at.isoformat(timespec="seconds") if signed is not None else None
    data = {
        "schema": "eid-crypto-policy-show/1",
        "version": found.policy.version,
        "origin": "home" if signed is not None else "shipped",
        "decided_at": decided,
        "decided_by": people,
        "sha256": signed.digest if signed is not None else None,
        "limits": tables,
    }

    def text() -> str:
        version = found.policy.version
        if signed is None:
            head = sentence("crypto-policy-shipped", version=version)
        else:
            time, names = time_text(signed.decided_at), ", ".join(people)
            head = sentence("crypto-policy-set-by", version=version, people=names, time=time)
        rows = [(limit.table.removeprefix("uses."), limit.name, limit.value, limit.source) for limit in limits]
        return f"{head}\n\n{table(('for', 'limit', 'value', 'source'), rows)}"

    emit(data, fmt, text)


def _show_changes(change: PolicyChange) -> None:
    none = presentation().speaker.in_short("crypto-policy-limit-none")
    for each in change.differences:
        note(f"{each.limit}: {each.before or none} -> {each.after or none}")
