"""A chip that offers less than the complete one, as it may, fails no case: what it has not does not apply."""

from __future__ import annotations

from dataclasses import replace

import pytest

from eid_toolkit.cards.emulator.refusal import Refused
from eid_toolkit.cards.emulator.reply import Reply
from eid_toolkit.cards.transport.inprocess import InProcessTransport
from eid_toolkit.standards.iso7816 import commands
from eid_toolkit.standards.iso7816.apdu import CommandApdu
from eid_toolkit.standards.profiles.chip_protocols import PaceChoice
from eid_toolkit.standards.protocols.passwords import AccessPassword
from eid_toolkit.work.cardspec import CardSpec, build
from eid_toolkit.work.cardspec.spec import AccessSpec, ChipSpec
from eid_toolkit.work.conformance.facts import Facts, gather
from eid_toolkit.work.conformance.runner import Status, run_cases
from eid_toolkit.work.conformance.suite import all_cases
from support.card_states import ENTROPY
from support.conformance import DefectiveCard

TRIPLE_DES = AccessSpec(protocols=("pace",), pace=(PaceChoice("gm", "3des", 13),))
CHIPS = {
    "BAC alone": CardSpec(access=AccessSpec(protocols=("bac",))),
    "PACE alone": CardSpec(access=AccessSpec(protocols=("pace",))),
    "3DES": CardSpec(access=TRIPLE_DES),
    "no extended length": CardSpec(chip=ChipSpec(extended_length=False)),
}


class PlainCard(DefectiveCard):
    """Knows neither SELECT of the master file nor the odd READ BINARY, as a chip may (9303-10 3.5.2 and 3.6.1.1)."""

    def _dispatch(self, command: CommandApdu, limit: int) -> Reply:
        selects_master_file = command.ins == commands.SELECT and command.p1 == 0
        if selects_master_file or command.ins == commands.READ_BINARY_ODD:
            raise Refused(0x6D00)
        return super()._dispatch(command, limit)


def line_to(spec: CardSpec, kind: type[DefectiveCard] = DefectiveCard) -> tuple[InProcessTransport, Facts]:
    card = build(spec)
    assert card.mrz is not None
    transport = InProcessTransport(kind(card.memory), "emulator")
    password = AccessPassword.from_mrz_information(card.mrz.information)
    return transport, gather(transport, [password], card.terminals, ENTROPY)


def failures(spec: CardSpec, kind: type[DefectiveCard] = DefectiveCard) -> dict[str, str | None]:
    transport, facts = line_to(spec, kind)
    results = run_cases(all_cases(), transport, facts, ENTROPY)
    return {result.case.number: result.detail for result in results if result.status is Status.FAILED}


@pytest.mark.parametrize("chip", CHIPS)
def test_a_chip_that_offers_less_fails_no_case(chip: str) -> None:
    assert failures(CHIPS[chip]) == {}


def test_a_chip_that_knows_fewer_commands_fails_no_case() -> None:
    assert failures(CHIPS["PACE alone"], PlainCard) == {}


def test_bac_is_offered_where_a_challenge_is_given() -> None:
    assert line_to(CHIPS["BAC alone"])[1].bac
    assert not line_to(CHIPS["PACE alone"])[1].bac


def test_without_the_mrz_the_cases_of_bac_do_not_apply() -> None:
    transport, facts = line_to(CHIPS["BAC alone"])
    cases = [case for case in all_cases() if case.unit.letters == "BAC"]
    results = run_cases(cases, transport, replace(facts, bac=False), ENTROPY)
    assert {result.status for result in results} == {Status.NOT_APPLICABLE}


def test_the_odd_form_is_tested_where_the_chip_knows_it() -> None:
    assert line_to(CHIPS["PACE alone"])[1].reads_odd
    assert not line_to(CHIPS["PACE alone"], PlainCard)[1].reads_odd
