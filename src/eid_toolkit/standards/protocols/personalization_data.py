"""The data groupings by which the eMRTD application is personalized (``docs/personalization.md`` describes them).

Every grouping can be sent again without harm until the last, which closes the application for good: so an
interrupted personalization goes on where it stopped.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import IntEnum, IntFlag

from eid_toolkit.ground.errors import BadInput
from eid_toolkit.ground.secret import Secret
from eid_toolkit.standards.codec import tlv
from eid_toolkit.standards.codec.dgi import Dgi
from eid_toolkit.standards.crypto import symmetric
from eid_toolkit.standards.crypto.rsa import RsaPrivateKey
from eid_toolkit.standards.iso7816.files import ElementaryFile
from eid_toolkit.standards.pki.cv_certificate import CvCertificate, encode_date, parse_date
from eid_toolkit.standards.pki.cv_trust import CardTrust, CertifiedKey

CREATE_FILE, WRITE_FILE, ACCESS, TERMINAL_TRUST, COMPLETE = 0x0101, 0x0102, 0x0103, 0x0104, 0x0F01
CHIP_AUTHENTICATION_KEY, ACTIVE_AUTHENTICATION_KEY, CAN, MRZ_SEED = 0x8101, 0x8102, 0x8103, 0x8104
RSA_SIGNING_KEY = 0x8105

PLATFORM_FILES = (ElementaryFile.ATR_INFO, ElementaryFile.CVCA)
"""Files that tell of the chip itself: it keeps them, and no personalization writes them."""

_BLOCK = 16


class AccessRule(IntEnum):
    """Who may read a file."""

    ALWAYS = 0x00
    CHIP_ACCESS = 0x01
    """After PACE or BAC."""
    TERMINAL_AUTHENTICATION = 0x02


class AccessProtocols(IntFlag):
    """Which chip access protocols the application offers."""

    PACE = 0x01
    BAC = 0x02


def access_rule(file: ElementaryFile) -> AccessRule:
    """The rule of 9303-10 3.6 and 9303-11 4.2: what stands in the MF is free, fingerprints and irises are not."""
    if not file.in_application and file is not ElementaryFile.CARD_SECURITY:
        return AccessRule.ALWAYS
    if file in (ElementaryFile.DG3, ElementaryFile.DG4):
        return AccessRule.TERMINAL_AUTHENTICATION
    return AccessRule.CHIP_ACCESS


@dataclass(frozen=True, slots=True)
class FileReference:
    """A file by its DF (0 master file, 1 application) and identifier."""

    file: ElementaryFile

    def encode(self) -> bytes:
        """Three bytes."""
        return bytes((self.file.in_application,)) + self.file.fid.to_bytes(2, "big")

    @classmethod
    def parse(cls, data: bytes) -> FileReference:
        """Raises :class:`BadInput` for a file that no eMRTD has."""
        for file in ElementaryFile:
            if cls(file).encode() == data:
                return cls(file)
        raise BadInput("personalization-unknown-file")


def create_file(file: ElementaryFile, size: int) -> Dgi:
    """Makes the file, empty: reference (3), access rule (1), size (2)."""
    return Dgi(CREATE_FILE, FileReference(file).encode() + bytes((access_rule(file),)) + size.to_bytes(2, "big"))


def parse_create_file(data: bytes) -> tuple[ElementaryFile, AccessRule, int]:
    """The card's side of :func:`create_file`."""
    if len(data) != 6 or data[3] > max(AccessRule):
        raise BadInput("personalization-data-malformed")
    return FileReference.parse(data[:3]).file, AccessRule(data[3]), int.from_bytes(data[4:], "big")


def write_file(file: ElementaryFile, offset: int, content: bytes) -> Dgi:
    """Writes a part: reference (3), offset (2), content."""
    return Dgi(WRITE_FILE, FileReference(file).encode() + offset.to_bytes(2, "big") + content)


WRITE_OVERHEAD = 3 + 2 + 5
"""Bytes that a part of a file needs around itself in a STORE DATA command: reference, offset, DGI header."""


def parse_write_file(data: bytes) -> tuple[ElementaryFile, int, bytes]:
    """The card's side of :func:`write_file`."""
    if len(data) < 5:
        raise BadInput("personalization-data-malformed")
    return FileReference.parse(data[:3]).file, int.from_bytes(data[3:5], "big"), data[5:]


def access(protocols: AccessProtocols) -> Dgi:
    """Says which access protocols are offered (1 byte)."""
    return Dgi(ACCESS, bytes((protocols,)))


def terminal_trust(day: date, *authorities: CvCertificate) -> Dgi:
    """The day that the chip takes for the present, and one or two CVCA certificates whose keys it trusts."""
    return Dgi(TERMINAL_TRUST, encode_date(day) + b"".join(certificate.encode() for certificate in authorities))


def parse_terminal_trust(data: bytes) -> CardTrust:
    """The card's side of :func:`terminal_trust`; raises :class:`BadInput` for none, or too many, or no CVCA."""
    day, certificates = parse_date(data[:6]), [CvCertificate.parse(item.encode()) for item in tlv.iterate(data[6:])]
    if not certificates:
        raise BadInput("personalization-data-malformed")
    points = map(CertifiedKey.of_root, certificates)
    return CardTrust(tuple(sorted(points, key=lambda point: point.effective, reverse=True)), day)


def complete(digest: bytes) -> Dgi:
    """Closes the application, if ``digest`` (:func:`content_digest`) is that of what the card holds."""
    return Dgi(COMPLETE, digest)


def content_digest(files: Iterable[tuple[ElementaryFile, bytes]]) -> bytes:
    """SHA-256 over reference, length (2) and content of every file written, ordered by reference: 32 bytes."""
    hasher = hashlib.sha256()
    written = ((FileReference(file).encode(), content) for file, content in files if file not in PLATFORM_FILES)
    for reference, content in sorted(written):
        hasher.update(reference + len(content).to_bytes(2, "big") + content)
    return hasher.digest()


@dataclass(frozen=True, slots=True, eq=False)
class ChipKey:
    """A private key for the chip: group (standardized id), reference or 0, and scalar."""

    parameter_id: int
    reference: int
    scalar: Secret

    def encode(self) -> bytes:
        """Group (1), reference (1), scalar."""
        return bytes((self.parameter_id, self.reference)) + self.scalar.reveal()

    @classmethod
    def parse(cls, data: bytes) -> ChipKey:
        """The card's side of :meth:`encode`."""
        if len(data) < 3:
            raise BadInput("personalization-data-malformed")
        return cls(data[0], data[1], Secret(data[2:]))


DIGEST_REFERENCES = {"sha224": 1, "sha256": 2, "sha384": 3, "sha512": 4}
"""The reference of an Active Authentication key says with which digest it signs."""


RSA_DIGEST_REFERENCES = DIGEST_REFERENCES | {"sha1": 5}
"""RSA may sign with SHA-1, too (9303-11 6.1.2.2)."""


@dataclass(frozen=True, slots=True, eq=False)
class RsaSigningKey:
    """An RSA key for Active Authentication, with the reference of the digest that it signs with."""

    reference: int
    key: RsaPrivateKey

    def encode(self) -> bytes:
        """Digest reference (1), RSAPrivateKey in DER (RFC 8017 A.1.2)."""
        return bytes((self.reference,)) + self.key.pkcs1.reveal()

    @classmethod
    def parse(cls, data: bytes) -> RsaSigningKey:
        """The card's side of :meth:`encode`; raises :class:`BadInput` for an unknown digest or no RSA key."""
        if data[:1] not in {bytes((reference,)) for reference in RSA_DIGEST_REFERENCES.values()}:
            raise BadInput("personalization-data-malformed")
        return cls(data[0], RsaPrivateKey(Secret(data[1:])))


def encrypt(grouping: int, data: bytes, dek: Secret) -> Dgi:
    """A secret grouping: padding method 2, AES-CBC with zero IV under the static DEK."""
    return Dgi(grouping, symmetric.aes_cbc_encrypt(dek.reveal(), bytes(_BLOCK), symmetric.pad(data, _BLOCK)))


def decrypt(dgi: Dgi, dek: Secret) -> bytes:
    """The card's side of :func:`encrypt`; raises :class:`BadInput` if it is not so encrypted."""
    return symmetric.unpad(symmetric.aes_cbc_decrypt(dek.reveal(), bytes(_BLOCK), dgi.data))
