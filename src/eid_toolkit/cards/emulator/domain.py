"""The issuer security domain on the card: SCP03 and content management (GlobalPlatform Card Specification 11)."""

from __future__ import annotations

from collections.abc import Callable

from eid_toolkit.cards.emulator.emrtd import personalizer
from eid_toolkit.cards.emulator.refusal import Refused, require
from eid_toolkit.cards.emulator.session import DomainSession, Selected, Session
from eid_toolkit.cards.emulator.state import CardMemory
from eid_toolkit.ground.errors import BadInput, ChannelError
from eid_toolkit.ground.ports import Entropy
from eid_toolkit.standards.codec import dgi, tlv
from eid_toolkit.standards.iso7816.apdu import CommandApdu, ResponseApdu
from eid_toolkit.standards.iso7816.files import EMRTD_AID
from eid_toolkit.standards.iso7816.status import StatusWord
from eid_toolkit.standards.protocols import globalplatform as gp
from eid_toolkit.standards.protocols import scp03
from eid_toolkit.standards.protocols.globalplatform import DomainState, InitializeUpdateAnswer
from eid_toolkit.standards.protocols.scp03 import Options, Scp03Channel, SecurityLevel, SessionKeys

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


class DomainCommands:
    """The handlers, over memory and session; ``save`` makes a change of the memory lasting at once."""

    def __init__(self, memory: CardMemory, session: Session, entropy: Entropy, save: Callable[[], None]) -> None:
        self._memory = memory
        self._session = session
        self._entropy = entropy
        self._save = save

    def process(self, command: CommandApdu) -> ResponseApdu:
        """Answers one command of the proprietary class, plain or under SCP03."""
        if self._session.selected is not Selected.DOMAIN:
            raise Refused(StatusWord.CLA_NOT_SUPPORTED)
        if self._memory.domain.state is DomainState.TERMINATED:
            raise Refused(StatusWord.CONDITIONS_NOT_SATISFIED)
        opened = self._session.domain
        if command.cla == 0x80:
            return self._plain(command)
        if command.ins == gp.EXTERNAL_AUTHENTICATE:
            return self._external_authenticate(command)
        if opened is None or opened.channel is None:
            raise Refused(StatusWord.SECURITY_STATUS_NOT_SATISFIED)
        try:
            plain = opened.channel.open_command(command)
        except ChannelError:
            self._session.domain = None
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
        self._session.domain = None
        known = (*_MANAGEMENT, gp.SET_STATUS, gp.GET_STATUS, gp.EXTERNAL_AUTHENTICATE)
        raise Refused(
            StatusWord.SECURITY_STATUS_NOT_SATISFIED if command.ins in known else StatusWord.INS_NOT_SUPPORTED
        )

    def _initialize_update(self, command: CommandApdu) -> ResponseApdu:
        domain = self._memory.domain
        self._session.domain = None
        require(domain.failures < MAX_FAILURES, StatusWord.AUTHENTICATION_METHOD_BLOCKED)
        require(command.p1 in (0, domain.keys.version), StatusWord.REFERENCED_DATA_NOT_FOUND)
        require(command.p2 == 0, StatusWord.WRONG_P1P2)
        require(len(command.data) == domain.options.size, StatusWord.WRONG_LENGTH)
        challenge, sequence = self._card_challenge()
        keys = SessionKeys.derive(domain.keys, command.data, challenge)
        self._session.domain = DomainSession(domain.keys, keys)
        answer = InitializeUpdateAnswer(
            self._memory.chip_identity,
            domain.keys.version,
            challenge,
            keys.card_cryptogram().reveal(),
            sequence,
            domain.options,
        )
        return ResponseApdu(answer.encode(), StatusWord.OK)

    def _card_challenge(self) -> tuple[bytes, bytes]:
        """The card's challenge, and the sequence counter that it was made of, empty where it is random."""
        domain = self._memory.domain
        if not domain.options & Options.PSEUDO_RANDOM_CHALLENGE:
            return self._entropy.take(domain.options.size), b""
        domain.sequence = (domain.sequence + 1) % (1 << 24)
        self._save()
        challenge = scp03.card_challenge(domain.keys, domain.sequence, gp.ISD_AID, domain.options.size)
        return challenge, domain.sequence.to_bytes(3, "big")

    def _external_authenticate(self, command: CommandApdu) -> ResponseApdu:
        opened, self._session.domain = self._session.domain, None
        if opened is None or opened.channel is not None:
            raise Refused(StatusWord.CONDITIONS_NOT_SATISFIED)
        offered = command.p1 in scp03.LEVELS and self._memory.domain.options.offers(SecurityLevel(command.p1))
        require(offered and command.p2 == 0, StatusWord.WRONG_P1P2)
        channel = Scp03Channel(opened.keys, SecurityLevel(command.p1))
        self._memory.domain.failures += 1  # before the comparison, so that cutting the power wins no attempt
        self._save()
        try:
            plain = channel.open_authentication(command)
        except ChannelError:
            raise Refused(StatusWord.AUTHENTICATION_FAILED) from None
        require(opened.keys.host_cryptogram().matches(plain.data), StatusWord.AUTHENTICATION_FAILED)
        self._memory.domain.failures = 0
        self._save()
        opened.channel = channel
        self._session.domain = opened
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
        require(self._memory.domain.state in open_states, StatusWord.CONDITIONS_NOT_SATISFIED)
        if command.ins == gp.PUT_KEY:
            return self._put_key(command, opened)
        if command.ins == gp.INSTALL:
            return self._install(command, opened)
        if command.ins == gp.STORE_DATA:
            return self._store_data(command, opened)
        raise Refused(StatusWord.CONDITIONS_NOT_SATISFIED)  # DELETE, LOAD: the application is part of the chip

    def _put_key(self, command: CommandApdu, opened: DomainSession) -> ResponseApdu:
        domain = self._memory.domain
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
        self._save()
        return ResponseApdu(gp.put_key_answer(keys), StatusWord.OK)

    def _install(self, command: CommandApdu, opened: DomainSession) -> ResponseApdu:
        opened.personalizing = False
        require((command.p1, command.p2) == (0x20, 0x00), StatusWord.WRONG_P1P2)
        try:
            aid = gp.parse_install_for_personalization(command.data)
        except BadInput:
            raise Refused(StatusWord.WRONG_DATA) from None
        require(aid == EMRTD_AID, StatusWord.REFERENCED_DATA_NOT_FOUND)
        personalized = self._memory.application.state is gp.ApplicationState.PERSONALIZED
        require(not personalized, StatusWord.CONDITIONS_NOT_SATISFIED)
        opened.personalizing, opened.next_block = True, 0
        return ResponseApdu(b"\x00", StatusWord.OK)

    def _store_data(self, command: CommandApdu, opened: DomainSession) -> ResponseApdu:
        require(opened.personalizing, StatusWord.CONDITIONS_NOT_SATISFIED)
        require(command.p1 & 0x18 == 0x08 and command.p2 == opened.next_block & 0xFF, StatusWord.WRONG_P1P2)
        try:
            groupings = dgi.parse_all(command.data)
        except BadInput:
            raise Refused(StatusWord.WRONG_DATA) from None
        encrypted = command.p1 & 0x60 == 0x60
        require(all(grouping.is_secret is encrypted for grouping in groupings), StatusWord.WRONG_DATA)
        try:
            personalizer.store(self._memory.application, groupings, opened.static_keys.dek)
        finally:
            self._save()  # also what stands before a grouping that is refused
        opened.next_block += 1
        opened.personalizing = not command.p1 & 0x80
        return ResponseApdu(b"", StatusWord.OK)

    def _set_status(self, command: CommandApdu) -> ResponseApdu:
        require(command.p1 == 0x80, StatusWord.WRONG_P1P2)
        domain = self._memory.domain
        try:
            target_state = DomainState(command.p2)
        except ValueError:
            raise Refused(StatusWord.WRONG_P1P2) from None
        require(target_state in _FORWARD[domain.state], StatusWord.CONDITIONS_NOT_SATISFIED)
        domain.state = target_state
        self._save()
        return ResponseApdu(b"", StatusWord.OK)

    def _get_status(self, command: CommandApdu) -> ResponseApdu:
        require(command.p2 & 0x03 == 0x02, StatusWord.WRONG_P1P2)
        entries = {
            0x80: gp.status_entry(gp.ISD_AID, self._memory.domain.state),
            0x40: gp.status_entry(EMRTD_AID, self._memory.application.state),
        }
        require(command.p1 in entries, StatusWord.WRONG_P1P2)
        return ResponseApdu(entries[command.p1], StatusWord.OK)

    def _get_data(self, command: CommandApdu) -> ResponseApdu:
        tag = command.p1 << 8 | command.p2
        if tag == gp.CPLC_TAG:
            return ResponseApdu(tlv.encode(gp.CPLC_TAG, self._memory.cplc), StatusWord.OK)
        if tag == 0x00E0:  # key information template: three AES keys
            keys = self._memory.domain.keys
            entries = (tlv.encode(0xC0, bytes((number, keys.version, 0x88, len(keys.enc)))) for number in (1, 2, 3))
            return ResponseApdu(tlv.encode(0xE0, *entries), StatusWord.OK)
        raise Refused(StatusWord.REFERENCED_DATA_NOT_FOUND)
