"""The authority's own side of the authorization PKI: CVCA, document verifiers and terminals (9303-12 3.2 and 7.2)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from eid_toolkit.books.authorities.authority_files import (
    CVCA,
    CVCA_LINK,
    ISSUED,
    TERMINAL,
    VERIFIER,
    AuthorityFiles,
    key_name,
    key_numbers,
)
from eid_toolkit.books.authorities.compliance import USES, PolicyProvider, of_cv_certificate
from eid_toolkit.books.authorities.key_kinds import KeyKind, new_key
from eid_toolkit.books.keys.keys import KeyStore
from eid_toolkit.ground.errors import BadInput, IntegrityBroken, NotPermitted
from eid_toolkit.ground.ports import Signer
from eid_toolkit.standards.crypto.domain_parameters import EcDomain
from eid_toolkit.standards.crypto.ec import EcPublicKey
from eid_toolkit.standards.crypto.rsa import RsaPublicKey
from eid_toolkit.standards.crypto_policy import Use, shipped_policy
from eid_toolkit.standards.pki.countries import two_letters
from eid_toolkit.standards.pki.cv_authorization import VALIDITY_DAYS, Authorization, Role, TerminalType
from eid_toolkit.standards.pki.cv_certificate import CvCertificate, CvContent, KeyReference, issue
from eid_toolkit.standards.pki.cv_public_key import CvEcKey, CvPublicKey, CvRsaKey, identifier_of
from eid_toolkit.standards.pki.cv_request import CvRequest


@dataclass(frozen=True, slots=True)
class CvSubject:
    """Who gets a certificate, for what, and for how long."""

    reference: KeyReference
    authorization: Authorization
    effective: date
    days: int

    @property
    def expires(self) -> date:
        """The last day."""
        return self.effective + timedelta(days=self.days - 1)


class VerifyingStore:
    """CVCA, document verifiers and terminals of each state in ``directory``; private keys are in the key store."""

    def __init__(self, directory: Path, keys: KeyStore, policy: PolicyProvider = shipped_policy) -> None:
        self.files = AuthorityFiles(directory)
        self._keys = keys
        self._policy = policy

    def roots(self, state: str) -> tuple[CvCertificate, ...]:
        """The CVCA's self-signed certificates, the oldest first."""
        return self._all(state, CVCA)

    def links(self, state: str) -> tuple[CvCertificate, ...]:
        """Its link certificates, the oldest first."""
        return self._all(state, CVCA_LINK)

    def verifiers(self, state: str) -> tuple[CvCertificate, ...]:
        """The document verifiers' certificates that are kept here."""
        return self._all(state, VERIFIER)

    def terminals(self, state: str) -> tuple[CvCertificate, ...]:
        """The terminals' certificates that are kept here."""
        return self._all(state, TERMINAL)

    def newest_points(self, state: str, made: Callable[[CvCertificate], bool]) -> tuple[CvCertificate, ...]:
        """What a chip is to trust at its personalization: the newest CVCA certificate, none where there is no CVCA.

        Raises :class:`IntegrityBroken` for one that was not ``made`` here: its owner's terminals would read the chip.
        """
        for number in self.files.generations(state, CVCA)[-1:]:
            root = self.files.cv_certificate(state, CVCA, number)
            if not made(root):
                raise IntegrityBroken("own-certificate-not-proved", file=f"{state}/{CVCA}-{number}.cvcert")
            return (root,)
        return ()

    def issued(self, state: str, kind: str) -> tuple[CvCertificate, ...]:
        """What the CVCA (``cvca``) has issued to document verifiers, or a verifier (``dv``) to terminals."""
        return self._all(state, ISSUED[kind])

    def create_root(
        self, state: str, mnemonic: str, rights: int, today: date, days: int, kind: KeyKind
    ) -> CvCertificate:
        """The first CVCA of a state, or its next generation with a link from the last: the self-signed certificate."""
        _check_days(days, Role.CVCA)
        number, earlier = self._next(state, CVCA), self.files.generations(state, CVCA)
        key = self._generate(CVCA, state, number, kind)
        authorization = Authorization(TerminalType.INSPECTION_SYSTEM, Role.CVCA, rights)
        subject = CvSubject(_reference(state, mnemonic, number), authorization, today, days)
        own = _issue(subject, _public_key(key, with_domain=True), subject.reference, key)
        self._require(Use.CVCA, own, None)
        if earlier:
            last, last_key = self.roots(state)[-1], self._keys.signer(key_name(CVCA, state, earlier[-1]))
            name = last.content.holder_reference
            link = _issue(subject, _public_key(key, with_domain=True), name, last_key)
            self.files.write(state, CVCA_LINK, number, link.encode())
        self.files.write(state, CVCA, number, own.encode())
        return own

    def request(self, state: str, kind_of_holder: str, mnemonic: str, kind: KeyKind) -> tuple[CvRequest, int]:
        """A new key of a document verifier (``dv``) or a terminal (``is``), and the request for its certificate."""
        number = self._next(state, kind_of_holder)
        key = self._generate(kind_of_holder, state, number, kind)
        request = CvRequest.build(_public_key(key, with_domain=True), key, _reference(state, mnemonic, number))
        return request, number

    def certify_verifier(
        self, state: str, request: CvRequest, role: Role, rights: int, today: date, days: int
    ) -> CvCertificate:
        """The CVCA's certificate for a document verifier of its own country or of another."""
        if role not in (Role.DV_DOMESTIC, Role.DV_FOREIGN):
            raise BadInput("cvc-wrong-role", role=role.name)
        _check_days(days, role)
        return self._certify(state, CVCA, self.roots(state), request, role, rights, today, days)

    def certify_terminal(self, state: str, request: CvRequest, rights: int, today: date, days: int) -> CvCertificate:
        """The document verifier's certificate for a terminal."""
        _check_days(days, Role.TERMINAL)
        return self._certify(state, VERIFIER, self.verifiers(state), request, Role.TERMINAL, rights, today, days)

    def install(self, state: str, kind_of_holder: str, certificate: CvCertificate) -> int:
        """Keep a certificate that came for a key of this home; raises :class:`BadInput` if it is for none."""
        for number in sorted(key_numbers(self._keys.names(), kind_of_holder, state)):
            key = _public_key(self.signer_of(state, kind_of_holder, number), with_domain=False)
            if _same_key(key, certificate.content.public_key):
                self.files.write(state, kind_of_holder, number, certificate.encode())
                return number
        raise BadInput("cvc-of-another-key", reference=certificate.content.holder_reference.text)

    def has_key_of(self, state: str, kind: str, number: int, certificate: CvCertificate) -> bool:
        """Whether the certificate's private key is in this home; its compartment is opened for it."""
        if key_name(kind, state, number) not in self._keys.names():
            return False
        key = _public_key(self.signer_of(state, kind, number), with_domain=False)
        return _same_key(key, certificate.content.public_key)

    def signer_of(self, state: str, kind_of_holder: str, number: int) -> Signer:
        """The private key of a holder."""
        return self._keys.signer(key_name(kind_of_holder, state, number))

    def _certify(
        self,
        state: str,
        kind: str,
        issuers: tuple[CvCertificate, ...],
        request: CvRequest,
        role: Role,
        rights: int,
        today: date,
        days: int,
    ) -> CvCertificate:
        if not issuers:
            raise NotPermitted("authority-has-none", state=state, kind=kind)
        issuer, number = issuers[-1].content, self.files.generations(state, kind)[-1]
        signer = self._keys.signer(key_name(kind, state, number))
        inherited = _inherited_key(request, signer)
        self._check_requester(state, kind, request, inherited, _domain_of(signer))
        subject = CvSubject(
            request.holder_reference,
            Authorization(issuer.authorization.terminal_type, role, rights & issuer.authorization.rights),
            today,
            days,
        )
        if subject.expires > issuer.expires:
            raise NotPermitted("cvc-outlives-issuer", expires=issuer.expires, wanted=subject.expires)
        certificate = _issue(subject, inherited, issuer.holder_reference, signer)
        self._require(Use.TERMINAL if role is Role.TERMINAL else Use.VERIFIER, certificate, _domain_of(signer))
        self.files.write(state, ISSUED[kind], len(self.issued(state, kind)) + 1, certificate.encode())
        return certificate

    def _check_requester(
        self, state: str, kind: str, request: CvRequest, key: CvPublicKey, domain: EcDomain | None
    ) -> None:
        """A name is given to one key; who says that it is known proves it by the key of an earlier certificate."""
        earlier = {issued.content.holder_reference: issued.content.public_key for issued in self.issued(state, kind)}
        reference = request.holder_reference
        if reference in earlier and not _same_key(earlier[reference], key):
            raise NotPermitted("cvc-reference-issued", reference=reference.text)
        by = request.authenticated_by
        if by is None:
            return
        if by not in earlier:
            raise NotPermitted("cvc-authenticator-unknown", reference=by.text)
        if not request.is_authenticated(earlier[by].on(domain)):
            raise BadInput("request-signature-wrong")

    def _all(self, state: str, kind: str) -> tuple[CvCertificate, ...]:
        numbers = self.files.generations(state, kind)
        return tuple(self.files.cv_certificate(state, kind, number) for number in numbers)

    def _generate(self, kind: str, state: str, number: int, key_kind: KeyKind) -> Signer:
        return new_key(self._keys, self._policy(), USES[kind], key_name(kind, state, number), key_kind)

    def _require(self, use: Use, certificate: CvCertificate, domain: EcDomain | None) -> None:
        """Raises :class:`NotPermitted` where the crypto policy refuses the certificate."""
        policy = self._policy()
        policy.require(of_cv_certificate(policy, use, certificate.content, domain))

    def _next(self, state: str, kind: str) -> int:
        numbers = key_numbers(self._keys.names(), kind, state)
        return max([0, *numbers, *self.files.generations(state, kind)]) + 1


def _issue(subject: CvSubject, key: CvPublicKey, issuer: KeyReference, signer: Signer) -> CvCertificate:
    content = CvContent(issuer, key, subject.reference, subject.authorization, subject.effective, subject.expires)
    return issue(content, signer)


def _reference(state: str, mnemonic: str, number: int) -> KeyReference:
    """Country, mnemonic, and five digits of a sequence number (TR-03110-3 A.6.1)."""
    country = two_letters(state)
    if country is None:
        raise BadInput("country-unknown", country=state)
    return KeyReference(f"{country}{mnemonic}{number:05}")


def _public_key(signer: Signer, *, with_domain: bool) -> CvPublicKey:
    oid = identifier_of(signer.algorithm)
    if signer.algorithm.family != "ecdsa":
        return CvRsaKey(oid, RsaPublicKey.from_spki(signer.public_key))
    key = EcPublicKey.from_spki(signer.public_key)
    domain: EcDomain | None = key.domain if with_domain else None
    return CvEcKey(oid, key.point, domain)


def _domain_of(signer: Signer) -> EcDomain | None:
    return EcPublicKey.from_spki(signer.public_key).domain if signer.algorithm.family == "ecdsa" else None


def _inherited_key(request: CvRequest, issuer: Signer) -> CvPublicKey:
    """The key as it stands in the certificate; its curve is the issuer's, which is not repeated (9303-12 7.2.2.3).

    Raises :class:`NotPermitted` for a key of another kind, or on another curve, which chips would misread.
    """
    key, domain = request.public_key, _domain_of(issuer)
    if isinstance(key, CvEcKey):
        if key.domain != domain:
            raise NotPermitted("cvc-key-of-another-kind", reference=request.holder_reference.text)
        return CvEcKey(key.oid, key.point)
    if domain is not None:
        raise NotPermitted("cvc-key-of-another-kind", reference=request.holder_reference.text)
    return key


def _same_key(first: CvPublicKey, second: CvPublicKey) -> bool:
    if isinstance(first, CvEcKey) and isinstance(second, CvEcKey):
        return first.point == second.point
    return first == second


def _check_days(days: int, role: Role) -> None:
    allowed = VALIDITY_DAYS[role]
    if not allowed[0] <= days <= allowed[1]:
        raise BadInput("cvc-validity", days=days, least=allowed[0], most=allowed[1])
