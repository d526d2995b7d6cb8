"""What a crypto policy refuses of certificates and keys: X.509 (9303-12 7.1) and card-verifiable ones (9303-12 7.2)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta

from eid_toolkit.books.authorities.authority_files import (
    BUNDLE_SIGNER,
    CSCA,
    CVCA,
    LIST_SIGNER,
    SIGNER,
    TERMINAL,
    VERIFIER,
)
from eid_toolkit.ground.ports import Signer
from eid_toolkit.standards.crypto.domain_parameters import EcDomain
from eid_toolkit.standards.crypto.signatures import algorithm_from_der
from eid_toolkit.standards.crypto_policy import Breach, CryptoPolicy, Use
from eid_toolkit.standards.pki.certificate import Certificate
from eid_toolkit.standards.pki.cv_certificate import CvContent
from eid_toolkit.standards.pki.cv_public_key import ALGORITHMS, CvEcKey, CvPublicKey

PolicyProvider = Callable[[], CryptoPolicy]
"""The policy that holds; asked when something is made or signed, and not before."""
USES = {
    CSCA: Use.CSCA,
    SIGNER: Use.DOCUMENT_SIGNER,
    LIST_SIGNER: Use.LIST_SIGNER,
    BUNDLE_SIGNER: Use.BUNDLE_SIGNER,
    CVCA: Use.CVCA,
    VERIFIER: Use.VERIFIER,
    TERMINAL: Use.TERMINAL,
}
"""What the keys of each kind of file are for."""


def of_certificate(policy: CryptoPolicy, use: Use, certificate: Certificate) -> Iterator[Breach]:
    """What is wrong with a certificate that a CSCA has signed, its own included: key, digest and times."""
    yield from policy.of_key(use, certificate.spki)
    # It is the CSCA's key that signed, whatever the certificate is for.
    yield from policy.of_hash(Use.CSCA, algorithm_from_der(certificate.signature_algorithm_der).digest)
    period = certificate.extensions.private_key_usage
    usage = None
    if period is not None and period.not_after is not None:
        usage = period.not_after - (period.not_before or certificate.not_before)
    yield from policy.of_times(use, usage, certificate.not_after - certificate.not_before)


def of_signer(policy: CryptoPolicy, use: Use, signer: Signer) -> Iterator[Breach]:
    """What is wrong with a private key, and with the digest that it signs with."""
    yield from policy.of_key(use, signer.public_key)
    yield from policy.of_hash(use, signer.algorithm.digest)


def of_cv_key(policy: CryptoPolicy, use: Use, key: CvPublicKey, domain: EcDomain | None) -> Iterator[Breach]:
    """What is wrong with a key of a card-verifiable certificate; ``domain`` is its curve where it says none itself."""
    if isinstance(key, CvEcKey):
        curve = key.domain or domain
        yield from policy.of_curve(use, "a curve that is not known" if curve is None else curve.name)
    else:
        yield from policy.of_rsa(use, key.key.n.bit_length())
    yield from policy.of_hash(use, ALGORITHMS[key.oid].digest)


def of_cv_certificate(policy: CryptoPolicy, use: Use, content: CvContent, domain: EcDomain | None) -> Iterator[Breach]:
    """What is wrong with a card-verifiable certificate; both its first and its last day count."""
    yield from of_cv_key(policy, use, content.public_key, domain)
    yield from policy.of_times(use, None, content.expires - content.effective + timedelta(days=1))
