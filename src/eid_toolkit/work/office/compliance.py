"""What of a home does not comply with its crypto policy: its newest certificates and keys, and its profiles."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from eid_toolkit.work.office.charters import verifying_of
from eid_toolkit.work.office.office import Office

if TYPE_CHECKING:
    from eid_toolkit.standards.crypto_policy import Breach


@dataclass(frozen=True, slots=True)
class NonCompliance:
    """One thing of the home that its policy would refuse today."""

    what: str
    """A certificate by its kind, state and number, ``profile`` and its name, or the key of the audit log."""
    breach: Breach


def noncompliances(office: Office) -> tuple[int, list[NonCompliance]]:
    """How many things were looked at, and what is wrong; nobody is asked for a passphrase.

    Of each authority the newest certificates count, which are the ones that sign; of document signers, all whose key
    is still here.
    """
    looked, found = 0, []
    for what, breaches in (*_certificates(office), *_verifying(office), *_audit(office), *_profiles(office)):
        looked += 1
        found += [NonCompliance(what, breach) for breach in breaches]
    return looked, found


def _certificates(office: Office) -> Iterator[tuple[str, Iterator[Breach]]]:
    from eid_toolkit.books.authorities.authority_files import BUNDLE_SIGNER, CSCA, LIST_SIGNER, SIGNER
    from eid_toolkit.books.authorities.compliance import USES, of_certificate

    authorities, policy = office.authorities, office.crypto_policy.policy
    for state in authorities.states():
        for kind in (CSCA, SIGNER, LIST_SIGNER, BUNDLE_SIGNER):
            numbers = authorities.files.generations(state, kind)
            if kind == SIGNER:
                numbers = tuple(each for each in numbers if authorities.signer_key_state(state, each) == "here")
            else:
                numbers = numbers[-1:]
            for number in numbers:
                certificate = authorities.files.certificate(state, kind, number)
                yield f"{USES[kind]} {state} {number}", of_certificate(policy, USES[kind], certificate)
    limit = office.home.config.signature_limit
    if limit is not None:
        yield "signature_limit of eid.toml", policy.of_signature_limit(limit)


def _verifying(office: Office) -> Iterator[tuple[str, Iterator[Breach]]]:
    from eid_toolkit.books.authorities.authority_files import CVCA, TERMINAL, VERIFIER
    from eid_toolkit.books.authorities.compliance import USES, of_cv_certificate
    from eid_toolkit.standards.pki.cv_public_key import CvEcKey

    store, policy = verifying_of(office), office.crypto_policy.policy
    for state in store.files.all_states():
        domain = None
        for kind, certificates in (
            (CVCA, store.roots(state)),
            (VERIFIER, store.verifiers(state)),
            (TERMINAL, store.terminals(state)),
        ):
            for certificate in certificates[-1:]:
                key = certificate.content.public_key
                if isinstance(key, CvEcKey) and key.domain is not None:
                    domain = key.domain  # those below the CVCA are on its curve, and do not repeat it
                name = f"{USES[kind]} {certificate.content.holder_reference.text}"
                yield name, of_cv_certificate(policy, USES[kind], certificate.content, domain)


def _audit(office: Office) -> Iterator[tuple[str, Iterator[Breach]]]:
    from eid_toolkit.books.audit.files import AuditFiles
    from eid_toolkit.standards.crypto_policy import Use

    key = AuditFiles(office.home.audit).key()
    if key is not None:
        yield "key of the audit log", office.crypto_policy.policy.of_key(Use.AUDIT, key.spki)


def _profiles(office: Office) -> Iterator[tuple[str, Iterator[Breach]]]:
    from eid_toolkit.standards.profiles import list_profiles
    from eid_toolkit.work.personalization.chip_compliance import of_profile

    for name in list_profiles([office.home.profiles]):
        profile = office.profile(name)
        if profile.issuable:
            yield f"profile {name}", of_profile(office.crypto_policy.policy, profile)
