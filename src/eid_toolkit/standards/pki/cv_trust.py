"""What a chip trusts and how that changes: trust points, its own date, certificates (ICAO Doc 9303-11 7.1.4.3)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

from eid_toolkit.ground.errors import BadInput
from eid_toolkit.standards.crypto.domain_parameters import EcDomain
from eid_toolkit.standards.pki.cv_authorization import Authorization, Role
from eid_toolkit.standards.pki.cv_certificate import CvCertificate, KeyReference
from eid_toolkit.standards.pki.cv_public_key import CvEcKey, CvPublicKey

MAX_TRUST_POINTS = 2


@dataclass(frozen=True, slots=True)
class CertifiedKey:
    """A public key that a chip took from a certificate, with what it must remember of it (7.1.4.3.7)."""

    reference: KeyReference
    public_key: CvPublicKey
    """With its domain parameters, be they the issuer's."""
    authorization: Authorization
    """Of a CVCA its own; of others the effective one, cut to the rights of all who stand above."""
    effective: date
    expires: date

    @classmethod
    def of_root(cls, certificate: CvCertificate) -> CertifiedKey:
        """The key of a CVCA as a trust point; raises :class:`BadInput` if it is none, or not self-contained."""
        content = certificate.content
        if content.authorization.role is not Role.CVCA:
            raise BadInput("cvc-not-a-trust-point", reference=content.holder_reference.text)
        if isinstance(content.public_key, CvEcKey) and content.public_key.domain is None:
            raise BadInput("cvc-domain-parameters-missing")
        return cls._of(certificate, content.public_key, content.authorization)

    def certify(self, certificate: CvCertificate) -> CertifiedKey:
        """The key of a certificate that this key signed; whether it did is for the caller to check."""
        content = certificate.content
        domain = self.public_key.domain if isinstance(self.public_key, CvEcKey) else None
        authorization = content.authorization
        if authorization.role is not Role.CVCA:
            authorization = authorization.limited_by(self.authorization)
        return self._of(certificate, content.public_key.on(domain), authorization)

    @classmethod
    def _of(cls, certificate: CvCertificate, key: CvPublicKey, authorization: Authorization) -> CertifiedKey:
        content = certificate.content
        return cls(content.holder_reference, key, authorization, content.effective, content.expires)


@dataclass(frozen=True, slots=True)
class CardTrust:
    """A chip's trust points, the newest first, and the date that it takes for the present."""

    points: tuple[CertifiedKey, ...]
    current_date: date

    def __post_init__(self) -> None:
        references = {point.reference for point in self.points}
        if not len(references) == len(self.points) <= MAX_TRUST_POINTS:
            raise BadInput("cvc-too-many-trust-points", limit=MAX_TRUST_POINTS)

    @property
    def references(self) -> tuple[KeyReference, ...]:
        """The names of the trust points, as EF.CVCA lists them."""
        return tuple(point.reference for point in self.points)

    def find(self, reference: KeyReference) -> CertifiedKey | None:
        """The trust point of that name."""
        return next((point for point in self.points if point.reference == reference), None)

    def accept(self, certificate: CvCertificate, issuer: CertifiedKey) -> tuple[CardTrust, CertifiedKey]:
        """Checks a certificate by the key of its issuer: the trust as it is afterwards, and the key certified.

        Raises :class:`BadInput` for a certificate that the chip has to refuse; then nothing changes.
        """
        self._check(certificate, issuer)
        key = issuer.certify(certificate)
        trust = self
        if key.authorization.role is not Role.TERMINAL or issuer.authorization.role is Role.DV_DOMESTIC:
            trust = replace(trust, current_date=max(trust.current_date, key.effective))  # 7.1.4.3.3
        if key.authorization.role is Role.CVCA:
            newest_first = sorted((key, *trust.points), key=lambda point: point.effective, reverse=True)
            trust = replace(trust, points=tuple(newest_first[:MAX_TRUST_POINTS]))
        return trust, key

    def _check(self, certificate: CvCertificate, issuer: CertifiedKey) -> None:
        content = certificate.content
        ours, theirs = issuer.authorization, content.authorization
        named = content.authority_reference == issuer.reference
        if not named or ours.terminal_type != theirs.terminal_type or not ours.role.may_issue(theirs.role):
            raise BadInput("cvc-wrong-issuer", reference=content.holder_reference.text)
        if not certificate.is_signed_by(issuer.public_key):
            raise BadInput("cvc-signature-wrong", reference=content.holder_reference.text)
        # Link certificates, and trust points for them, serve also when they have expired (7.1.4.3.3, 7.1.4.3.4).
        if theirs.role is not Role.CVCA and min(content.expires, issuer.expires) < self.current_date:
            raise BadInput("cvc-expired", reference=content.holder_reference.text)
        if content.holder_reference == issuer.reference or self.find(content.holder_reference) is not None:
            raise BadInput("cvc-reference-known", reference=content.holder_reference.text)


def choose_chain(
    pool: tuple[CvCertificate, ...], terminal: CvCertificate, trusted: tuple[KeyReference, ...]
) -> tuple[CvCertificate, ...]:
    """The shortest chain of certificates to send to a chip that trusts the keys named, ending with ``terminal``.

    One reference can name two keys, so an issuer whose curve is known is chosen by trying its key. Raises
    :class:`BadInput` where no chain leads to a trusted key.
    """
    keys = (certificate.content.public_key for certificate in pool)
    curves: set[EcDomain | None] = {key.domain for key in keys if isinstance(key, CvEcKey)} - {None} or {None}

    def vouches(issuer: CvCertificate, holder: CvCertificate) -> bool:
        above, below = issuer.content, holder.content
        named = above.holder_reference == below.authority_reference
        may = above.authorization.role.may_issue(below.authorization.role)
        return named and may and any(_could_sign(above.public_key.on(curve), holder) for curve in curves)

    paths: list[tuple[CvCertificate, ...]] = [(terminal,)]
    while paths:
        path = paths.pop(0)
        if path[0].content.authority_reference in trusted:
            return path
        paths += [(issuer, *path) for issuer in pool if issuer not in path and vouches(issuer, path[0])]
    raise BadInput("cvc-no-chain", trusted=", ".join(reference.text for reference in trusted))


def _could_sign(key: CvPublicKey, certificate: CvCertificate) -> bool:
    if isinstance(key, CvEcKey) and key.domain is None:
        return True
    try:
        return certificate.is_signed_by(key)
    except BadInput:
        return False  # a point that is not on this curve
