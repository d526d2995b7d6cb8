"""Fingerprints in an inspection: read with a right, named where the right is missing, and never in the way."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from eid_toolkit.cards.emulator.emrtd.memory import EmrtdMemory
from eid_toolkit.cards.emulator.state import CardMemory
from eid_toolkit.cards.terminal.rights import TerminalIdentity, read_trusted
from eid_toolkit.cards.terminal.session import CardSession
from eid_toolkit.cards.transport.inprocess import InProcessTransport
from eid_toolkit.ground.ports import SystemEntropy
from eid_toolkit.standards.asn1.security_infos import FileId, SecurityInfos, TerminalAuthenticationInfo
from eid_toolkit.standards.iso7816.files import ElementaryFile as Ef
from eid_toolkit.standards.pki.cv_authorization import READ_DG3, READ_DG4, Role
from eid_toolkit.standards.protocols.passwords import AccessPassword
from eid_toolkit.standards.protocols.personalization_data import AccessProtocols
from eid_toolkit.work.inspection.capture import capture
from eid_toolkit.work.inspection.evidence import ChipProof, Evidence, FileState, TerminalProof
from eid_toolkit.work.inspection.evidence_format import decode_evidence, encode_evidence
from eid_toolkit.work.inspection.policy import policy_by_name
from eid_toolkit.work.inspection.verdict import Decision, judge
from support.authorities import NOW, Authority, new_key
from support.cv_chain import BOTH, START, Holder, cvca, ec_signer
from support.documents import IssuedDocument, specimen_mrz
from support.emulated import BAC_ONLY, CAN, PACE_ONLY, card_memory, emulated_card
from support.scripted import FixedClock
from support.terminals import identity, terminal_of, trust_terminals

OFFICER = policy_by_name("officer")
GROUPS = {3: bytes.fromhex("63067F6103020100"), 4: bytes.fromhex("76067F6103020100")}


@pytest.fixture(scope="module")
def root() -> Holder:
    return cvca()


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority()


@pytest.fixture(scope="module")
def document(authority: Authority) -> IssuedDocument:
    issued = IssuedDocument(authority, specimen_mrz())
    issued.data_groups |= GROUPS
    return issued


def read(
    document: IssuedDocument,
    memory: CardMemory,
    *terminals: TerminalIdentity,
    by_can: bool = True,
    now: datetime = NOW,
) -> Evidence:
    information = document.mrz.information
    password = AccessPassword.from_can(CAN) if by_can else AccessPassword.from_mrz_information(information)
    transport = InProcessTransport(emulated_card(memory), "emulator:test")
    return capture(transport, password, OFFICER, SystemEntropy(), FixedClock(now), terminals=terminals)


@pytest.fixture
def memory(document: IssuedDocument, root: Holder) -> CardMemory:
    return trust_terminals(card_memory(document), root)


@pytest.mark.parametrize("protocols", [PACE_ONLY, BAC_ONLY])
@pytest.mark.parametrize(("rights", "groups"), [(READ_DG3, {3}), (READ_DG4, {4}), (BOTH, {3, 4}), (0, set())])
def test_what_the_right_opens_is_read(
    authority: Authority,
    document: IssuedDocument,
    root: Holder,
    protocols: AccessProtocols,
    rights: int,
    groups: set[int],
) -> None:
    leave_out = () if protocols is PACE_ONLY else (Ef.CARD_ACCESS,)
    memory = trust_terminals(card_memory(document, protocols=protocols, leave_out=leave_out), root)
    evidence = read(document, memory, terminal_of(root, rights), by_can=protocols is PACE_ONLY)
    shown = evidence.terminal_authentication
    assert (shown.outcome, shown.terminal, set(shown.data_groups)) == (TerminalProof.DONE, "UTIS00001", groups)
    for number, content in GROUPS.items():
        expected = FileState.READ if number in groups else FileState.NEEDS_TERMINAL_AUTHENTICATION
        assert evidence.state(Ef.of_data_group(number)) is expected
        assert evidence.content(Ef.of_data_group(number)) == (content if number in groups else None)
    verdict = judge(evidence, authority.trust(authority.crl()), OFFICER, NOW)
    assert "pa.data-group-hashes" not in verdict.failed_checks()


def test_a_changed_fingerprint_is_found_out(authority: Authority, document: IssuedDocument, root: Holder) -> None:
    memory = trust_terminals(card_memory(document), root)
    stored = memory.part(EmrtdMemory).files[Ef.DG3]
    memory.part(EmrtdMemory).files[Ef.DG3] = replace(stored, content=stored.content[:-1] + b"\x01")
    trust = authority.trust(authority.crl())
    seen = judge(read(document, memory, terminal_of(root)), trust, OFFICER, NOW)
    unseen = judge(read(document, memory), trust, OFFICER, NOW)
    assert seen.failed_checks() == {"pa.data-group-hashes"}
    assert unseen.decision is Decision.PASSED


def test_without_a_key_the_chip_still_says_whom_it_trusts(document: IssuedDocument, memory: CardMemory) -> None:
    evidence = read(document, memory)
    shown = evidence.terminal_authentication
    assert (shown.outcome, shown.trusted, shown.cause) == (TerminalProof.NO_KEY, ("UTCVCA00001",), "cvc-no-chain")
    assert evidence.content(Ef.CVCA) == memory.part(EmrtdMemory).files[Ef.CVCA].content
    assert evidence.interrupted is None


def test_the_terminal_of_the_right_country_is_taken(document: IssuedDocument, memory: CardMemory, root: Holder) -> None:
    stranger = terminal_of(cvca(ec_signer(), "XXCVCA00001"))
    evidence = read(document, memory, stranger, terminal_of(root))
    assert evidence.terminal_authentication.outcome is TerminalProof.DONE


def test_an_expired_terminal_is_not_shown_to_a_chip_that_lags_behind(
    document: IssuedDocument, memory: CardMemory, root: Holder
) -> None:
    verifier = root.issue("UTDV00001", Role.DV_DOMESTIC)
    old = verifier.issue("UTIS00001", Role.TERMINAL, days=3)
    december = datetime(2026, 12, 1, tzinfo=UTC)
    shown = read(document, memory, identity(root, verifier, old), now=december).terminal_authentication
    assert (shown.outcome, shown.cause) == (TerminalProof.NO_KEY, "terminal-expired")


def test_a_chip_that_refuses_gives_its_other_files(document: IssuedDocument, memory: CardMemory, root: Holder) -> None:
    forged = root.issue("UTDV00001", Role.DV_DOMESTIC, by=ec_signer(), with_domain=False)
    evidence = read(document, memory, identity(forged, forged.issue("UTIS00001", Role.TERMINAL)))
    shown = evidence.terminal_authentication
    assert (shown.outcome, shown.cause) == (TerminalProof.REFUSED, "ta-certificate-refused")
    assert evidence.interrupted is None
    assert evidence.state(Ef.DG15) is FileState.READ
    assert evidence.active_authentication.outcome is ChipProof.DONE
    assert evidence.state(Ef.DG3) is FileState.NEEDS_TERMINAL_AUTHENTICATION


def test_a_chip_without_trust_points_is_no_failure(document: IssuedDocument, root: Holder) -> None:
    evidence = read(document, card_memory(document), terminal_of(root))
    shown = evidence.terminal_authentication
    assert (shown.outcome, shown.cause) == (TerminalProof.REFUSED, "ef-cvca-not-readable")
    assert evidence.interrupted is None
    assert Ef.CVCA not in evidence.files


def test_rights_are_not_shown_to_a_copy(document: IssuedDocument, root: Holder) -> None:
    memory = trust_terminals(card_memory(document, chip_key=new_key()), root)
    evidence = read(document, memory, terminal_of(root))
    assert evidence.chip_authentication.outcome is ChipProof.WRONG
    assert evidence.terminal_authentication.outcome is TerminalProof.NOT_ATTEMPTED


def test_a_card_without_fingerprints_costs_no_command_more(authority: Authority, root: Holder) -> None:
    plain = IssuedDocument(authority, specimen_mrz())
    without, beside = (read(plain, card_memory(plain), *terminals) for terminals in ((), (terminal_of(root),)))
    assert without.apdus == beside.apdus
    assert beside.terminal_authentication.outcome is TerminalProof.NOT_ATTEMPTED


def test_what_will_be_refused_is_read_last(document: IssuedDocument, memory: CardMemory) -> None:
    evidence = read(document, memory)
    assert list(evidence.files)[-2:] == [Ef.DG3, Ef.DG4]


def test_evidence_keeps_it(document: IssuedDocument, memory: CardMemory, root: Holder) -> None:
    for terminals in ((), (terminal_of(root),)):
        evidence = read(document, memory, *terminals)
        assert decode_evidence(encode_evidence(evidence)) == evidence


def test_a_link_certificate_leads_to_a_chip_of_last_year(
    document: IssuedDocument, memory: CardMemory, root: Holder
) -> None:
    second = root.issue("UTCVCA00002", Role.CVCA, effective=START + timedelta(days=2))
    verifier = second.issue("UTDV00001", Role.DV_FOREIGN, effective=START + timedelta(days=2))
    terminal = verifier.issue("UTIS00001", Role.TERMINAL, effective=START + timedelta(days=2))
    evidence = read(document, memory, identity(second, verifier, terminal))
    assert evidence.terminal_authentication.outcome is TerminalProof.DONE
    again = read(document, memory, identity(second, verifier, terminal))
    assert again.terminal_authentication.trusted == ("UTCVCA00002", "UTCVCA00001")


class ElsewhereCard:
    """A chip that knows SELECT by identifier and READ BINARY, with EF.CVCA where DG14 says."""

    atr = b"\x3b\x00"

    def __init__(self, fid: int, sfi: int | None, content: bytes) -> None:
        self._fid, self._sfi, self._content, self._open = fid, sfi, content, False

    def process(self, command: bytes, /) -> bytes:
        if command[1] == 0xA4:
            self._open = command[2] == 2 and int.from_bytes(command[5:7], "big") == self._fid
            return b"\x90\x00" if self._open else b"\x6a\x82"
        if command[1] == 0xB0 and (self._open or command[2] == 0x80 | (self._sfi or 0)):
            return self._content + b"\x90\x00"
        return b"\x6a\x82"

    def reset(self) -> None: ...

    def power_off(self) -> None: ...


@pytest.mark.parametrize("place", [FileId(0x0119), FileId(0x0119, 0x19)])
def test_ef_cvca_is_read_where_dg14_says(place: FileId) -> None:
    content = b"\x42\x0bUTCVCA00001".ljust(36, b"\0")
    session = CardSession(InProcessTransport(ElsewhereCard(place.fid, place.sfi, content), "test"))
    assert read_trusted(session, SecurityInfos.of(TerminalAuthenticationInfo(1, place))) == content


def test_terminals_are_tried_in_their_order(document: IssuedDocument, memory: CardMemory, root: Holder) -> None:
    def names(terminals: Sequence[TerminalIdentity]) -> str | None:
        return read(document, memory, *terminals).terminal_authentication.terminal

    verifier = root.issue("UTDV00001", Role.DV_DOMESTIC)
    first, second = (identity(root, verifier, verifier.issue(f"UTIS0000{n}", Role.TERMINAL)) for n in (1, 2))
    assert [names((first, second)), names((second, first))] == ["UTIS00001", "UTIS00002"]
