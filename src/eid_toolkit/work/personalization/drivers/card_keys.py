"""Which keys open a card's security domain: the transport keys of blanks, or those diversified for one chip."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from eid_toolkit.books.keys.keys import KeyStore
from eid_toolkit.ground.errors import AccessDenied
from eid_toolkit.ground.secret import Secret
from eid_toolkit.standards.protocols.globalplatform import FACTORY_KEY_VERSION
from eid_toolkit.standards.protocols.key_diversification import diversify_by
from eid_toolkit.standards.protocols.scp03 import KeySet
from eid_toolkit.work.personalization.plan import CARD_KEY_VERSION

TRANSPORT, CARD_MASTER = "transport", "card-master"
KEY_SIZE = 16
"""Bytes of a chip's own keys."""


@dataclass(frozen=True, slots=True, eq=False)
class CardKeys:
    """The keys by which a bureau opens cards."""

    transport: Secret
    """The transport key of the batch, used as ENC, MAC and DEK."""
    master: Callable[[bytes], bytes]
    """AES-CMAC by the card-master key, from which each chip's own keys follow; in a token it stays there."""

    @classmethod
    def of(cls, store: KeyStore) -> CardKeys:
        """The keys in a key store."""
        return cls(store.symmetric(TRANSPORT), store.cmac(CARD_MASTER))

    def of_chip(self, chip_identity: bytes) -> KeySet:
        """The chip's own keys."""
        return diversify_by(self.master, KEY_SIZE, chip_identity, CARD_KEY_VERSION)

    def for_version(self, version: int, chip_identity: bytes) -> KeySet:
        """The keys that the card asks for; raises :class:`AccessDenied` for a version that is not ours."""
        if version == FACTORY_KEY_VERSION:
            return KeySet(version, self.transport, self.transport, self.transport)
        if version == CARD_KEY_VERSION:
            return self.of_chip(chip_identity)
        raise AccessDenied("card-key-version-unknown", key_version=f"{version:02X}")
