"""Revocation lists against ICAO Doc 9303-12 7.1.4 (tables 9 and 10) and 4.1.5."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from eid_toolkit.standards.codec import der, tlv
from eid_toolkit.standards.codec.tlv import Tlv
from eid_toolkit.standards.pki.crl import Crl
from eid_toolkit.standards.pki.extensions import (
    AUTHORITY_KEY_IDENTIFIER,
    CRL_NUMBER,
    ISSUER_ALTERNATIVE_NAME,
    split_extensions,
)
from eid_toolkit.standards.pki.lint.fields import (
    algorithm_findings,
    der_findings,
    name_findings,
    number_findings,
    time_findings,
)
from eid_toolkit.standards.pki.lint.finding import Finding, error, warning
from eid_toolkit.standards.pki.times import GENERALIZED_TIME, UTC_TIME

_FIELDS, _EXTENSIONS = "7.1.4 table 9", "7.1.4 table 10"
_LONGEST = timedelta(days=90)
_FORBIDDEN = {
    "2.5.29.27": "deltaCRLIndicator",
    "2.5.29.28": "issuingDistributionPoint",
    "2.5.29.46": "freshestCRL",
}
_FORBIDDEN_OF_ENTRY = {
    "2.5.29.21": "reasonCode",
    "2.5.29.23": "holdInstructionCode",
    "2.5.29.24": "invalidityDate",
    "2.5.29.29": "certificateIssuer",
}


def lint_crl(crl: Crl) -> tuple[Finding, ...]:
    """Everything that is not as the profile has it, in the order of the standard's tables."""
    return tuple(_findings(crl))


def _findings(crl: Crl) -> Iterator[Finding]:
    outer = tlv.parse(crl.der).children()
    parts = list(outer[0].children())
    if parts[0].tag != der.INTEGER or parts[0].value != b"\x01":
        yield error("lint-version", _FIELDS)
    if parts[0].tag == der.INTEGER:
        parts.pop(0)
    algorithm, issuer, this_update, *rest = parts
    yield from algorithm_findings(outer[1].encode(), algorithm.encode(), _FIELDS)
    yield from name_findings(issuer.encode(), "issuer", _FIELDS)
    yield from time_findings(this_update, crl.this_update, "thisUpdate", _FIELDS)
    if rest and rest[0].tag in (UTC_TIME, GENERALIZED_TIME) and crl.next_update is not None:
        yield from time_findings(rest.pop(0), crl.next_update, "nextUpdate", _FIELDS)
        if crl.next_update - crl.this_update > _LONGEST:
            yield error("lint-crl-long", "4.1.5", days=(crl.next_update - crl.this_update).days)
    else:
        yield error("lint-crl-without-end", _FIELDS)
    if rest and rest[0].tag == der.SEQUENCE:
        yield from _entries(rest.pop(0))
    yield from _extensions(rest[0] if rest else None)
    yield from der_findings(crl.der)


def _entries(entries: Tlv) -> Iterator[Finding]:
    items = entries.children()
    if not items:
        yield error("lint-crl-empty-entries", _FIELDS)
    forbidden = set()
    for item in items:
        _, _, *more = der.read_sequence(item)
        if more:
            forbidden |= {_FORBIDDEN_OF_ENTRY[oid] for oid in split_extensions(more[0]) if oid in _FORBIDDEN_OF_ENTRY}
    for name in sorted(forbidden):
        yield error("lint-extension-forbidden", _EXTENSIONS, extension=name, kind="crl")


def _extensions(item: Tlv | None) -> Iterator[Finding]:
    extensions = {} if item is None else split_extensions(tlv.parse(item.value))
    for oid, name in ((AUTHORITY_KEY_IDENTIFIER, "authorityKeyIdentifier"), (CRL_NUMBER, "cRLNumber")):
        if oid not in extensions:
            yield error("lint-extension-missing", _EXTENSIONS, extension=name)
        elif extensions[oid][0]:
            yield error("lint-extension-critical", _EXTENSIONS, extension=name)
    if CRL_NUMBER in extensions:
        yield from number_findings(tlv.parse(extensions[CRL_NUMBER][1]), "cRLNumber", _EXTENSIONS)
    for oid, name in _FORBIDDEN.items():
        if oid in extensions:
            yield error("lint-extension-forbidden", _EXTENSIONS, extension=name, kind="crl")
    known = {AUTHORITY_KEY_IDENTIFIER, CRL_NUMBER, ISSUER_ALTERNATIVE_NAME, *_FORBIDDEN}
    for oid, (critical, _) in extensions.items():
        if oid not in known and critical:
            yield warning("lint-extension-unknown-critical", _EXTENSIONS, extension=oid)
