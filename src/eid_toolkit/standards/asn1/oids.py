"""Object identifiers of ICAO Doc 9303-10/-11/-12 and BSI TR-03110-3, and what the protocol ones mean."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from eid_toolkit.ground.errors import BadInput

BSI_DE = "0.4.0.127.0.7"
ID_PK = f"{BSI_DE}.2.2.1"
ID_TA = f"{BSI_DE}.2.2.2"
ID_CA = f"{BSI_DE}.2.2.3"
ID_PACE = f"{BSI_DE}.2.2.4"
ID_PK_DH, ID_PK_ECDH = f"{ID_PK}.1", f"{ID_PK}.2"

SECURITY_OBJECT = f"{BSI_DE}.3.2.1"
"""Content of EF.CardSecurity."""

ICAO_SECURITY = "2.23.136.1.1"
LDS_SECURITY_OBJECT = f"{ICAO_SECURITY}.1"
CSCA_MASTER_LIST = f"{ICAO_SECURITY}.2"
CSCA_MASTER_LIST_SIGNING_KEY = f"{ICAO_SECURITY}.3"
DEVIATION_LIST = f"{ICAO_SECURITY}.7"
DEVIATION_LIST_SIGNING_KEY = f"{ICAO_SECURITY}.8"
DOCUMENT_TYPE_LIST = f"{ICAO_SECURITY}.6.2"
NAME_CHANGE = f"{ICAO_SECURITY}.6.1"
AA_PROTOCOL = f"{ICAO_SECURITY}.5"

ECDSA_PLAIN = {
    "sha1": f"{BSI_DE}.1.1.4.1.1",
    "sha224": f"{BSI_DE}.1.1.4.1.2",
    "sha256": f"{BSI_DE}.1.1.4.1.3",
    "sha384": f"{BSI_DE}.1.1.4.1.4",
    "sha512": f"{BSI_DE}.1.1.4.1.5",
}
"""ecdsa-plain-signatures of TR-03111, as ActiveAuthenticationInfo names them (9303-11 6.1.3)."""

Cipher = Literal["3des", "aes-128", "aes-192", "aes-256"]
KeyAgreement = Literal["dh", "ecdh"]
Mapping = Literal["gm", "im", "cam"]

_CIPHERS: dict[int, Cipher] = {1: "3des", 2: "aes-128", 3: "aes-192", 4: "aes-256"}
_PACE_ARCS: dict[int, tuple[KeyAgreement, Mapping]] = {
    1: ("dh", "gm"),
    2: ("ecdh", "gm"),
    3: ("dh", "im"),
    4: ("ecdh", "im"),
    6: ("ecdh", "cam"),
}
_CA_ARCS: dict[int, KeyAgreement] = {1: "dh", 2: "ecdh"}


@dataclass(frozen=True, slots=True)
class PaceProtocol:
    """What one PACE identifier says (9303-11 9.2.1)."""

    oid: str
    key_agreement: KeyAgreement
    mapping: Mapping
    cipher: Cipher

    @classmethod
    def from_oid(cls, oid: str) -> PaceProtocol:
        """Raises :class:`BadInput` for an identifier that is no PACE protocol."""
        protocol = _PACE.get(oid)
        if protocol is None:
            raise BadInput("pace-unknown-protocol", oid=oid)
        return protocol

    @classmethod
    def of(cls, key_agreement: KeyAgreement, mapping: Mapping, cipher: Cipher) -> PaceProtocol:
        """The protocol of these parts; raises :class:`BadInput` where the standard has none."""
        for protocol in _PACE.values():
            if (protocol.key_agreement, protocol.mapping, protocol.cipher) == (key_agreement, mapping, cipher):
                return protocol
        raise BadInput("pace-unknown-combination", key_agreement=key_agreement, mapping=mapping, cipher=cipher)


@dataclass(frozen=True, slots=True)
class ChipAuthenticationProtocol:
    """What one Chip Authentication identifier says (9303-11 9.2.5)."""

    oid: str
    key_agreement: KeyAgreement
    cipher: Cipher

    @classmethod
    def from_oid(cls, oid: str) -> ChipAuthenticationProtocol:
        """Raises :class:`BadInput` for an identifier that is no Chip Authentication protocol."""
        protocol = _CA.get(oid)
        if protocol is None:
            raise BadInput("ca-unknown-protocol", oid=oid)
        return protocol

    @classmethod
    def of(cls, key_agreement: KeyAgreement, cipher: Cipher) -> ChipAuthenticationProtocol:
        """The protocol of these parts."""
        for protocol in _CA.values():
            if (protocol.key_agreement, protocol.cipher) == (key_agreement, cipher):
                return protocol
        raise BadInput("ca-unknown-combination", key_agreement=key_agreement, cipher=cipher)


_PACE = {
    oid: PaceProtocol(oid, agreement, mapping, cipher)
    for arc, (agreement, mapping) in _PACE_ARCS.items()
    for leaf, cipher in _CIPHERS.items()
    if not (mapping == "cam" and cipher == "3des")
    for oid in [f"{ID_PACE}.{arc}.{leaf}"]
}
_CA = {
    oid: ChipAuthenticationProtocol(oid, agreement, cipher)
    for arc, agreement in _CA_ARCS.items()
    for leaf, cipher in _CIPHERS.items()
    for oid in [f"{ID_CA}.{arc}.{leaf}"]
}
