"""Terminals for tests: cards that trust a country's CVCA, terminals of that country, and the way between them."""

from __future__ import annotations

from eid_toolkit.cards.emulator.emrtd.memory import EmrtdMemory
from eid_toolkit.cards.emulator.state import CardMemory, StoredFile
from eid_toolkit.cards.terminal.rights import TerminalIdentity, authenticate_terminal, read_trusted
from eid_toolkit.cards.terminal.session import CardSession
from eid_toolkit.standards.iso7816.files import ElementaryFile
from eid_toolkit.standards.lds.ef_cvca import EfCvca
from eid_toolkit.standards.pki.cv_authorization import Role
from eid_toolkit.standards.pki.cv_certificate import KeyReference
from eid_toolkit.standards.pki.cv_trust import CardTrust, CertifiedKey
from eid_toolkit.standards.protocols.personalization_data import AccessRule
from eid_toolkit.standards.protocols.terminal_authentication import SessionBinding
from support.cv_chain import BOTH, START, Holder


def trust_terminals(memory: CardMemory, *roots: Holder) -> CardMemory:
    """The card, which believes these CVCAs from now on."""
    points = tuple(CertifiedKey.of_root(root.certificate) for root in roots)
    memory.part(EmrtdMemory).trust_terminals_by(CardTrust(points, START))
    return memory


def put_protected(memory: CardMemory, file: ElementaryFile, content: bytes) -> None:
    """A file that only Terminal Authentication opens."""
    memory.part(EmrtdMemory).files[file] = StoredFile(AccessRule.TERMINAL_AUTHENTICATION, content)


def identity(*holders: Holder) -> TerminalIdentity:
    """The last of the holders as a terminal, below the others."""
    above = tuple(holder.certificate for holder in holders[:-1])
    return TerminalIdentity(holders[-1].certificate, holders[-1].signer, above)


def terminal_of(root: Holder, rights: int = BOTH, role: Role = Role.DV_DOMESTIC) -> TerminalIdentity:
    """A terminal two steps below ``root``."""
    verifier = root.issue("UTDV00001", role)
    return identity(root, verifier, verifier.issue("UTIS00001", Role.TERMINAL, rights=rights))


def trusted_by(session: CardSession) -> tuple[KeyReference, ...]:
    """What EF.CVCA of the card names."""
    content = read_trusted(session)
    assert content is not None
    return EfCvca.parse(content).references


def prove(session: CardSession, terminal: TerminalIdentity, binding: SessionBinding) -> None:
    """Terminal Authentication from EF.CVCA to the signature."""
    authenticate_terminal(session, terminal.credentials(trusted_by(session)), binding)
