"""How often a chip's keys were tried in vain: kept on disk, since the chip counts too and dies of it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from eid_toolkit.ground.errors import IntegrityBroken, NotPermitted
from eid_toolkit.ground.home.atomic import remove_durably, write_atomic
from eid_toolkit.ground.home.home import Home
from eid_toolkit.ground.home.regular import read_regular

LIMIT = 2
"""Tries in vain, or of unknown outcome, after which an operator has to look."""
_MOST_DIGITS = 4


@dataclass(frozen=True, slots=True)
class AttemptCounter:
    """Counts each authentication before it is sent; one that succeeds clears the count."""

    home: Home

    def begin(self, chip_identity: bytes, /) -> None:
        """Counts; raises :class:`NotPermitted` once too many were in vain."""
        path = self._path(chip_identity)
        failures = self._failures(path, chip_identity)
        if failures >= LIMIT:
            raise NotPermitted("chip-attempts-used-up", chip=chip_identity.hex(), failures=failures)
        write_atomic(path, str(failures + 1).encode())

    def succeeded(self, chip_identity: bytes, /) -> None:
        """Clears the count, and what kills in the middle of counting have left of it."""
        path = self._path(chip_identity)
        for left in self.home.keys.glob(f".{path.name}.*"):
            left.unlink(missing_ok=True)
        if path.exists():
            remove_durably(path)

    def _path(self, chip_identity: bytes) -> Path:
        return self.home.keys / f"{chip_identity.hex()}.attempts"

    def _failures(self, path: Path, chip_identity: bytes) -> int:
        try:
            text = read_regular(path, _MOST_DIGITS + 1).strip()
        except FileNotFoundError:
            return 0
        if not text:  # a stop has come between the file and its content: one try, of unknown outcome
            return 1
        if not text.isdigit() or len(text) > _MOST_DIGITS:
            raise IntegrityBroken("attempt-count-broken", chip=chip_identity.hex())
        return int(text)
