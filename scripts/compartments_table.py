"""The table of compartments in docs/keys.md: which keys lie in each, and who opens it."""

from __future__ import annotations

from eid_toolkit.books.keys.compartments import Compartment, words_of
from eid_toolkit.books.staff.roles import COMPARTMENTS

HEAD = ("compartment", "its keys are called, or begin with", "opened by", "or by two officers", "in a token")


def compartments() -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    """The head and the rows, in the order of the compartments."""
    return HEAD, [_row(compartment) for compartment in Compartment]


def _row(compartment: Compartment) -> tuple[str, ...]:
    roles = ", ".join(str(role) for role, opened in COMPARTMENTS.items() if compartment in opened)
    return (
        f"`{compartment}`",
        ", ".join(f"`{word}`" for word in words_of(compartment)),
        f"two, each a {roles}" if compartment.by_two else roles or "–",
        "yes" if compartment.for_staff else "–",
        "can be" if compartment.in_token else "–",
    )
