"""What a card knows only while it has power: selection, the secure channel, and a protocol under way."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from eid_toolkit.cards.emulator.card_application import CardApplication
from eid_toolkit.standards.iso7816.apdu import CommandApdu, ResponseApdu
from eid_toolkit.standards.iso7816.files import ElementaryFile
from eid_toolkit.standards.protocols.personalization_data import AccessProtocols
from eid_toolkit.standards.protocols.secure_messaging import SecureChannel

SHORT_RESPONSE = 256
"""The most data bytes in a short answer (7816-4 5.1)."""


@dataclass(slots=True, eq=False)
class Session:
    """The volatile state of the card; a reset replaces it by a fresh one."""

    applications: Sequence[CardApplication] = ()
    selected: CardApplication = field(init=False)
    """The current DF."""
    proprietary: Callable[[CommandApdu], ResponseApdu] | None = None
    """Answers commands of the proprietary class, if the selected application has any."""
    current_file: ElementaryFile | None = None
    channel: SecureChannel | None = None
    access: AccessProtocols | None = None
    """PACE, if it opened the channel: a security status of the whole card. Any other is an application's own."""
    under_way: object | None = None
    """A protocol that takes several commands, as whoever runs it left it; gone with the first that is none of it."""
    waiting: bytes = b""
    """The rest of an answer, for GET RESPONSE."""
    waiting_sw: int = 0x9000
    chain: CommandApdu | None = None
    """What a chain of commands has brought so far."""
    buffers: Callable[[], tuple[int, int]] = lambda: (SHORT_RESPONSE, SHORT_RESPONSE)
    """The sizes of command and response that the card takes; whoever has EF.ATR/INFO knows more."""

    def power_on(self, applications: Sequence[CardApplication]) -> None:
        """The first one, which is the master file, is selected without a command."""
        self.applications = applications
        self._enter(applications[0])

    @property
    def master_file(self) -> CardApplication:
        """The root of the card."""
        return self.applications[0]

    def named(self, name: bytes) -> CardApplication | None:
        """The application whose AID is ``name`` or begins with it."""
        return next((found for found in self.applications if found.aid and found.aid.startswith(name)), None)

    def select(self, target: CardApplication) -> bytes:
        """Makes ``target`` the current DF; the data objects of its control information."""
        if target is not self.selected:
            self.selected.deselect()
        return self._enter(target)

    def _enter(self, target: CardApplication) -> bytes:
        self.selected = target
        self.proprietary = getattr(target, "answer_proprietary", None)
        self.current_file = None
        return target.select()

    def end_messaging(self) -> None:
        """Deletes the session keys and takes the access rights back (9303-11 9.8.3)."""
        if self.channel is not None:
            self.channel = self.access = None
            for application in self.applications:
                application.reset()
        self.current_file = self.under_way = None
        self.waiting = b""

    def hold_back(self, answer: ResponseApdu, limit: int) -> ResponseApdu:
        """The first ``limit`` bytes of an answer too long for a short response, with 61xx for the rest."""
        if len(answer.data) <= limit:
            return answer
        self.waiting, self.waiting_sw = answer.data[limit:], answer.sw
        return ResponseApdu(answer.data[:limit], 0x6100 | min(len(self.waiting), 0x100) & 0xFF)
