"""What became of a document signer's signatures, as the register has it, compared with what the key has counted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from sqlalchemy import func, select

from eid_toolkit.books.ledger.database import Database
from eid_toolkit.books.ledger.schema import document, document_file
from eid_toolkit.standards.iso7816.files import ElementaryFile

_SIGNED = (ElementaryFile.SOD.label, ElementaryFile.CARD_SECURITY.label)


@dataclass(slots=True)
class SignerAccount:
    """The documents of one document signer."""

    documents: int = 0
    cards: int = 0
    """How many blanks were written to for them."""
    signed_files: int = 0
    """EF.SOD and, where the profile has it, EF.CardSecurity of each: one signature each."""
    states: dict[str, int] = field(default_factory=dict)
    """How many documents are in which state."""


def signer_accounts(database: Database) -> Mapping[str, SignerAccount]:
    """The accounts by the fingerprint of the signer's certificate."""
    counts = func.count().label("number"), func.count(document.c.chip).label("cards")
    states = select(document.c.signer, document.c.state, *counts).group_by(document.c.signer, document.c.state)
    files = (
        select(document.c.signer, func.count().label("number"))
        .join(document_file, document_file.c.document_id == document.c.id)
        .where(document_file.c.label.in_(_SIGNED))
        .group_by(document.c.signer)
    )
    accounts: dict[str, SignerAccount] = {}
    with database.read() as connection:
        for row in connection.execute(states):
            account = accounts.setdefault(row.signer, SignerAccount())
            account.states[row.state] = row.number
            account.documents += row.number
            account.cards += row.cards
        for row in connection.execute(files):
            accounts.setdefault(row.signer, SignerAccount()).signed_files = row.number
    return accounts
