"""Chip Authentication and Active Authentication on the card (ICAO Doc 9303-11 6)."""

from __future__ import annotations

from collections.abc import Callable

from eid_toolkit.cards.emulator.emrtd.memory import EmrtdMemory
from eid_toolkit.cards.emulator.emrtd.status import EmrtdStatus, PendingChipAuthentication
from eid_toolkit.cards.emulator.refusal import Refused, require
from eid_toolkit.cards.emulator.reply import Reply, ok
from eid_toolkit.ground.errors import BadInput
from eid_toolkit.ground.ports import Entropy
from eid_toolkit.standards.asn1.oids import ChipAuthenticationProtocol
from eid_toolkit.standards.asn1.security_infos import ChipAuthenticationInfo, SecurityInfos
from eid_toolkit.standards.codec import der, tlv
from eid_toolkit.standards.crypto.domain_parameters import DhDomain, EcDomain, domain_by_id
from eid_toolkit.standards.crypto.ec import EcPrivateKey
from eid_toolkit.standards.iso7816.apdu import MAX_SHORT_NE, CommandApdu
from eid_toolkit.standards.iso7816.files import ElementaryFile
from eid_toolkit.standards.iso7816.status import StatusWord
from eid_toolkit.standards.lds.dg14 import Dg14
from eid_toolkit.standards.protocols import active_authentication, chip_authentication
from eid_toolkit.standards.protocols.chip_authentication import ChipAuthenticationResult, ChipStaticKey
from eid_toolkit.standards.protocols.personalization_data import RSA_DIGEST_REFERENCES, ChipKey, RsaSigningKey
from eid_toolkit.standards.protocols.terminal_authentication import compress

_DIGESTS = {reference: name for name, reference in RSA_DIGEST_REFERENCES.items()}


class ChipCommands:
    """The handlers, over memory and security status."""

    def __init__(self, memory: EmrtdMemory, status: EmrtdStatus, entropy: Entropy) -> None:
        self._memory = memory
        self._status = status
        self._entropy = entropy

    def set_authentication_template(self, data: bytes) -> Reply:
        """MSE:Set AT for Chip Authentication."""
        self._require_session()
        objects = _objects(data)
        try:
            protocol = ChipAuthenticationProtocol.from_oid(
                der.decode_oid_value(objects.get(chip_authentication.PROTOCOL, b""))
            )
        except BadInput:
            raise Refused(StatusWord.WRONG_DATA) from None
        require(protocol in _protocols(self._infos()), StatusWord.WRONG_DATA)
        key = self._key(objects.get(chip_authentication.KEY_REFERENCE), protocol)
        self._status.session.under_way = PendingChipAuthentication(protocol, key)
        return ok()

    def set_key_agreement_template(self, data: bytes) -> Reply:
        """MSE:Set KAT: Chip Authentication with 3DES in one command (9303-11 6.2.4.1)."""
        self._require_session()
        objects = _objects(data)
        offered = [protocol for protocol in _protocols(self._infos()) if protocol.cipher == "3des"]
        require(offered, StatusWord.CONDITIONS_NOT_SATISFIED)
        key = self._key(objects.get(chip_authentication.KEY_REFERENCE), *offered)
        try:
            result = chip_authentication.respond_kat(key, objects)
        except BadInput:
            raise Refused(StatusWord.WRONG_DATA) from None
        return ok(effect=self._install(result, key.domain))

    def general_authenticate(self, pending: PendingChipAuthentication, command: CommandApdu) -> Reply:
        """The one round of Chip Authentication."""
        self._status.session.under_way = None
        require(not command.chained, StatusWord.CONDITIONS_NOT_SATISFIED)
        try:
            data, result = chip_authentication.respond(pending.protocol, pending.key, command.data)
        except BadInput:
            raise Refused(StatusWord.WRONG_DATA) from None
        return ok(data, self._install(result, pending.key.domain))

    def mapping_key(self, domain: EcDomain | DhDomain) -> EcPrivateKey | None:
        """The key for Chip Authentication Mapping: the one whose reference is its group's id (9303-11 9.2.1)."""
        key = self._memory.chip_authentication_keys.get(domain.parameter_id)
        if key is None or key.parameter_id != domain.parameter_id or not isinstance(domain, EcDomain):
            return None
        return EcPrivateKey(domain, key.scalar)

    def internal_authenticate(self, command: CommandApdu) -> Reply:
        """Active Authentication."""
        require(self._status.is_selected, StatusWord.CONDITIONS_NOT_SATISFIED)
        require(self._status.access is not None, StatusWord.SECURITY_STATUS_NOT_SATISFIED)
        key = self._memory.active_authentication_key
        if key is None:
            raise Refused(StatusWord.CONDITIONS_NOT_SATISFIED)
        require((command.p1, command.p2) == (0, 0), StatusWord.WRONG_P1P2)
        require(len(command.data) == active_authentication.CHALLENGE_SIZE and command.ne, StatusWord.WRONG_LENGTH)
        digest = _DIGESTS[key.reference]
        if isinstance(key, RsaSigningKey):
            signature = active_authentication.respond_rsa(key.key, digest, command.data, self._entropy)
        else:
            signature = active_authentication.respond(_signing_key(key), digest, command.data)
        _require_room(command.ne, len(signature))
        return ok(signature)

    def _require_session(self) -> None:
        require(self._status.access is not None, StatusWord.SECURITY_STATUS_NOT_SATISFIED)
        require(self._status.is_selected, StatusWord.CONDITIONS_NOT_SATISFIED)
        require(self._memory.chip_authentication_keys, StatusWord.CONDITIONS_NOT_SATISFIED)

    def _infos(self) -> SecurityInfos:
        stored = self._memory.files.get(ElementaryFile.DG14)
        try:
            return Dg14.parse(stored.content if stored is not None else b"").security_infos
        except BadInput:
            raise Refused(StatusWord.CONDITIONS_NOT_SATISFIED) from None

    def _key(self, reference: bytes | None, *protocols: ChipAuthenticationProtocol) -> ChipStaticKey:
        """The key that is named, or the only one that fits the protocols."""
        agreements = {protocol.key_agreement for protocol in protocols}
        fitting = [
            key
            for key in self._memory.chip_authentication_keys.values()
            if (key.parameter_id >= 8 and "ecdh" in agreements) or (key.parameter_id < 8 and "dh" in agreements)
        ]
        if reference is not None:
            fitting = [key for key in fitting if key.reference == int.from_bytes(reference, "big")]
        require(len(fitting) == 1, StatusWord.REFERENCED_DATA_NOT_FOUND)
        return ChipStaticKey(domain_by_id(fitting[0].parameter_id), fitting[0].scalar)

    def _install(self, result: ChipAuthenticationResult, domain: EcDomain | DhDomain) -> Callable[[], None]:
        def install() -> None:
            self._status.install(result.channel, compress(result.terminal_public, domain))

        return install


def _require_room(ne: int, size: int) -> None:
    """Refuses with the right Le, if a short one can say it; a Le of 256 gets a longer answer in parts."""
    if ne < min(size, MAX_SHORT_NE):
        raise Refused(StatusWord.WRONG_LE | size & 0xFF if size <= MAX_SHORT_NE else StatusWord.WRONG_LENGTH)


def _objects(data: bytes) -> dict[int, bytes]:
    try:
        return tlv.as_mapping(tlv.parse_all(data))
    except BadInput:
        raise Refused(StatusWord.WRONG_DATA) from None


def _protocols(infos: SecurityInfos) -> list[ChipAuthenticationProtocol]:
    protocols = []
    for info in infos.of_type(ChipAuthenticationInfo):
        try:
            protocols.append(ChipAuthenticationProtocol.from_oid(info.protocol))
        except BadInput:
            continue
    return protocols


def _signing_key(key: ChipKey) -> EcPrivateKey:
    domain = domain_by_id(key.parameter_id)
    if not isinstance(domain, EcDomain):
        raise Refused(StatusWord.CONDITIONS_NOT_SATISFIED)
    return EcPrivateKey(domain, key.scalar)
