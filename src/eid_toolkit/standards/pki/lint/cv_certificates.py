"""Card-verifiable certificates checked against ICAO Doc 9303-12 7.2 and table 2."""

from __future__ import annotations

from collections.abc import Iterator

from eid_toolkit.standards.pki.countries import is_two_letters
from eid_toolkit.standards.pki.cv_authorization import VALIDITY_DAYS, Role
from eid_toolkit.standards.pki.cv_certificate import CvCertificate
from eid_toolkit.standards.pki.cv_public_key import ALGORITHMS, CvEcKey, CvRsaKey
from eid_toolkit.standards.pki.lint.finding import Finding, error, warning

_SMALLEST_RSA, _SMALLEST_CURVE = 2048, 224


def lint_cv_certificate(certificate: CvCertificate) -> tuple[Finding, ...]:
    """What is not as the profile has it, as far as the certificate alone tells."""
    return (*_names(certificate), *_dates(certificate), *_key(certificate))


def _names(certificate: CvCertificate) -> Iterator[Finding]:
    content = certificate.content
    for reference in (content.authority_reference, content.holder_reference):
        if not is_two_letters(reference.country):
            yield error("lint-cv-country", "7.2", country=reference.country)
    role, own = content.authorization.role, content.authority_reference == content.holder_reference
    if own and role is not Role.CVCA:
        yield error("lint-cv-self-issued", "7.2", reference=content.holder_reference.text)
    if own and not certificate.is_signed_by(content.public_key):
        yield error("lint-cv-self-signature", "7.2", reference=content.holder_reference.text)


def _dates(certificate: CvCertificate) -> Iterator[Finding]:
    content = certificate.content
    days = (content.expires - content.effective).days + 1
    least, most = VALIDITY_DAYS[content.authorization.role]
    if days > most:
        yield error("lint-cv-long", "table 2", days=days, most=most)
    elif days < least:
        yield warning("lint-cv-short", "table 2", days=days, least=least)


def _key(certificate: CvCertificate) -> Iterator[Finding]:
    content = certificate.content
    key, root = content.public_key, content.authorization.role is Role.CVCA
    if isinstance(key, CvEcKey):
        if root and key.domain is None:
            yield error("lint-cv-parameters-missing", "7.2.2.3")
        if not root and key.domain is not None:
            yield error("lint-cv-parameters-repeated", "7.2.2.3")
        if key.domain is not None and key.domain.n.bit_length() < _SMALLEST_CURVE:
            yield error("lint-cv-key-small", "4.1", bits=key.domain.n.bit_length())
    elif isinstance(key, CvRsaKey) and key.key.n.bit_length() < _SMALLEST_RSA:
        yield error("lint-cv-key-small", "4.1", bits=key.key.n.bit_length())
    if ALGORITHMS[key.oid].digest == "sha1":
        yield warning("lint-cv-sha1", "4.1")
