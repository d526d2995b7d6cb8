"""A conformance case: what it is for, what it does, what a chip has to answer; and the registry of all cases."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from eid_toolkit.work.conformance.facts import Facts
    from eid_toolkit.work.conformance.probe import Probe

Body = Callable[["Probe"], None]
"""Runs the steps; raises ``NotConforming`` at the first answer that is not the expected one."""
Condition = Callable[["Facts"], str | None]
"""Why a case does not apply to a chip, or None if it does."""


class Unit(Enum):
    """The units: each with the letters of its cases' numbers and its title."""

    SELECT = ("SEL", "SELECT and READ BINARY")
    SECURE_MESSAGING = ("SM", "Secure messaging")
    PACE = ("PACE", "Password Authenticated Connection Establishment")
    BAC = ("BAC", "Basic Access Control")
    CHIP_AUTHENTICATION = ("CA", "Chip Authentication")
    ACTIVE_AUTHENTICATION = ("AA", "Active Authentication")
    TERMINAL_AUTHENTICATION = ("TA", "Terminal Authentication")
    LDS = ("LDS", "Coding of the files")
    LOCK = ("LOCK", "Lock after personalization")

    def __init__(self, letters: str, title: str) -> None:
        self.letters = letters
        self.title = title


@dataclass(frozen=True, slots=True)
class Case:
    """One case. All texts are for the catalogue and for whoever has to find the fault in a chip."""

    number: str
    """Letters of the unit and a number in it, such as ``PACE-07``: never given out twice."""
    standard: str
    """Standard and section, such as ``9303-11 4.4.3``."""
    unit: Unit
    purpose: str
    preconditions: str
    steps: tuple[str, ...]
    expected: tuple[str, ...]
    condition: Condition
    body: Body

    @property
    def id(self) -> str:
        """The case's name, with standard and section: ``PACE-07/9303-11-4.4.3``."""
        return f"{self.number}/{self.standard.replace(' ', '-')}"


_cases: dict[str, Case] = {}


def always(_: Facts) -> str | None:
    """The condition of a case that applies to every chip."""
    return None


@dataclass(frozen=True, slots=True)
class Cases:
    """Registers the cases of one unit: its instance is called as a decorator."""

    unit: Unit
    preconditions: str
    """What holds for the cases of the unit that say nothing else."""
    condition: Condition = always

    def __call__(
        self,
        number: int,
        standard: str,
        purpose: str,
        *,
        steps: tuple[str, ...] | str,
        expected: tuple[str, ...] | str,
        preconditions: str | None = None,
        condition: Condition | None = None,
    ) -> Callable[[Body], Body]:
        """A case with the decorated function as its body; ``condition`` holds beside that of the unit."""

        def register(body: Body) -> Body:
            name = f"{self.unit.letters}-{number:02}"
            if name in _cases:
                raise ValueError(f"two cases are called {name}")
            _cases[name] = Case(
                name,
                standard,
                self.unit,
                purpose,
                self.preconditions if preconditions is None else preconditions,
                (steps,) if isinstance(steps, str) else steps,
                (expected,) if isinstance(expected, str) else expected,
                self.condition if condition is None else _both(self.condition, condition),
                body,
            )
            return body

        return register


def _both(first: Condition, second: Condition) -> Condition:
    return lambda facts: first(facts) or second(facts)


def registered() -> tuple[Case, ...]:
    """The cases that were registered so far, by unit and number."""
    units = list(Unit)
    return tuple(sorted(_cases.values(), key=lambda case: (units.index(case.unit), case.number)))
