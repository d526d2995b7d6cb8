"""Chip Authentication version 1 with ECDH and AES, both ends (ICAO Doc 9303-11 6.2, TR-03110-1 3.4)."""

from __future__ import annotations

from dataclasses import dataclass

from eid_toolkit.asn1.oids import ChipAuthenticationProtocol
from eid_toolkit.asn1.security_infos import ChipAuthenticationInfo, ChipAuthenticationPublicKeyInfo, SecurityInfos
from eid_toolkit.codec import der, tlv
from eid_toolkit.crypto.ec import EcPrivateKey, EcPublicKey
from eid_toolkit.crypto.messaging_suites import derive_suite
from eid_toolkit.errors import BadInput, CardRefused
from eid_toolkit.iso7816 import commands
from eid_toolkit.ports import Entropy
from eid_toolkit.protocols import pace
from eid_toolkit.protocols.flow import Flow
from eid_toolkit.protocols.secure_messaging import SecureChannel

MSE_P1, MSE_P2 = 0x41, 0xA4
PROTOCOL, KEY_REFERENCE, EPHEMERAL_KEY = 0x80, 0x84, 0x80
_CIPHER_STRENGTH = ("aes-128", "aes-192", "aes-256")


@dataclass(frozen=True, slots=True)
class ChipAuthenticationChoice:
    """One way to authenticate the chip that DG14 offers: protocol, the chip's public key and its reference."""

    protocol: ChipAuthenticationProtocol
    public_key: EcPublicKey
    key_id: int | None


def choices(infos: SecurityInfos) -> tuple[ChipAuthenticationChoice, ...]:
    """What DG14 offers and this toolkit can run, the strongest cipher first.

    Entries that do not parse are passed over: another may be good. A protocol entry goes with the key of the same
    reference, or with the only key (9303-11 9.2.5).
    """
    keys = infos.of_type(ChipAuthenticationPublicKeyInfo)
    found = []
    for info in infos.of_type(ChipAuthenticationInfo):
        for key in keys:
            if key.key_id != info.key_id and len(keys) > 1:
                continue
            try:
                protocol = ChipAuthenticationProtocol.from_oid(info.protocol)
                public_key = EcPublicKey.from_spki(key.spki)
            except BadInput:
                continue
            if protocol.key_agreement == "ecdh" and protocol.cipher in _CIPHER_STRENGTH:
                found.append(ChipAuthenticationChoice(protocol, public_key, key.key_id))
    return tuple(sorted(found, key=lambda choice: _CIPHER_STRENGTH.index(choice.protocol.cipher), reverse=True))


def authenticate(choice: ChipAuthenticationChoice, entropy: Entropy) -> Flow[SecureChannel]:
    """The terminal's side: the new channel, which proves nothing until an answer verifies under it.

    Raises :class:`CardRefused` if the card does not take part.
    """
    data = tlv.encode(PROTOCOL, der.encode_oid_value(choice.protocol.oid))
    if choice.key_id is not None:
        data += tlv.encode(KEY_REFERENCE, choice.key_id.to_bytes((choice.key_id.bit_length() + 7) // 8 or 1, "big"))
    answer = yield commands.mse_set(MSE_P1, MSE_P2, data)
    if not answer.ok:
        raise CardRefused("ca-not-started", sw=answer.sw)
    ephemeral = EcPrivateKey.generate(choice.public_key.domain, entropy)
    answer = yield commands.general_authenticate(tlv.encode(EPHEMERAL_KEY, ephemeral.public_key.point), last=True)
    if not answer.ok:
        raise CardRefused("ca-refused", sw=answer.sw)
    pace.unwrap(answer.data, None)
    return _channel(choice.protocol, ephemeral, choice.public_key)


def respond(protocol: ChipAuthenticationProtocol, key: EcPrivateKey, data: bytes) -> tuple[bytes, SecureChannel]:
    """The card's side of GENERAL AUTHENTICATE: the answer, and the channel to install once it has left.

    Raises :class:`ProtocolError` or :class:`BadInput` for a malformed message or a point not on the curve.
    """
    ephemeral = EcPublicKey.from_point(key.domain, pace.unwrap(data, EPHEMERAL_KEY)[EPHEMERAL_KEY])
    return tlv.encode(0x7C), _channel(protocol, key, ephemeral)


def _channel(protocol: ChipAuthenticationProtocol, own: EcPrivateKey, other: EcPublicKey) -> SecureChannel:
    return SecureChannel(derive_suite(protocol.cipher, own.ecdh_x(other).reveal()))
