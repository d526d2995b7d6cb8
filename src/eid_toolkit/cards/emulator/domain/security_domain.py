"""The issuer security domain on the card: SCP03 and content management (GlobalPlatform Card Specification 11)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from eid_toolkit.cards.emulator.card_application import Personalizable, Platform, ProprietaryApplication
from eid_toolkit.cards.emulator.domain.memory import DomainMemory
from eid_toolkit.cards.emulator.file_commands import FileCommands
from eid_toolkit.cards.emulator.refusal import Refused, require
from eid_toolkit.cards.emulator.reply import Reply
from eid_toolkit.ground.errors import BadInput, ChannelError
from eid_toolkit.standards.codec import dgi, tlv
from eid_toolkit.standards.iso7816.apdu import CommandApdu, ResponseApdu
from eid_toolkit.standards.iso7816.status import StatusWord
from eid_toolkit.standards.protocols import globalplatform as gp
from eid_toolkit.standards.protocols import scp03
from eid_toolkit.standards.protocols.globalplatform import DomainState, InitializeUpdateAnswer
from eid_toolkit.standards.protocols.scp03 import KeySet, Options, Scp03Channel, SecurityLevel, SessionKeys

MAX_FAILURES = 10
"""After this many wrong EXTERNAL AUTHENTICATE in a row the domain is dead."""
_MANAGEMENT = (gp.PUT_KEY, gp.INSTALL, gp.STORE_DATA, gp.DELETE, gp.LOAD)
_FORWARD = {
    DomainState.OP_READY: (DomainState.INITIALIZED, DomainState.SECURED),
    DomainState.INITIALIZED: (DomainState.SECURED,),
    DomainState.SECURED: (DomainState.CARD_LOCKED, DomainState.TERMINATED),
    DomainState.CARD_LOCKED: (DomainState.SECURED, DomainState.TERMINATED),
    DomainState.TERMINATED: (),
}


@dataclass(slots=True, eq=False)
class DomainSession:
    """SCP03: opened by INITIALIZE UPDATE, and secure once ``channel`` is there."""

    static_keys: KeySet
    keys: SessionKeys
    channel: Scp03Channel | None = None
    personalizing: Personalizable | None = None
    """The application that STORE DATA is for."""
    next_block: int = 0


class IssuerSecurityDomain(ProprietaryApplication):
    """The application; its session does not outlive its selection, nor a plain command of another class."""

    aid = gp.ISD_AID

    def __init__(self, memory: DomainMemory, card: Platform) -> None:
        self._domain = memory
        self._card = card
        self._files = FileCommands(card.session)
        self._opened: DomainSession | None = None

    def select(self) -> bytes:
        """The domain, without a session."""
        self._opened = None
        return tlv.encode(0x84, self.aid)

    def deselect(self) -> None:
        """Ends the session."""
        self._opened = None

    def reset(self) -> None:
        """Ends the session."""
        self._opened = None

    def answer(self, command: CommandApdu, limit: int, /) -> Reply | None:
        """The domain has no files, and every other command of its own is of the proprietary class."""
        return self._files.answer(command, limit)

    def answer_proprietary(self, command: CommandApdu, /) -> ResponseApdu:
        """Answers one command of the proprietary class, plain or under SCP03."""
        require(command.cla in (0x80, 0x84), StatusWord.CLA_NOT_SUPPORTED)
        opened = self._opened
        if command.cla == 0x80:
            return self._plain(command)
        if command.ins == gp.EXTERNAL_AUTHENTICATE:
            return self._external_authenticate(command)
        if opened is None or opened.channel is None:
            raise Refused(StatusWord.SECURITY_STATUS_NOT_SATISFIED)
        try:
            plain = opened.channel.open_command(command)
        except ChannelError:
            self._opened = None
            raise Refused(StatusWord.SM_OBJECTS_INCORRECT) from None
        try:
            answer = self._secured(plain, opened)
        except Refused as refused:
            answer = ResponseApdu(b"", refused.sw)
        return opened.channel.protect_response(answer)

    def _plain(self, command: CommandApdu) -> ResponseApdu:
        if command.ins == gp.INITIALIZE_UPDATE:
            return self._initialize_update(command)
        if command.ins == gp.GET_DATA:
            return self._get_data(command)
        self._opened = None
        known = (*_MANAGEMENT, gp.SET_STATUS, gp.GET_STATUS, gp.EXTERNAL_AUTHENTICATE)
        raise Refused(
            StatusWord.SECURITY_STATUS_NOT_SATISFIED if command.ins in known else StatusWord.INS_NOT_SUPPORTED
        )

    def _initialize_update(self, command: CommandApdu) -> ResponseApdu:
        domain = self._domain
        self._opened = None
        require(domain.failures < MAX_FAILURES, StatusWord.AUTHENTICATION_METHOD_BLOCKED)
        require(command.p1 in (0, domain.keys.version), StatusWord.REFERENCED_DATA_NOT_FOUND)
        require(command.p2 == 0, StatusWord.WRONG_P1P2)
        require(len(command.data) == domain.options.size, StatusWord.WRONG_LENGTH)
        challenge, sequence = self._card_challenge()
        keys = SessionKeys.derive(domain.keys, command.data, challenge)
        self._opened = DomainSession(domain.keys, keys)
        answer = InitializeUpdateAnswer(
            self._card.memory.chip_identity,
            domain.keys.version,
            challenge,
            keys.card_cryptogram().reveal(),
            sequence,
            domain.options,
        )
        return ResponseApdu(answer.encode(), StatusWord.OK)

    def _card_challenge(self) -> tuple[bytes, bytes]:
        """The card's challenge, and the sequence counter that it was made of, empty where it is random."""
        domain = self._domain
        if not domain.options & Options.PSEUDO_RANDOM_CHALLENGE:
            return self._card.entropy.take(domain.options.size), b""
        domain.sequence = (domain.sequence + 1) % (1 << 24)
        self._card.save()
        challenge = scp03.card_challenge(domain.keys, domain.sequence, gp.ISD_AID, domain.options.size)
        return challenge, domain.sequence.to_bytes(3, "big")

    def _external_authenticate(self, command: CommandApdu) -> ResponseApdu:
        opened, self._opened = self._opened, None
        if opened is None or opened.channel is not None:
            raise Refused(StatusWord.CONDITIONS_NOT_SATISFIED)
        offered = command.p1 in scp03.LEVELS and self._domain.options.offers(SecurityLevel(command.p1))
        require(offered and command.p2 == 0, StatusWord.WRONG_P1P2)
        channel = Scp03Channel(opened.keys, SecurityLevel(command.p1))
        self._domain.failures += 1  # before the comparison, so that cutting the power wins no attempt
        self._card.save()
        try:
            plain = channel.open_authentication(command)
        except ChannelError:
            raise Refused(StatusWord.AUTHENTICATION_FAILED) from None
        require(opened.keys.host_cryptogram().matches(plain.data), StatusWord.AUTHENTICATION_FAILED)
        self._domain.failures = 0
        self._card.save()
        opened.channel = channel
        self._opened = opened
        return ResponseApdu(b"", StatusWord.OK)

    def _secured(self, command: CommandApdu, opened: DomainSession) -> ResponseApdu:
        """A command that came through the secure channel."""
        if command.ins == gp.GET_DATA:
            return self._get_data(command)
        if command.ins == gp.GET_STATUS:
            return self._get_status(command)
        if command.ins == gp.SET_STATUS:
            return self._set_status(command)
        require(command.ins in _MANAGEMENT, StatusWord.INS_NOT_SUPPORTED)
        open_states = (DomainState.OP_READY, DomainState.INITIALIZED)
        require(self._card.memory.state in open_states, StatusWord.CONDITIONS_NOT_SATISFIED)
        if command.ins == gp.PUT_KEY:
            return self._put_key(command, opened)
        if command.ins == gp.INSTALL:
            return self._install(command, opened)
        if command.ins == gp.STORE_DATA:
            return self._store_data(command, opened)
        raise Refused(StatusWord.CONDITIONS_NOT_SATISFIED)  # DELETE, LOAD: the application is part of the chip

    def _put_key(self, command: CommandApdu, opened: DomainSession) -> ResponseApdu:
        domain = self._domain
        is_factory = domain.keys.version == gp.FACTORY_KEY_VERSION
        replaces = command.p1 == (0 if is_factory else domain.keys.version)
        require(replaces, StatusWord.REFERENCED_DATA_NOT_FOUND)
        require(command.p2 == 0x81, StatusWord.WRONG_P1P2)
        try:
            keys = gp.parse_put_key(command.data, opened.static_keys.dek)
        except BadInput:
            raise Refused(StatusWord.WRONG_DATA) from None
        require(0x01 <= keys.version <= 0x7F, StatusWord.WRONG_DATA)
        domain.keys = keys
        self._card.save()
        return ResponseApdu(gp.put_key_answer(keys), StatusWord.OK)

    def _install(self, command: CommandApdu, opened: DomainSession) -> ResponseApdu:
        opened.personalizing = None
        require((command.p1, command.p2) == (0x20, 0x00), StatusWord.WRONG_P1P2)
        try:
            aid = gp.parse_install_for_personalization(command.data)
        except BadInput:
            raise Refused(StatusWord.WRONG_DATA) from None
        target = next((found for found in self._personalizable() if found.aid == aid), None)
        if target is None:
            raise Refused(StatusWord.REFERENCED_DATA_NOT_FOUND)
        require(target.state is not gp.ApplicationState.PERSONALIZED, StatusWord.CONDITIONS_NOT_SATISFIED)
        opened.personalizing, opened.next_block = target, 0
        return ResponseApdu(b"\x00", StatusWord.OK)

    def _store_data(self, command: CommandApdu, opened: DomainSession) -> ResponseApdu:
        target = opened.personalizing
        if target is None:
            raise Refused(StatusWord.CONDITIONS_NOT_SATISFIED)
        require(command.p1 & 0x18 == 0x08 and command.p2 == opened.next_block & 0xFF, StatusWord.WRONG_P1P2)
        try:
            groupings = dgi.parse_all(command.data)
        except BadInput:
            raise Refused(StatusWord.WRONG_DATA) from None
        encrypted = command.p1 & 0x60 == 0x60
        require(all(grouping.is_secret is encrypted for grouping in groupings), StatusWord.WRONG_DATA)
        try:
            target.personalize(groupings, opened.static_keys.dek)
        finally:
            self._card.save()  # also what stands before a grouping that is refused
        opened.next_block += 1
        if command.p1 & 0x80:
            opened.personalizing = None
        return ResponseApdu(b"", StatusWord.OK)

    def _set_status(self, command: CommandApdu) -> ResponseApdu:
        require(command.p1 == 0x80, StatusWord.WRONG_P1P2)
        card = self._card.memory
        try:
            target_state = DomainState(command.p2)
        except ValueError:
            raise Refused(StatusWord.WRONG_P1P2) from None
        require(target_state in _FORWARD[card.state], StatusWord.CONDITIONS_NOT_SATISFIED)
        card.state = target_state
        self._card.save()
        return ResponseApdu(b"", StatusWord.OK)

    def _get_status(self, command: CommandApdu) -> ResponseApdu:
        require(command.p2 & 0x03 == 0x02, StatusWord.WRONG_P1P2)
        require(command.p1 in (0x80, 0x40), StatusWord.WRONG_P1P2)
        if command.p1 == 0x80:
            entries = gp.status_entry(self.aid, self._card.memory.state)
        else:
            entries = b"".join(gp.status_entry(found.aid, found.state) for found in self._personalizable())
        require(entries, StatusWord.REFERENCED_DATA_NOT_FOUND)
        return ResponseApdu(entries, StatusWord.OK)

    def _personalizable(self) -> Iterator[Personalizable]:
        """The applications that have a life cycle, in the order of the card's list."""
        return (found for found in self._card.session.applications if isinstance(found, Personalizable))

    def _get_data(self, command: CommandApdu) -> ResponseApdu:
        tag = command.p1 << 8 | command.p2
        if tag == gp.CPLC_TAG:
            return ResponseApdu(tlv.encode(gp.CPLC_TAG, self._card.memory.cplc), StatusWord.OK)
        if tag == 0x00E0:  # key information template: three AES keys
            keys = self._domain.keys
            entries = (tlv.encode(0xC0, bytes((number, keys.version, 0x88, len(keys.enc)))) for number in (1, 2, 3))
            return ResponseApdu(tlv.encode(0xE0, *entries), StatusWord.OK)
        raise Refused(StatusWord.REFERENCED_DATA_NOT_FOUND)
