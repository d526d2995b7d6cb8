"""Issue, emulate and inspect electronic identity cards according to ICAO Doc 9303.

    from eid_toolkit import Can, Trust, open_reader, verify

    with open_reader("ACS") as card:
        verdict = verify(card, Can("123456"), Trust.from_folder("csca/"))
    print(verdict.decision, verdict.holder, [check for check in verdict.checks if check.status != "passed"])

The names in ``__all__`` are public: ``docs/api.md`` describes them, and they change only on purpose. Everything else in
this package is private and may change with any version.
"""

from __future__ import annotations

TYPE_CHECKING = False  # as type checkers know it; importing typing for it would cost more than all the rest

if TYPE_CHECKING:
    from eid_toolkit.api import files
    from eid_toolkit.api.cards import emulate, open_reader
    from eid_toolkit.api.inspecting import Reading, Verdict, judge, read, verify
    from eid_toolkit.api.passwords import Can, Mrz, MrzData
    from eid_toolkit.api.records import parse_file, sign_records
    from eid_toolkit.api.trust import Trust
    from eid_toolkit.ground import errors
    from eid_toolkit.ground.errors import EidError

__version__ = "0.2.0"

__all__ = [
    "Can",
    "EidError",
    "Mrz",
    "MrzData",
    "Reading",
    "Trust",
    "Verdict",
    "emulate",
    "errors",
    "files",
    "judge",
    "open_reader",
    "parse_file",
    "read",
    "sign_records",
    "verify",
]

_MODULES = {"errors": "ground.errors", "files": "api.files"}
_PLACES = {
    "Can": "api.passwords",
    "EidError": "ground.errors",
    "Mrz": "api.passwords",
    "MrzData": "api.passwords",
    "Reading": "api.inspecting",
    "Trust": "api.trust",
    "Verdict": "api.inspecting",
    "emulate": "api.cards",
    "judge": "api.inspecting",
    "open_reader": "api.cards",
    "parse_file": "api.records",
    "read": "api.inspecting",
    "sign_records": "api.records",
    "verify": "api.inspecting",
}


def __getattr__(name: str) -> object:
    """A public name, imported when it is first used (PEP 562)."""
    from importlib import import_module

    if name in _MODULES:
        return import_module(f"{__name__}.{_MODULES[name]}")
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value: object = getattr(import_module(f"{__name__}.{_PLACES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*__all__, "__version__"})
