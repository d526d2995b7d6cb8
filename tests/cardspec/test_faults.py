"""What goes wrong with a card, and what the reader says: a named error before access, evidence after it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import get_args

import pytest

from eid_toolkit.cards.emulator import image
from eid_toolkit.cards.emulator.card import EmulatedCard
from eid_toolkit.cards.emulator.domain.memory import DomainMemory
from eid_toolkit.cards.emulator.emrtd.memory import EmrtdMemory
from eid_toolkit.cards.terminal.access import open_access
from eid_toolkit.cards.terminal.chip import agree_on_keys
from eid_toolkit.cards.terminal.security_domain import SecurityDomain
from eid_toolkit.cards.terminal.session import CardSession
from eid_toolkit.cards.transport.inprocess import InProcessTransport
from eid_toolkit.ground.errors import AccessDenied, CardRefused, EidError, NoCardError
from eid_toolkit.standards.codec import tlv
from eid_toolkit.standards.iso7816 import commands
from eid_toolkit.standards.iso7816.files import EMRTD_AID, ElementaryFile
from eid_toolkit.standards.lds.dg14 import Dg14
from eid_toolkit.standards.pki.cv_authorization import Role
from eid_toolkit.standards.protocols import chip_authentication
from eid_toolkit.standards.protocols import globalplatform as gp
from eid_toolkit.standards.protocols import personalization_data as layout
from eid_toolkit.standards.protocols.passwords import AccessPassword
from eid_toolkit.standards.protocols.terminal_authentication import SET_VERIFICATION_KEY, SessionBinding
from eid_toolkit.work.cardspec import CardSpec, SpecimenCard, build
from eid_toolkit.work.cardspec.dressing import dressed
from eid_toolkit.work.cardspec.faults import FAULTS, FailingMemory, FaultyCard
from eid_toolkit.work.cardspec.spec import AccessSpec, FaultKind, FaultSpec
from eid_toolkit.work.inspection.verdict import Decision, judge
from support.card_states import ENTROPY, TRANSPORT_KEYS, NoGuard, issued_memory
from support.cv_chain import START, cvca
from support.emulated import CAN
from support.spec_cards import NOW, OFFICER, SEEDED, copy_of, inspect, read, with_faults
from support.terminals import identity, prove, trust_terminals

TOKEN, FIRST_SECURE, FIRST_WITH_ACCESS, COMMANDS = 8, 9, 10, 21
"""Places in a reading: the round of PACE with the terminal's token, SELECT of the application, EF.COM; the number."""
SELECT_MASTER_FILE = bytes.fromhex("00A4000C023F00")
WRONG_CAN = "654321"
EVERYWHERE = range(1, COMMANDS + 1)


def outcome(*faults: FaultSpec, can: str | None = None) -> tuple[str | None, Decision | None]:
    """The code of what ended the reading, and the verdict where there is one."""
    card = with_faults(*faults)
    try:
        evidence = read(card, can=can)
    except EidError as error:
        return error.code, None
    return evidence.interrupted, judge(evidence, card.trust, OFFICER, NOW).decision


def test_the_places_are_where_the_tests_think() -> None:
    evidence = read(copy_of())
    assert evidence.apdus == COMMANDS
    assert outcome(FaultSpec("power-lost", at=FIRST_WITH_ACCESS))[1] is Decision.UNDETERMINED
    assert outcome(FaultSpec("power-lost", at=FIRST_SECURE))[1] is None


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("at", EVERYWHERE)
def test_a_card_without_power_is_gone_before_access_and_interrupts_the_reading_after_it(at: int, when) -> None:
    code, decision = outcome(FaultSpec("power-lost", at=at, when=when))
    assert code == "card-removed"
    assert decision is (None if at < FIRST_WITH_ACCESS else Decision.UNDETERMINED)


def test_without_power_the_card_stays_off_until_a_reset_and_the_count_goes_on() -> None:
    card = with_faults(FaultSpec("power-lost", at=2), FaultSpec("answer", at=5, answer="6A84")).card
    assert card.process(SELECT_MASTER_FILE) == b"\x90\x00"
    for _ in range(2):
        with pytest.raises(NoCardError):
            card.process(SELECT_MASTER_FILE)
    card.reset()
    assert card.process(SELECT_MASTER_FILE) == b"\x90\x00"
    card.power_off()
    card.reset()
    assert card.process(SELECT_MASTER_FILE) == b"\x6a\x84"
    assert card.process(SELECT_MASTER_FILE) == b"\x90\x00"


def test_with_repeat_every_later_command_loses_the_power_again() -> None:
    card = with_faults(FaultSpec("power-lost", at=2, repeat=True)).card
    card.process(SELECT_MASTER_FILE)
    for _ in range(3):
        with pytest.raises(NoCardError):
            card.process(SELECT_MASTER_FILE)
        card.reset()


@pytest.mark.parametrize(("when", "failures"), [("before", 0), ("after", 1)])
def test_power_lost_before_or_after_the_effect_of_the_command(when, failures: int) -> None:
    card = with_faults(FaultSpec("power-lost", at=TOKEN, when=when))
    with pytest.raises(NoCardError):
        read(card, can=WRONG_CAN)
    assert card.memory.part(EmrtdMemory).failures == failures


def answers(answer: str) -> Iterator[tuple[int, str | None, Decision | None]]:
    for at in EVERYWHERE:
        yield at, *outcome(FaultSpec("answer", at=at, answer=answer))


@pytest.mark.parametrize("answer", ["6F00", "9000", "6982", "6700", "6110", "7F6590009000", "00" * 300 + "9000"])
def test_whatever_a_card_answers_is_told_by_name_and_never_believed(answer: str) -> None:
    for at, code, decision in answers(answer):
        if decision is None:
            assert code is not None
        elif at == FIRST_WITH_ACCESS and answer in ("6982", "6700", "6110"):
            assert (code, decision) == (None, Decision.PASSED), "it may mean the form of READ: opened anew for another"
        elif at >= FIRST_WITH_ACCESS:
            assert decision is not Decision.PASSED
            assert (code is not None) or decision is Decision.FAILED, "only Chip Authentication is taken up anew"


def test_an_answer_in_place_of_the_cards_leaves_the_command_undone() -> None:
    card = with_faults(FaultSpec("answer", at=TOKEN, answer="6300"))
    with pytest.raises(AccessDenied):
        read(card, can=WRONG_CAN)
    assert card.memory.part(EmrtdMemory).failures == 0


@pytest.mark.parametrize("bit", [0, 3, 12, 77, 799, 10**9])
def test_a_bit_that_turns_over_under_secure_messaging_is_noticed(bit: int) -> None:
    for at in EVERYWHERE:
        code, decision = outcome(FaultSpec("bit-error", at=at, bit=bit))
        assert (code, decision) != (None, Decision.PASSED) or at < TOKEN


def test_a_bit_is_counted_from_the_first_and_wraps_at_the_end() -> None:
    for bit, expected in ((0, "1000"), (15, "9001"), (16, "1000")):
        card = with_faults(FaultSpec("bit-error", bit=bit)).card
        assert card.process(SELECT_MASTER_FILE).hex() == expected


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("at", EVERYWHERE)
def test_a_session_that_is_lost_in_silence_ends_the_reading_by_name(at: int, when) -> None:
    """At the first READ in the application that may mean the form of READ: the card is opened anew for another."""
    code, decision = outcome(FaultSpec("session-lost", at=at, when=when))
    next_at = at if when == "before" else at + 1
    if 4 < next_at <= FIRST_SECURE:
        assert (decision, code is None) == (None, False)
    elif FIRST_WITH_ACCESS < next_at <= COMMANDS:
        assert (code, decision) == ("sm-response-unprotected", Decision.UNDETERMINED) or decision is Decision.FAILED
    else:
        assert (code, decision) == (None, Decision.PASSED)


def test_a_slow_card_takes_its_time_on_a_virtual_clock() -> None:
    fault = FaultSpec("slow", at=3, seconds=1800.0, repeat=True)
    card = build(replace(SEEDED, faults=(fault,)))
    before = card.clock.now()
    evidence = read(card)
    assert (card.clock.now() - before).total_seconds() == 1800.0 * (evidence.apdus - 2)
    assert evidence.elapsed_ms < 1800.0 * 1000


def test_a_slow_card_on_the_machines_clock_really_waits() -> None:
    waited: list[float] = []
    memory = copy_of().memory
    card = dressed(memory, CardSpec(faults=(FaultSpec("slow", at=2, seconds=0.5),)), ENTROPY, waited.append)
    for _ in range(3):
        card.process(SELECT_MASTER_FILE)
    assert waited == [0.5]


MEMORY_FAULTS: list[tuple[FaultKind, str]] = [("memory-full", "6A84"), ("memory-stuck", "6581")]


@pytest.mark.parametrize(("kind", "sw"), MEMORY_FAULTS)
def test_a_counter_that_cannot_be_written_lets_nobody_compare_in_pace(kind: FaultKind, sw: str) -> None:
    said = []
    for can in ("123456", WRONG_CAN):
        card = with_faults(FaultSpec(kind))
        before = image.encode(card.memory)
        with pytest.raises(CardRefused, match=r"card-failed|pace-refused") as caught:
            read(card, can=can)
        said.append(caught.value.facts["sw"])
        assert image.encode(card.memory) == before
    assert said == [sw, sw], "right and wrong cannot be told apart"


@pytest.mark.parametrize(("kind", "sw"), MEMORY_FAULTS)
def test_a_counter_that_cannot_be_written_lets_nobody_compare_in_bac(kind: FaultKind, sw: str) -> None:
    card = with_faults(FaultSpec(kind), spec=replace(SEEDED, access=AccessSpec(protocols=("bac",))))
    session = CardSession(InProcessTransport(card.card, "test"))
    before = image.encode(card.memory)
    assert session.exchange(commands.select_application(EMRTD_AID)).ok
    assert session.exchange(commands.get_challenge()).ok
    assert f"{session.exchange(commands.external_authenticate(bytes(40), 40)).sw:04X}" == sw
    assert image.encode(card.memory) == before


def test_a_memory_that_fails_once_access_is_gained_is_not_noticed_by_a_reader() -> None:
    assert outcome(FaultSpec("memory-full", at=FIRST_WITH_ACCESS)) == (None, Decision.PASSED)


def test_a_success_that_cannot_be_written_is_none() -> None:
    card = with_faults(FaultSpec("memory-stuck", at=TOKEN))
    card.memory.part(EmrtdMemory).failures = 2
    with pytest.raises(CardRefused, match="card-failed"):
        read(card)
    assert card.memory.part(EmrtdMemory).failures == 2


def blank_with(fault: FaultSpec) -> tuple[SpecimenCard, SecurityDomain]:
    card = build(CardSpec(blank=True, seed="blank", at=NOW, faults=(fault,)))
    return card, SecurityDomain(CardSession(InProcessTransport(card.card, "test")), ENTROPY)


CREATE = gp.store_data(0, layout.create_file(ElementaryFile.DG1, 95).encode(), last=False, encrypted=False)


@pytest.mark.parametrize(("kind", "sw"), MEMORY_FAULTS)
def test_a_write_that_fails_in_a_personalization_leaves_nothing(kind: FaultKind, sw: str) -> None:
    card, domain = blank_with(FaultSpec(kind, at=6))
    domain.authenticate(domain.initialize(domain.select()), TRANSPORT_KEYS, NoGuard())
    assert domain.exchange(gp.install_for_personalization(EMRTD_AID)).ok
    before = image.encode(card.memory)
    for _ in range(2):
        assert f"{domain.exchange(CREATE).sw:04X}" == sw
        assert image.encode(card.memory) == before


@pytest.mark.parametrize(("kind", "sw"), MEMORY_FAULTS)
def test_a_security_domain_that_cannot_count_authenticates_nobody(kind: FaultKind, sw: str) -> None:
    card, domain = blank_with(FaultSpec(kind, at=4))
    handshake = domain.initialize(domain.select())
    with pytest.raises(EidError) as caught:
        domain.authenticate(handshake, TRANSPORT_KEYS, NoGuard())
    assert caught.value.facts["sw"] == sw
    assert card.memory.part(DomainMemory).failures == 0


def test_a_change_of_trust_that_cannot_be_written_counts_for_nothing() -> None:
    """The link certificate verifies, but is not kept: a terminal under the new key gets no right, now or later."""
    root = cvca()
    newer = root.issue("UTCVCA00002", Role.CVCA, effective=START + timedelta(days=7))
    verifier = newer.issue("UTDV00001", Role.DV_FOREIGN, effective=START + timedelta(days=9))
    terminal = verifier.issue("UTIS00001", Role.TERMINAL, effective=START + timedelta(days=9))
    memory = trust_terminals(issued_memory(), root)
    store = FailingMemory(memory)
    inner = EmulatedCard(memory, ENTROPY, store.save, wait=lambda _: None)
    after_access = 14
    card = FaultyCard(inner, store, (FaultSpec("memory-stuck", at=after_access),), lambda _: None)
    session = CardSession(InProcessTransport(card, "test"))
    opened = open_access(session, AccessPassword.from_can(CAN), ENTROPY, allow_bac=False)
    infos = Dg14.parse(memory.part(EmrtdMemory).files[ElementaryFile.DG14].content).security_infos
    key = agree_on_keys(session, chip_authentication.choices(infos)[0], ENTROPY)
    assert session.apdus < after_access
    before = image.encode(memory)
    with pytest.raises(EidError) as caught:
        prove(session, identity(root, newer, verifier, terminal), SessionBinding(opened.chip_name, key))
    assert caught.value.facts["sw"] == "6581"
    assert image.encode(memory) == before
    by_new_key = commands.mse_set(*SET_VERIFICATION_KEY, tlv.encode(0x83, b"UTCVCA00002"))
    assert session.exchange(by_new_key).sw == 0x6A88


def test_the_first_of_several_memory_faults_counts_and_other_faults_go_beside_it() -> None:
    faults = (FaultSpec("memory-full"), FaultSpec("memory-stuck"), FaultSpec("bit-error", at=TOKEN, bit=8))
    with pytest.raises(EidError) as caught:
        read(with_faults(*faults))
    assert caught.value.facts["sw"] == "6A04"


def test_a_card_without_faults_is_not_wrapped_and_every_kind_is_explained() -> None:
    assert set(FAULTS) == set(get_args(FaultKind))
    assert inspect(with_faults()).verdict.decision is Decision.PASSED
