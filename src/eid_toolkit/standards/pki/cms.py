"""CMS SignedData: what EF.SOD and master lists are wrapped in (RFC 5652 5, ICAO Doc 9303-10 4.6.2, 9303-12 9).

Written by hand over the TLV codec: a document costs one signature and a few concatenations. Read tolerantly in the
encoding (BER, of which RFC 5652 section 2 speaks) and in the identifiers (parameters present or absent, signer by key
identifier or by issuer and serial number), strictly in what is signed.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from eid_toolkit.ground.errors import BadInput
from eid_toolkit.ground.ports import SignatureAlgorithm, Signer
from eid_toolkit.standards.codec import ber, der, tlv
from eid_toolkit.standards.codec.tlv import Tlv
from eid_toolkit.standards.crypto.digests import DIGEST_OIDS, digest_by_oid
from eid_toolkit.standards.crypto.digests import digest as hashed
from eid_toolkit.standards.crypto.signatures import algorithm_from_der, algorithm_to_der, verify
from eid_toolkit.standards.pki.certificate import Certificate, raw_objects
from eid_toolkit.standards.pki.names import DistinguishedName
from eid_toolkit.standards.pki.times import encode_time, read_time

ID_SIGNED_DATA = "1.2.840.113549.1.7.2"
_CONTENT_TYPE = "1.2.840.113549.1.9.3"
_MESSAGE_DIGEST = "1.2.840.113549.1.9.4"
_SIGNING_TIME = "1.2.840.113549.1.9.5"

_FIRST = 0xA0
_KEY_IDENTIFIER, _KEY_IDENTIFIER_IN_PIECES = 0x80, 0xA0
_VERSION_3 = der.integer(3)
_SIGNER_VERSION_1 = der.integer(1)
_MAX_SIGNERS = 8
_MAX_TRIED = 64
"""How many of the enclosed certificates are tried for the one whose key made a signature; real objects have three."""


@dataclass(frozen=True, slots=True)
class SignerInfo:
    """One signature: who made it (by name and number, or by key identifier), how, and over which attributes."""

    issuer: DistinguishedName | None
    serial: int | None
    key_identifier: bytes | None
    digest: str
    signed_attributes: bytes | None
    """The attributes as SET, as they came; None if the signature is over the content itself."""
    content_type: str | None
    message_digest: bytes | None
    signing_time: datetime | None
    """The signer's own claim."""
    algorithm_der: bytes
    signature: bytes

    @property
    def algorithm(self) -> SignatureAlgorithm:
        """The scheme of the signature; raises :class:`BadInput` for one that is not known."""
        return algorithm_from_der(self.algorithm_der, self.digest)

    def is_by(self, certificate: Certificate) -> bool:
        """Whether this names ``certificate`` as the signer's."""
        if self.issuer is None:
            return self.key_identifier == certificate.extensions.subject_key_identifier
        return self.serial == certificate.serial and self.issuer.matches(certificate.issuer)


@dataclass(frozen=True, slots=True)
class SignedData:
    """A signed content with its signatures and the certificates that came along."""

    content_type: str
    content: bytes
    certificates: tuple[bytes, ...]
    signers: tuple[SignerInfo, ...]

    @classmethod
    def parse(cls, data: bytes, detached: bytes | None = None) -> SignedData:
        """A ContentInfo in BER, of :data:`ber.MAX_DEPTH` levels at most; raises :class:`BadInput` on anything else.

        ``detached`` is what a signature without content is over (RFC 5652 5.2); one that has its own keeps that.
        """
        try:
            return cls._parse(data, detached)
        except BadInput:  # in another encoding, or one of several signatures is of a kind that is not known
            return cls._parse(ber.to_definite(data), detached, every=False)

    @classmethod
    def _parse(cls, data: bytes, detached: bytes | None, *, every: bool = True) -> SignedData:
        signed_data = tlv.parse(der.expect(_content_of(data), _FIRST), der.SEQUENCE)
        try:
            return cls._read(signed_data, detached, every)
        except (ValueError, IndexError):  # a structure with fewer or more parts than CMS has
            raise BadInput("cms-malformed") from None

    @classmethod
    def _read(cls, signed_data: Tlv, detached: bytes | None, every: bool) -> SignedData:
        _, _, encapsulated, *optional, signers = signed_data.children()
        content_type, *enclosed = der.read_sequence(encapsulated)
        if enclosed or detached is None:
            (content,) = enclosed
            detached = der.expect(tlv.parse(der.expect(content, _FIRST)), der.OCTET_STRING)
        infos = tlv.parse_all(der.expect(signers, der.SET))
        if not 1 <= len(infos) <= _MAX_SIGNERS:
            raise BadInput("cms-signer-count", count=len(infos))
        return cls(
            content_type=der.read_object_identifier(content_type),
            content=detached,
            certificates=_certificates(optional),
            signers=_read_signers(infos, every),
        )

    @property
    def signer_certificate(self) -> Certificate | None:
        """The certificate of the signature's maker among those enclosed, or None (:func:`find_signer`)."""
        signer = find_signer(self)
        return None if signer is None else signer.certificate


@dataclass(frozen=True, slots=True)
class FoundSigner:
    """The certificate of a signature's maker, and whether the signature names it as such."""

    certificate: Certificate
    named: bool


StoredSigners = Callable[[Iterable[SignerInfo]], Certificate | None]
"""Gives the certificate kept here that one of the signatures names, where none is enclosed (9303-10 4.6.2.2)."""


def find_signer(
    signed: SignedData, stored: StoredSigners | None = None, believed: Callable[[Certificate], bool] | None = None
) -> FoundSigner | None:
    """Whose the signature is: the certificate that it names, among those enclosed, else the one that is ``stored``.

    Of several (there may be more than one signature, 9303-10 4.6.2.2) it is one whose key made a signature, and rather
    one that is ``believed``. There are signers who write their issuer's name otherwise than their certificate does, its
    attributes in another order for example. Then the enclosed certificates of that serial number are tried, then all,
    and it is that whose key made the signature. Nothing else is verified here.
    """
    enclosed = tuple(_readable(signed.certificates))
    named = [certificate for certificate in enclosed if any(info.is_by(certificate) for info in signed.signers)]
    if len(named) > _MAX_TRIED:  # whichever of them were tried, nothing would be proved
        return None
    if len(named) > 1:
        named.sort(
            key=lambda certificate: (
                not _has_signed(certificate, signed),
                believed is not None and not believed(certificate),
            )
        )
    if not named and stored is not None and (stored_certificate := stored(signed.signers)) is not None:
        named.append(stored_certificate)
    if named:
        return FoundSigner(named[0], named=True)
    serials = {info.serial for info in signed.signers}
    likely = sorted(enclosed, key=lambda certificate: certificate.serial not in serials)[:_MAX_TRIED]
    meant = next((certificate for certificate in likely if _has_signed(certificate, signed)), None)
    return None if meant is None else FoundSigner(meant, named=False)


def verify_signed_data(signed: SignedData, certificate_der: bytes) -> bool:
    """Whether the key of the certificate made a signature over the content, whomever the signature names.

    False also if the attributes belong to another content or type. Raises :class:`BadInput` for a key or algorithm
    that cannot be used. Whether the certificate is to be trusted is another question.
    """
    certificate = Certificate.parse(certificate_der)
    named = [info for info in signed.signers if info.is_by(certificate)]
    wrong, unusable = 0, BadInput("cms-malformed")
    for info in named or signed.signers:
        try:
            if _is_good(signed, info, certificate):
                return True
            wrong += 1
        except BadInput as error:
            unusable = error
    if not wrong:
        raise unusable
    return False


def build_signed_data(
    content: bytes,
    content_type: str,
    signer: Signer,
    certificate_der: bytes,
    digest: str,
    signing_time: datetime | None = None,
    *,
    others: tuple[bytes, ...] = (),
    by_key_identifier: bool = False,
) -> bytes:
    """A ContentInfo in DER with one signature over signed attributes, and the signer's certificate (9303-10 4.6.2).

    Digest identifiers stand without parameters; ``signing_time`` is in UTC; ``others`` are certificates that go along.
    The signer is named by issuer and serial number, or ``by_key_identifier``.
    """
    digest_identifier = der.sequence(der.object_identifier(DIGEST_OIDS[digest]))
    attributes = [
        _attribute(_CONTENT_TYPE, der.object_identifier(content_type)),
        _attribute(_MESSAGE_DIGEST, der.octet_string(hashed(digest, content))),
    ]
    if signing_time is not None:
        attributes.append(_attribute(_SIGNING_TIME, encode_time(signing_time)))
    signed_attributes = der.set_of(attributes)
    signer_info = der.sequence(
        *_named(certificate_der, by_key_identifier),
        digest_identifier,
        tlv.encode(_FIRST, tlv.parse(signed_attributes).value),
        algorithm_to_der(signer.algorithm),
        der.octet_string(signer.sign(signed_attributes)),
    )
    signed_data = der.sequence(
        _VERSION_3,  # RFC 5652 5.1: the content is not of type id-data
        der.set_of([digest_identifier]),
        der.sequence(der.object_identifier(content_type), tlv.encode(_FIRST, der.octet_string(content))),
        tlv.encode(_FIRST, *sorted({certificate_der, *others})),
        der.set_of([signer_info]),
    )
    return der.sequence(der.object_identifier(ID_SIGNED_DATA), tlv.encode(_FIRST, signed_data))


def _named(certificate_der: bytes, by_key_identifier: bool) -> tuple[bytes, bytes]:
    """Version and name of a signature's maker (RFC 5652 5.3); raises :class:`BadInput` without a key identifier."""
    if not by_key_identifier:
        return _SIGNER_VERSION_1, _issuer_and_serial(certificate_der)
    identifier = Certificate.parse(certificate_der).extensions.subject_key_identifier
    if identifier is None:
        raise BadInput("signer-without-key-identifier")
    return _VERSION_3, tlv.encode(_KEY_IDENTIFIER, identifier)


def _is_good(signed: SignedData, signer: SignerInfo, certificate: Certificate) -> bool:
    if signer.signed_attributes is None:
        return verify(certificate.spki, signer.algorithm, signer.signature, signed.content)
    if signer.content_type not in (None, signed.content_type):
        return False
    message_digest = signer.message_digest
    if message_digest is not None and not hmac.compare_digest(message_digest, hashed(signer.digest, signed.content)):
        return False
    good = any(
        verify(certificate.spki, signer.algorithm, signer.signature, attributes)
        for attributes in _as_signed(signer.signed_attributes)
    )
    if good and (message_digest is None or signer.content_type is None):
        # RFC 5652 5.3, 11.1 and 11.2: both attributes must be there, or the signature could stand for something else.
        # It is the key's all the same, so that nothing is proved wrong.
        raise BadInput("cms-malformed")
    return good


def _as_signed(attributes: bytes) -> Iterator[bytes]:
    """The attributes as they came, for signers who sort them in a way of their own, then in DER (RFC 5652 5.4)."""
    yield attributes
    canonical = ber.to_canonical(attributes)
    if canonical != attributes:
        yield canonical


def _has_signed(certificate: Certificate, signed: SignedData) -> bool:
    try:
        return any(_is_good(signed, signer, certificate) for signer in signed.signers)
    except BadInput:  # a key or an algorithm that cannot be used
        return False


def _readable(certificates: Iterable[bytes]) -> Iterator[Certificate]:
    for data in certificates:
        try:
            yield Certificate.parse(data)
        except BadInput:
            continue  # another one may be the signer's


def _content_of(data: bytes) -> Tlv:
    """What a ContentInfo holds, if that is SignedData."""
    parts = tlv.parse(data, der.SEQUENCE).children()
    if len(parts) != 2:
        raise BadInput("cms-malformed")
    if der.read_object_identifier(parts[0]) != ID_SIGNED_DATA:
        raise BadInput("cms-not-signed-data")
    return parts[1]


def _certificates(parts: Iterable[Tlv]) -> tuple[bytes, ...]:
    """The X.509 certificates of CertificateSet, just as they came."""
    certificate_set = next((item.value for item in parts if item.tag == _FIRST), b"")
    return tuple(item for item in raw_objects(certificate_set) if item[0] == der.SEQUENCE)


def _attribute(oid: str, value: bytes) -> bytes:
    return der.sequence(der.object_identifier(oid), der.set_of([value]))


@lru_cache(maxsize=16)
def _issuer_and_serial(certificate_der: bytes) -> bytes:
    certificate = Certificate.parse(certificate_der)
    return der.sequence(certificate.issuer.der, der.integer(certificate.serial))


def _read_signers(items: Iterable[Tlv], every: bool) -> tuple[SignerInfo, ...]:
    """The signatures; unless ``every`` one must be known, those that are not are left out where others are."""
    signers, unknown = [], None
    for item in items:
        try:
            signers.append(_read_signer(item))
        except (BadInput, ValueError, IndexError) as error:
            unknown = error
    if unknown is not None and (every or not signers):
        raise unknown
    return tuple(signers)


def _read_signer(item: Tlv) -> SignerInfo:
    _, who, digest_identifier, *parts = der.read_sequence(item)
    digest = digest_by_oid(der.read_object_identifier(der.read_sequence(digest_identifier)[0]))
    attributes = tlv.encode(der.SET, parts.pop(0).value) if parts[0].tag == _FIRST else None
    algorithm, signature = parts[:2]
    values = _attribute_values(attributes)
    identifier = _key_identifier(who)
    issuer, serial = (None, None) if identifier is not None else der.read_sequence(who)
    return SignerInfo(
        issuer=None if issuer is None else DistinguishedName.read(issuer),
        serial=None if serial is None else der.read_integer(serial),
        key_identifier=identifier,
        digest=digest,
        signed_attributes=attributes,
        content_type=der.read_object_identifier(values[_CONTENT_TYPE]) if _CONTENT_TYPE in values else None,
        message_digest=der.expect(values[_MESSAGE_DIGEST], der.OCTET_STRING) if _MESSAGE_DIGEST in values else None,
        signing_time=_time_or_none(values.get(_SIGNING_TIME)),
        algorithm_der=algorithm.encode(),
        signature=der.expect(signature, der.OCTET_STRING),
    )


def _attribute_values(attributes: bytes | None) -> dict[str, Tlv]:
    """The attributes that have one value, by type.

    One that stands twice says nothing (RFC 5652 5.3), nor does one in a form of its own: neither spoils the others.
    """
    by_type: dict[str, Tlv] = {}
    repeated: set[str] = set()
    for item in tlv.parse(attributes).children() if attributes else ():
        try:
            kind, values = der.read_sequence(item)
            oid, members = der.read_object_identifier(kind), tlv.parse_all(der.expect(values, der.SET))
        except (BadInput, ValueError):
            continue
        if oid in by_type or len(members) != 1:
            repeated.add(oid)
        else:
            by_type[oid] = members[0]
    return {oid: value for oid, value in by_type.items() if oid not in repeated}


def _time_or_none(item: Tlv | None) -> datetime | None:
    """A signing time, which is a claim that nothing rests on, if it can be read."""
    try:
        return None if item is None else read_time(item)
    except BadInput:
        return None


def _key_identifier(who: Tlv) -> bytes | None:
    """The key identifier in a SignerIdentifier, also in pieces; None where it is issuer and serial number."""
    if who.tag == _KEY_IDENTIFIER_IN_PIECES:
        return b"".join(der.expect(piece, der.OCTET_STRING) for piece in who.children())
    return who.value if who.tag == _KEY_IDENTIFIER else None
