"""Which certificates of the authorization PKI are this home's own: by its log, and by whom they are signed."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import datetime

from eid_toolkit.books.audit.made import Made, MadeHere
from eid_toolkit.books.authorities.authority_files import CVCA, CVCA_LINK, TERMINAL, VERIFIER
from eid_toolkit.books.authorities.verifying import VerifyingStore
from eid_toolkit.ground.errors import BadInput, IntegrityBroken
from eid_toolkit.standards.pki.cv_certificate import CvCertificate
from eid_toolkit.standards.pki.cv_trust import CertifiedKey

MIGRATED = "pki.migrated"
"""What a home of before had made is vouched for by the row of its migration."""
_ACTIONS = {CVCA: ("cvca.created", MIGRATED), VERIFIER: ("dv.created", "dv.installed", MIGRATED)}


def made_of(kind: str, state: str, certificate: CvCertificate, now: datetime) -> Made:
    """What those sign who make a ``cvca`` or ``dv``."""
    return Made(kind, state, _fingerprint(certificate), now)


def is_own_root(made: MadeHere, state: str, root: CvCertificate) -> bool:
    """Whether two people of this home made the CVCA certificate."""
    return made.knows(CVCA, state, _fingerprint(root), _ACTIONS[CVCA])


def own_chains(store: VerifyingStore, made: MadeHere, state: str) -> tuple[CvCertificate, ...]:
    """The CVCA's certificates and links, the document verifiers' and the terminals', as they lie in the home.

    Raises :class:`IntegrityBroken` for one that was neither made here nor signed by one that was.
    """
    found: list[CvCertificate] = []
    keys: list[CertifiedKey] = []
    for kind in (CVCA, CVCA_LINK, VERIFIER, TERMINAL):
        above = tuple(keys)
        for number in store.files.generations(state, kind):
            certificate = store.files.cv_certificate(state, kind, number)
            signers = [key for key in above if _is_by(certificate, key)] if kind != CVCA else []
            own = kind in _ACTIONS and made.knows(kind, state, _fingerprint(certificate), _ACTIONS[kind])
            if not (own or signers):
                raise IntegrityBroken("own-certificate-not-proved", file=f"{state}/{kind}-{number}.cvcert")
            if kind == CVCA:
                keys.append(CertifiedKey.of_root(certificate))
            elif signers and kind == VERIFIER:
                keys.append(signers[0].certify(certificate))
            found.append(certificate)
    return tuple(found)


def _is_by(certificate: CvCertificate, key: CertifiedKey) -> bool:
    if certificate.content.authority_reference != key.reference:
        return False
    try:
        return certificate.is_signed_by(key.public_key)
    except BadInput:
        return False


def _fingerprint(certificate: CvCertificate) -> str:
    return hashlib.sha256(certificate.encode()).hexdigest()


def made_before(store: VerifyingStore, certificates: Iterable[tuple[str, str, int]], now: datetime) -> list[Made]:
    """Of certificates (state, kind, number) those whose private key is in the key store."""
    kept = []
    for state, kind, number in certificates:
        certificate = store.files.cv_certificate(state, kind, number)
        if store.has_key_of(state, kind, number, certificate):
            kept.append(made_of(kind, state, certificate, now))
    return kept
