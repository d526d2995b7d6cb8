"""Deviation lists: what a state tells of its own documents that are not as they should be (ICAO Doc 9303-12 10)."""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from datetime import date, datetime
from hashlib import sha256
from typing import Any

from eid_toolkit.ground.display import shortened
from eid_toolkit.ground.errors import BadInput
from eid_toolkit.standards.asn1.oids import DEVIATION_LIST
from eid_toolkit.standards.codec import tlv
from eid_toolkit.standards.crypto.digests import digest as hashed
from eid_toolkit.standards.crypto.digests import digest_by_oid
from eid_toolkit.standards.pki.certificate import Certificate
from eid_toolkit.standards.pki.cms import SignedData
from eid_toolkit.standards.pki.names import DistinguishedName
from eid_toolkit.standards.pki.times import parse_time

MAX_SIZE = 4 << 20
"""The largest list in bytes that is read."""
_MAX_DEVIATIONS = 2000
_MAX_TEXT = 1000

_DOCUMENT_TYPE, _ISSUING_DATE, _DOCUMENT_NUMBERS = 0x80, 0xA4, 0xA5  # DeviationDocuments, implicit tags
_ISSUER_AND_SERIAL, _KEY_IDENTIFIER, _CERTIFICATE_DIGEST = 0xA1, 0x82, 0x83  # DocumentSignerIdentifier


KINDS = {
    "1.1": "signer-signature-wrong",
    "1.2": "signer-encoding",
    "1.3": "csca-encoding",
    "1.4": "active-authentication-key-compromised",
    "2.1": "data-group-malformed",
    "2.2": "data-group-hash-wrong",
    "2.3": "security-object-signature-wrong",
    "2.4": "com-inconsistent",
    "3.1": "mrz-wrong-data",
    "3.2": "mrz-wrong-check-digit",
    "4": "chip",
    "5": "national-use",
}
"""What deviation types mean, by what follows the identifier of deviation lists."""


@dataclass(frozen=True, slots=True)
class Concerned:
    """Which documents a deviation is about; whatever is None or empty does not narrow it."""

    document_type: str | None = None
    issuer: DistinguishedName | None = None
    serial: int | None = None
    key_identifier: bytes | None = None
    certificate_digest: bytes | None = None
    issued_from: date | None = None
    issued_until: date | None = None
    document_numbers: frozenset[str] = frozenset()

    def names(self, signer: Certificate, digest: str | None, code: str, number: str, issued: date | None) -> bool:
        """Whether a document is meant: ``code`` and ``number`` as in the MRZ, empty where they were not read.

        What could not be read of the document, and its date of issue if it has none, excludes nothing.
        """
        return (
            self._names_signer(signer, digest)
            and not (self.document_type and code and self.document_type.rstrip("< ") != code.rstrip("< "))
            and not (self.document_numbers and number and number.rstrip("< ") not in self.document_numbers)
            and not (issued and self.issued_from and issued < self.issued_from)
            and not (issued and self.issued_until and issued > self.issued_until)
        )

    def _names_signer(self, signer: Certificate, digest: str | None) -> bool:
        if self.issuer is not None:
            return self.serial == signer.serial and self.issuer.matches(signer.issuer)
        if self.key_identifier is not None:
            return self.key_identifier == signer.extensions.subject_key_identifier
        if self.certificate_digest is not None:
            return hmac.compare_digest(self.certificate_digest, hashed(digest or "sha256", signer.der))
        return True


@dataclass(frozen=True, slots=True)
class Deviation:
    """One defect, with what is known of it; ``parameters`` as encoded, for whoever knows the type."""

    concerned: Concerned
    oid: str
    text: str | None
    parameters: bytes | None

    @property
    def kind(self) -> str:
        """What the type means, or its identifier."""
        return KINDS.get(self.oid.removeprefix(f"{DEVIATION_LIST}."), self.oid)


@dataclass(frozen=True, slots=True)
class DeviationList:
    """A list as it was signed, and what it says; reading verifies nothing."""

    der: bytes
    signed: SignedData
    digest: str | None
    deviations: tuple[Deviation, ...]

    @classmethod
    def parse(cls, data: bytes) -> DeviationList:
        """A list in CMS; raises :class:`BadInput` for anything else, and for a version other than 0."""
        if len(data) > MAX_SIZE:
            raise BadInput("deviation-list-too-large", limit=MAX_SIZE)
        signed = SignedData.parse(data)
        if signed.content_type != DEVIATION_LIST:
            raise BadInput("deviation-list-wrong-content", oid=signed.content_type)
        digest, deviations = _read_content(signed.content)
        return cls(data, signed, digest, deviations)

    @property
    def fingerprint(self) -> str:
        """SHA-256 over the whole list, in hex."""
        return sha256(self.der).hexdigest()

    @property
    def signer(self) -> Certificate | None:
        """The enclosed certificate of who signed."""
        return self.signed.signer_certificate

    @property
    def country(self) -> str | None:
        """The state whose list it is, two letters, by its signer."""
        return self.signer.country if self.signer is not None else None

    @property
    def signing_time(self) -> datetime | None:
        """When it was signed, by the signer's own claim."""
        return self.signed.signers[0].signing_time

    def about(self, signer: Certificate, code: str, number: str, issued: date | None) -> tuple[Deviation, ...]:
        """The deviations that name a document; see :meth:`Concerned.names`."""
        return tuple(
            deviation
            for deviation in self.deviations
            if deviation.concerned.names(signer, self.digest, code, number, issued)
        )


def _read_content(content: bytes) -> tuple[str | None, tuple[Deviation, ...]]:
    from eid_toolkit.standards.asn1.declared import FAULTS, load
    from eid_toolkit.standards.asn1.modules.deviation_list import DeviationList as Declared

    try:
        read = load(Declared, content)
        if (version := read["version"].native) != 0:
            raise BadInput("deviation-list-version", version=version)
        algorithm = read["digestAlgorithm"]
        digest = digest_by_oid(algorithm["algorithm"].native) if algorithm else None
        deviations: list[Deviation] = []
        for item in read["deviations"]:
            concerned = _read_concerned(item["documents"])
            for description in item["descriptions"]:
                if len(deviations) == _MAX_DEVIATIONS:
                    raise BadInput("deviation-list-too-long", limit=_MAX_DEVIATIONS)
                deviations.append(_read_description(description, concerned))
    except FAULTS:
        raise BadInput("deviation-list-malformed") from None
    return digest, tuple(deviations)


def _read_description(item: Any, concerned: Concerned) -> Deviation:
    text, parameters = _text(item["description"]), item["parameters"]
    return Deviation(
        concerned,
        item["deviationType"].native,
        None if text is None else shortened(text[: _MAX_TEXT + 1], _MAX_TEXT),
        parameters["value"].dump() if parameters else None,
    )


def _read_concerned(documents: Any) -> Concerned:
    signer, period = documents["dscIdentifier"], documents["issuingDate"]
    named = {signer.name: signer.chosen} if signer else {}
    certificate = named.get("issuerAndSerialNumber")
    by_name = tlv.parse(certificate["issuer"].dump()) if certificate is not None else None
    first, last = (_day(period["firstIssued"]), _day(period["lastIssued"])) if period else (None, None)
    return Concerned(
        document_type=_text(documents["documentType"]),
        issuer=None if by_name is None else DistinguishedName.read(by_name),
        serial=None if certificate is None else certificate["serialNumber"].native,
        key_identifier=named["subjectKeyIdentifier"].native if "subjectKeyIdentifier" in named else None,
        certificate_digest=named["certificateDigest"].native if "certificateDigest" in named else None,
        issued_from=first,
        issued_until=last,
        document_numbers=frozenset((_text(number) or "").rstrip("< ") for number in documents["documentNumbers"]),
    )


def _text(value: Any) -> str | None:
    """What a text says; one in letters that its type does not have spoils no list."""
    try:
        said: str | None = value.native
        return said
    except ValueError:
        content: bytes = value.chosen.contents if hasattr(value, "chosen") else value.contents
        return content.decode("ascii", "replace")


def _day(generalized_time: Any) -> date:
    return parse_time(generalized_time.contents, generalized=True).date()
