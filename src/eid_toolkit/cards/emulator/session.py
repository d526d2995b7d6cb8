"""What a card knows only while it has power: selection, channels, and protocols under way."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto

from eid_toolkit.standards.asn1.oids import ChipAuthenticationProtocol
from eid_toolkit.standards.iso7816.apdu import CommandApdu, ResponseApdu
from eid_toolkit.standards.iso7816.files import ElementaryFile
from eid_toolkit.standards.pki.cv_authorization import Authorization
from eid_toolkit.standards.protocols.chip_authentication import ChipStaticKey
from eid_toolkit.standards.protocols.pace_card import PaceResponder
from eid_toolkit.standards.protocols.personalization_data import AccessProtocols
from eid_toolkit.standards.protocols.scp03 import KeySet, Scp03Channel, SessionKeys
from eid_toolkit.standards.protocols.secure_messaging import SecureChannel
from eid_toolkit.standards.protocols.terminal_authentication_card import TerminalAuthenticationResponder


class Selected(Enum):
    """The current DF; the security domain stands beside the file system."""

    MASTER_FILE = auto()
    APPLICATION = auto()
    DOMAIN = auto()


@dataclass(slots=True, eq=False)
class DomainSession:
    """SCP03: opened by INITIALIZE UPDATE, and secure once ``channel`` is there."""

    static_keys: KeySet
    keys: SessionKeys
    channel: Scp03Channel | None = None
    personalizing: bool = False
    next_block: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class PendingChipAuthentication:
    """Chip Authentication as MSE:Set AT has set it up."""

    protocol: ChipAuthenticationProtocol
    key: ChipStaticKey


@dataclass(slots=True, eq=False)
class Session:
    """The volatile state; a reset replaces it by a fresh one."""

    selected: Selected = Selected.MASTER_FILE
    current_file: ElementaryFile | None = None
    channel: SecureChannel | None = None
    access: AccessProtocols | None = None
    """PACE or BAC, whichever opened the channel: the security status."""
    chip_name: bytes = b""
    """The card's compressed ephemeral key of PACE: by it Terminal Authentication names the card (9303-11 7.1.2)."""
    terminal_key: bytes = b""
    """The terminal's compressed ephemeral key with which the chip was authenticated: its rights are bound to it."""
    terminal_authentication: TerminalAuthenticationResponder | None = None
    authorization: Authorization | None = None
    """What the terminal may do, for as long as the channel lives to which it is bound."""
    pace: PaceResponder | None = None
    chip_authentication: PendingChipAuthentication | None = None
    challenge: bytes | None = None
    domain: DomainSession | None = None
    waiting: bytes = b""
    """The rest of an answer, for GET RESPONSE."""
    waiting_sw: int = 0x9000
    chain: CommandApdu | None = None
    """What a chain of commands has brought so far."""

    def end_messaging(self) -> None:
        """Deletes the session keys and takes the access rights back (9303-11 9.8.3)."""
        self.channel = self.access = self.current_file = None
        self.chip_name = self.terminal_key = b""
        self.terminal_authentication = self.authorization = None
        self.waiting = b""
        self.end_protocols()

    def install(self, channel: SecureChannel, terminal_key: bytes = b"") -> None:
        """Puts the session under a new channel; rights were bound to the old one."""
        self.channel, self.terminal_key, self.authorization = channel, terminal_key, None

    def end_protocols(self) -> None:
        """Returns every protocol under way to its initial state."""
        self.pace = self.chip_authentication = self.challenge = None

    def select(self, target: Selected) -> None:
        """Makes ``target`` the current DF; the security domain's session does not outlive its selection."""
        self.selected = target
        self.current_file = None
        self.domain = None
        if self.access is AccessProtocols.BAC and target is not Selected.APPLICATION:
            self.access = None  # the security status of BAC is the application's own

    def hold_back(self, answer: ResponseApdu, limit: int) -> ResponseApdu:
        """The first ``limit`` bytes of an answer too long for a short response, with 61xx for the rest."""
        if len(answer.data) <= limit:
            return answer
        self.waiting, self.waiting_sw = answer.data[limit:], answer.sw
        return ResponseApdu(answer.data[:limit], 0x6100 | min(len(self.waiting), 0x100) & 0xFF)
