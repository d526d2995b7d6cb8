"""`eid keys`: the compartments of the key store, and who opens them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from eid_toolkit.doors.cli.context import App, Group, format_option, pass_app
from eid_toolkit.doors.cli.office import CLOCK, ENTROPY, open_office
from eid_toolkit.doors.cli.output import emit, emit_values, sentence, table, tell
from eid_toolkit.doors.cli.presentation import presentation

if TYPE_CHECKING:
    from eid_toolkit.work.office.key_keeping import CompartmentStanding


@click.group(cls=Group)
def keys() -> None:
    pass


@keys.command("show")
@format_option
@pass_app
def show(app: App, fmt: str) -> None:
    from eid_toolkit.work.office import key_keeping

    with open_office(app) as office:
        standing = key_keeping.standing(office)
    rows = [_to_json(compartment) for compartment in standing.compartments]
    data = {"schema": "eid-keys/1", "compartments": rows, "data_keys_to_reseal": standing.unsealed}

    def text() -> str:
        shown = [
            (row["name"], row["generation"], _people(row), _names(row["holders"]), len(row["keys"])) for row in rows
        ]
        return table(("compartment", "generation", "opened by", "holders", "keys"), shown)

    emit(data, fmt, text)
    for compartment in standing.compartments:
        for name in compartment.waiting:
            tell("compartment-without-wrap", name=name, compartment=compartment.compartment)
        for exposure in compartment.exposures:
            facts = {"person": exposure.person, "compartment": compartment.compartment}
            facts |= {"until": presentation().day(exposure.since), "keys": ", ".join(exposure.keys)}
            tell("compartment-could-have-copied", **facts)
    if standing.unsealed:
        tell("data-keys-to-reseal", count=standing.unsealed)


@keys.command("rewrap")
@format_option
@pass_app
def rewrap(app: App, fmt: str) -> None:
    from eid_toolkit.work.office import key_keeping

    with open_office(app) as office:
        shared = key_keeping.rewrap(office)
    emit_values({"compartments": shared}, fmt, [("Wrapped anew", ", ".join(shared))])


@keys.command("migrate")
@format_option
@pass_app
def migrate(app: App, fmt: str) -> None:
    from eid_toolkit.books.staff.recovery import on_paper
    from eid_toolkit.work.office.migrating import migrate as carry_out

    done = carry_out(app.home_path, app, app.old_passphrase, app.pin, CLOCK, ENTROPY)
    shares = {name: on_paper(share) for name, share in done.recovery_shares.items()}
    data = {"recovery_shares": shares, "to_re_enrol": list(done.to_re_enrol)}
    pairs = [(sentence("recovery-share-of", name=name), share) for name, share in shares.items()]
    names = ", ".join(done.to_re_enrol) or presentation().speaker.in_short("re-enrol-nobody")
    emit_values(data, fmt, [*pairs, ("To be re-enrolled", names)])
    if shares:
        tell("recovery-shares-print")


def _people(row: dict[str, Any]) -> str:
    return presentation().speaker.value("two" if row["by_two"] else "one")


def _names(holders: list[str]) -> str:
    return ", ".join(name for name in holders if "#" not in name) or "-"


def _to_json(compartment: CompartmentStanding) -> dict[str, Any]:
    return {
        "name": str(compartment.compartment),
        "generation": compartment.generation,
        "by_two": compartment.by_two,
        "holders": list(compartment.holders),
        "without_wrap": list(compartment.waiting),
        "keys": list(compartment.keys),
        "in_token": compartment.in_token,
        "could_have_copied": [
            {"operator": exposure.person, "until": exposure.since.isoformat(), "keys": list(exposure.keys)}
            for exposure in compartment.exposures
        ],
    }
