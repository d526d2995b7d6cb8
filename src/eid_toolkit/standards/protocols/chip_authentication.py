"""Chip Authentication version 1, both ends (ICAO Doc 9303-11 6.2, TR-03110-1 3.4): ECDH and DH, AES and 3DES."""

from __future__ import annotations

from dataclasses import dataclass

from eid_toolkit.ground.errors import BadInput, CardRefused, ProtocolError
from eid_toolkit.ground.ports import Entropy
from eid_toolkit.ground.secret import Secret
from eid_toolkit.standards.asn1.oids import ChipAuthenticationProtocol, Cipher
from eid_toolkit.standards.asn1.security_infos import (
    ChipAuthenticationInfo,
    ChipAuthenticationPublicKeyInfo,
    SecurityInfos,
)
from eid_toolkit.standards.codec import der, tlv
from eid_toolkit.standards.crypto.dh import DhPublicKey
from eid_toolkit.standards.crypto.domain_parameters import DhDomain, EcDomain
from eid_toolkit.standards.crypto.ec import EcPrivateKey, EcPublicKey
from eid_toolkit.standards.crypto.messaging_suites import derive_suite
from eid_toolkit.standards.iso7816 import commands
from eid_toolkit.standards.protocols import pace
from eid_toolkit.standards.protocols.flow import Flow
from eid_toolkit.standards.protocols.key_agreement import group_of
from eid_toolkit.standards.protocols.references import REFERENCES, encode_reference
from eid_toolkit.standards.protocols.secure_messaging import SecureChannel

MSE_AT = (0x41, 0xA4)
MSE_KAT = (0x41, 0xA6)
PROTOCOL, KEY_REFERENCE, EPHEMERAL_KEY, KAT_EPHEMERAL_KEY = 0x80, 0x84, 0x80, 0x91
_STRENGTH: tuple[Cipher, ...] = ("3des", "aes-128", "aes-192", "aes-256")


@dataclass(frozen=True, slots=True)
class ChipAuthenticationChoice:
    """One way to authenticate the chip that DG14 offers: protocol, group, and the chip's public key."""

    protocol: ChipAuthenticationProtocol
    domain: EcDomain | DhDomain
    element: bytes
    """The public key as an element of the group."""
    spki: bytes
    """The public key as it stands in DG14."""
    key_id: int | None


@dataclass(frozen=True, slots=True, eq=False)
class ChipAuthenticationResult:
    """The new channel, which proves nothing until an answer verifies under it, and the terminal's ephemeral key."""

    channel: SecureChannel
    terminal_public: bytes
    """Terminal Authentication binds itself to this key (9303-11 7.1.2)."""


def choices(infos: SecurityInfos) -> tuple[ChipAuthenticationChoice, ...]:
    """What DG14 offers and this toolkit can run, the strongest cipher first.

    Entries that do not parse are passed over: another may be good. A protocol entry goes with the keys of the same
    kind and reference, or with the only key of its kind (9303-11 9.2.5). A key without a protocol entry, as in some
    older documents, is taken for one with 3DES.
    """
    keys = list(_usable_keys(infos))
    offered = []
    for info in infos.of_type(ChipAuthenticationInfo):
        try:
            protocol = ChipAuthenticationProtocol.from_oid(info.protocol)
        except BadInput:
            continue
        matching = [key for key in keys if isinstance(key[0], EcDomain) is (protocol.key_agreement == "ecdh")]
        offered += [
            ChipAuthenticationChoice(protocol, *key) for key in matching if key[3] == info.key_id or len(matching) == 1
        ]
    if not infos.of_type(ChipAuthenticationInfo):
        offered = [ChipAuthenticationChoice(_implied_protocol(key[0]), *key) for key in keys]
    return tuple(sorted(offered, key=lambda choice: _STRENGTH.index(choice.protocol.cipher), reverse=True))


_Key = tuple[EcDomain | DhDomain, bytes, bytes, int | None]


def _usable_keys(infos: SecurityInfos) -> list[_Key]:
    """Domain, element, encoding and reference of each public key that parses and can be named."""
    keys: list[_Key] = []
    for info in infos.of_type(ChipAuthenticationPublicKeyInfo):
        if info.key_id is not None and info.key_id not in REFERENCES:
            continue
        try:
            ec = EcPublicKey.from_spki(info.spki)
            keys.append((ec.domain, ec.point, info.spki, info.key_id))
        except BadInput:
            try:
                dh = DhPublicKey.from_spki(info.spki)
            except BadInput:
                continue
            keys.append((dh.domain, dh.element, info.spki, info.key_id))
    return keys


def _implied_protocol(domain: EcDomain | DhDomain) -> ChipAuthenticationProtocol:
    return ChipAuthenticationProtocol.of("ecdh" if isinstance(domain, EcDomain) else "dh", "3des")


def authenticate(choice: ChipAuthenticationChoice, entropy: Entropy) -> Flow[ChipAuthenticationResult]:
    """The terminal's side: MSE:Set KAT for 3DES, else MSE:Set AT and GENERAL AUTHENTICATE.

    Chips that know the protocol with 3DES but not the command MSE:Set KAT are tried the other way (9303-11 8.5).
    Raises :class:`CardRefused` if the card does not take part.
    """
    group = group_of(choice.domain)
    ephemeral = group.key_pair(entropy)
    refused = True
    if choice.protocol.cipher == "3des":
        data = tlv.encode(KAT_EPHEMERAL_KEY, ephemeral.public) + _reference(choice)
        answer = yield commands.mse_set(*MSE_KAT, data)
        refused = not answer.ok
    if refused:
        yield from _general_authenticate(choice, ephemeral.public)
    shared = group.shared_secret(ephemeral.private, choice.element)
    return ChipAuthenticationResult(_channel(choice.protocol, shared), ephemeral.public)


def _general_authenticate(choice: ChipAuthenticationChoice, public: bytes) -> Flow[None]:
    data = tlv.encode(PROTOCOL, der.encode_oid_value(choice.protocol.oid)) + _reference(choice)
    answer = yield commands.mse_set(*MSE_AT, data)
    if not answer.ok:
        raise CardRefused("ca-not-started", sw=answer.sw)
    answer = yield commands.general_authenticate(tlv.encode(EPHEMERAL_KEY, public), last=True)
    if not answer.ok:
        raise CardRefused("ca-refused", sw=answer.sw)
    pace.unwrap(answer.data, None)


def _reference(choice: ChipAuthenticationChoice) -> bytes:
    if choice.key_id is None:
        return b""
    return tlv.encode(KEY_REFERENCE, encode_reference(choice.key_id))


@dataclass(frozen=True, slots=True, eq=False)
class ChipStaticKey:
    """The chip's own private key in its group."""

    domain: EcDomain | DhDomain
    private: Secret

    def agree(self, element: bytes) -> bytes:
        """K with the terminal's ephemeral key; on curves by OpenSSL, for this key is used again and again."""
        if isinstance(self.domain, EcDomain):
            key = EcPrivateKey(self.domain, self.private)
            return key.ecdh_x(EcPublicKey.from_point(self.domain, element)).reveal()
        return group_of(self.domain).shared_secret(self.private, element)


def respond(
    protocol: ChipAuthenticationProtocol, key: ChipStaticKey, data: bytes
) -> tuple[bytes, ChipAuthenticationResult]:
    """The card's side of GENERAL AUTHENTICATE: the answer, and the result, to be used once it has left.

    Raises :class:`ProtocolError` or :class:`BadInput` for a malformed message or an element not in the group.
    """
    element = pace.unwrap(data, EPHEMERAL_KEY)[EPHEMERAL_KEY]
    return tlv.encode(0x7C), ChipAuthenticationResult(_channel(protocol, key.agree(element)), element)


def respond_kat(key: ChipStaticKey, data: dict[int, bytes]) -> ChipAuthenticationResult:
    """The card's side of MSE:Set KAT, whose objects are ``data``: the result, to be used once 9000 has left."""
    element = data.get(KAT_EPHEMERAL_KEY)
    if element is None:
        raise ProtocolError("mse-malformed")
    return ChipAuthenticationResult(_channel(_implied_protocol(key.domain), key.agree(element)), element)


def _channel(protocol: ChipAuthenticationProtocol, shared: bytes) -> SecureChannel:
    return SecureChannel(derive_suite(protocol.cipher, shared))
