"""Terminal Authentication driven: what the chip trusts, the chain that leads there, the proof (9303-11 7.1)."""

from __future__ import annotations

from dataclasses import dataclass

from eid_toolkit.errors import CardRefused
from eid_toolkit.iso7816 import commands
from eid_toolkit.iso7816.files import ElementaryFile
from eid_toolkit.lds import ef_cvca
from eid_toolkit.lds.ef_cvca import EfCvca
from eid_toolkit.pki.cv_certificate import CvCertificate, KeyReference
from eid_toolkit.pki.cv_trust import choose_chain
from eid_toolkit.ports import Signer
from eid_toolkit.protocols import terminal_authentication
from eid_toolkit.protocols.terminal_authentication import SessionBinding, TerminalCredentials
from eid_toolkit.terminal.session import CardSession


@dataclass(frozen=True, slots=True)
class TerminalIdentity:
    """A terminal's certificate and private key, and the certificates that stand above it."""

    certificate: CvCertificate
    signer: Signer
    above: tuple[CvCertificate, ...]


def authenticate_terminal(session: CardSession, identity: TerminalIdentity, binding: SessionBinding) -> None:
    """Proves the terminal's rights, after Chip Authentication and in the application; then DG3 and DG4 may be read.

    Raises :class:`BadInput` where no chain leads to a key that the chip trusts, :class:`CardRefused` or
    :class:`AccessDenied` where the chip refuses.
    """
    chain = choose_chain(identity.above, identity.certificate, read_trusted(session))
    session.run(terminal_authentication.authenticate(TerminalCredentials(chain, identity.signer), binding))


def read_trusted(session: CardSession) -> tuple[KeyReference, ...]:
    """The names in EF.CVCA, which is a series of objects and so is read at once; raises :class:`CardRefused`."""
    answer = session.exchange(commands.read_binary_sfi(ElementaryFile.CVCA.sfi, 0, ef_cvca.SIZE))
    if not answer.data:
        raise CardRefused("ef-cvca-not-readable", sw=answer.sw)
    return EfCvca.parse(answer.data).references
