"""What may happen to an application, a document, a blank and a card: one table each, and nothing beside them.

The tables are the only place that knows which state follows on which action; ``docs/office.md`` is drawn from them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, TypeVar

from eid_toolkit.ground.errors import NotPermitted


class ApplicationState(StrEnum):
    """Where an application stands."""

    CREATED = "created"
    APPROVED = "approved"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"
    COMPLETED = "completed"


class DocumentState(StrEnum):
    """Where a document stands: in the making up to ``issued``, and what is reported or decided of it afterwards."""

    PREPARED = "prepared"
    BOUND = "bound"
    SPOILED = "spoiled"
    ISSUED = "issued"
    SUSPENDED = "suspended"
    LOST = "lost"
    STOLEN = "stolen"
    REVOKED = "revoked"
    EXPIRED = "expired"
    REISSUED = "reissued"
    DESTROYED = "destroyed"


class BlankState(StrEnum):
    """Where a blank is."""

    IN_STORE = "in-store"
    AT_STATION = "at-station"
    USED = "used"
    SPOILED = "spoiled"
    MISSING = "missing"
    DESTROYED = "destroyed"


class CardState(StrEnum):
    """Where a card stands from the first write."""

    WRITING = "writing"
    FINISHED = "finished"
    SPOILED = "spoiled"
    RETURNED = "returned"
    DESTROYED = "destroyed"


_State = TypeVar("_State", bound=StrEnum)


@dataclass(frozen=True)
class StateTable(Generic[_State]):
    """The transitions of one kind of thing: by action, from which states to which."""

    kind: str
    initial: _State
    actions: Mapping[str, tuple[tuple[_State, ...], _State]]

    def after(self, identifier: str, state: _State, action: str) -> _State:
        """The state that follows; raises :class:`NotPermitted` where the table has no such transition."""
        sources, target = self.actions[action]
        if state not in sources:
            allowed = ", ".join(sources)
            raise NotPermitted(
                "state-forbids", kind=self.kind, subject=identifier, state=state, action=action, allowed=allowed
            )
        return target

    def allows(self, state: _State, action: str) -> bool:
        """Whether ``action`` may be done in ``state``."""
        return state in self.actions[action][0]

    def possible(self, state: _State) -> tuple[str, ...]:
        """What may be done in ``state``."""
        return tuple(action for action in self.actions if self.allows(state, action))

    def sources(self, target: _State) -> frozenset[_State]:
        """The states from which ``target`` is reached in one step."""
        return frozenset(
            source for sources, reached in self.actions.values() if reached == target for source in sources
        )

    @property
    def final(self) -> frozenset[_State]:
        """The states that nothing leads out of."""
        states = type(self.initial)
        return frozenset(state for state in states if not self.possible(state))


_A, _D, _B, _C = ApplicationState, DocumentState, BlankState, CardState

APPLICATION = StateTable(
    "application",
    _A.CREATED,
    {
        "approve": ((_A.CREATED,), _A.APPROVED),
        "reject": ((_A.CREATED, _A.APPROVED), _A.REJECTED),
        "withdraw": ((_A.CREATED, _A.APPROVED), _A.WITHDRAWN),
        "complete": ((_A.APPROVED,), _A.COMPLETED),
    },
)
"""An approved application is rejected or withdrawn only while no document of it is alive."""

DOCUMENT = StateTable(
    "document",
    _D.PREPARED,
    {
        "bind": ((_D.PREPARED,), _D.BOUND),
        "issue": ((_D.BOUND,), _D.ISSUED),
        "spoil": ((_D.PREPARED, _D.BOUND), _D.SPOILED),
        "report-lost": ((_D.ISSUED, _D.SUSPENDED), _D.LOST),
        "report-stolen": ((_D.ISSUED, _D.SUSPENDED, _D.LOST), _D.STOLEN),
        "suspend": ((_D.ISSUED,), _D.SUSPENDED),
        "resume": ((_D.SUSPENDED,), _D.ISSUED),
        "revoke": ((_D.ISSUED, _D.SUSPENDED, _D.LOST, _D.STOLEN), _D.REVOKED),
        "expire": ((_D.ISSUED, _D.SUSPENDED), _D.EXPIRED),
        "reissue": ((_D.ISSUED, _D.SUSPENDED, _D.LOST, _D.STOLEN, _D.REVOKED, _D.EXPIRED), _D.REISSUED),
        "destroy": ((_D.LOST, _D.STOLEN, _D.REVOKED, _D.EXPIRED, _D.REISSUED), _D.DESTROYED),
    },
)
"""``reissue`` happens when the document's successor is issued; a lost one that is found again is not made good."""

BLANK = StateTable(
    "blank",
    _B.IN_STORE,
    {
        "hand-out": ((_B.IN_STORE,), _B.AT_STATION),
        "hand-back": ((_B.AT_STATION,), _B.IN_STORE),
        "use": ((_B.AT_STATION,), _B.USED),
        "spoil": ((_B.IN_STORE, _B.AT_STATION, _B.USED), _B.SPOILED),
        "miss": ((_B.IN_STORE, _B.AT_STATION, _B.SPOILED), _B.MISSING),
        "find": ((_B.MISSING,), _B.SPOILED),
        "destroy": ((_B.IN_STORE, _B.SPOILED), _B.DESTROYED),
    },
)
"""A blank that was missing is not written to any more: nobody knows what was done to it.

A used one is a card, and is spoiled only together with its document.
"""

CARD = StateTable(
    "card",
    _C.WRITING,
    {
        "finish": ((_C.WRITING,), _C.FINISHED),
        "spoil": ((_C.WRITING,), _C.SPOILED),
        "return": ((_C.FINISHED,), _C.RETURNED),
        "destroy": ((_C.SPOILED, _C.RETURNED), _C.DESTROYED),
    },
)

TABLES: tuple[
    StateTable[ApplicationState] | StateTable[DocumentState] | StateTable[BlankState] | StateTable[CardState], ...
] = (
    APPLICATION,
    DOCUMENT,
    BLANK,
    CARD,
)
