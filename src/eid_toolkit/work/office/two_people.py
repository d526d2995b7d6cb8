"""What two people decide together: both sign the same statement, and both signatures stand in the audit log."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from eid_toolkit.books.staff.roles import Permission
from eid_toolkit.ground.errors import NotPermitted
from eid_toolkit.work.office.office import Office

if TYPE_CHECKING:
    from eid_toolkit.books.staff.operators import Operator


def decide_together(
    office: Office,
    action: str,
    subject: str,
    detail: Mapping[str, object],
    *,
    first: Sequence[Permission] = (Permission.MANAGE_KEYS,),
    second: Permission | None = None,
) -> tuple[Operator, ...]:
    """Have the operator and the second one decide on ``action``, and record it before it is done.

    In a demo home one is enough. Raises :class:`NotPermitted` if the second person is missing or the same as the first,
    or if they lack what it takes: the one any of the permissions ``first`` (a security officer's, for keys and trust),
    the other ``second``.
    """
    from eid_toolkit.books.staff.two_people import require_any

    actor = office.act()
    require_any(actor, first)
    other = office.act_second(actor, second)
    if other is None and not office.home.config.demo:
        raise NotPermitted("second-person-missing", action=action)
    people = [actor] if other is None else [actor, other]
    names = [person.name for person in people]
    statement = {"action": action, "subject": subject, "detail": dict(detail), "time": office.clock.now().isoformat()}
    signed = json.dumps({**statement, "operators": names}, sort_keys=True).encode()
    for person in people:
        signature = person.sign(signed)
        shown = {**statement, "operators": names, "signature": signature.hex() if signature else None}
        office.register.record(person.name, f"{action}.decided", subject, shown)
    return tuple(people)
