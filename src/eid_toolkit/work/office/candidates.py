"""What may be meant by what is typed so far: names of this home and of the package, for completion in a shell.

Whoever presses a key waits for it: nothing is opened with a passphrase, changed, or waited for, and what cannot be
looked at has no answer. Names of persons are never among the answers.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path

from eid_toolkit.ground.errors import EidError
from eid_toolkit.work.office.readers import EMULATED, IN_PROCESS, REPLAY, SPEC

_READERS_PATIENCE = 0.5
"""Seconds for the PC/SC service to say which readers there are."""


def profiles(root: Path, typed: str) -> tuple[str, ...]:
    """Document types, of the package and of the home."""
    from eid_toolkit.standards.profiles import list_profiles

    return _beginning(typed, lambda: list_profiles([root / "profiles"]))


def policies(_root: Path, typed: str) -> tuple[str, ...]:
    """Policies of an inspection."""
    from eid_toolkit.work.inspection.policy import POLICY_NAMES

    return _beginning(typed, lambda: POLICY_NAMES)


def languages(_root: Path, typed: str) -> tuple[str, ...]:
    """Languages of messages."""
    from eid_toolkit.ground.messages.catalogue import languages as known

    return _beginning(typed, known)


def quirks(_root: Path, typed: str) -> tuple[str, ...]:
    """Peculiarities of cards."""
    from eid_toolkit.cards.terminal.quirks import QUIRKS

    return _beginning(typed, lambda: QUIRKS)


def operators(root: Path, typed: str) -> tuple[str, ...]:
    """Operators by the names of their records, which are not opened."""
    names = _beginning(typed.casefold(), lambda: (path.stem for path in (root / "operators").glob("*.json")))
    return tuple(typed + name[len(typed) :] for name in names)


def stations(root: Path, typed: str) -> tuple[str, ...]:
    """Stations that the register knows."""
    from eid_toolkit.books.ledger.beginnings import stations_beginning
    from eid_toolkit.ground.home.home import Home

    return _beginning(typed, lambda: stations_beginning(Home.open(root), typed))


def emulated_cards(root: Path, typed: str) -> tuple[str, ...]:
    """Emulated cards of the home."""
    return _beginning(typed, lambda: (path.stem for path in (root / "cards").glob("*.card")))


def readers(root: Path, typed: str) -> tuple[str, ...]:
    """Emulated cards, shipped specs, and what PC/SC has, as ``--reader`` takes them."""
    found = [f"{EMULATED}{name}" for name in emulated_cards(root, "")]
    if typed.startswith(SPEC):
        from eid_toolkit.work.cardspec.shipped_specs import shipped_specs

        found += [f"{SPEC}{name}" for name in shipped_specs()]
    else:
        found += [SPEC, REPLAY]
    if not typed.startswith(IN_PROCESS):
        found += _pcsc_readers()
    return _beginning(typed, lambda: found)


def identifiers(kinds: str) -> Callable[[Path, str], tuple[str, ...]]:
    """What completes identifiers of these kinds, ``P`` for persons, ``A`` for applications, ``D`` for documents."""

    def beginning(root: Path, typed: str) -> tuple[str, ...]:
        from eid_toolkit.books.ledger.beginnings import identifiers_beginning
        from eid_toolkit.ground.home.home import Home

        return _beginning(typed.upper(), lambda: identifiers_beginning(Home.open(root), typed, kinds))

    return beginning


def _beginning(typed: str, known: Callable[[], Iterable[str]]) -> tuple[str, ...]:
    """Those that begin as typed, sorted, as far as they can be shown on one line; none if it is not known."""
    try:
        return tuple(sorted({name for name in known() if name.startswith(typed) and name.isprintable()}))
    except (EidError, OSError):
        return ()


def _pcsc_readers() -> list[str]:
    """The readers' names, if the service answers at once; it has no time limit of its own."""
    found: list[str] = []

    def look() -> None:
        from eid_toolkit.cards.transport.pcsc import list_readers

        with suppress(EidError, OSError, ImportError):
            found.extend(status.name for status in list_readers())

    asking = threading.Thread(target=look, daemon=True)
    asking.start()
    asking.join(_READERS_PATIENCE)
    return list(found)
