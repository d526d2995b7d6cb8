"""X.509 certificates of the country signing PKI (RFC 5280 4.1, 9303-12 7.1): read tolerantly, never re-encoded."""

from __future__ import annotations

import binascii
import re
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from hashlib import sha256

from eid_toolkit.ground.errors import BadInput
from eid_toolkit.ground.ports import SignatureAlgorithm
from eid_toolkit.standards.codec import der, tlv
from eid_toolkit.standards.crypto.signatures import algorithm_from_der, algorithms_agree, verify
from eid_toolkit.standards.pki.countries import SPECIMEN_STATE
from eid_toolkit.standards.pki.extensions import Extensions, read_extensions, split_extensions
from eid_toolkit.standards.pki.names import DistinguishedName
from eid_toolkit.standards.pki.times import read_time

MAX_CERTIFICATE = 1 << 16
"""The largest certificate in bytes that is read; real ones have some 2000."""
SPECIMEN_MARK = "SPECIMEN"
"""Stands in the names of what a demo home signs with."""

_PEM_LINE = 64
_PEM = re.compile(rb"-----BEGIN ([A-Z0-9 ]+)-----(.*?)-----END \1-----", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Certificate:
    """One certificate: its bytes, and what they say."""

    der: bytes
    tbs: bytes
    serial: int
    issuer: DistinguishedName
    subject: DistinguishedName
    not_before: datetime
    not_after: datetime
    spki: bytes
    extensions: Extensions
    signature_algorithm_der: bytes
    signature: bytes
    inner_algorithm_der: bytes
    """The signature algorithm as it stands in what is signed."""

    @classmethod
    def parse(cls, data: bytes) -> Certificate:
        """Read DER (or BER of definite lengths); raises :class:`BadInput` on anything else.

        A single extension that does not parse is a finding (``extensions.malformed``), no error.
        """
        if len(data) > MAX_CERTIFICATE:
            raise BadInput("certificate-too-large", length=len(data), limit=MAX_CERTIFICATE)
        try:
            return cls._read(data)
        except (ValueError, IndexError):  # a structure with fewer or more parts than X.509 has
            raise BadInput("certificate-malformed") from None

    @classmethod
    @lru_cache(maxsize=16)  # an office reads its own few, and an inspection the same one for several checks
    def _read(cls, data: bytes) -> Certificate:
        tbs, algorithm, signature = tlv.parse(data, der.SEQUENCE).children()
        parts = list(der.read_sequence(tbs))
        if parts[0].tag == 0xA0:  # version; absent in version 1
            parts.pop(0)
        serial, inner_algorithm, issuer, validity, subject, spki, *rest = parts
        first, last = der.read_sequence(validity)
        extensions = next((item for item in rest if item.tag == 0xA3), None)
        extension_values = split_extensions(tlv.parse(extensions.value)) if extensions is not None else {}
        return cls(
            der=data,
            tbs=raw_first_child(data),
            serial=der.read_integer(serial),
            issuer=DistinguishedName.read(issuer),
            subject=DistinguishedName.read(subject),
            not_before=read_time(first),
            not_after=read_time(last),
            spki=spki.encode(),
            extensions=read_extensions(extension_values),
            signature_algorithm_der=algorithm.encode(),
            signature=der.read_bit_string(signature),
            inner_algorithm_der=inner_algorithm.encode(),
        )

    @property
    def signature_algorithm(self) -> SignatureAlgorithm:
        """The scheme it is signed by; raises :class:`BadInput` for one that is not known.

        And where another one stands in what is signed (RFC 5280 4.1.1.2): nobody can say which the issuer meant, so
        that the signature cannot be checked, and proves nothing.
        """
        return _agreed_algorithm(self.signature_algorithm_der, self.inner_algorithm_der)

    @property
    def fingerprint(self) -> str:
        """SHA-256 over the whole certificate, in hex: names it without doubt."""
        return sha256(self.der).hexdigest()

    @property
    def country(self) -> str | None:
        """The subject's country, two letters."""
        return self.subject.country

    @property
    def state(self) -> str | None:
        """The state's code as in the MRZ, from the alternative names."""
        return self.extensions.subject_alternative_names.state or self.extensions.issuer_alternative_names.state

    @property
    def self_signed(self) -> bool:
        """Whether it names itself as issuer and its own key checks its signature."""
        return self.subject.matches(self.issuer) and self.is_signed_by(self.spki)

    @property
    def specimen(self) -> bool:
        """Whether it is no real state's: marked as specimen, or of Utopia."""
        return SPECIMEN_MARK in self.subject.text.upper() or self.country == SPECIMEN_STATE

    def is_valid_at(self, time: datetime) -> bool:
        """Whether ``time`` lies in the validity, both ends included."""
        return self.not_before <= time <= self.not_after

    def is_signed_by(self, spki: bytes) -> bool:
        """Whether the key ``spki`` made its signature; a key or scheme that cannot be used did not."""
        return is_signed_by(spki, self.signature_algorithm_der, self.signature, self.tbs, self.inner_algorithm_der)


def _agreed_algorithm(outer: bytes, inner: bytes) -> SignatureAlgorithm:
    if not algorithms_agree(outer, inner):
        raise BadInput("signature-algorithms-differ")
    return algorithm_from_der(outer)


def is_signed_by(
    spki: bytes, algorithm_der: bytes, signature: bytes, message: bytes, inner_der: bytes | None = None
) -> bool:
    """Whether the key ``spki`` made the signature; a key or scheme that cannot be used did not.

    ``inner_der`` is the scheme that stands in what is signed: another one than the outer cannot be used either.
    """
    try:
        return verify(spki, _agreed_algorithm(algorithm_der, inner_der or algorithm_der), signature, message)
    except BadInput:
        return False


def raw_first_child(data: bytes) -> bytes:
    """The first object within ``data`` just as it is encoded: what the signature is over."""
    _, start, _ = tlv.read_header(data)
    _, value, length = tlv.read_header(data, start)
    return data[start : value + length]


def read_pem_or_der(data: bytes) -> tuple[tuple[str, bytes], ...]:
    """The objects in a file as (PEM label, DER); a file without PEM is one object with an empty label."""
    blocks = _PEM.findall(data)
    if not blocks:
        return (("", data),)
    try:
        return tuple((label.decode(), binascii.a2b_base64(body)) for label, body in blocks)
    except binascii.Error:
        raise BadInput("pem-malformed") from None


def encode_pem(label: str, data: bytes) -> bytes:
    """One object in PEM (RFC 7468)."""
    body = binascii.b2a_base64(data, newline=False).decode()
    lines = (body[at : at + _PEM_LINE] for at in range(0, len(body), _PEM_LINE))
    return "\n".join((f"-----BEGIN {label}-----", *lines, f"-----END {label}-----", "")).encode()


def raw_objects(data: bytes) -> list[bytes]:
    """The objects of a series just as they are encoded, as signatures in them need it."""
    objects = []
    offset = 0
    for _ in tlv.iterate(data):
        _, value, length = tlv.read_header(data, offset)
        objects.append(data[offset : value + length])
        offset = value + length
    return objects
