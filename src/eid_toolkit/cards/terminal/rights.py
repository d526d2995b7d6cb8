"""Terminal Authentication driven: what the chip trusts, the chain that leads there, the proof (9303-11 7.1)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from eid_toolkit.cards.terminal.file_reader import FileAddress, read_short_file
from eid_toolkit.cards.terminal.session import CardSession
from eid_toolkit.ground.errors import BadInput
from eid_toolkit.ground.ports import Signer
from eid_toolkit.standards.asn1.security_infos import SecurityInfos, TerminalAuthenticationInfo
from eid_toolkit.standards.iso7816.files import ElementaryFile
from eid_toolkit.standards.lds.ef_cvca import SIZE as EF_CVCA_SIZE
from eid_toolkit.standards.pki.cv_authorization import Authorization
from eid_toolkit.standards.pki.cv_certificate import CvCertificate, KeyReference
from eid_toolkit.standards.pki.cv_trust import choose_chain
from eid_toolkit.standards.protocols import terminal_authentication
from eid_toolkit.standards.protocols.terminal_authentication import SessionBinding, TerminalCredentials


@dataclass(frozen=True, slots=True)
class TerminalIdentity:
    """A terminal's certificate and private key, and the certificates that stand above it."""

    certificate: CvCertificate
    signer: Signer
    above: tuple[CvCertificate, ...]

    def credentials(self, trusted: tuple[KeyReference, ...]) -> TerminalCredentials:
        """What this terminal proves itself with to a chip that trusts the keys named; raises :class:`BadInput`."""
        return TerminalCredentials(choose_chain(self.above, self.certificate, trusted), self.signer)


def choose_credentials(
    identities: Iterable[TerminalIdentity], trusted: tuple[KeyReference, ...], today: date
) -> TerminalCredentials:
    """The first identity from which a chain leads to a key that the chip trusts.

    Raises :class:`BadInput` where there is none, or none that is valid today: a chip whose own date lags behind
    would take an expired certificate, but its holder has the right no longer.
    """
    refusal = BadInput("cvc-no-chain", trusted=", ".join(reference.text for reference in trusted))
    for identity in identities:
        try:
            credentials = identity.credentials(trusted)
        except BadInput:
            continue
        content = identity.certificate.content
        if today <= content.expires:
            return credentials
        refusal = BadInput("terminal-expired", reference=content.holder_reference.text, expires=content.expires)
    raise refusal


def effective_authorization(credentials: TerminalCredentials) -> Authorization:
    """The rights that every certificate of the chain grants (9303-11 7.1.4.3.6); the chip's own root may grant less."""
    own, *above = (certificate.content.authorization for certificate in reversed(credentials.chain))
    for authorization in above:
        own = own.limited_by(authorization)
    return own


def authenticate_terminal(session: CardSession, credentials: TerminalCredentials, binding: SessionBinding) -> None:
    """Proves the terminal's rights, after Chip Authentication and in the application; then DG3 and DG4 may be read.

    Raises :class:`CardRefused` or :class:`AccessDenied` where the chip refuses.
    """
    session.run(terminal_authentication.authenticate(credentials, binding))


def read_trusted(session: CardSession, infos: SecurityInfos | None = None) -> bytes | None:
    """EF.CVCA, in its usual place or where the SecurityInfos of DG14 say; None where it cannot be read."""
    return read_short_file(session, _place_of_trust(infos), EF_CVCA_SIZE)


def _place_of_trust(infos: SecurityInfos | None) -> FileAddress:
    for info in infos.of_type(TerminalAuthenticationInfo) if infos is not None else ():
        if info.ef_cvca is not None:
            return info.ef_cvca
    return ElementaryFile.CVCA
