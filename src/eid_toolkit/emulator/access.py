"""The eMRTD protocols on the card: PACE, BAC, Chip and Active Authentication (ICAO Doc 9303-11)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from eid_toolkit.asn1.oids import ChipAuthenticationProtocol
from eid_toolkit.asn1.security_infos import ChipAuthenticationInfo, PaceInfo, SecurityInfos
from eid_toolkit.codec import der, tlv
from eid_toolkit.crypto.domain_parameters import EcDomain, domain_by_id
from eid_toolkit.crypto.ec import EcPrivateKey
from eid_toolkit.emulator.refusal import Refused, require
from eid_toolkit.emulator.session import Selected, Session
from eid_toolkit.emulator.state import ApplicationMemory
from eid_toolkit.errors import BadInput, ProtocolError
from eid_toolkit.iso7816.apdu import CommandApdu, ResponseApdu
from eid_toolkit.iso7816.files import ElementaryFile
from eid_toolkit.iso7816.status import StatusWord
from eid_toolkit.lds.card_access import CardAccess
from eid_toolkit.lds.dg14 import Dg14
from eid_toolkit.ports import Entropy
from eid_toolkit.protocols import active_authentication, bac, chip_authentication, pace, pace_card
from eid_toolkit.protocols.bac import BacKeys
from eid_toolkit.protocols.pace import PaceParameters
from eid_toolkit.protocols.pace_card import PaceResponder
from eid_toolkit.protocols.passwords import PasswordKind
from eid_toolkit.protocols.personalization_data import DIGEST_REFERENCES, AccessProtocols, ChipKey

_DIGESTS = {reference: name for name, reference in DIGEST_REFERENCES.items()}
MAX_FAILURES = 0xFFFF


@dataclass(frozen=True, slots=True, eq=False)
class Reply:
    """An answer, and what happens once it has left under the old channel."""

    answer: ResponseApdu
    effect: Callable[[], None] | None = None


def _ok(data: bytes = b"", effect: Callable[[], None] | None = None) -> Reply:
    return Reply(ResponseApdu(data, StatusWord.OK), effect)


class AccessCommands:
    """The handlers, over memory and session; ``save`` makes a change of the memory lasting at once."""

    def __init__(self, memory: ApplicationMemory, session: Session, entropy: Entropy, save: Callable[[], None]) -> None:
        self._memory = memory
        self._session = session
        self._entropy = entropy
        self._save = save

    def manage_security_environment(self, command: CommandApdu) -> Reply:
        """MSE:Set AT for PACE or for Chip Authentication."""
        self._session.end_protocols()
        if (command.p1, command.p2) == (pace.MSE_P1, pace.MSE_P2):
            self._start_pace(command.data)
        elif (command.p1, command.p2) == (chip_authentication.MSE_P1, chip_authentication.MSE_P2):
            self._start_chip_authentication(command.data)
        else:
            raise Refused(StatusWord.WRONG_P1P2)
        return _ok()

    def _start_pace(self, data: bytes) -> None:
        require(self._memory.protocols & AccessProtocols.PACE, StatusWord.CONDITIONS_NOT_SATISFIED)
        require(self._session.channel is None, StatusWord.CONDITIONS_NOT_SATISFIED)
        try:
            parameters, password = pace_card.choose(data, tuple(self._offered()), self._memory.passwords)
        except pace_card.ReferenceNotFound:
            raise Refused(StatusWord.REFERENCED_DATA_NOT_FOUND) from None
        except ProtocolError:
            raise Refused(StatusWord.WRONG_DATA) from None
        self._session.pace = PaceResponder(parameters, password, self._entropy)

    def _offered(self) -> Iterator[PaceParameters]:
        """What EF.CardAccess names and this card can run."""
        for info in _infos(self._memory, ElementaryFile.CARD_ACCESS, CardAccess).of_type(PaceInfo):
            try:
                parameters = PaceParameters.of(info)
            except BadInput:
                continue
            if parameters.protocol.mapping != "cam":
                yield parameters

    def _start_chip_authentication(self, data: bytes) -> None:
        require(self._session.access is not None, StatusWord.SECURITY_STATUS_NOT_SATISFIED)
        require(self._session.selected is Selected.APPLICATION, StatusWord.CONDITIONS_NOT_SATISFIED)
        key = self._memory.chip_authentication_key
        if key is None:
            raise Refused(StatusWord.CONDITIONS_NOT_SATISFIED)
        infos = _infos(self._memory, ElementaryFile.DG14, Dg14).of_type(ChipAuthenticationInfo)
        try:
            found = tlv.as_mapping(tlv.parse_all(data))
            protocol = ChipAuthenticationProtocol.from_oid(
                der.decode_oid_value(found.get(chip_authentication.PROTOCOL, b""))
            )
        except BadInput:
            raise Refused(StatusWord.WRONG_DATA) from None
        require(protocol.oid in {info.protocol for info in infos}, StatusWord.WRONG_DATA)
        reference = found.get(chip_authentication.KEY_REFERENCE)
        known = reference is None or int.from_bytes(reference, "big") == key.reference
        require(known, StatusWord.REFERENCED_DATA_NOT_FOUND)
        self._session.chip_authentication = protocol

    def general_authenticate(self, command: CommandApdu) -> Reply:
        """One round of PACE, or the one of Chip Authentication."""
        require((command.p1, command.p2) == (0, 0), StatusWord.WRONG_P1P2)
        if self._session.pace is not None:
            return self._pace_round(self._session.pace, command)
        require(self._session.chip_authentication is not None, StatusWord.CONDITIONS_NOT_SATISFIED)
        return self._chip_authentication_round(command)

    def _pace_round(self, responder: PaceResponder, command: CommandApdu) -> Reply:
        self._session.pace = None  # whatever fails below ends the run
        final = responder.expected is pace.Step.AUTHENTICATE
        if command.chained is final:
            raise Refused(StatusWord.LAST_COMMAND_EXPECTED if final else StatusWord.CONDITIONS_NOT_SATISFIED)
        if final:  # counted before the comparison, so that cutting the power wins no attempt
            self._memory.failures = min(self._memory.failures + 1, MAX_FAILURES)
            self._save()
        try:
            data, result = responder.respond(command.data)
        except pace_card.TokenWrong:
            raise Refused(StatusWord.AUTHENTICATION_FAILED) from None
        except BadInput:
            raise Refused(StatusWord.WRONG_DATA) from None
        if result is None:
            self._session.pace = responder
            return _ok(data)
        self._memory.failures = 0
        self._save()
        channel = result.channel

        def install() -> None:
            self._session.select(Selected.MASTER_FILE)
            self._session.channel, self._session.access = channel, AccessProtocols.PACE

        return _ok(data, install)

    def _chip_authentication_round(self, command: CommandApdu) -> Reply:
        protocol, key = self._session.chip_authentication, self._memory.chip_authentication_key
        self._session.chip_authentication = None
        if protocol is None or key is None or command.chained:
            raise Refused(StatusWord.CONDITIONS_NOT_SATISFIED)
        try:
            data, channel = chip_authentication.respond(protocol, _private_key(key), command.data)
        except BadInput:
            raise Refused(StatusWord.WRONG_DATA) from None

        def install() -> None:
            self._session.channel = channel

        return _ok(data, install)

    def get_challenge(self, command: CommandApdu) -> Reply:
        """RND.IC for Basic Access Control."""
        self._bac_possible()
        require((command.p1, command.p2) == (0, 0), StatusWord.WRONG_P1P2)
        require(not command.data and command.ne in (bac.NONCE_SIZE, 256), StatusWord.WRONG_LENGTH)
        self._session.challenge = self._entropy.take(bac.NONCE_SIZE)
        return _ok(self._session.challenge)

    def external_authenticate(self, command: CommandApdu) -> Reply:
        """Basic Access Control: EXTERNAL AUTHENTICATE with the function of mutual authentication."""
        self._bac_possible()
        challenge, self._session.challenge = self._session.challenge, None
        if challenge is None:
            raise Refused(StatusWord.CONDITIONS_NOT_SATISFIED)
        require((command.p1, command.p2) == (0, 0), StatusWord.WRONG_P1P2)
        require(len(command.data) == bac.MESSAGE_SIZE, StatusWord.WRONG_LENGTH)
        keys = BacKeys.of(self._memory.passwords[PasswordKind.MRZ])
        self._memory.failures = min(self._memory.failures + 1, MAX_FAILURES)
        self._save()
        found = bac.respond(keys, challenge, command.data, self._entropy)
        if found is None:
            raise Refused(StatusWord.AUTHENTICATION_FAILED)
        self._memory.failures = 0
        self._save()
        data, channel = found

        def install() -> None:
            self._session.channel, self._session.access = channel, AccessProtocols.BAC

        return _ok(data, install)

    def _bac_possible(self) -> None:
        """BAC needs the application selected, and is never run in a session opened by PACE (9303-11 4.2)."""
        possible = (
            self._memory.protocols & AccessProtocols.BAC
            and self._session.selected is Selected.APPLICATION
            and self._session.channel is None
        )
        require(possible, StatusWord.CONDITIONS_NOT_SATISFIED)

    def internal_authenticate(self, command: CommandApdu) -> Reply:
        """Active Authentication."""
        require(self._session.selected is Selected.APPLICATION, StatusWord.CONDITIONS_NOT_SATISFIED)
        require(self._session.access is not None, StatusWord.SECURITY_STATUS_NOT_SATISFIED)
        key = self._memory.active_authentication_key
        if key is None:
            raise Refused(StatusWord.CONDITIONS_NOT_SATISFIED)
        require((command.p1, command.p2) == (0, 0), StatusWord.WRONG_P1P2)
        require(len(command.data) == active_authentication.CHALLENGE_SIZE and command.ne, StatusWord.WRONG_LENGTH)
        return _ok(active_authentication.respond(_private_key(key), _DIGESTS[key.reference], command.data))


def _infos(memory: ApplicationMemory, file: ElementaryFile, kind: type[CardAccess] | type[Dg14]) -> SecurityInfos:
    """The SecurityInfos in a file of the card; refuses where there are none that parse."""
    stored = memory.files.get(file)
    try:
        return kind.parse(stored.content if stored is not None else b"").security_infos
    except BadInput:
        raise Refused(StatusWord.CONDITIONS_NOT_SATISFIED) from None


def _private_key(key: ChipKey) -> EcPrivateKey:
    domain = domain_by_id(key.parameter_id)
    if not isinstance(domain, EcDomain):
        raise Refused(StatusWord.CONDITIONS_NOT_SATISFIED)
    return EcPrivateKey(domain, key.scalar)
