"""The authority's own side of the country signing PKI: CSCA, document signers and revocation lists of each state."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Literal

from eid_toolkit.books.authorities.authority_files import (
    BUNDLE_SIGNER,
    CSCA,
    LINK,
    LIST_SIGNER,
    REQUEST,
    SIGNER,
    AuthorityFiles,
    key_name,
    key_numbers,
)
from eid_toolkit.books.authorities.charter import Charter
from eid_toolkit.books.authorities.compliance import USES, PolicyProvider, of_certificate, of_signer
from eid_toolkit.books.authorities.key_kinds import KeyKind, at_most, new_key
from eid_toolkit.books.keys.keys import KeyStore
from eid_toolkit.books.keys.signers import CountingSigner
from eid_toolkit.ground.errors import BadInput, IntegrityBroken, NotPermitted
from eid_toolkit.ground.ports import Entropy, Signer
from eid_toolkit.standards.asn1.oids import CSCA_MASTER_LIST_SIGNING_KEY
from eid_toolkit.standards.crypto_policy import CryptoPolicy, Use, shipped_policy
from eid_toolkit.standards.pki.certificate import Certificate
from eid_toolkit.standards.pki.crl import Crl
from eid_toolkit.standards.pki.issuing import (
    CSCA_USAGE,
    SIGNER_USAGE,
    Lifetime,
    build_crl,
    build_csca,
    build_document_signer,
    build_link,
    build_purpose_signer,
)
from eid_toolkit.standards.pki.request import CertificateRequest
from eid_toolkit.standards.pki.trust_bundle import BUNDLE_SIGNING_KEY

_PURPOSE_USAGE, _PURPOSE_VALIDITY = timedelta(days=365), timedelta(days=2 * 365)
"""Of signers of lists and bundles."""
KeyState = Literal["here", "destroyed", "missing"]


class AuthorityStore:
    """The certificates and lists in ``directory``; private keys are in the key store.

    A home can have all of it, or only the CSCA (off line), or only document signers whose certificates came from there.
    """

    def __init__(
        self,
        directory: Path,
        keys: KeyStore,
        signature_limit: int | None = None,
        policy: PolicyProvider = shipped_policy,
    ) -> None:
        """``signature_limit`` is how often a document signer signs, where that is less than the ``policy`` allows."""
        self.files = AuthorityFiles(directory)
        self._keys = keys
        self._signature_limit = signature_limit
        self._policy = policy

    @property
    def keys(self) -> KeyStore:
        """Where the private keys are."""
        return self._keys

    @property
    def policy(self) -> CryptoPolicy:
        """What the keys and certificates that are made and used here comply with."""
        return self._policy()

    # What there is.

    def states(self) -> tuple[str, ...]:
        """The states for which there is an authority."""
        return self.files.states()

    def csca(self, state: str) -> Certificate:
        """The state's newest CSCA certificate."""
        self._require(state, CSCA)
        return self.files.certificate(state, CSCA)

    def cscas(self, state: str) -> tuple[Certificate, ...]:
        """All CSCA certificates of the state, the oldest first."""
        return tuple(self.files.certificate(state, CSCA, number) for number in self.files.generations(state, CSCA))

    def links(self, state: str) -> tuple[Certificate, ...]:
        """The link certificates of the state, the oldest first."""
        return tuple(self.files.certificate(state, LINK, number) for number in self.files.generations(state, LINK))

    def signer_certificate(self, state: str) -> Certificate:
        """The state's newest document signer certificate."""
        self._require(state, SIGNER)
        return self.files.certificate(state, SIGNER)

    def signer_certificates(self, state: str) -> Mapping[int, Certificate]:
        """All document signer certificates of the state by their number."""
        return {number: self.files.certificate(state, SIGNER, number) for number in self.signer_numbers(state)}

    def signer_numbers(self, state: str) -> tuple[int, ...]:
        """The numbers of the document signers that there were."""
        return self.files.generations(state, SIGNER)

    def crl(self, state: str) -> Crl:
        """The state's newest revocation list."""
        return self.files.crl(state)

    def has_crl(self, state: str) -> bool:
        """Whether there is a list; only a home that is without the CSCA's key may have none."""
        return self.has_csca_key(state) or self.files.has_crl(state)

    def has_csca_key(self, state: str) -> bool:
        """Whether the newest CSCA's private key is here: not so in a bureau whose CSCA is off line."""
        numbers = self.files.generations(state, CSCA)
        return bool(numbers) and key_name(CSCA, state, numbers[-1]) in self._keys.names()

    def signer_key_state(self, state: str, number: int) -> KeyState:
        """What became of a document signer's private key."""
        if self.files.is_marked_destroyed(state, SIGNER, number):
            return "destroyed"
        return "here" if key_name(SIGNER, state, number) in self._keys.names() else "missing"

    # The CSCA.

    def create(self, charter: Charter, now: datetime, entropy: Entropy, kind: KeyKind = "ec") -> None:
        """Make CSCA, first document signer and first (empty) revocation list."""
        state = charter.state
        csca, key = self.create_csca(charter, now, entropy, kind)
        self.files.write_crl(state, build_crl(csca, key, 1, now, {}))
        self.create_signer(charter, now, entropy, kind)

    def create_csca(
        self, charter: Charter, now: datetime, entropy: Entropy, kind: KeyKind = "ec"
    ) -> tuple[Certificate, Signer]:
        """The first CSCA of a state; raises :class:`NotPermitted` if it has one."""
        if self.files.generations(charter.state, CSCA):
            raise NotPermitted("authority-exists", state=charter.state)
        name = charter.distinguished_name(f"CSCA {charter.state}")
        number = self._next(charter.state, CSCA)
        key = self._generate(CSCA, charter.state, number, kind)
        lifetime = self._lifetime(CSCA, now, charter)
        csca = self._complying(CSCA, build_csca(key, name, lifetime, charter.publication, entropy))
        self.files.write(charter.state, CSCA, number, csca.der)
        return csca, key

    def roll_csca(
        self, charter: Charter, now: datetime, entropy: Entropy, title: str | None = None, kind: KeyKind = "ec"
    ) -> tuple[Certificate, Certificate]:
        """A new key for the CSCA, under the same name or a new common name (``title``): certificate and link.

        The next revocation list is signed with the new key, which clears certificates of the earlier ones too.
        """
        state = charter.state
        old, old_key = self.csca(state), self._csca_key(state)
        number = self._next(state, CSCA)
        name = old.subject if title is None else charter.distinguished_name(title)
        key = self._generate(CSCA, state, number, kind)
        lifetime = self._lifetime(CSCA, now, charter)
        new = self._complying(CSCA, build_csca(key, name, lifetime, charter.publication, entropy))
        link = build_link(old, old_key, new, charter.publication, entropy)
        self.files.write(state, LINK, number, link.der)
        self.files.write(state, CSCA, number, new.der)
        current = self.files.crl(state)
        crl = build_crl(new, key, (current.number or 0) + 1, now, current.revoked)
        self.files.write_crl(state, crl)
        return new, link

    def revoke(self, state: str, serial: int, now: datetime) -> Crl:
        """The next revocation list, with one more serial number on it."""
        return self.issue_crl(state, now, {serial: now})

    def issue_crl(self, state: str, now: datetime, revoked: Mapping[int, datetime] | None = None) -> Crl:
        """The next revocation list, signed with the newest key; once revoked, a certificate stays on it."""
        key, current = self._csca_key(state), self.files.crl(state)
        data = build_crl(
            self.csca(state),
            key,
            (current.number or 0) + 1,
            now,
            {**(revoked or {}), **current.revoked},
        )
        self.files.write_crl(state, data)
        return Crl.parse(data)

    # Document signers and list signers.

    def create_signer(self, charter: Charter, now: datetime, entropy: Entropy, kind: KeyKind = "ec") -> Certificate:
        """A document signer in one home: key and certificate at once."""
        self._csca_key(charter.state)  # none is made in vain
        request, number = self.request_signer(charter, kind)
        certificate = self.certify_signer(charter, request, now, entropy)
        self.install_signer(charter.state, certificate, self.csca(charter.state))
        return self.files.certificate(charter.state, SIGNER, number)

    def request_signer(self, charter: Charter, kind: KeyKind = "ec") -> tuple[CertificateRequest, int]:
        """A new document signer's key, and the request for its certificate; with its number."""
        number = self._next(charter.state, SIGNER)
        key = self._generate(SIGNER, charter.state, number, kind)
        name = charter.distinguished_name(f"Document Signer {charter.state} {number}")
        request = CertificateRequest.build(name, key)
        self.files.write(charter.state, REQUEST, number, request.der)
        return request, number

    def certify_signer(
        self, charter: Charter, request: CertificateRequest, now: datetime, entropy: Entropy
    ) -> Certificate:
        """The CSCA's answer to a request; raises :class:`BadInput` for one of another country."""
        csca = self.csca(charter.state)
        if request.subject.country != csca.country:
            raise BadInput("request-of-another-country", country=request.subject.country)
        certificate = build_document_signer(
            csca,
            self._csca_key(charter.state),
            request.subject,
            request.spki,
            self._lifetime(SIGNER, now, charter),
            charter.publication,
            charter.document_types,
            entropy,
        )
        return self._complying(SIGNER, certificate)

    def install_signer(self, state: str, certificate: Certificate, csca: Certificate) -> int:
        """Keep the certificate that came for a key of this home; its number.

        Raises :class:`BadInput` if it is for none of our keys, or not by this CSCA.
        """
        if not certificate.is_signed_by(csca.spki):
            raise BadInput("signer-not-by-csca", subject=certificate.subject.text)
        for number in sorted(self._key_numbers(state, SIGNER)):
            if self._public_key(state, number) == certificate.spki:
                if not self.files.generations(state, CSCA):
                    self.files.write(state, CSCA, 1, csca.der)
                self.files.write(state, SIGNER, number, certificate.der)
                self.files.remove(state, REQUEST, number)
                return number
        raise BadInput("signer-of-another-key", subject=certificate.subject.text)

    def _public_key(self, state: str, number: int) -> bytes:
        """A signer's public key, by its certificate or request if there is one: for these no key has to be opened."""
        if number in self.signer_numbers(state):
            return self.files.certificate(state, SIGNER, number).spki
        if number in self.files.generations(state, REQUEST):
            return self.files.request(state, number).spki
        return self._keys.signer(key_name(SIGNER, state, number)).public_key

    def document_signer(self, state: str, now: datetime) -> tuple[Certificate, CountingSigner]:
        """What signs documents: the newest certificate and its key.

        The key counts its signatures. Raises :class:`NotPermitted` outside the key's usage period, for a revoked
        signer, a destroyed key, or one that has signed as often as it may.
        """
        certificate, number = self.signer_certificate(state), self.signer_numbers(state)[-1]
        usage = certificate.extensions.private_key_usage
        if not certificate.is_valid_at(now) or (usage is not None and not usage.covers(now)):
            ended = usage.not_after if usage is not None and usage.not_after is not None else certificate.not_after
            raise NotPermitted("document-signer-expired", state=state, ended=f"{ended:%Y-%m-%d}")
        if self.has_crl(state) and certificate.serial in self.crl(state).revoked:
            raise NotPermitted("document-signer-revoked", state=state)
        if self.signer_key_state(state, number) == "destroyed":
            raise NotPermitted("document-signer-destroyed", state=state, number=number)
        policy = self.policy
        limit = min(self._signature_limit or policy.signature_limit, policy.signature_limit)
        if self.files.signatures(state, SIGNER, number) >= limit:
            raise NotPermitted("document-signer-exhausted", state=state, limit=limit)
        key = self._keys.signer(key_name(SIGNER, state, number))
        if key.public_key != certificate.spki:  # else what is signed would pass nowhere
            raise IntegrityBroken("signer-key-exchanged", state=state, number=number)
        policy.require(of_signer(policy, Use.DOCUMENT_SIGNER, key))
        count = partial(self.files.count_signature, state, SIGNER, number, limit)
        return certificate, CountingSigner(key, count, partial(self.files.sync_signatures, state, SIGNER, number))

    def list_signer(
        self, charter: Charter, now: datetime, entropy: Entropy, kind: KeyKind = "ec"
    ) -> tuple[Certificate, Signer]:
        """What signs master lists, made when there is none or it has expired."""
        purpose = (LIST_SIGNER, "Master List Signer", CSCA_MASTER_LIST_SIGNING_KEY)
        return self._purpose_signer(charter, now, entropy, kind, *purpose)

    def bundle_signer(
        self, charter: Charter, now: datetime, entropy: Entropy, kind: KeyKind = "ec"
    ) -> tuple[Certificate, Signer]:
        """What signs the trust bundles of officers, likewise."""
        purpose = (BUNDLE_SIGNER, "Trust Bundle Signer", BUNDLE_SIGNING_KEY)
        return self._purpose_signer(charter, now, entropy, kind, *purpose)

    def _purpose_signer(
        self, charter: Charter, now: datetime, entropy: Entropy, kind: KeyKind, file_kind: str, title: str, purpose: str
    ) -> tuple[Certificate, Signer]:
        state, numbers = charter.state, self.files.generations(charter.state, file_kind)
        if numbers:
            certificate = self.files.certificate(state, file_kind)
            if certificate.is_valid_at(now):
                self._complying(file_kind, certificate)
                return certificate, self._keys.signer(key_name(file_kind, state, numbers[-1]))
        csca, csca_key = self.csca(state), self._csca_key(state)
        number = self._next(state, file_kind)
        name = charter.distinguished_name(f"{title} {state} {number}")
        key = self._generate(file_kind, state, number, kind)
        rules = self.policy.uses[USES[file_kind]]
        usage = at_most(_PURPOSE_USAGE, rules.longest_usage_days)
        lifetime = Lifetime(now, now + usage, now + at_most(_PURPOSE_VALIDITY, rules.longest_validity_days))
        certificate = build_purpose_signer(
            csca, csca_key, name, key.public_key, lifetime, charter.publication, entropy, purpose
        )
        self.files.write(state, file_kind, number, self._complying(file_kind, certificate).der)
        return certificate, key

    def install_crl(self, state: str, crl: Crl) -> None:
        """Keep a revocation list that came from the home that has the CSCA's key.

        Raises :class:`BadInput` if no CSCA of the state signed it, :class:`NotPermitted` for one older than ours.
        """
        if not any(crl.is_signed_by(csca.spki) for csca in self.cscas(state)):
            raise BadInput("crl-not-by-csca", issuer=crl.issuer.text)
        if self.files.has_crl(state) and (crl.number or 0) < (self.crl(state).number or 0):
            raise NotPermitted("crl-older", number=crl.number, known=self.crl(state).number)
        self.files.write_crl(state, crl.der)

    def has_csca(self, state: str) -> bool:
        """Whether the home has, or had, the key of a CSCA: not so in a bureau."""
        return bool(self._key_numbers(state, CSCA))

    def require_signing(self, state: str, kind: str) -> None:
        """Raises :class:`NotPermitted` in a home that has neither a signer of that kind, nor a key of a CSCA."""
        if not self.files.generations(state, kind) and not self.has_csca(state):
            raise NotPermitted("csca-key-not-here", state=state)

    def _csca_key(self, state: str) -> Signer:
        """The newest CSCA's private key; raises :class:`NotPermitted` where it is not in this home."""
        if not self.has_csca_key(state):
            raise NotPermitted("csca-key-not-here", state=state)
        number = self.files.generations(state, CSCA)[-1]
        key = self._keys.signer(key_name(CSCA, state, number))
        if key.public_key != self.files.certificate(state, CSCA, number).spki:
            raise IntegrityBroken("own-certificate-not-proved", file=f"{state}/{CSCA}-{number}.cer")
        return key

    def _lifetime(self, kind: str, now: datetime, charter: Charter) -> Lifetime:
        """As long as usual, or as short as the crypto policy wants the key to be used."""
        uses = self.policy.uses
        signer = at_most(SIGNER_USAGE, uses[Use.DOCUMENT_SIGNER].longest_usage_days)
        if kind == SIGNER:
            return Lifetime.of_signer(now, charter.document_validity, signer)
        csca = at_most(CSCA_USAGE, uses[Use.CSCA].longest_usage_days)
        return Lifetime.of_csca(now, charter.document_validity, csca, signer)

    def _complying(self, kind: str, certificate: Certificate) -> Certificate:
        """The certificate; raises :class:`NotPermitted` where the crypto policy refuses it."""
        policy = self.policy
        policy.require(of_certificate(policy, USES[kind], certificate))
        return certificate

    def _generate(self, kind: str, state: str, number: int, key_kind: KeyKind) -> Signer:
        return new_key(self._keys, self.policy, USES[kind], key_name(kind, state, number), key_kind)

    def _next(self, state: str, kind: str) -> int:
        """The number of the next key of a kind, also behind one whose certificate has not come yet."""
        return max([0, *self._key_numbers(state, kind), *self.files.generations(state, kind)]) + 1

    def _key_numbers(self, state: str, kind: str) -> set[int]:
        return key_numbers(self._keys.names(), kind, state)

    def _require(self, state: str, kind: str) -> None:
        """Raises :class:`IntegrityBroken` if a kind's certificates are lost: its keys tell that there were some."""
        if self.files.generations(state, kind):
            return
        unanswered = self.files.generations(state, REQUEST) if kind == SIGNER else ()
        if self._key_numbers(state, kind) - set(unanswered):
            raise IntegrityBroken("authority-damaged", file=f"{state}/{kind}")
