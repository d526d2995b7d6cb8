"""An officer's home for tests: a trust store that believes one authority, and emulated cards to look at."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from eid_toolkit.books.trust.store import TrustStore
from eid_toolkit.cards.emulator.shelf import CardStore
from eid_toolkit.cards.emulator.state import CardMemory
from support.authorities import Authority
from support.documents import IssuedDocument, specimen_mrz
from support.people import People


class Officer:
    """A home with an authority that is trusted now, and a document of it."""

    def __init__(self, root: Path) -> None:
        now = datetime.now(UTC)
        self.authority = Authority(start=now - timedelta(days=10))
        self.document = IssuedDocument(self.authority, specimen_mrz())
        self.home = People(root, demo=True).home
        trust = TrustStore(self.home.trust)
        trust.add(self.authority.csca, "test", now)
        trust.add(self.authority.crl(this_update=now - timedelta(days=3)), "test", now)

    def add_card(self, name: str, memory: CardMemory) -> str:
        """The card as a reader of the home."""
        CardStore(self.home).create(name, memory)
        return f"emulator:{name}"
