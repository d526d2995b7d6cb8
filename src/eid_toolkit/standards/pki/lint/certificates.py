"""Certificates against ICAO Doc 9303-12 7.1.1: fields (table 5), extensions (table 6), algorithms (4.1.6)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta

from eid_toolkit.ground.errors import BadInput
from eid_toolkit.standards.asn1.oids import DOCUMENT_TYPE_LIST, NAME_CHANGE
from eid_toolkit.standards.codec import der, tlv
from eid_toolkit.standards.crypto.ec import EC_PUBLIC_KEY
from eid_toolkit.standards.crypto.rsa import RsaPublicKey
from eid_toolkit.standards.pki import extensions as ext
from eid_toolkit.standards.pki.certificate import Certificate
from eid_toolkit.standards.pki.countries import same_state
from eid_toolkit.standards.pki.lint.fields import (
    algorithm_findings,
    der_findings,
    name_findings,
    number_findings,
    time_findings,
)
from eid_toolkit.standards.pki.lint.finding import CertificateKind, Finding, error, warning

_FIELDS, _EXTENSIONS = "7.1.1 table 5", "7.1.1 table 6"
_CSCA, _LINK, _SIGNER, _LIST = CertificateKind
_KINDS = tuple(CertificateKind)

# One row of table 6 for each extension: presence for CSCA, link, document signer, list signer (m must, o may, x must
# not), and whether it is critical.
_TABLE_6: Mapping[str, tuple[str, bool]] = {
    ext.AUTHORITY_KEY_IDENTIFIER: ("ommm", False),
    ext.SUBJECT_KEY_IDENTIFIER: ("mmoo", False),
    ext.KEY_USAGE: ("mmmm", True),
    ext.PRIVATE_KEY_USAGE_PERIOD: ("mmmo", False),
    "2.5.29.32": ("oooo", False),  # certificate policies
    "2.5.29.33": ("xxxx", False),  # policy mappings
    ext.SUBJECT_ALTERNATIVE_NAME: ("mmmm", False),
    ext.ISSUER_ALTERNATIVE_NAME: ("mmmm", False),
    "2.5.29.9": ("xxxx", False),  # subject directory attributes
    ext.BASIC_CONSTRAINTS: ("mmxx", True),
    "2.5.29.30": ("xxxx", False),  # name constraints
    "2.5.29.36": ("xxxx", False),  # policy constraints
    ext.EXTENDED_KEY_USAGE: ("xxxm", True),
    ext.CRL_DISTRIBUTION_POINTS: ("mmmm", False),
    "2.5.29.46": ("xxxx", False),  # freshest CRL
    NAME_CHANGE: ("ooxx", False),
    DOCUMENT_TYPE_LIST: ("xxmx", False),
    "2.16.840.1.113730.1.1": ("xxxx", False),  # Netscape certificate type
}
_NAMES = {
    ext.AUTHORITY_KEY_IDENTIFIER: "authorityKeyIdentifier",
    ext.SUBJECT_KEY_IDENTIFIER: "subjectKeyIdentifier",
    ext.KEY_USAGE: "keyUsage",
    ext.PRIVATE_KEY_USAGE_PERIOD: "privateKeyUsagePeriod",
    ext.SUBJECT_ALTERNATIVE_NAME: "subjectAltName",
    ext.ISSUER_ALTERNATIVE_NAME: "issuerAltName",
    ext.BASIC_CONSTRAINTS: "basicConstraints",
    ext.EXTENDED_KEY_USAGE: "extKeyUsage",
    ext.CRL_DISTRIBUTION_POINTS: "cRLDistributionPoints",
    NAME_CHANGE: "nameChange",
    DOCUMENT_TYPE_LIST: "documentTypeList",
}
_USAGE = {
    _CSCA: {"keyCertSign", "cRLSign"},
    _LINK: {"keyCertSign", "cRLSign"},
    _SIGNER: {"digitalSignature"},
    _LIST: {"digitalSignature"},
}
_MIN_RSA = {_CSCA: 3072, _LINK: 3072, _SIGNER: 2048, _LIST: 2048}
_MIN_EC = {_CSCA: 256, _LINK: 256, _SIGNER: 224, _LIST: 224}
_CSCA_USAGE = (timedelta(days=3 * 365), timedelta(days=5 * 366))
_SIGNER_USAGE = timedelta(days=93)


def kind_of(certificate: Certificate) -> CertificateKind:
    """What the certificate is, by what it says; not whether it is that with right."""
    extensions = certificate.extensions
    signs_certificates = extensions.is_ca or (
        extensions.key_usage is not None and "keyCertSign" in extensions.key_usage
    )
    if signs_certificates or (extensions.key_usage is None and certificate.self_signed):
        return _CSCA if certificate.self_signed else _LINK
    return _LIST if extensions.extended_key_usage else _SIGNER


def lint_certificate(certificate: Certificate, kind: CertificateKind | None = None) -> tuple[Finding, ...]:
    """Everything that is not as the profile has it, in the order of the standard's tables."""
    kind = kind or kind_of(certificate)
    return tuple(finding for part in _PARTS for finding in part(certificate, kind))


def _fields(certificate: Certificate, kind: CertificateKind) -> Iterator[Finding]:
    outer = tlv.parse(certificate.der).children()
    parts = list(outer[0].children())
    if parts[0].tag != 0xA0 or parts[0].value != b"\x02\x01\x02":
        yield error("lint-version", _FIELDS)
    if parts[0].tag == 0xA0:
        parts.pop(0)
    serial, algorithm, issuer, validity, subject, _, *rest = parts
    yield from number_findings(serial, "serialNumber", _FIELDS)
    yield from algorithm_findings(outer[1].encode(), algorithm.encode(), _FIELDS)
    yield from name_findings(issuer.encode(), "issuer", _FIELDS)
    first, last = der.read_sequence(validity)
    yield from time_findings(first, certificate.not_before, "notBefore", _FIELDS)
    yield from time_findings(last, certificate.not_after, "notAfter", _FIELDS)
    yield from name_findings(subject.encode(), "subject", _FIELDS)
    countries = certificate.issuer.country, certificate.subject.country
    if None not in countries and countries[0] != countries[1]:
        yield error("lint-countries-differ", _FIELDS)
    if any(item.tag in (0x81, 0x82) for item in rest):
        yield error("lint-unique-identifier", _FIELDS)
    yield from der_findings(certificate.der)


def _presence(certificate: Certificate, kind: CertificateKind) -> Iterator[Finding]:
    extensions = _found(certificate)
    if not extensions:
        yield error("lint-no-extensions", _FIELDS)
    for oid, (presence, critical) in _TABLE_6.items():
        rule, name = presence[_KINDS.index(kind)], _NAMES.get(oid, oid)
        if oid not in extensions:
            if rule == "m":
                yield error("lint-extension-missing", _EXTENSIONS, extension=name)
            continue
        if rule == "x":
            yield error("lint-extension-forbidden", _EXTENSIONS, extension=name, kind=kind)
        elif extensions[oid][0] is not critical:
            yield error(
                "lint-extension-critical" if critical is False else "lint-extension-not-critical",
                _EXTENSIONS,
                extension=name,
            )
    for oid, (critical, _) in extensions.items():
        if oid not in _TABLE_6 and critical:
            yield error("lint-extension-unknown-critical", _EXTENSIONS, extension=oid)
    for oid in certificate.extensions.malformed:
        yield error("lint-extension-malformed", _EXTENSIONS, extension=_NAMES.get(oid, oid))


def _contents(certificate: Certificate, kind: CertificateKind) -> Iterator[Finding]:
    extensions = certificate.extensions
    if extensions.key_usage is not None and extensions.key_usage != _USAGE[kind]:
        yield error("lint-key-usage", _EXTENSIONS, usage=", ".join(sorted(extensions.key_usage)) or "none")
    if kind in (_CSCA, _LINK) and extensions.path_length != 0 and ext.BASIC_CONSTRAINTS in _found(certificate):
        yield error("lint-path-length", _EXTENSIONS, length=extensions.path_length)
    for which, names in (
        ("subject", extensions.subject_alternative_names),
        ("issuer", extensions.issuer_alternative_names),
    ):
        if names.state is None:
            yield error("lint-alternative-name-without-state", "7.1.1.2", which=which)
        elif certificate.country and not same_state(names.state, certificate.country):
            yield error("lint-alternative-name-state", "7.1.1.2", which=which, state=names.state)
    if any(not url.lower().startswith(("http://", "https://", "ldap://")) for url in extensions.crl_urls):
        yield error("lint-crl-address", _EXTENSIONS)
    changed = not certificate.subject.matches(certificate.issuer)
    if kind is _LINK and changed is not extensions.name_change:
        yield error("lint-name-change", "7.1.1.5")
    if kind is _SIGNER and any(len(code) not in (1, 2) for code in extensions.document_types):
        yield error("lint-document-types", "7.1.1.6")


def _periods(certificate: Certificate, kind: CertificateKind) -> Iterator[Finding]:
    period = certificate.extensions.private_key_usage
    if period is None:
        return
    if period.not_before is None and period.not_after is None:
        yield error("lint-usage-period-empty", _EXTENSIONS)
        return
    first, last = period.not_before or certificate.not_before, period.not_after or certificate.not_after
    if first < certificate.not_before or last > certificate.not_after or first > last:
        yield warning("lint-usage-period-outside", "4.1.1")
    elif kind is _CSCA and not _CSCA_USAGE[0] <= last - first <= _CSCA_USAGE[1]:
        yield warning("lint-usage-period-csca", "4.1.1 table 1", days=(last - first).days)
    elif kind is _SIGNER and last - first > _SIGNER_USAGE:
        yield warning("lint-usage-period-signer", "4.1.1 table 1", days=(last - first).days)


def _key(certificate: Certificate, kind: CertificateKind) -> Iterator[Finding]:
    parts = tlv.parse(certificate.spki).children()
    algorithm = der.read_sequence(parts[0]) if len(parts) == 2 else ()
    if not algorithm:
        yield error("lint-public-key", "4.1.6", cause="public-key-malformed")
        return
    if der.read_object_identifier(algorithm[0]) == EC_PUBLIC_KEY:
        yield from _curve(certificate, kind, algorithm[1] if len(algorithm) > 1 else None)
        return
    try:
        key = RsaPublicKey.from_spki(certificate.spki)
    except BadInput as problem:
        yield error("lint-public-key", "4.1.6", cause=problem.code)
        return
    bits = key.n.bit_length()
    if bits < _MIN_RSA[kind]:
        yield warning("lint-key-short", "4.1.6", bits=bits, minimum=_MIN_RSA[kind])
    if key.e < 65537 or key.e.bit_length() > 32:
        yield warning("lint-rsa-exponent", "4.1.6", exponent=key.e)


def _curve(certificate: Certificate, kind: CertificateKind, parameters: tlv.Tlv | None) -> Iterator[Finding]:
    from eid_toolkit.standards.crypto.ec import EcPublicKey

    try:
        key = EcPublicKey.from_spki(certificate.spki)
    except BadInput as problem:
        yield error("lint-public-key", "4.1.6", cause=problem.code)
        return
    bits = key.domain.n.bit_length()
    if bits < _MIN_EC[kind]:
        yield warning("lint-key-short", "4.1.6", bits=bits, minimum=_MIN_EC[kind])
    if parameters is None or parameters.tag == der.OBJECT_IDENTIFIER:
        yield error("lint-curve-named", "4.1.6")
    elif len(parameters.children()) < 6:
        yield error("lint-curve-without-cofactor", "4.1.6")


def _signature(certificate: Certificate, kind: CertificateKind) -> Iterator[Finding]:
    identifier = tlv.parse(certificate.signature_algorithm_der).children()
    try:
        algorithm = certificate.signature_algorithm
    except BadInput as problem:
        yield error("lint-signature-algorithm", "4.1.6", cause=problem.code)
        return
    if algorithm.digest == "sha1":
        yield error("lint-signature-sha1", "4.1.6")
    if algorithm.family == "ecdsa" and len(identifier) > 1:
        yield warning("lint-signature-parameters", "RFC 5758 3.2")
    if algorithm.family == "rsa-pkcs1" and len(identifier) < 2:
        yield warning("lint-signature-parameters", "RFC 4055 5")
    if algorithm.family == "rsa-pss" and algorithm.salt_length != _DIGEST_SIZES.get(algorithm.digest):
        yield warning("lint-pss-salt", "RFC 4055 3.1", length=algorithm.salt_length)
    if (
        kind is _CSCA
        and certificate.subject.matches(certificate.issuer)
        and not certificate.is_signed_by(certificate.spki)
    ):
        yield error("lint-self-signature", "RFC 5280 3.2")


_DIGEST_SIZES = {"sha1": 20, "sha224": 28, "sha256": 32, "sha384": 48, "sha512": 64}
_PARTS: tuple[Callable[[Certificate, CertificateKind], Iterator[Finding]], ...] = (
    _fields,
    _key,
    _signature,
    _presence,
    _contents,
    _periods,
)


def _found(certificate: Certificate) -> dict[str, tuple[bool, bytes]]:
    tbs = tlv.parse(certificate.der).children()[0]
    item = next((part for part in tbs.children() if part.tag == 0xA3), None)
    return {} if item is None else ext.split_extensions(tlv.parse(item.value))
