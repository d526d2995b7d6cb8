"""A chip that knows BAC alone may refuse EF.CardAccess with any status word: nothing was stripped (9303-11 4.2)."""

from __future__ import annotations

import pytest

from eid_toolkit.cards.transport.inprocess import InProcessTransport
from eid_toolkit.cards.transport.interface import Card
from eid_toolkit.ground.ports import SystemEntropy
from eid_toolkit.standards.iso7816 import commands
from eid_toolkit.standards.iso7816.files import ElementaryFile as Ef
from eid_toolkit.standards.protocols.passwords import AccessPassword
from eid_toolkit.work.cardspec import CardSpec, SpecimenCard
from eid_toolkit.work.cardspec.spec import AccessSpec, ChipSpec
from eid_toolkit.work.inspection.capture import capture
from eid_toolkit.work.inspection.evidence import Evidence, FileState
from eid_toolkit.work.inspection.result import CheckResult
from eid_toolkit.work.inspection.verdict import Decision, judge
from support.scripted import FixedClock
from support.spec_cards import NOW, OFFICER, copy_of

BAC_ALONE = AccessSpec(protocols=("bac",))
OLD = CardSpec(
    profile="passport", seed="old", at=NOW, access=BAC_ALONE, chip=ChipSpec(without=("chip-authentication",))
)
"""A passport of the first years: EF.SOD signs no DG14."""
STRIPPED = CardSpec(profile="passport", seed="stripped", at=NOW)
"""A passport with PACE, whose signed DG14 names it."""


class WithoutMasterFile:
    """Answers with one status word until its application is selected by its name."""

    atr = b"\x3b\x80\x80\x01\x01"

    def __init__(self, card: Card, sw: int) -> None:
        self._card, self._sw, self._is_open = card, sw.to_bytes(2, "big"), False

    def process(self, command: bytes, /) -> bytes:
        if command[1] == commands.SELECT and command[2] == 4:
            self._is_open = True
        return self._card.process(command) if self._is_open else self._sw

    def reset(self) -> None:
        self._is_open = False
        self._card.reset()

    def power_off(self) -> None:
        self.reset()


def read_by_bac(made: SpecimenCard, sw: int) -> Evidence:
    transport = InProcessTransport(WithoutMasterFile(made.card, sw), "test")
    password = AccessPassword.from_mrz_information(made.mrz.information)
    return capture(transport, password, OFFICER, SystemEntropy(), FixedClock(NOW))


def card_access_check(made: SpecimenCard, evidence: Evidence) -> tuple[Decision, CheckResult]:
    verdict = judge(evidence, made.trust, OFFICER, NOW)
    return verdict.decision, next(check for check in verdict.checks if check.id == "document.card-access")


REFUSALS = [
    0x6986, 0x6D00, 0x6982, 0x6985, 0x6700, 0x6999, 0x6A86, 0x6A81, 0x6E00, 0x6881, 0x6B00, 0x6900, 0x6F00, 0x6400,
    0x6581, 0x63C0, 0x6300, 0x6200, 0x6283, 0x6100, 0x6110, 0x6C00, 0x6C10, 0x9000, 0x6A82, 0x6A88,
]  # fmt: skip


@pytest.mark.parametrize("sw", REFUSALS)
def test_a_document_that_knows_bac_alone_passes_whatever_its_chip_says_of_a_master_file(sw: int) -> None:
    made = copy_of(OLD)
    evidence = read_by_bac(made, sw)
    assert evidence.access.protocol == "bac"
    decision, check = card_access_check(made, evidence)
    assert (decision, check.reason) == (Decision.PASSED, None)


@pytest.mark.parametrize(("sw", "state"), [(0x6986, FileState.FAILED), (0x6982, FileState.PROTECTED)])
def test_evidence_keeps_what_the_chip_said(sw: int, state: FileState) -> None:
    found = read_by_bac(copy_of(OLD), sw).files[Ef.CARD_ACCESS]
    assert (found.state, found.cause) == (state, f"{sw:04X}")


def test_a_refusal_does_not_hide_pace_that_the_signed_dg14_names() -> None:
    made = copy_of(STRIPPED)
    decision, check = card_access_check(made, read_by_bac(made, 0x6986))
    assert (decision, check.reason) == (Decision.UNDETERMINED, "card-access-not-read")
