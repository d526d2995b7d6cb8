"""Document signers: made in one home, or by request and response between two; and the end of their keys."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from eid_toolkit.work.office.act import act
from eid_toolkit.work.office.charters import charter_of
from eid_toolkit.work.office.country_signing import BY_ONE, BY_TWO
from eid_toolkit.work.office.office import Office

if TYPE_CHECKING:
    from eid_toolkit.books.authorities.authorities import KeyState
    from eid_toolkit.books.authorities.key_kinds import KeyKind
    from eid_toolkit.books.register.stock.accounting import SignerAccount
    from eid_toolkit.standards.pki.certificate import Certificate
    from eid_toolkit.standards.pki.request import CertificateRequest


@dataclass(frozen=True, slots=True)
class SignerStanding:
    """A document signer: its certificate, what became of its key, and the documents that it signed."""

    number: int
    certificate: Certificate
    key: KeyState
    revoked: bool
    signatures: int
    account: SignerAccount

    @property
    def unaccounted(self) -> int:
        """Signatures that belong to no document."""
        return max(0, self.signatures - self.account.signed_files)

    @property
    def states(self) -> Mapping[str, int]:
        """How many of its documents are in which state."""
        return dict(sorted(self.account.states.items()))


def signers_of(office: Office, state: str) -> list[SignerStanding]:
    """The document signers of a state, the oldest first."""
    from eid_toolkit.books.authorities.authority_files import SIGNER
    from eid_toolkit.books.register.stock.accounting import SignerAccount, signer_accounts

    authorities = office.authorities
    authorities.files.require(state)
    accounts = signer_accounts(office.register.database)
    revoked = authorities.crl(state).revoked if authorities.has_crl(state) else {}
    return [
        SignerStanding(
            number,
            certificate,
            authorities.signer_key_state(state, number),
            certificate.serial in revoked,
            authorities.files.signatures(state, SIGNER, number),
            accounts.get(certificate.fingerprint, SignerAccount()),
        )
        for number, certificate in authorities.signer_certificates(state).items()
    ]


def signer_of(office: Office, state: str, number: int) -> SignerStanding:
    """One document signer; raises :class:`BadInput` if there is none of that number."""
    from eid_toolkit.books.authorities.authority_files import SIGNER

    office.authorities.files.certificate(state, SIGNER, number)
    return next(signer for signer in signers_of(office, state) if signer.number == number)


def create_signer(office: Office, state: str, kind: KeyKind) -> Certificate:
    """The next document signer, in a home with the CSCA's key; it signs all new documents."""
    with act(office, BY_TWO, "ds.create", state, {"key": kind}) as doing:
        charter, now = charter_of(office, state), office.clock.now()
        certificate = office.authorities.create_signer(charter, now, office.entropy, kind)
        doing.done("ds.created", {"fingerprint": certificate.fingerprint})
    return certificate


def request_signer(office: Office, state: str, kind: KeyKind, output: Path) -> None:
    """The next document signer's key, and the request for its certificate (PKCS #10) in ``output``."""
    with act(office, BY_ONE, "ds.request", state, {"key": kind}) as doing:
        request, number = office.authorities.request_signer(charter_of(office, state), kind)
        doing.deliver(output, request.der)
        doing.done("ds.requested", {"number": number})


def issue_signer(office: Office, state: str, request: CertificateRequest, output: Path) -> Certificate:
    """The CSCA's answer to a request, in ``output``."""
    with act(office, BY_TWO, "ds.issue", state, {"subject": request.subject.text}) as doing:
        charter, now = charter_of(office, state), office.clock.now()
        certificate = office.authorities.certify_signer(charter, request, now, office.entropy)
        doing.deliver(output, certificate.der)
        doing.done("ds.issued", {"fingerprint": certificate.fingerprint})
    return certificate


def install_signer(office: Office, state: str, certificate: Certificate, csca: Certificate | None) -> int:
    """Keep the certificate that came for a key of this home, by the CSCA of the home unless another is given."""
    authorities = office.authorities
    with act(office, BY_ONE, "ds.install", state, {"fingerprint": certificate.fingerprint}) as doing:
        number = authorities.install_signer(state, certificate, csca or authorities.csca(state))
        doing.done("ds.installed", {"number": number, "fingerprint": certificate.fingerprint})
    return number


def destroy_signer_key(office: Office, state: str, signer: SignerStanding) -> None:
    """Destroy a document signer's private key for good."""
    from eid_toolkit.books.authorities.authority_files import SIGNER, key_name

    detail = {
        "number": signer.number,
        "fingerprint": signer.certificate.fingerprint,
        "documents": signer.account.documents,
        "cards": signer.account.cards,
        "states": dict(signer.states),
        "signatures": signer.signatures,
        "unaccounted": signer.unaccounted,
    }
    with act(office, BY_TWO, "ds.destroy", state, detail) as doing:
        office.authorities.files.mark_destroyed(state, SIGNER, signer.number)
        doing.destroy_key(key_name(SIGNER, state, signer.number))
        doing.done("ds.key-destroyed", detail)
