"""EF.CardSecurity: the chip's protocols and public keys in the master file, signed (ICAO Doc 9303-11 9.2.11)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from eid_toolkit.ground.errors import BadInput
from eid_toolkit.ground.ports import Signer
from eid_toolkit.standards.asn1.oids import ID_PK_ECDH, SECURITY_OBJECT
from eid_toolkit.standards.asn1.security_infos import ChipAuthenticationPublicKeyInfo, SecurityInfo, SecurityInfos
from eid_toolkit.standards.crypto.ec import EcPublicKey
from eid_toolkit.standards.pki.cms import SignedData, build_signed_data, verify_signed_data


@dataclass(frozen=True, slots=True)
class CardSecurity:
    """The CMS structure as it is, read into its parts; reading verifies nothing."""

    cms: bytes
    signed_data: SignedData
    security_infos: SecurityInfos

    @classmethod
    def parse(cls, data: bytes, *, patient: bool = False) -> CardSecurity:
        """The whole file; raises :class:`BadInput` if it is no SignedData over SecurityInfos.

        ``patient`` is as for :meth:`SecurityInfos.parse`.
        """
        signed_data = SignedData.parse(data)
        if signed_data.content_type != SECURITY_OBJECT:
            raise BadInput("card-security-other-content", oid=signed_data.content_type)
        return cls(data, signed_data, SecurityInfos.parse(signed_data.content, patient=patient))

    def encode(self) -> bytes:
        """The whole file."""
        return self.cms

    def is_signed(self) -> bool:
        """Whether the enclosed certificate's key made the signature; raises :class:`BadInput` if it cannot be used."""
        certificate = self.signed_data.signer_certificate
        if certificate is None:
            raise BadInput("card-security-without-signer")
        return verify_signed_data(self.signed_data, certificate.der)


def build_card_security(
    infos: SecurityInfos, digest: str, signer: Signer, certificate_der: bytes, signing_time: datetime | None = None
) -> bytes:
    """The whole file over ``infos``, signed by a document signer.

    A key on a curve is written with the number of its group, as in the worked example of Chip Authentication Mapping
    (9303-11 I.1); DG14 has the same key with its parameters written out, as Chip Authentication wants it (9303-11 9.2).
    """
    content = SecurityInfos.of(*map(_with_numbered_group, infos.entries)).encode()
    return build_signed_data(content, SECURITY_OBJECT, signer, certificate_der, digest, signing_time)


def _with_numbered_group(info: SecurityInfo) -> SecurityInfo:
    if not isinstance(info, ChipAuthenticationPublicKeyInfo) or info.protocol != ID_PK_ECDH:
        return info
    return replace(info, spki=EcPublicKey.from_spki(info.spki).numbered_spki)
