"""Certificate revocation lists (RFC 5280 5, 9303-12 7.1.4): one complete list for a state."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from eid_toolkit.codec import der, tlv
from eid_toolkit.codec.tlv import Tlv
from eid_toolkit.errors import BadInput
from eid_toolkit.pki.certificate import is_signed_by, raw_first_child
from eid_toolkit.pki.extensions import AUTHORITY_KEY_IDENTIFIER, CRL_NUMBER, read_extensions, split_extensions
from eid_toolkit.pki.names import DistinguishedName
from eid_toolkit.pki.times import GENERALIZED_TIME, UTC_TIME, read_time

_UNDERSTOOD = frozenset({AUTHORITY_KEY_IDENTIFIER, CRL_NUMBER})
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
    """Serial number to time of revocation."""
    number: int | None
    authority_key_identifier: bytes | None
    unknown_critical: tuple[str, ...]
    signature_algorithm_der: bytes
    signature: bytes

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
        _, issuer, this_update, *rest = parts
        next_update = read_time(rest.pop(0)) if rest and rest[0].tag in (UTC_TIME, GENERALIZED_TIME) else None
        entries = rest.pop(0) if rest and rest[0].tag == der.SEQUENCE else None
        found = split_extensions(tlv.parse(rest[0].value)) if rest else {}
        return cls(
            der=data,
            tbs=raw_first_child(data),
            issuer=DistinguishedName.read(issuer),
            this_update=read_time(this_update),
            next_update=next_update,
            revoked=dict(map(_read_entry, tlv.iterate(entries.value, MAX_REVOKED))) if entries is not None else {},
            number=der.read_integer(tlv.parse(found[CRL_NUMBER][1])) if CRL_NUMBER in found else None,
            authority_key_identifier=read_extensions(found).authority_key_identifier,
            unknown_critical=tuple(oid for oid, (critical, _) in found.items() if critical and oid not in _UNDERSTOOD),
            signature_algorithm_der=algorithm.encode(),
            signature=der.read_bit_string(signature),
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
        return is_signed_by(spki, self.signature_algorithm_der, self.signature, self.tbs)


def _read_entry(item: Tlv) -> tuple[int, datetime]:
    serial, time, *_ = der.read_sequence(item)
    return der.read_integer(serial), read_time(time)
