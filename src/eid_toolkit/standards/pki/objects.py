"""What an object of the country signing PKI is, told by its structure, and read as that (RFC 5280, 5652, 2986).

By trying one reader after another the cause is lost: a certificate with a fault would be no certificate at all.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from eid_toolkit.ground.errors import BadInput
from eid_toolkit.standards.asn1.oids import CSCA_MASTER_LIST, DEVIATION_LIST
from eid_toolkit.standards.codec import der, tlv
from eid_toolkit.standards.codec.tlv import Tlv
from eid_toolkit.standards.pki.certificate import Certificate, raw_objects
from eid_toolkit.standards.pki.cms import ID_SIGNED_DATA, SignedData
from eid_toolkit.standards.pki.crl import Crl
from eid_toolkit.standards.pki.cv_certificate import CERTIFICATE as CV_CERTIFICATE
from eid_toolkit.standards.pki.master_list import MasterList
from eid_toolkit.standards.pki.times import GENERALIZED_TIME, UTC_TIME
from eid_toolkit.standards.pki.trust_bundle import TRUST_BUNDLE

Item = Certificate | Crl
_FIRST, _SECOND = 0xA0, 0xA1
_TIMES = (UTC_TIME, GENERALIZED_TIME)


class Kind(StrEnum):
    """What an object is."""

    CERTIFICATE = "certificate"
    CRL = "revocation list"
    REQUEST = "certification request"
    MASTER_LIST = "master list"
    DEVIATION_LIST = "deviation list"
    BUNDLE = "trust bundle"
    CERTIFICATES = "CMS of certificates only"
    SIGNED = "signed data"
    CV_CERTIFICATE = "card-verifiable certificate"


_CONTENTS = {CSCA_MASTER_LIST: Kind.MASTER_LIST, DEVIATION_LIST: Kind.DEVIATION_LIST, TRUST_BUNDLE: Kind.BUNDLE}


@dataclass(frozen=True, slots=True)
class CertificateBag:
    """Signed data without a signature: how certificates and revocation lists are handed out (RFC 5652 5.1)."""

    certificates: tuple[bytes, ...]
    crls: tuple[bytes, ...]

    @classmethod
    def parse(cls, data: bytes) -> CertificateBag:
        """Reads one; raises :class:`BadInput` for other signed data, and for none at all.

        What is in DER is not looked into, whatever its size; the declared module reads the other encodings.
        """
        try:
            certificates, crls = _handed_out(data)
        except BadInput:
            certificates, crls = _handed_out_in_ber(data)
        return cls(tuple(item for item in certificates if item[:1] == bytes((der.SEQUENCE,))), tuple(crls))


def _handed_out(data: bytes) -> tuple[list[bytes], list[bytes]]:
    parts = _signed_parts(data)
    if parts is None or parts[-1] != Tlv(der.SET, b""):
        raise BadInput("cms-malformed")
    by_tag = {part.tag: raw_objects(part.value) for part in parts[3:-1]}
    return by_tag.get(_FIRST, []), by_tag.get(_SECOND, [])


def _handed_out_in_ber(data: bytes) -> tuple[list[bytes], list[bytes]]:
    from eid_toolkit.standards.asn1.declared import FAULTS, load
    from eid_toolkit.standards.asn1.modules.cms import ContentInfo

    try:
        outer = load(ContentInfo, data)
        signed = outer["content"]
        if outer["contentType"].native != ID_SIGNED_DATA or len(signed["signerInfos"]):
            raise BadInput("cms-malformed")
        return [item.dump() for item in signed["certificates"]], [item.dump() for item in signed["crls"]]
    except FAULTS:
        raise BadInput("cms-malformed") from None


def kind_of(data: bytes) -> Kind | None:
    """What the object in DER is by its outer structure; None for anything else. Nothing inside is looked at."""
    try:
        outer = tlv.parse(data)
        if outer.tag == CV_CERTIFICATE:
            return Kind.CV_CERTIFICATE
        match tuple(part.tag for part in der.read_sequence(outer)):
            case (der.INTEGER, der.SET):
                return Kind.MASTER_LIST  # bare
            case (der.OBJECT_IDENTIFIER, *_):
                return _kind_of_signed(data)
            case (der.SEQUENCE, der.SEQUENCE, der.BIT_STRING):
                return _kind_of_tbs(tuple(part.tag for part in outer.children()[0].children()))
    except BadInput:
        return _kind_of_content(data)  # signed data may be written in ways that TLV of definite lengths is not
    return None


def _kind_of_tbs(tags: tuple[int, ...]) -> Kind:
    """Of what is signed in a certificate, a revocation list or a request, which begin alike."""
    match tags:
        case (der.INTEGER, der.SEQUENCE, der.SEQUENCE, last, *_) if last in _TIMES:
            return Kind.CRL
        case (der.SEQUENCE, der.SEQUENCE, last, *_) if last in _TIMES:
            return Kind.CRL  # of version 1
        case (der.INTEGER, der.SEQUENCE, der.SEQUENCE) | (der.INTEGER, der.SEQUENCE, der.SEQUENCE, 0xA0):
            return Kind.REQUEST
    return Kind.CERTIFICATE


def _kind_of_signed(data: bytes) -> Kind | None:
    parts = _signed_parts(data)
    if parts is None:
        return None
    content_type = der.read_object_identifier(der.read_sequence(parts[2])[0])
    if parts[-1] == Tlv(der.SET, b"") and content_type not in _CONTENTS:
        return Kind.CERTIFICATES
    return _CONTENTS.get(content_type, Kind.SIGNED)


def _kind_of_content(data: bytes) -> Kind | None:
    try:
        return _CONTENTS.get(SignedData.parse(data).content_type, Kind.SIGNED)
    except BadInput:
        return None


def _signed_parts(data: bytes) -> tuple[Tlv, ...] | None:
    """The parts of SignedData; None if it is none."""
    outer = tlv.parse(data, der.SEQUENCE).children()
    if len(outer) != 2 or outer[0].tag != der.OBJECT_IDENTIFIER or outer[1].tag != _FIRST:
        return None
    if der.read_object_identifier(outer[0]) != ID_SIGNED_DATA:
        return None
    parts = der.read_sequence(tlv.parse(outer[1].value))
    return parts if len(parts) >= 4 and parts[2].tag == der.SEQUENCE and parts[2].value else None


@dataclass(frozen=True, slots=True)
class Read:
    """What was found in some bytes; a list's certificates are items too."""

    items: tuple[Item, ...]
    unreadable: int = 0
    """How many objects could not be read."""
    master_list: MasterList | None = None


def read_items(data: bytes) -> Read:
    """One object in DER; raises :class:`BadInput` if it is none of these, or with what is wrong with it."""
    match kind_of(data):
        case Kind.CERTIFICATE:
            return Read((Certificate.parse(data),))
        case Kind.CRL:
            return Read((Crl.parse(data),))
        case Kind.MASTER_LIST:
            master_list = MasterList.parse(data)
            return Read(master_list.certificates, len(master_list.unreadable), master_list)
        case Kind.CERTIFICATES:
            bag, items = CertificateBag.parse(data), []
            parsers: tuple[tuple[tuple[bytes, ...], Callable[[bytes], Item]], ...] = (
                (bag.certificates, Certificate.parse),
                (bag.crls, Crl.parse),
            )
            unreadable = 0
            for objects, parse in parsers:
                for item in objects:
                    try:
                        items.append(parse(item))
                    except BadInput:
                        unreadable += 1
            return Read(tuple(items), unreadable)
        case None:
            raise BadInput("trust-file-unknown")
        case kind:
            raise BadInput("trust-file-other", kind=kind.value)
