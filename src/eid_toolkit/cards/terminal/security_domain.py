"""The issuer security domain over SCP03 (GlobalPlatform Card Specification 2.3 Amendment D)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from eid_toolkit.cards.terminal.session import CardSession
from eid_toolkit.ground.errors import AccessDenied, CardRefused, ChannelError, EidError, ProtocolError
from eid_toolkit.ground.ports import Entropy
from eid_toolkit.standards.iso7816 import commands
from eid_toolkit.standards.iso7816.apdu import CommandApdu, ResponseApdu
from eid_toolkit.standards.iso7816.files import EMRTD_AID
from eid_toolkit.standards.protocols import globalplatform as gp
from eid_toolkit.standards.protocols.globalplatform import InitializeUpdateAnswer
from eid_toolkit.standards.protocols.scp03 import KeySet, Scp03Channel, SecurityLevel, SessionKeys


class AttemptGuard(Protocol):
    """Remembers, over restarts, the authentications that a chip may have counted as failed."""

    def begin(self, chip_identity: bytes, /) -> None:
        """Called before EXTERNAL AUTHENTICATE; raises :class:`NotPermitted` if too many have failed."""
        ...

    def succeeded(self, chip_identity: bytes, /) -> None:
        """Called after the card accepted."""
        ...


@dataclass(frozen=True, slots=True)
class Handshake:
    """INITIALIZE UPDATE sent and answered: nothing is risked yet."""

    host_challenge: bytes
    answer: InitializeUpdateAnswer

    def fits(self, keys: KeySet) -> bool:
        """Whether the card's cryptogram was made with ``keys``: decided without burning an attempt."""
        session = SessionKeys.derive(keys, self.host_challenge, self.answer.card_challenge)
        return session.card_cryptogram().matches(self.answer.card_cryptogram)


class SecurityDomain:
    """The issuer security domain of the card in ``session``."""

    def __init__(self, session: CardSession, entropy: Entropy) -> None:
        self._session = session
        self._entropy = entropy
        self._channel: Scp03Channel | None = None

    def select(self) -> bytes:
        """Selects the domain and returns the chip's identity (10 bytes) from its CPLC."""
        answer = self._session.exchange_plain(commands.select_application(gp.ISD_AID))
        if not answer.ok:
            raise CardRefused("security-domain-missing", sw=answer.sw)
        answer = self._session.exchange_plain(gp.get_data(gp.CPLC_TAG))
        if not answer.ok:
            raise CardRefused("chip-identity-missing", sw=answer.sw)
        return gp.chip_identity_from_cplc(answer.data)

    def initialize(self, chip_identity: bytes, key_version: int = 0, challenge_size: int = 8) -> Handshake:
        """INITIALIZE UPDATE with a challenge of 8 bytes, or of 16 to a card in S16 mode.

        Raises :class:`CardRefused`, or :class:`ProtocolError` for another chip's answer or one in another mode.
        """
        self._channel = None
        challenge = self._entropy.take(challenge_size)
        answer = self._session.exchange_plain(gp.initialize_update(key_version, challenge))
        if not answer.ok:
            raise CardRefused("initialize-update-refused", sw=answer.sw)
        parsed = InitializeUpdateAnswer.parse(answer.data, challenge_size)
        if parsed.chip_identity != chip_identity:
            raise ProtocolError("chip-identity-differs")
        return Handshake(challenge, parsed)

    def authenticate(
        self, handshake: Handshake, keys: KeySet, guard: AttemptGuard, level: SecurityLevel = SecurityLevel.FULL
    ) -> None:
        """EXTERNAL AUTHENTICATE at ``level``, only if the card offers it and its cryptogram fits ``keys``.

        Raises :class:`ProtocolError` or :class:`AccessDenied` where that is not so (no attempt is burnt), and
        :class:`AccessDenied` where the card refuses.
        """
        if not handshake.answer.options.offers(level):
            raise ProtocolError("scp-level-not-offered", level=f"{level:02X}")
        if handshake.answer.key_version != keys.version or not handshake.fits(keys):
            raise AccessDenied("scp-card-cryptogram-wrong", key_version=handshake.answer.key_version)
        session = SessionKeys.derive(keys, handshake.host_challenge, handshake.answer.card_challenge)
        channel = Scp03Channel(session, level)
        command = gp.external_authenticate(level, session.host_cryptogram().reveal())
        guard.begin(handshake.answer.chip_identity)
        answer = self._session.exchange_plain(channel.protect_authentication(command))
        if not answer.ok:
            raise AccessDenied("scp-host-refused", sw=f"{answer.sw:04X}")
        guard.succeeded(handshake.answer.chip_identity)
        self._channel = channel

    def exchange(self, command: CommandApdu) -> ResponseApdu:
        """Sends ``command`` under SCP03; an error status word is an answer, a broken channel an exception."""
        channel = self._channel
        if channel is None:
            raise ChannelError("scp-not-open")
        try:
            return channel.open_response(self._session.exchange_plain(channel.protect_command(command)))
        except EidError:
            self._channel = None
            raise

    def require(self, command: CommandApdu, code: str, **facts: object) -> bytes:
        """Sends ``command`` and returns the data of its success; raises :class:`CardRefused` with ``code`` else."""
        answer = self.exchange(command)
        if not answer.ok:
            raise CardRefused(code, sw=answer.sw, **facts)
        return answer.data

    def states(self) -> tuple[int, int]:
        """Life-cycle states of the domain and of the eMRTD application."""
        states: dict[bytes, int] = {}
        for p1 in (0x80, 0x40):
            states |= gp.parse_status(self.require(gp.get_status(p1), "get-status-refused"))
        if gp.ISD_AID not in states or EMRTD_AID not in states:
            raise ProtocolError("get-status-malformed")
        return states[gp.ISD_AID], states[EMRTD_AID]
