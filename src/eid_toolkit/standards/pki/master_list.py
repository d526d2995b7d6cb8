"""Master lists: one state's collection of CSCA certificates, signed or bare (ICAO Doc 9303-12 9).

What a list holds is believed by nobody because it stands there: who signed the list, and whether that counts, is the
trust store's question.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from eid_toolkit.ground.errors import BadInput
from eid_toolkit.ground.ports import Signer
from eid_toolkit.standards.asn1.oids import CSCA_MASTER_LIST
from eid_toolkit.standards.codec import ber, der, tlv
from eid_toolkit.standards.pki.certificate import Certificate, raw_objects
from eid_toolkit.standards.pki.cms import ID_SIGNED_DATA, SignedData, build_signed_data

MAX_SIZE = 16 << 20
"""The largest list in bytes that is read; those in the field have some hundred thousand."""
_MAX_CERTIFICATES = 5000
_VERSION_0 = der.integer(0)


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A certificate in a list that could not be read: its place (from 0), its bytes, and why."""

    position: int
    data: bytes
    reason: str


@dataclass(frozen=True, slots=True)
class MasterList:
    """The certificates of a list in its order, and what of it could not be read."""

    certificates: tuple[Certificate, ...]
    unreadable: tuple[Unreadable, ...] = ()
    signed: SignedData | None = None
    """The signature around it; None for a bare list, which nobody answers for."""

    @classmethod
    def parse(cls, data: bytes) -> MasterList:
        """A list in CMS, or bare, in DER; one bad certificate does not lose the others.

        Raises :class:`BadInput` for what is no list at all, or of another version than 0.
        """
        if len(data) > MAX_SIZE:
            raise BadInput("master-list-too-large", limit=MAX_SIZE)
        if not is_signed(data):
            return cls._of_content(data, None)
        signed = SignedData.parse(data)
        if signed.content_type != CSCA_MASTER_LIST:
            raise BadInput("master-list-wrong-content", oid=signed.content_type)
        return cls._of_content(signed.content, signed)

    @staticmethod
    def signed_content(data: bytes) -> tuple[SignedData, frozenset[str]]:
        """A signed list's signature, and the SHA-256 of each certificate in it; none of them is read.

        Raises :class:`BadInput` for what is no such list.
        """
        signed = SignedData.parse(data)
        if signed.content_type != CSCA_MASTER_LIST:
            raise BadInput("master-list-wrong-content", oid=signed.content_type)
        return signed, frozenset(sha256(item).hexdigest() for item in _raw_certificates(signed.content))

    @classmethod
    def _of_content(cls, content: bytes, signed: SignedData | None) -> MasterList:
        certificates, unreadable = [], []
        for position, item in enumerate(_raw_certificates(content)):
            try:
                certificates.append(Certificate.parse(item))
            except BadInput as error:
                unreadable.append(Unreadable(position, item, error.code))
        return cls(tuple(certificates), tuple(unreadable), signed)

    @property
    def signer(self) -> Certificate | None:
        """The enclosed certificate of who signed; nothing is verified here."""
        return None if self.signed is None else self.signed.signer_certificate


def _raw_certificates(content: bytes) -> list[bytes]:
    """The certificates just as they are encoded; the list around them may be in BER."""
    return ber.in_any_form(_raw_in_definite, content)


def _raw_in_definite(content: bytes) -> list[bytes]:
    match tlv.parse(content, der.SEQUENCE).children():
        case [version, certificates] if version.tag == der.INTEGER and certificates.tag == der.SET:
            if der.read_integer(version) != 0:
                raise BadInput("master-list-version", version=der.read_integer(version))
        case _:
            raise BadInput("master-list-malformed")
    items = raw_objects(certificates.value)
    if len(items) > _MAX_CERTIFICATES:
        raise BadInput("master-list-too-long", count=len(items), limit=_MAX_CERTIFICATES)
    return items


def is_signed(data: bytes) -> bool:
    """Whether the bytes are some CMS SignedData; for a bare list and anything else no."""
    try:
        return ber.in_any_form(_names_signed_data, data)
    except BadInput:
        return False


def _names_signed_data(data: bytes) -> bool:
    first, *_ = tlv.parse(data, der.SEQUENCE).children() or (tlv.Tlv(0, b""),)
    return first.tag == der.OBJECT_IDENTIFIER and der.read_object_identifier(first) == ID_SIGNED_DATA


def build_master_list(
    certificates: Iterable[Certificate],
    signer: Signer,
    signer_certificate: Certificate,
    csca: Certificate,
    digest: str,
    signing_time: datetime,
) -> bytes:
    """A signed list in DER, with the signer's certificate and its CSCA's inside; certificates are listed once each.

    The signer is named by its key identifier, as 9303-12 9 recommends.
    """
    content = der.sequence(_VERSION_0, der.set_of({certificate.der for certificate in certificates}))
    return build_signed_data(
        content,
        CSCA_MASTER_LIST,
        signer,
        signer_certificate.der,
        digest,
        signing_time,
        others=(csca.der,),
        by_key_identifier=True,
    )


@dataclass(frozen=True, slots=True)
class MasterListChanges:
    """What a later list has that an earlier one has not, and the other way round."""

    added: tuple[Certificate, ...]
    removed: tuple[Certificate, ...]


def changes(before: MasterList, after: MasterList) -> MasterListChanges:
    """The difference between two lists, certificate by certificate."""
    earlier = {certificate.der for certificate in before.certificates}
    later = {certificate.der for certificate in after.certificates}
    return MasterListChanges(
        tuple(certificate for certificate in after.certificates if certificate.der not in earlier),
        tuple(certificate for certificate in before.certificates if certificate.der not in later),
    )
