"""The range: for each case a folder with the card, and an officer's home that believes what its terminal believes.

The officer works there with the real tool, from this program or any other terminal.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from eid_toolkit.ground.ports import Entropy
from eid_toolkit.work.office.officer_home import found
from eid_toolkit.work.training.attempts import FOLDER
from eid_toolkit.work.training.case import Case
from eid_toolkit.work.training.range_authority import RangeAuthority
from eid_toolkit.work.training.staging import BEARER, BUNDLE, CARD, Staged, stage

_STAGE, _HOME = "stage", "home"


@dataclass(frozen=True, slots=True)
class Scene:
    """A case that is ready for its officer."""

    staged: Staged
    home: Path
    """The officer's home in which its card is judged."""
    card: Path
    """The card's spec, for ``--reader spec:…``."""
    bearer: Path
    """The face of whoever stands there."""

    @property
    def case(self) -> Case:
        return self.staged.case

    @property
    def quirks(self) -> tuple[str, ...]:
        """The option with which cards of this kind are read, if they need one."""
        name = self.case.terminal.quirks
        return () if name == "standard" else ("--quirks", name)


class Range:
    """The stage in an officer's own home; one case stands there at a time."""

    def __init__(self, root: Path, now: datetime, entropy: Entropy) -> None:
        self._folder = root / FOLDER / _STAGE
        self._authority = RangeAuthority.create(now, entropy)

    def set_up(self, case: Case, seed: str, now: datetime) -> Scene:
        """Put a case there, in place of the one before; raises :class:`BadInput` for a card that cannot be."""
        self.clear()
        staged = stage(case, self._folder, seed, now)
        staged.write(self._folder, self._authority)
        home = self._folder / _HOME
        told = max(now, staged.told)  # a terminal whose clock is behind had the right time when it took its bundle
        pin = self._authority.certificate.fingerprint
        found(home, (self._folder / BUNDLE).read_bytes(), BUNDLE, told, pin, None)
        return Scene(staged, home, self._folder / CARD, self._folder / BEARER)

    def clear(self) -> None:
        """Take away what stands there."""
        shutil.rmtree(self._folder, ignore_errors=True)
