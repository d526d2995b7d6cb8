"""What a card in a reader tells of itself without being authenticated to, and what the register knows of it."""

from __future__ import annotations

from eid_toolkit.books.register.documents.documents import Documents
from eid_toolkit.cards.terminal.security_domain import SecurityDomain
from eid_toolkit.cards.terminal.session import CardSession
from eid_toolkit.cards.transport.interface import Transport
from eid_toolkit.ground.errors import CardRefused, NotPermitted
from eid_toolkit.ground.ports import SystemEntropy
from eid_toolkit.standards.protocols.globalplatform import FACTORY_KEY_VERSION


def chip_of(transport: Transport) -> str:
    """The chip's identity in hex, asked without authentication; raises :class:`NotPermitted` if it tells none."""
    try:
        return SecurityDomain(CardSession(transport), SystemEntropy()).select().hex()
    except CardRefused:
        raise NotPermitted("card-without-identity", reader=transport.reader) from None


def card_status(transport: Transport, documents: Documents) -> dict[str, object]:
    """Identity, key version and document of the card; no authentication is begun that could fail."""
    domain = SecurityDomain(CardSession(transport), SystemEntropy())
    status: dict[str, object] = {"reader": transport.reader, "atr": transport.atr.hex().upper(), "chip": None}
    status |= {"key_version": None, "blank": None, "document": None, "document_state": None}
    try:
        identity = domain.select()
        version = domain.initialize(identity).answer.key_version
    except CardRefused:
        return status
    status |= {"chip": identity.hex(), "key_version": f"{version:02X}", "blank": version == FACTORY_KEY_VERSION}
    document = documents.with_chip(identity.hex())
    if document is not None:
        status |= {"document": document.id, "document_state": str(document.state)}
    return status
