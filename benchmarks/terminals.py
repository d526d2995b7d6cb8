"""A country's terminal for Terminal Authentication: its certificates and keys, and a card that trusts them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from benchmarks.office import CLOCK, ENTROPY
from eid_toolkit.books.keys.signers import EcSigner
from eid_toolkit.cards.emulator.emrtd.memory import EmrtdMemory
from eid_toolkit.cards.terminal.file_reader import read_short_file
from eid_toolkit.cards.terminal.session import CardSession
from eid_toolkit.standards.crypto.domain_parameters import EcDomain
from eid_toolkit.standards.crypto.ec import EcPrivateKey
from eid_toolkit.standards.iso7816.files import ElementaryFile
from eid_toolkit.standards.lds.ef_cvca import EfCvca
from eid_toolkit.standards.pki.cv_authorization import READ_DG3, Authorization, Role, TerminalType
from eid_toolkit.standards.pki.cv_certificate import CvCertificate, CvContent, KeyReference, issue
from eid_toolkit.standards.pki.cv_public_key import CvEcKey, identifier_of
from eid_toolkit.standards.pki.cv_trust import CardTrust, CertifiedKey, choose_chain
from eid_toolkit.standards.protocols import terminal_authentication
from eid_toolkit.standards.protocols.terminal_authentication import SessionBinding, TerminalCredentials

_VALIDITY = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class _Holder:
    signer: EcSigner
    certificate: CvCertificate

    @classmethod
    def made(cls, name: str, role: Role, domain: EcDomain, today: date, issuer: _Holder | None = None) -> _Holder:
        """With a new key; certified by ``issuer``, or by itself, and then with its curve written out."""
        signer = EcSigner(EcPrivateKey.generate(domain, ENTROPY))
        point = signer.key.public_key.point
        content = CvContent(
            issuer.certificate.content.holder_reference if issuer else KeyReference(name),
            CvEcKey(identifier_of(signer.algorithm), point, None if issuer else domain),
            KeyReference(name),
            Authorization(TerminalType.INSPECTION_SYSTEM, role, READ_DG3),
            today,
            today + _VALIDITY,
        )
        return cls(signer, issue(content, issuer.signer if issuer else signer))


class BenchmarkTerminal:
    """A terminal two certificates below the country's root."""

    def __init__(self, domain: EcDomain) -> None:
        self._today = CLOCK.now().date()
        self._root = _Holder.made("UTCVCA00001", Role.CVCA, domain, self._today)
        self._verifier = _Holder.made("UTDV00001", Role.DV_DOMESTIC, domain, self._today, self._root)
        self._terminal = _Holder.made("UTIS00001", Role.TERMINAL, domain, self._today, self._verifier)

    def be_trusted_by(self, application: EmrtdMemory) -> None:
        """Puts the root's key on the card."""
        application.trust_terminals_by(CardTrust((CertifiedKey.of_root(self._root.certificate),), self._today))

    def prove_rights(self, session: CardSession, binding: SessionBinding) -> None:
        """From the reading of EF.CVCA to the signature that the card has taken."""
        trusted = EfCvca.parse(read_short_file(session, ElementaryFile.CVCA) or b"").references
        above = (self._root.certificate, self._verifier.certificate)
        chain = choose_chain(above, self._terminal.certificate, trusted)
        session.run(terminal_authentication.authenticate(TerminalCredentials(chain, self._terminal.signer), binding))
