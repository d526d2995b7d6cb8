"""EF.SOD: the signed hashes of the data groups (ICAO Doc 9303-10 4.6.2)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from eid_toolkit.ground.errors import BadInput
from eid_toolkit.ground.ports import Signer
from eid_toolkit.standards.asn1.oids import CSCA_MASTER_LIST, DEVIATION_LIST, LDS_SECURITY_OBJECT, SECURITY_OBJECT
from eid_toolkit.standards.codec import tlv
from eid_toolkit.standards.crypto.digests import digest as hashed
from eid_toolkit.standards.lds.security_object import LdsSecurityObject
from eid_toolkit.standards.pki.cms import SignedData, build_signed_data, verify_signed_data

_TAG = 0x77
_OTHER_CONTENTS = frozenset({CSCA_MASTER_LIST, DEVIATION_LIST, SECURITY_OBJECT})


@dataclass(frozen=True, slots=True)
class Sod:
    """The file's CMS structure as it is, read into its parts; reading verifies nothing."""

    cms: bytes
    signed_data: SignedData
    security_object: LdsSecurityObject

    @classmethod
    def parse(cls, data: bytes, *, patient: bool = False) -> Sod:
        """The whole file; raises :class:`BadInput` if it is no SignedData over an LDSSecurityObject.

        ``patient`` is as for :meth:`LdsSecurityObject.parse`.
        There are states that name another content type (``id-data``). It stands in what is signed, and the content is
        what it is: only a type that means something else is refused.
        """
        cms = tlv.parse(data, _TAG).value
        signed_data = SignedData.parse(cms)
        if signed_data.content_type in _OTHER_CONTENTS:
            raise BadInput("sod-other-content", oid=signed_data.content_type)
        return cls(cms, signed_data, LdsSecurityObject.parse(signed_data.content, patient=patient))

    def encode(self) -> bytes:
        """The whole file."""
        return tlv.encode(_TAG, self.cms)

    @property
    def names_its_content(self) -> bool:
        """Whether the content type is that of an LDSSecurityObject, as the standard wants it."""
        return self.signed_data.content_type == LDS_SECURITY_OBJECT

    @property
    def version(self) -> int:
        """0 or 1: with 1 the versions of the data structure are signed too."""
        return self.security_object.version

    @property
    def lds_version(self) -> str | None:
        """The signed version of the data structure in four digits, to be compared with EF.COM; None in version 0."""
        return self.security_object.lds_version

    @property
    def digest(self) -> str:
        """The name of the digest of the data groups."""
        return self.security_object.digest

    @property
    def hashes(self) -> Mapping[int, bytes]:
        """The hash of each data group by its number."""
        return self.security_object.hashes

    @property
    def content_sha256(self) -> str:
        """SHA-256, in hex, of what is signed: of each document another, whatever stands around it."""
        return sha256(self.signed_data.content).hexdigest()

    @property
    def signer_certificate(self) -> bytes:
        """The document signer's certificate in DER, as enclosed; raises :class:`BadInput` if it is not."""
        certificate = self.signed_data.signer_certificate
        if certificate is None:
            raise BadInput("sod-without-signer")
        return certificate.der

    def covers(self, data_group: int, file: bytes) -> bool:
        """Whether ``file``, a whole EF, has the hash that is signed for that data group."""
        return self.hashes.get(data_group) == hashed(self.digest, file)

    def is_signed(self) -> bool:
        """Whether the enclosed certificate's key made the signature; raises :class:`BadInput` if it cannot be used."""
        return verify_signed_data(self.signed_data, self.signer_certificate)


def build_sod(
    data_groups: Mapping[int, bytes],
    digest: str,
    signer: Signer,
    certificate_der: bytes,
    signing_time: datetime | None = None,
) -> bytes:
    """The whole file over these data groups (whole EFs by number), of version 1, signed by a document signer."""
    hashes = {number: hashed(digest, file) for number, file in data_groups.items()}
    content = LdsSecurityObject(digest, hashes).encode()
    return tlv.encode(
        _TAG, build_signed_data(content, LDS_SECURITY_OBJECT, signer, certificate_der, digest, signing_time)
    )
