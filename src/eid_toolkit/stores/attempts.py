"""How often a chip's keys were tried in vain: kept on disk, since the chip counts too and dies of it."""

from __future__ import annotations

from dataclasses import dataclass

from eid_toolkit.errors import IntegrityBroken, NotPermitted
from eid_toolkit.home.atomic import remove_durably, write_atomic
from eid_toolkit.home.home import Home

LIMIT = 2
"""Tries in vain, or of unknown outcome, after which an operator has to look."""


@dataclass(frozen=True, slots=True)
class AttemptCounter:
    """Counts each authentication before it is sent; one that succeeds clears the count."""

    home: Home

    def begin(self, chip_identity: bytes, /) -> None:
        """Counts; raises :class:`NotPermitted` once too many were in vain."""
        path = self.home.keys / f"{chip_identity.hex()}.attempts"
        failures = 0
        if path.exists():
            text = path.read_text("ascii", errors="replace")
            if not text.isdigit():
                raise IntegrityBroken("attempt-count-broken", chip=chip_identity.hex())
            failures = int(text)
        if failures >= LIMIT:
            raise NotPermitted("chip-attempts-used-up", chip=chip_identity.hex(), failures=failures)
        write_atomic(path, str(failures + 1).encode())

    def succeeded(self, chip_identity: bytes, /) -> None:
        """Clears the count."""
        path = self.home.keys / f"{chip_identity.hex()}.attempts"
        if path.exists():
            remove_durably(path)
