"""Terminal Authentication in an inspection: what was shown to the chip, and what became of it, as evidence."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from eid_toolkit.cards.terminal.rights import (
    TerminalIdentity,
    authenticate_terminal,
    choose_credentials,
    effective_authorization,
)
from eid_toolkit.cards.terminal.session import CardSession
from eid_toolkit.ground.errors import AccessDenied, BadInput, CardRefused, ProtocolError
from eid_toolkit.standards.lds.ef_cvca import EfCvca
from eid_toolkit.standards.pki.cv_authorization import READ_DG3, READ_DG4
from eid_toolkit.standards.pki.cv_certificate import KeyReference
from eid_toolkit.standards.protocols.terminal_authentication import SessionBinding
from eid_toolkit.work.inspection.evidence import TerminalAuthenticationEvidence, TerminalProof

RIGHTS = {3: READ_DG3, 4: READ_DG4}
"""The data groups that are read with a right only: fingerprints and irises (9303-11 7)."""


def prove_rights(
    session: CardSession,
    terminals: Sequence[TerminalIdentity],
    ef_cvca: bytes | None,
    binding: SessionBinding,
    today: date,
) -> TerminalAuthenticationEvidence:
    """Run Terminal Authentication with what the chip's EF.CVCA (None if unreadable) asks for, where it is at hand.

    A chip that refuses, and a terminal that has no key for it, are evidence; what ends the channel is raised.
    """
    if ef_cvca is None:
        return TerminalAuthenticationEvidence(TerminalProof.REFUSED, cause="ef-cvca-not-readable")
    try:
        trusted = EfCvca.parse(ef_cvca).references
    except BadInput as error:
        return TerminalAuthenticationEvidence(TerminalProof.REFUSED, cause=error.code)
    return _prove_to(session, terminals, trusted, binding, today)


def _prove_to(
    session: CardSession,
    terminals: Sequence[TerminalIdentity],
    trusted: tuple[KeyReference, ...],
    binding: SessionBinding,
    today: date,
) -> TerminalAuthenticationEvidence:
    names = tuple(reference.text for reference in trusted)
    try:
        credentials = choose_credentials(terminals, trusted, today)
    except BadInput as error:
        return TerminalAuthenticationEvidence(TerminalProof.NO_KEY, names, cause=error.code)
    own = credentials.chain[-1].content.holder_reference.text
    try:
        authenticate_terminal(session, credentials, binding)
    except (AccessDenied, CardRefused, ProtocolError) as error:
        if not session.is_secure:
            raise
        return TerminalAuthenticationEvidence(TerminalProof.REFUSED, names, own, cause=error.code)
    rights = effective_authorization(credentials)
    groups = tuple(number for number, right in RIGHTS.items() if rights.allows(right))
    return TerminalAuthenticationEvidence(TerminalProof.DONE, names, own, groups)
