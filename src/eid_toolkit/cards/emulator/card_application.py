"""What the emulated card asks of an application, and what it offers to one (GlobalPlatform 5.3, 6.4 and 7.3).

The card's shell has the order of a command, chaining, secure messaging and selection; it knows its applications by
these protocols alone, and they have no other way in. An application is one file: what it remembers without power, with
the coding of that, and what it does while there is power.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, Self, runtime_checkable

from eid_toolkit.cards.emulator.reply import Reply
from eid_toolkit.ground.ports import Entropy
from eid_toolkit.ground.secret import Secret
from eid_toolkit.standards.codec import tlv
from eid_toolkit.standards.codec.dgi import Dgi
from eid_toolkit.standards.iso7816.apdu import CommandApdu, ResponseApdu
from eid_toolkit.standards.protocols.globalplatform import ApplicationState

if TYPE_CHECKING:
    from eid_toolkit.cards.emulator.session import Session
    from eid_toolkit.cards.emulator.state import CardMemory


class CardApplication(Protocol):
    """An application of a card that has power; made anew at each reset. What it has to say itself is its answer."""

    aid: bytes
    """By which it is selected, 5 to 16 bytes; empty for the master file, which has an identifier instead."""

    def select(self) -> bytes:
        """It is the current DF from now on, perhaps again; the data objects of its control information."""
        return tlv.encode(0x84, self.aid)

    def deselect(self) -> None:
        """Another one is the current DF from now on."""
        return

    def answer(self, command: CommandApdu, limit: int, /) -> Reply | None:
        """The reply to a command of the interindustry class, after secure messaging; None to one it does not have.

        An answer carries ``limit`` bytes of data at most. Raises :class:`Refused` with any other status word.
        """

    def reset(self) -> None:
        """Secure messaging has ended: so have the rights that depend on it (9303-11 9.8.3)."""
        return


class ApplicationMemory(Protocol):
    """What an application remembers without power: a dataclass, its part of the card's memory."""

    __dataclass_fields__: ClassVar[dict[str, Any]]
    aid: ClassVar[bytes]

    def start(self, card: Platform, /) -> Sequence[CardApplication]:
        """Power is on: the application, and the master file before it where that is its own."""

    def encode(self) -> dict[str, Any]:
        """For JSON."""

    @classmethod
    def decode(cls, data: dict[str, Any], /) -> Self:
        """The same again; raises any of the usual errors for what :meth:`encode` did not write."""


class ProprietaryApplication(CardApplication, Protocol):
    """One that has commands of the proprietary class besides, and for these a secure channel of its own.

    It is :meth:`reset` by a plain command of the interindustry class, too.
    """

    def answer_proprietary(self, command: CommandApdu, /) -> ResponseApdu:
        """The answer, protected where the command was; raises :class:`Refused` for a class that it does not have."""


@runtime_checkable
class Personalizable(Protocol):
    """One with a life cycle, which takes what the security domain is sent for it (GlobalPlatform 5.3 and 7.3)."""

    aid: bytes

    @property
    def state(self) -> ApplicationState:
        """Of its life cycle."""

    def personalize(self, groupings: tuple[Dgi, ...], dek: Secret, /) -> None:
        """Takes each grouping in; raises :class:`Refused` at the first that does not fit."""


@dataclass(frozen=True, slots=True, eq=False)
class Platform:
    """What the card offers to its applications."""

    memory: CardMemory
    session: Session
    entropy: Entropy
    save: Callable[[], None]
    """Makes a change of the memory lasting; to be called before any answer or comparison that depends on it."""
    wait: Callable[[float], None]
    """How the card takes its time, in seconds."""
