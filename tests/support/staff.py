"""An office with one operator of each role."""

from __future__ import annotations

from pathlib import Path

from click.testing import Result

from eid_toolkit.books.staff.roles import Role
from support.offices import ENVIRONMENT, CommandLine, new_office


def staffed_office(root: Path) -> CommandLine:
    """Anna and Bert, who may do everything, and for each role somebody of its name with Anna's passphrase."""
    office = new_office(root)
    for role in Role:
        office.add(role.value, ENVIRONMENT["EID_OPERATOR_PASSPHRASE"], role.value)
    return office


def acting(office: CommandLine, who: Role | str, *words: object, code: int = 0, second: str | None = None) -> Result:
    """By that person or somebody of that role, with a second one if it is said who."""
    witness = ("--second-operator", second) if second else ()
    return office.call("--operator", str(who), *witness, "--yes", *words, code=code)
