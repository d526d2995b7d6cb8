"""Password Authenticated Connection Establishment: what both ends share (ICAO Doc 9303-11 4.4)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum

from eid_toolkit.ground.errors import BadInput, ProtocolError
from eid_toolkit.ground.plain_values import Base64
from eid_toolkit.ground.secret import Secret
from eid_toolkit.standards.asn1.oids import PaceProtocol
from eid_toolkit.standards.asn1.security_infos import PaceDomainParameterInfo, PaceInfo
from eid_toolkit.standards.codec import der, tlv
from eid_toolkit.standards.crypto import kdf, symmetric
from eid_toolkit.standards.crypto.algorithm_parameters import domain_from_algorithm
from eid_toolkit.standards.crypto.domain_parameters import DhDomain, EcDomain, domain_by_id
from eid_toolkit.standards.crypto.kdf import KeyUse
from eid_toolkit.standards.crypto.messaging_suites import MAC_SIZE, MessagingSuite, suite_from_keys
from eid_toolkit.standards.protocols.integrated_mapping import pseudo_random
from eid_toolkit.standards.protocols.key_agreement import Group, group_of
from eid_toolkit.standards.protocols.passwords import AccessPassword, PasswordKind
from eid_toolkit.standards.protocols.references import REFERENCES
from eid_toolkit.standards.protocols.secure_messaging import SecureChannel

MSE_P1, MSE_P2 = 0xC1, 0xA4
PROTOCOL, PASSWORD, PARAMETERS, CHAT = 0x80, 0x83, 0x84, 0x7F4C

AUTHORITY_REFERENCES = (0x87, 0x88)
"""The names of the keys that the chip trusts: the newest, and the one before."""
ENCRYPTED_CHIP_DATA = 0x8A
_FIRST_LOCAL = 32
_NO_INTEGRATED_MAPPING = 10
"""P-224, whose prime is 1 mod 4 (9303-11 table 12)."""


class Step(IntEnum):
    """The rounds of GENERAL AUTHENTICATE, with the tags of question and answer (9303-11 table 4)."""

    NONCE = 0
    MAP = 1
    AGREE = 2
    AUTHENTICATE = 3

    @property
    def command_tag(self) -> int | None:
        """The tag in the command's dynamic authentication data; the first round sends none."""
        return None if self is Step.NONCE else 0x7F + 2 * self

    @property
    def response_tag(self) -> int:
        """The tag in the answer's dynamic authentication data."""
        return 0x80 + 2 * self


@dataclass(frozen=True, slots=True)
class PaceParameters:
    """One PACEInfo resolved: the protocol's parts and the group."""

    protocol: PaceProtocol
    domain: EcDomain | DhDomain
    reference: int | None
    """What the card calls the group: its standardized number, or a local one where it writes the group out."""

    @classmethod
    def of(cls, info: PaceInfo, written_out: Iterable[PaceDomainParameterInfo] = ()) -> PaceParameters:
        """``written_out`` are the domain parameters that stand beside ``info`` (9303-11 9.2.2).

        Raises :class:`BadInput` for a version other than 2 or parameters that are not a standardized group's.
        """
        if info.version != 2:
            raise BadInput("pace-info-unusable", protocol=info.protocol)
        protocol = PaceProtocol.from_oid(info.protocol)
        domain = _domain_of(info, written_out)
        if (protocol.key_agreement == "ecdh") is not isinstance(domain, EcDomain):
            raise BadInput("pace-info-unusable", protocol=info.protocol)
        if protocol.mapping == "im" and domain.parameter_id == _NO_INTEGRATED_MAPPING:
            raise BadInput("pace-info-unusable", protocol=info.protocol)
        return cls(protocol, domain, info.parameter_id)

    @property
    def nonce_size(self) -> int:
        """Bytes of the nonce s: whole blocks, at least a key's length (9303-11 4.4.3.3)."""
        return 32 if self.protocol.mapping == "im" and self.terminal_nonce_size > 16 else 16

    @property
    def terminal_nonce_size(self) -> int:
        """Bytes of the nonce t of the integrated mapping: a key's length (9303-11 4.4.3.3)."""
        return kdf.KEY_SIZES[self.protocol.cipher]

    def map_integrated(self, nonce: bytes, terminal_nonce: bytes) -> Group:
        """The group with the generator of the integrated mapping (9303-11 4.4.3.3.2)."""
        group = group_of(self.domain)
        return group.mapped_to(pseudo_random(nonce, terminal_nonce, group.modulus, self.protocol.cipher))


def _domain_of(info: PaceInfo, written_out: Iterable[PaceDomainParameterInfo]) -> EcDomain | DhDomain:
    """The group, by its number, or written out for the same mapping under the same number, or without one."""
    if info.parameter_id is not None and info.parameter_id not in REFERENCES:
        raise BadInput("pace-info-unusable", protocol=info.protocol)
    mapping = info.protocol.rpartition(".")[0]
    parameter_infos = [
        item for item in written_out if (item.protocol, item.parameter_id) == (mapping, info.parameter_id)
    ]
    if len(parameter_infos) > 1 or (not parameter_infos and info.parameter_id is None):
        raise BadInput("pace-info-unusable", protocol=info.protocol)
    if not parameter_infos and info.parameter_id is not None:
        return domain_by_id(info.parameter_id)
    domain = domain_from_algorithm(parameter_infos[0].parameters_der)
    # The numbers 0 to 31 are the standard's own (TR-03110-3 A.2.1.1): what is written out under one has to be that.
    if info.parameter_id is not None and info.parameter_id < _FIRST_LOCAL and info.parameter_id != domain.parameter_id:
        raise BadInput("pace-info-unusable", protocol=info.protocol)
    return domain


@dataclass(frozen=True, slots=True)
class ChipMappingProof:
    """What Chip Authentication Mapping leaves to be verified with the chip's signed public key.

    The chip's public key of the mapping phase, and the Chip Authentication Data, both of which are no secrets any more.
    """

    mapping_public: Base64
    chip_data: Base64

    def is_by(self, domain: EcDomain, chip_public: bytes) -> bool:
        """Whether the mapping key is CA_IC times the chip's static key (9303-11 4.4.3.5.2)."""
        if not 0 < int.from_bytes(self.chip_data, "big") < domain.n:
            return False
        try:
            expected = group_of(domain).agree(Secret(self.chip_data), chip_public)
        except BadInput:
            return False
        return expected == self.mapping_public


@dataclass(frozen=True, slots=True, eq=False)
class PaceResult:
    """A successful run: the channel, and how it came about."""

    channel: SecureChannel
    parameters: PaceParameters
    password: PasswordKind
    card_public: bytes
    """The chip's ephemeral public key: Terminal Authentication names the chip by it (9303-11 7.1.2)."""
    terminal_public: bytes
    """The terminal's ephemeral public key, to which Terminal Authentication may bind itself."""
    chip_proof: ChipMappingProof | None = None
    """With Chip Authentication Mapping only; it proves nothing before it was verified with a signed key."""


def encrypt_nonce(parameters: PaceParameters, password: AccessPassword, nonce: bytes) -> bytes:
    """z = E(K_π, s), CBC with zero IV and no padding."""
    cipher = parameters.protocol.cipher
    key = password.pace_key(cipher).reveal()
    if cipher == "3des":
        return symmetric.des3_cbc_encrypt(key, bytes(8), nonce)
    return symmetric.aes_cbc_encrypt(key, bytes(16), nonce)


def decrypt_nonce(parameters: PaceParameters, password: AccessPassword, encrypted: bytes) -> bytes:
    """s = D(K_π, z)."""
    cipher = parameters.protocol.cipher
    key = password.pace_key(cipher).reveal()
    if cipher == "3des":
        return symmetric.des3_cbc_decrypt(key, bytes(8), encrypted)
    return symmetric.aes_cbc_decrypt(key, bytes(16), encrypted)


_MINUS_ONE = b"\xff" * 16


@dataclass(frozen=True, slots=True, eq=False)
class SessionKeys:
    """The suite that follows from the agreed secret, and the tokens made with its MAC key."""

    parameters: PaceParameters
    suite: MessagingSuite

    @classmethod
    def derive(cls, parameters: PaceParameters, shared: bytes) -> SessionKeys:
        """KS_Enc and KS_MAC of 9303-11 9.7.4."""
        cipher = parameters.protocol.cipher
        encryption = kdf.derive(shared, KeyUse.ENCRYPTION, cipher)
        authentication = kdf.derive(shared, KeyUse.MAC, cipher)
        return cls(parameters, suite_from_keys(cipher, encryption, authentication))

    def encrypt_chip_data(self, data: bytes) -> bytes:
        """A_IC = E(KS_Enc, CA_IC), with an IV from the counter -1 (9303-11 4.4.3.5.4)."""
        return self.suite.encrypt(_MINUS_ONE, symmetric.pad(data, self.suite.block))

    def decrypt_chip_data(self, encrypted: bytes) -> bytes:
        """The reverse; raises :class:`BadInput` if it does not decrypt."""
        return symmetric.unpad(self.suite.decrypt(_MINUS_ONE, encrypted))

    def token(self, public: bytes) -> bytes:
        """The authentication token over the other end's ephemeral public key, 8 bytes (9303-11 4.4.3.4).

        The MAC pads by itself: method 2 for the retail MAC, none for CMAC.
        """
        value_tag = 0x86 if isinstance(self.parameters.domain, EcDomain) else 0x84
        template = tlv.encode(
            0x7F49, der.object_identifier(self.parameters.protocol.oid), tlv.encode(value_tag, public)
        )
        if self.parameters.protocol.cipher == "3des":
            template = symmetric.pad(template, self.suite.block)
        return self.suite.mac(template)[:MAC_SIZE]


def unwrap(data: bytes, expected: int | None) -> dict[int, bytes]:
    """The objects in dynamic authentication data ``7C``; ``expected`` must be among them.

    Raises :class:`ProtocolError` for anything else.
    """
    try:
        objects = tlv.as_mapping(tlv.parse(data, 0x7C).children())
    except BadInput:
        raise ProtocolError("dynamic-authentication-data-malformed") from None
    if expected is not None and expected not in objects:
        raise ProtocolError("dynamic-authentication-data-missing", tag=f"{expected:02X}")
    return objects


def require_different(ours: bytes, theirs: bytes) -> None:
    """Who sends our own public key back proves nothing (9303-11 4.4.1); raises :class:`ProtocolError`."""
    if ours == theirs:
        raise ProtocolError("pace-public-keys-equal")
