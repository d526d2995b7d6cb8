"""Deviation lists of our own making (Doc 9303-12 10.2): the toolkit only reads them."""

from __future__ import annotations

from datetime import datetime

from eid_toolkit.ground.ports import Signer
from eid_toolkit.standards.asn1.oids import DEVIATION_LIST
from eid_toolkit.standards.codec import der, tlv
from eid_toolkit.standards.crypto.digests import DIGEST_OIDS
from eid_toolkit.standards.pki.certificate import Certificate
from eid_toolkit.standards.pki.cms import build_signed_data
from eid_toolkit.standards.pki.deviation_list import Deviation

_DOCUMENT_TYPE, _ISSUING_DATE, _DOCUMENT_NUMBERS = 0x80, 0xA4, 0xA5  # DeviationDocuments, implicit tags
_ISSUER_AND_SERIAL, _KEY_IDENTIFIER, _CERTIFICATE_DIGEST = 0xA1, 0x82, 0x83  # DocumentSignerIdentifier


def build_deviation_list(
    deviations: tuple[Deviation, ...],
    signer: Signer,
    signer_certificate: Certificate,
    csca: Certificate,
    digest: str,
    signing_time: datetime,
) -> bytes:
    """A signed list in DER, with the signer's certificate and its CSCA's inside."""
    content = der.sequence(
        der.integer(0),
        der.sequence(der.object_identifier(DIGEST_OIDS["sha256"])),
        der.set_of([_deviation(deviation) for deviation in deviations]),
    )
    return build_signed_data(
        content,
        DEVIATION_LIST,
        signer,
        signer_certificate.der,
        digest,
        signing_time,
        others=(csca.der,),
        by_key_identifier=True,
    )


def _deviation(deviation: Deviation) -> bytes:
    concerned, parts = deviation.concerned, []
    if concerned.document_type is not None:
        parts.append(tlv.encode(_DOCUMENT_TYPE, concerned.document_type.encode("ascii")))
    if concerned.issuer is not None and concerned.serial is not None:
        parts.append(tlv.encode(_ISSUER_AND_SERIAL, concerned.issuer.der, der.integer(concerned.serial)))
    elif concerned.key_identifier is not None:
        parts.append(tlv.encode(_KEY_IDENTIFIER, concerned.key_identifier))
    elif concerned.certificate_digest is not None:
        parts.append(tlv.encode(_CERTIFICATE_DIGEST, concerned.certificate_digest))
    if concerned.issued_from is not None and concerned.issued_until is not None:
        ends = (f"{concerned.issued_from:%Y%m%d}000000Z", f"{concerned.issued_until:%Y%m%d}235959Z")
        parts.append(tlv.encode(_ISSUING_DATE, *(tlv.encode(0x18, end.encode()) for end in ends)))
    if concerned.document_numbers:
        numbers = (tlv.encode(der.PRINTABLE_STRING, text.encode("ascii")) for text in concerned.document_numbers)
        parts.append(tlv.encode(_DOCUMENT_NUMBERS, *sorted(numbers)))
    described = [tlv.encode(der.PRINTABLE_STRING, deviation.text.encode("ascii"))] if deviation.text else []
    described.append(der.object_identifier(deviation.oid))
    if deviation.parameters is not None:
        described.append(tlv.encode(0xA0, deviation.parameters))
    return der.sequence(der.sequence(*parts), der.set_of([der.sequence(*described)]))
