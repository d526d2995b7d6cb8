"""All cases, and the choice among them."""

from __future__ import annotations

import importlib
from collections.abc import Iterable

from eid_toolkit.ground.errors import UsageError
from eid_toolkit.work.conformance.case import Case, Unit, registered

_MODULES = (
    "selecting",
    "selecting_files",
    "without_access",
    "read_binary",
    "secure_messaging",
    "secure_messaging_errors",
    "pace",
    "pace_data",
    "pace_errors",
    "pace_rounds_errors",
    "bac",
    "chip_authentication",
    "chip_authentication_errors",
    "active_authentication",
    "terminal_authentication",
    "terminal_authentication_errors",
    "lds",
    "lds_security_object",
    "lds_application",
    "lds_chip",
    "lock",
)


def all_cases() -> tuple[Case, ...]:
    """Every case, by unit and number."""
    for name in _MODULES:
        importlib.import_module(f"eid_toolkit.work.conformance.units.{name}")
    return registered()


def choose(names: Iterable[str] = (), units: Iterable[str] = ()) -> tuple[Case, ...]:
    """The cases of these numbers or ids, and of the units with these letters; all if nothing is named.

    Raises :class:`UsageError` for a name that nothing has.
    """
    case_names, letters, cases = set(names), {unit.upper() for unit in units}, all_cases()
    known = {unit.letters for unit in Unit}
    unknown = (case_names - {case.number for case in cases} - {case.id for case in cases}) | (letters - known)
    if unknown:
        raise UsageError("conformance-unknown", name=", ".join(sorted(unknown)), units=", ".join(sorted(known)))
    if not case_names and not letters:
        return cases
    return tuple(case for case in cases if {case.number, case.id} & case_names or case.unit.letters in letters)
