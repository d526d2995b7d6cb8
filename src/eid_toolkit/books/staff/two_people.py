"""What takes two people: both there, not the same, and each with a role for it."""

from __future__ import annotations

from collections.abc import Sequence

from eid_toolkit.books.staff.operators import Operator
from eid_toolkit.books.staff.roles import Permission, permissions_of
from eid_toolkit.ground.errors import NotPermitted


def require_two(people: Sequence[Operator], action: str, first: Sequence[Permission], second: Permission) -> None:
    """Raises :class:`NotPermitted` unless two people act, the one with any of ``first``, the other with ``second``.

    In a demo home, where nobody has a key, one is enough.
    """
    actor, *others = people
    require_any(actor, first)
    for other in others:
        if other.is_same_person_as(actor.name):
            raise NotPermitted("second-person-same", operator=actor.name)
        other.require(second)
    if not others and actor.keys is not None:
        raise NotPermitted("second-person-missing", action=action)


def require_any(operator: Operator, permissions: Sequence[Permission]) -> None:
    """Raises :class:`NotPermitted` if the operator has none of the ``permissions``."""
    if not permissions_of(operator.roles) & set(permissions):
        operator.require(permissions[0])  # tells which roles have the first of them
