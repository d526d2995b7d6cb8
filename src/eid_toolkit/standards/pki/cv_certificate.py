"""Card-verifiable certificates: reading, building, verifying (ICAO Doc 9303-12 7, TR-03110-3 C, ISO/IEC 7816-8)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import TypeVar

from eid_toolkit.ground.errors import BadInput
from eid_toolkit.ground.ports import Signer
from eid_toolkit.standards.codec import der, tlv
from eid_toolkit.standards.codec.tlv import Tlv
from eid_toolkit.standards.crypto.ec import EcPublicKey, der_to_plain
from eid_toolkit.standards.pki.cv_authorization import Authorization, Role
from eid_toolkit.standards.pki.cv_public_key import CvPublicKey, parse_public_key

CERTIFICATE, BODY, SIGNATURE = 0x7F21, 0x7F4E, 0x5F37
_PROFILE, _AUTHORITY, _HOLDER, _EFFECTIVE, EXPIRES = 0x5F29, 0x42, 0x5F20, 0x5F25, 0x5F24
_EXTENSIONS, _EXTENSION = 0x65, 0x73
_PROFILE_1 = b"\x00"
_COUNTRY, _SEQUENCE, _MAX_REFERENCE = 2, 5, 16

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class KeyReference:
    """The name of a key: country (2 letters), mnemonic (up to 9 characters), sequence number (5 characters)."""

    text: str

    def __post_init__(self) -> None:
        if not _COUNTRY + _SEQUENCE < len(self.text) <= _MAX_REFERENCE or any(ord(char) > 0xFF for char in self.text):
            raise BadInput("cvc-reference-malformed", length=len(self.text))

    @property
    def country(self) -> str:
        """The country code of the holder."""
        return self.text[:_COUNTRY]

    def encode(self) -> bytes:
        """The reference in ISO/IEC 8859-1."""
        return self.text.encode("latin-1")

    @classmethod
    def parse(cls, data: bytes) -> KeyReference:
        """The reverse; raises :class:`BadInput` for another length."""
        return cls(data.decode("latin-1"))


@dataclass(frozen=True, slots=True)
class CvExtension:
    """A certificate extension: its identifier and its context-specific objects, not looked into."""

    oid: str
    content: bytes

    def encode(self) -> bytes:
        """The discretionary data template ``73``."""
        return tlv.encode(_EXTENSION, der.object_identifier(self.oid), self.content)

    @classmethod
    def parse(cls, template: Tlv) -> CvExtension:
        """Raises :class:`BadInput` for anything but an identifier and objects behind it."""
        objects = tlv.parse_all(der.expect(template, _EXTENSION))
        if not objects:
            raise BadInput("cvc-malformed", reason="an empty extension")
        return cls(der.read_object_identifier(objects[0]), b"".join(item.encode() for item in objects[1:]))


@dataclass(frozen=True, slots=True)
class CvContent:
    """What a certificate says."""

    authority_reference: KeyReference
    public_key: CvPublicKey
    holder_reference: KeyReference
    authorization: Authorization
    effective: date
    expires: date
    """The last day on which it is valid."""
    extensions: tuple[CvExtension, ...] = ()

    def __post_init__(self) -> None:
        if self.expires < self.effective:
            raise BadInput("cvc-malformed", reason="it expires before it begins")

    def encode(self) -> bytes:
        """The certificate body ``7F4E``."""
        parts = [
            tlv.encode(_PROFILE, _PROFILE_1),
            tlv.encode(_AUTHORITY, self.authority_reference.encode()),
            self.public_key.encode(),
            tlv.encode(_HOLDER, self.holder_reference.encode()),
            self.authorization.encode(),
            tlv.encode(_EFFECTIVE, encode_date(self.effective)),
            tlv.encode(EXPIRES, encode_date(self.expires)),
        ]
        if self.extensions:
            parts.append(tlv.encode(_EXTENSIONS, *(extension.encode() for extension in self.extensions)))
        return tlv.encode(BODY, *parts)

    @classmethod
    def parse(cls, body: Tlv) -> CvContent:
        """Raises :class:`BadInput` where an object is missing, unknown, out of order or malformed."""
        objects = _Objects(tlv.parse_all(der.expect(body, BODY)))
        if objects.take(_PROFILE) != _PROFILE_1:
            raise BadInput("cvc-malformed", reason="another certificate profile than 1")
        content = cls(
            KeyReference.parse(objects.take(_AUTHORITY)),
            objects.parse(parse_public_key),
            KeyReference.parse(objects.take(_HOLDER)),
            objects.parse(Authorization.parse),
            parse_date(objects.take(_EFFECTIVE)),
            parse_date(objects.take(EXPIRES)),
            tuple(CvExtension.parse(item) for item in tlv.iterate(objects.take(_EXTENSIONS))) if objects.left else (),
        )
        if objects.left:
            raise BadInput("cvc-malformed", reason="more objects than the profile has")
        return content


class _Objects:
    """The objects of a body, taken one by one in the order of the profile."""

    def __init__(self, objects: tuple[Tlv, ...]) -> None:
        self.left = list(objects)

    def parse(self, parser: Callable[[Tlv], T]) -> T:
        if not self.left:
            raise BadInput("cvc-malformed", reason="an object of the profile is missing")
        return parser(self.left.pop(0))

    def take(self, tag: int) -> bytes:
        return self.parse(lambda item: der.expect(item, tag))


@dataclass(frozen=True, slots=True)
class CvCertificate:
    """A certificate: its content, and the bytes that were signed."""

    content: CvContent
    body: bytes
    """``7F4E`` as it was written."""
    signature: bytes

    @classmethod
    def parse(cls, data: bytes) -> CvCertificate:
        """Reads ``7F21``; raises :class:`BadInput` for anything else, or bytes behind it."""
        return cls.parse_parts(tlv.parse(data, CERTIFICATE).value)

    @classmethod
    def parse_parts(cls, data: bytes) -> CvCertificate:
        """Reads body and signature without the template around them, as PSO: Verify Certificate carries them."""
        parts = tlv.parse_all(data)
        if len(parts) != 2:
            raise BadInput("cvc-malformed", reason="a certificate has a body and a signature")
        signature = der.expect(parts[1], SIGNATURE)
        if b"".join(part.encode() for part in parts) != data:
            raise BadInput("cvc-malformed", reason="lengths are not as short as they can be")
        return cls(CvContent.parse(parts[0]), parts[0].encode(), signature)

    @property
    def parts(self) -> bytes:
        """Body and signature."""
        return self.body + tlv.encode(SIGNATURE, self.signature)

    def encode(self) -> bytes:
        """The template ``7F21``."""
        return tlv.encode(CERTIFICATE, self.parts)

    @property
    def is_link(self) -> bool:
        """Whether a CVCA vouches with an earlier key for a later one."""
        content = self.content
        return content.authorization.role is Role.CVCA and content.authority_reference != content.holder_reference

    def is_signed_by(self, key: CvPublicKey) -> bool:
        """Whether ``key`` made the signature; raises :class:`BadInput` for a key that cannot be used."""
        return key.verify(self.signature, self.body)


def issue(content: CvContent, signer: Signer) -> CvCertificate:
    """The certificate over ``content`` by the authority's ``signer``."""
    body = content.encode()
    return CvCertificate(content, body, plain_signature(signer, body))


def plain_signature(signer: Signer, message: bytes) -> bytes:
    """The signature in the form that cards take: r ‖ s for ECDSA (TR-03111 5.2.1), for RSA as it is."""
    signature = signer.sign(message)
    if signer.algorithm.family != "ecdsa":
        return signature
    return der_to_plain(signature, EcPublicKey.from_spki(signer.public_key).domain.scalar_size)


def encode_date(day: date) -> bytes:
    """YYMMDD with a digit in each byte (TR-03110-3 D.2.1.3); the years 2000 to 2099."""
    if day.year // 100 != 20:
        raise BadInput("cvc-date-malformed")
    return bytes(int(digit) for digit in f"{day:%y%m%d}")


def parse_date(data: bytes) -> date:
    """The reverse; raises :class:`BadInput` for what is no date."""
    if len(data) != 6 or max(data) > 9:
        raise BadInput("cvc-date-malformed")
    year, month, day = (10 * data[at] + data[at + 1] for at in (0, 2, 4))
    try:
        return date(2000 + year, month, day)
    except ValueError:
        raise BadInput("cvc-date-malformed") from None
