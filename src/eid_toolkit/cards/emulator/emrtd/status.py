"""The security status of the eMRTD application, and its protocols under way (ICAO Doc 9303-11 4, 6 and 7.1)."""

from __future__ import annotations

from dataclasses import dataclass

from eid_toolkit.cards.emulator.session import Session
from eid_toolkit.standards.asn1.oids import ChipAuthenticationProtocol
from eid_toolkit.standards.iso7816.files import EMRTD_AID
from eid_toolkit.standards.pki.cv_authorization import Authorization
from eid_toolkit.standards.protocols.chip_authentication import ChipStaticKey
from eid_toolkit.standards.protocols.personalization_data import AccessProtocols
from eid_toolkit.standards.protocols.secure_messaging import SecureChannel
from eid_toolkit.standards.protocols.terminal_authentication_card import TerminalAuthenticationResponder


@dataclass(frozen=True, slots=True, eq=False)
class PendingChipAuthentication:
    """Chip Authentication as MSE:Set AT has set it up."""

    protocol: ChipAuthenticationProtocol
    key: ChipStaticKey


@dataclass(frozen=True, slots=True, eq=False)
class BacChallenge:
    """RND.IC, until the next command."""

    value: bytes


@dataclass(slots=True, eq=False)
class EmrtdStatus:
    """What the application knows only while it has power, beside the card's own session."""

    session: Session
    bac: bool = False
    """Whether BAC opened the channel; ends when another DF is selected."""
    chip_name: bytes = b""
    """The card's compressed ephemeral key of PACE: by it Terminal Authentication names the card (9303-11 7.1.2)."""
    terminal_key: bytes = b""
    """The terminal's compressed ephemeral key with which the chip was authenticated: its rights are bound to it."""
    terminal_authentication: TerminalAuthenticationResponder | None = None
    authorization: Authorization | None = None
    """What the terminal may do, for as long as the channel lives to which it is bound."""

    @property
    def is_selected(self) -> bool:
        """Whether the application is the current DF."""
        return self.session.selected.aid == EMRTD_AID

    @property
    def access(self) -> AccessProtocols | None:
        """PACE, which holds for the whole card, or BAC: the security status."""
        return AccessProtocols.BAC if self.bac else self.session.access

    def install(self, channel: SecureChannel, terminal_key: bytes = b"") -> None:
        """Puts the session under a new channel; rights were bound to the old one."""
        self.session.channel, self.terminal_key, self.authorization = channel, terminal_key, None

    def clear(self) -> None:
        """The channel has ended, and with it every right."""
        self.bac, self.chip_name, self.terminal_key = False, b"", b""
        self.terminal_authentication = self.authorization = None
