"""What the issuer security domain remembers without power (GlobalPlatform Card Specification 7, Amendment D 6)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from eid_toolkit.cards.emulator.card_application import CardApplication, Platform
from eid_toolkit.cards.emulator.numbers import natural
from eid_toolkit.ground.secret import Secret
from eid_toolkit.standards.protocols.globalplatform import ISD_AID
from eid_toolkit.standards.protocols.scp03 import KeySet, Options


@dataclass(slots=True, eq=False)
class DomainMemory:
    """The one key set, counters, and what its SCP03 is like."""

    aid: ClassVar[bytes] = ISD_AID
    keys: KeySet
    sequence: int = 0
    """Of the pseudo-random challenge; counts every INITIALIZE UPDATE."""
    failures: int = 0
    """Failed authentications in a row."""
    options: Options = Options.FULL_S8

    def start(self, card: Platform, /) -> Sequence[CardApplication]:
        """The security domain."""
        from eid_toolkit.cards.emulator.domain.security_domain import IssuerSecurityDomain

        return (IssuerSecurityDomain(self, card),)

    def encode(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "sequence": self.sequence,
            "failures": self.failures,
            "options": int(self.options),
            "key_version": self.keys.version,
            "keys": [key.reveal().hex() for key in (self.keys.enc, self.keys.mac, self.keys.dek)],
        }

    @classmethod
    def decode(cls, data: dict[str, Any], /) -> Self:
        """The same again."""
        enc, mac, dek = (Secret(bytes.fromhex(key)) for key in data["keys"])
        options = Options(natural(data.get("options", Options.FULL_S8)))  # cards from before the modes were S8
        keys = KeySet(natural(data["key_version"]), enc, mac, dek)
        return cls(keys, natural(data["sequence"]), natural(data["failures"]), options)
