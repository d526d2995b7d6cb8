"""The range: for each case an officer's home that believes what its terminal believes, and the card in a reader.

The officer works there with the real tool, from this program or any other terminal.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from eid_toolkit.ground.errors import BadInput
from eid_toolkit.ground.home.atomic import private_directory, write_atomic
from eid_toolkit.ground.messages.catalogue import Speaker
from eid_toolkit.ground.ports import Entropy
from eid_toolkit.standards.lds.mrz import Mrz
from eid_toolkit.work.office.officer_home import found
from eid_toolkit.work.office.readers import SPEC
from eid_toolkit.work.training.case import FOLDER, Case
from eid_toolkit.work.training.exam_messages import Sheet
from eid_toolkit.work.training.range_authority import RangeAuthority
from eid_toolkit.work.training.scene_page import scene_html
from eid_toolkit.work.training.staging import CARD, stage
from eid_toolkit.work.training.view import View

_STAGE, _HOME, _BUNDLE, _BEARER, _PAGE = "stage", "home", "bundle.p7", "bearer.jpg", "scene.html"


@dataclass(frozen=True, slots=True)
class Scene:
    """A case that is ready for its officer."""

    view: View
    home: Path
    """The officer's home in which its card is judged."""
    reader: str
    """Where the card is, for ``--reader``."""
    bearer: Path
    """The face of whoever stands there."""
    page: Path
    """The same with what is printed, to look at in a browser."""


class Range:
    """The stage in an officer's own home; one case stands there at a time."""

    def __init__(self, root: Path, speaker: Speaker) -> None:
        self._folder, self._speaker = root / FOLDER / _STAGE, speaker

    def set_up(self, case: Case, seed: str, place: tuple[int, int], now: datetime, entropy: Entropy) -> Scene:
        """Put a case there, at its ``place`` (number, of how many); the card is made where it is read.

        Raises :class:`BadInput` for a card that cannot be.
        """
        self.clear()
        authority, staged = RangeAuthority.create(now, entropy), stage(case, self._folder, seed, now)
        staged.write(self._folder)
        view = staged.view(*place, self._speaker.language)
        bundle, pin = staged.bundle(authority), authority.certificate.fingerprint
        return self._founded(view, f"{SPEC}{self._folder / CARD}", bundle, pin, max(now, staged.told))

    def set_up_sheet(self, sheet: Sheet, reader: str, now: datetime) -> Scene:
        """Put a case of an exam there, whose card is in the reader; raises :class:`BadInput` for what is none."""
        self.clear()
        mrz = Mrz.parse(sheet.mrz)
        if not (sheet.can.isdigit() and 0 < sheet.number <= sheet.of):
            raise BadInput("exam-message-malformed")
        view = View(sheet.number, sheet.of, sheet.scene, sheet.says, sheet.can, mrz, sheet.quirks, sheet.bearer)
        return self._founded(view, reader, sheet.bundle, sheet.pin, max(now, sheet.told))

    def _founded(self, view: View, reader: str, bundle: bytes, pin: str, taken_at: datetime) -> Scene:
        """With the officer's home: a terminal whose clock is behind had the right time when it took its bundle."""
        private_directory(self._folder)
        home, bearer, page = (self._folder / name for name in (_HOME, _BEARER, _PAGE))
        write_atomic(bearer, view.bearer)
        write_atomic(page, scene_html(view, self._speaker).encode())
        found(home, bundle, _BUNDLE, taken_at, pin, None)
        return Scene(view, home, reader, bearer, page)

    def clear(self) -> None:
        """Take away what stands there."""
        shutil.rmtree(self._folder, ignore_errors=True)
