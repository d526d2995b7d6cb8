"""Certificates and lists with any part replaced, signed anew: what a profile's builder would never make."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from eid_toolkit.ground.ports import Signer
from eid_toolkit.standards.codec import der, tlv
from eid_toolkit.standards.crypto.signatures import algorithm_to_der
from eid_toolkit.standards.pki.certificate import Certificate
from eid_toolkit.standards.pki.crl import Crl
from eid_toolkit.standards.pki.names import DistinguishedName
from eid_toolkit.standards.pki.times import encode_time

_CRITICAL = "1.2.3.4.5"


def extension(oid: str, value: bytes, *, critical: bool = False, flag: bytes = b"\xff") -> bytes:
    """One extension; ``flag`` is how its being critical is written."""
    parts = [tlv.encode(der.BOOLEAN, flag)] if critical else []
    return der.sequence(der.object_identifier(oid), *parts, der.octet_string(value))


def unknown_critical() -> Mapping[str, bytes]:
    """An extension that nobody knows and everybody must."""
    return {_CRITICAL: extension(_CRITICAL, der.null(), critical=True)}


def certificate_bytes(
    genuine: Certificate,
    key: Signer,
    *,
    issuer: DistinguishedName | None = None,
    subject: DistinguishedName | None = None,
    serial: bytes | None = None,
    not_before: datetime | bytes | None = None,
    not_after: datetime | bytes | None = None,
    spki: bytes | None = None,
    extensions: Mapping[str, bytes | None] | None = None,
    algorithm: bytes | None = None,
) -> bytes:
    """A certificate like ``genuine`` with these parts instead, signed with ``key``.

    ``serial`` is the content of the INTEGER, ``not_before`` and ``not_after`` a time or the whole object;
    ``extensions`` replaces (or, by None, removes) those with these identifiers; ``algorithm`` is the whole identifier.
    """
    version, old_serial, _, old_issuer, validity, old_subject, old_spki, old_extensions = tlv.parse(
        genuine.tbs
    ).children()
    first, last = validity.children()
    found = {der.read_object_identifier(each.children()[0]): each.encode() for each in _list(old_extensions)}
    wanted = {**found, **(extensions or {})}
    identifier = algorithm or algorithm_to_der(key.algorithm)
    tbs = der.sequence(
        version.encode(),
        old_serial.encode() if serial is None else tlv.encode(der.INTEGER, serial),
        identifier,
        old_issuer.encode() if issuer is None else issuer.der,
        der.sequence(_time(not_before, first.encode()), _time(not_after, last.encode())),
        old_subject.encode() if subject is None else subject.der,
        old_spki.encode() if spki is None else spki,
        tlv.encode(0xA3, der.sequence(*(each for each in wanted.values() if each is not None))),
    )
    return der.sequence(tbs, identifier, der.bit_string(key.sign(tbs)))


def altered(genuine: Certificate, key: Signer, **parts: object) -> Certificate:
    """The same, parsed."""
    return Certificate.parse(certificate_bytes(genuine, key, **parts))  # type: ignore[arg-type]


def altered_crl(
    genuine: Crl, key: Signer, *, endless: bool = False, extensions: Mapping[str, bytes] | None = None
) -> Crl:
    """A revocation list like ``genuine`` without its end, or with more extensions."""
    version, algorithm, issuer, this_update, next_update, *rest = tlv.parse(genuine.tbs).children()
    entries = [each.encode() for each in rest if each.tag == der.SEQUENCE]
    found = [each.encode() for each in _list(rest[-1])] + list((extensions or {}).values())
    tbs = der.sequence(
        version.encode(),
        algorithm.encode(),
        issuer.encode(),
        this_update.encode(),
        b"" if endless else next_update.encode(),
        *entries,
        tlv.encode(0xA0, der.sequence(*found)),
    )
    return Crl.parse(der.sequence(tbs, algorithm.encode(), der.bit_string(key.sign(tbs))))


def _list(item: tlv.Tlv) -> tuple[tlv.Tlv, ...]:
    return tlv.parse(item.value).children()


def _time(wanted: datetime | bytes | None, old: bytes) -> bytes:
    if wanted is None:
        return old
    return wanted if isinstance(wanted, bytes) else encode_time(wanted)
