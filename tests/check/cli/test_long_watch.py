"""A watch of two hundred cards through pcscd, with pulls, wrong numbers and restarts."""

from __future__ import annotations

import re
import signal
import sys
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import pytest

from eid_toolkit.books.trust.store import TrustStore
from eid_toolkit.work.cardspec import SpecimenCard
from eid_toolkit.work.inspection.document import Document
from eid_toolkit.work.inspection.evidence import Evidence
from eid_toolkit.work.inspection.evidence_format import decode_evidence
from support.long_watch import CARDS, SWAPS, Coming, Fate, Held, SeenCard, Watch, planned, pulled
from support.officer import Officer
from support.pcscd import PrivatePcscd
from support.waiting import ended

pytestmark = pytest.mark.pcsc

PROMPT, LINE = r"MRZ or CAN \(printed on the card\): ", r"Line \d of the MRZ: "
WAITING, REMOVED, REFUSED, CONCLUDED = r"Waiting for a card\.", "too early", "does not accept", "\a"
SLOT = 1


@dataclass
class Served:
    """What one card saw, and what was printed for it."""

    coming: Coming
    made: SpecimenCard
    card: SeenCard
    before: str = ""
    """Behind the card before, up to the first prompt."""
    text: str = ""
    lay_there: bool = False
    """Whether it was in the reader when the watch began to look."""


@dataclass
class Desk:
    """One who puts in cards and types what is printed on them."""

    pcscd: PrivatePcscd
    command: list[str]
    coming: list[Coming]
    served: list[Served] = field(default_factory=list)
    watches: list[Watch] = field(default_factory=list)
    codes: list[int] = field(default_factory=list)

    @property
    def watch(self) -> Watch:
        return self.watches[-1]

    def run(self) -> None:
        self.start()
        for coming in self.coming:
            ...
