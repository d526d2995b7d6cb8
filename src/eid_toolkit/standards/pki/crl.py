"""Certificate revocation lists (RFC 5280 5, 9303-12 7.1.4): one complete list for a state."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from eid_toolkit.ground.errors import BadInput
from eid_toolkit.standards.codec import der, tlv
from eid_toolkit.standards.codec.tlv import Tlv
from eid_toolkit.standards.pki.certificate import is_signed_by, raw_first_child
from eid_toolkit.standards.pki.extensions import (
    AUTHORITY_KEY_IDENTIFIER,
    CRL_NUMBER,
    ISSUER_ALTERNATIVE_NAME,
    read_extensions,
    split_extensions,
)
from eid_toolkit.standards.pki.names import DistinguishedName
from eid_toolkit.standards.pki.times import GENERALIZED_TIME, UTC_TIME, read_time

_DELTA, _ISSUING_POINT = "2.5.29.27", "2.5.29.28"
_REASON, _CERTIFICATE_ISSUER = "2.5.29.21", "2.5.29.29"
_PARTIAL = frozenset({_DELTA, _ISSUING_POINT})
"""Critical by RFC 5280 5.2.4 and 5.2.5, but they mean what they mean where they are not."""
_UNDERSTOOD = frozenset({AUTHORITY_KEY_IDENTIFIER, CRL_NUMBER, ISSUER_ALTERNATIVE_NAME, *_PARTIAL})
_REMOVE_FROM_CRL = 8
MAX_REVOKED = 100_000
"""Entries of a revocation list: more than any state has document signers."""


@dataclass(frozen=True, slots=True)
class Crl:
    """One revocation list: its bytes, and what they say."""

    der: bytes
    tbs: bytes
    issuer: DistinguishedName
    this_update: datetime
    next_update: datetime | None
    revoked: dict[int, datetime]
    """Serial number to time of revocation, of the issuer's own certificates."""
    number: int | None
    authority_key_identifier: bytes | None
    unknown_critical: tuple[str, ...]
    partial: bool
    """Whether it says that it is not all: a delta, or of a part of the certificates only. It then clears nobody."""
    signature_algorithm_der: bytes
    signature: bytes
    inner_algorithm_der: bytes
    """The signature algorithm as it stands in what is signed."""

    @classmethod
    def parse(cls, data: bytes) -> Crl:
        """Read DER; raises :class:`BadInput` on anything but a revocation list."""
        try:
            return cls._read(data)
        except (ValueError, IndexError):  # a structure with fewer or more parts than X.509 has
            raise BadInput("crl-malformed") from None

    @classmethod
    def _read(cls, data: bytes) -> Crl:
        tbs, algorithm, signature = tlv.parse(data, der.SEQUENCE).children()
        parts = list(der.read_sequence(tbs))
        if parts[0].tag == der.INTEGER:  # version; absent in version 1
            parts.pop(0)
        inner_algorithm, issuer, this_update, *rest = parts
        next_update = read_time(rest.pop(0)) if rest and rest[0].tag in (UTC_TIME, GENERALIZED_TIME) else None
        entries = rest.pop(0) if rest and rest[0].tag == der.SEQUENCE else None
        extensions = split_extensions(tlv.parse(rest[0].value)) if rest else {}
        return cls(
            der=data,
            tbs=raw_first_child(data),
            issuer=DistinguishedName.read(issuer),
            this_update=read_time(this_update),
            next_update=next_update,
            revoked=_revoked(entries.value, read_time(this_update)) if entries is not None else {},
            number=_number(extensions[CRL_NUMBER][1]) if CRL_NUMBER in extensions else None,
            authority_key_identifier=read_extensions(extensions).authority_key_identifier,
            unknown_critical=tuple(
                oid for oid, (critical, _) in extensions.items() if critical and oid not in _UNDERSTOOD
            ),
            partial=not _PARTIAL.isdisjoint(extensions),
            signature_algorithm_der=algorithm.encode(),
            signature=der.read_bit_string(signature),
            inner_algorithm_der=inner_algorithm.encode(),
        )

    @property
    def country(self) -> str | None:
        """The issuer's country, two letters."""
        return self.issuer.country

    @property
    def fingerprint(self) -> str:
        """SHA-256 over the whole list, in hex."""
        return sha256(self.der).hexdigest()

    def is_signed_by(self, spki: bytes) -> bool:
        """Whether the key ``spki`` made its signature."""
        return is_signed_by(spki, self.signature_algorithm_der, self.signature, self.tbs, self.inner_algorithm_der)


def _number(value: bytes) -> int | None:
    """The list's number, which only tells apart lists of one moment: one that cannot be read spoils no list."""
    try:
        return der.read_integer(tlv.parse(value))
    except BadInput:
        return None


def _revoked(entries: bytes, latest: datetime) -> dict[int, datetime]:
    """The entries that revoke a certificate of the list's own issuer; one without a readable time since ``latest``."""
    revoked: dict[int, datetime] = {}
    own = True
    for item in tlv.iterate(entries, MAX_REVOKED):
        serial, time, *extensions = der.read_sequence(item)
        entry_extensions = _entry_extensions(extensions[0]) if extensions else {}
        # In an indirect list an entry may name another issuer, which holds for those behind it (RFC 5280 5.3.3).
        own = own and _CERTIFICATE_ISSUER not in entry_extensions
        if own and not _takes_back(entry_extensions.get(_REASON)):
            revoked[der.read_integer(serial)] = _time_or(time, latest)
    return revoked


def _time_or(item: Tlv, latest: datetime) -> datetime:
    try:
        return read_time(item)
    except BadInput:
        return latest


def _entry_extensions(item: Tlv) -> dict[str, bytes]:
    """By identifier; those that cannot be read are as if they were not there, and the entry revokes."""
    try:
        return {oid: value for oid, (_, value) in split_extensions(item).items()}
    except BadInput:
        return {}


def _takes_back(reason: bytes | None) -> bool:
    """Whether the reason says that the certificate is not revoked any more, as a delta can (RFC 5280 5.3.1)."""
    try:
        return reason is not None and tlv.parse(reason).value == bytes((_REMOVE_FROM_CRL,))
    except BadInput:
        return False
