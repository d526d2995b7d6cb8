"""Whatever happens to the messages of a protocol, neither end is left with a session, and both name what is wrong.

Each conversation is recorded once, between the toolkit's terminal and the emulated card, with randomness that can be
had again. Then each end meets the recording alone, with one byte changed, or a message dropped, repeated or swapped.
Every byte has its turn, those of the certificates of Terminal Authentication too. What becomes of that protocol where
the messages change beneath secure messaging is in ``test_terminal_authentication_changed.py``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import pytest

from eid_toolkit.cards.emulator import image
from eid_toolkit.cards.emulator.card import EmulatedCard
from eid_toolkit.cards.emulator.emrtd.memory import EmrtdMemory
from eid_toolkit.cards.emulator.state import CardMemory, StoredFile
from eid_toolkit.cards.terminal.chip import agree_on_keys
from eid_toolkit.cards.terminal.security_domain import SecurityDomain
from eid_toolkit.cards.terminal.session import CardSession
from eid_toolkit.cards.transport.inprocess import InProcessTransport
from eid_toolkit.ground.errors import EidError
from eid_toolkit.standards.asn1.oids import PaceProtocol
from eid_toolkit.standards.asn1.security_infos import PaceInfo, SecurityInfos
from eid_toolkit.standards.iso7816 import commands
from eid_toolkit.standards.iso7816.apdu import CommandApdu, ResponseApdu
from eid_toolkit.standards.iso7816.files import EMRTD_AID, ElementaryFile
from eid_toolkit.standards.lds.card_access import CardAccess
from eid_toolkit.standards.lds.dg14 import Dg14
from eid_toolkit.standards.pki.cv_authorization import Role
from eid_toolkit.standards.pki.cv_trust import CardTrust, CertifiedKey
from eid_toolkit.standards.protocols import active_authentication, bac, chip_authentication, pace_terminal
from eid_toolkit.standards.protocols import globalplatform as gp
from eid_toolkit.standards.protocols.passwords import AccessPassword
from eid_toolkit.standards.protocols.personalization_data import AccessRule, ChipKey
from eid_toolkit.standards.protocols.terminal_authentication import SessionBinding, chip_name_of_bac
from support.card_states import TRANSPORT_KEYS, NoGuard, blank_memory, issued_document, issued_memory, mrz_password
from support.combinations import FINGERPRINTS, prove_rights
from support.cv_chain import START, Holder, cvca
from support.emulated import CAN
from support.recording import Exchange, Recorder, Replayer, SeededEntropy, flips, rearranged

READ_DG1 = commands.read_binary_sfi(ElementaryFile.DG1.sfi, 0, 64)
READ_DG3 = commands.read_binary_sfi(ElementaryFile.DG3.sfi, 0, len(FINGERPRINTS))
SELECT_APPLICATION = commands.select_application(EMRTD_AID)
PARAMETER_ID = 13


class Terminal:
    """One end: what it did, and whether it still believes in a session."""

    def __init__(self, session: CardSession) -> None:
        self.session, self.entropy = session, SeededEntropy("terminal")
        self.domain: SecurityDomain | None = None

    def read_dg1(self) -> bytes:
        return self.session.exchange(READ_DG1).data

    def pace(self, mapping: str) -> bytes | None:
        """None where Chip Authentication Mapping does not prove the chip, which only its signed key can tell."""
        info = pace_info(mapping)
        found = self.session.run(pace_terminal.establish(AccessPassword.from_can(CAN), info, self.entropy))
        self.session.install(found.channel)
        self.session.exchange(SELECT_APPLICATION)
        read, proof, key = self.read_dg1(), found.chip_proof, issued_document().chip_key.key.public_key
        return read if proof is None or proof.is_by(key.domain, key.point) else None

    def bac(self) -> bytes:
        self.session.exchange(SELECT_APPLICATION)
        self.session.install(self.session.run(bac.authenticate(mrz_password(), self.entropy)))
        return self.read_dg1()

    def chip_authentication(self) -> bytes:
        self.agree_with_chip()
        return self.read_dg1()

    def agree_with_chip(self) -> bytes:
        self.bac()
        infos = Dg14.parse(issued_document().files[ElementaryFile.DG14]).security_infos
        return agree_on_keys(self.session, chip_authentication.choices(infos)[0], self.entropy)

    def terminal_authentication(self) -> bytes:
        name = chip_name_of_bac(issued_document().mrz.information)
        root, verifier, terminal = terminals()
        binding = SessionBinding(name, self.agree_with_chip())
        prove_rights(self.session, terminal, (root.certificate, verifier.certificate), binding)
        return self.session.exchange(READ_DG3).data

    def active_authentication(self) -> bytes:
        self.bac()
        self.session.run(active_authentication.challenge_chip(self.entropy))
        return self.read_dg1()

    def scp03(self) -> bytes:
        self.domain = SecurityDomain(self.session, self.entropy)
        handshake = self.domain.initialize(self.domain.select())
        self.domain.authenticate(handshake, TRANSPORT_KEYS, NoGuard())
        self.domain.exchange(gp.get_status(0x80))
        return self.domain.exchange(gp.get_status(0x40)).data

    def has_session(self) -> bool:
        """Whether it would still send under a channel."""
        return self.session.is_secure or (self.domain is not None and self.domain._channel is not None)


def pace_info(mapping: str) -> PaceInfo:
    return PaceInfo(PaceProtocol.of("ecdh", mapping, "aes-128").oid, 2, PARAMETER_ID)  # type: ignore[arg-type]


def finished_card(mapping: str = "gm") -> CardMemory:
    memory = issued_memory()
    memory.part(EmrtdMemory).files[ElementaryFile.CARD_ACCESS] = StoredFile(
        AccessRule.ALWAYS, CardAccess(SecurityInfos.of(pace_info(mapping))).encode()
    )
    if mapping == "cam":
        scalar = issued_document().chip_key.key.scalar
        memory.part(EmrtdMemory).chip_authentication_keys = {PARAMETER_ID: ChipKey(PARAMETER_ID, PARAMETER_ID, scalar)}
    return memory


@cache
def terminals() -> tuple[Holder, Holder, Holder]:
    """The country's root, its document verifier, and the terminal."""
    root = cvca()
    verifier = root.issue("UTDV00001", Role.DV_DOMESTIC)
    return root, verifier, verifier.issue("UTIS00001", Role.TERMINAL)


def card_with_fingerprints() -> CardMemory:
    memory = finished_card()
    memory.part(EmrtdMemory).files[ElementaryFile.DG3] = StoredFile(AccessRule.TERMINAL_AUTHENTICATION, FINGERPRINTS)
    memory.part(EmrtdMemory).trust_terminals_by(CardTrust((CertifiedKey.of_root(terminals()[0].certificate),), START))
    return memory


@dataclass(frozen=True)
class Protocol:
    """A conversation; ``first`` is the first exchange that belongs to the protocol, and ``restarts`` begin it anew."""

    talk: Callable[[Terminal], bytes | None]
    memory: Callable[[], CardMemory]
    first: int
    restarts: frozenset[int] = frozenset()
    uncovered: frozenset[int] = frozenset()
    """Bytes of the first answer that the protocol does not protect, and that do no harm."""


PROTOCOLS = {
    "pace-gm": Protocol(lambda end: end.pace("gm"), finished_card, 0, frozenset({0})),
    "pace-im": Protocol(lambda end: end.pace("im"), lambda: finished_card("im"), 0, frozenset({0})),
    "pace-cam": Protocol(lambda end: end.pace("cam"), lambda: finished_card("cam"), 0, frozenset({0})),
    "bac": Protocol(Terminal.bac, finished_card, 1),
    "chip authentication": Protocol(Terminal.chip_authentication, finished_card, 4),
    "active authentication": Protocol(Terminal.active_authentication, finished_card, 3),
    "terminal authentication": Protocol(Terminal.terminal_authentication, card_with_fingerprints, 6),
    # INITIALIZE UPDATE: the i parameter's bit for pseudo-random challenges, and the counter that these would use.
    "scp03": Protocol(Terminal.scp03, blank_memory, 2, uncovered=frozenset({12, 29, 30, 31})),
}


@cache
def recording(name: str) -> tuple[bytes, tuple[Exchange, ...], bytes]:
    """The card's image before, the exchanges, and what the terminal read at the end."""
    protocol = PROTOCOLS[name]
    before = image.encode(protocol.memory())
    tap = Recorder(card_from(before))
    result = protocol.talk(terminal_at(tap))
    assert result
    return before, tuple(tap.exchanges), result


def card_from(before: bytes) -> EmulatedCard:
    return EmulatedCard(image.decode(before), SeededEntropy("card"), lambda _: None, wait=lambda _: None)


def terminal_at(card: EmulatedCard | Recorder | Replayer) -> Terminal:
    return Terminal(CardSession(InProcessTransport(card, "test")))


def still_serves(before: bytes, messages: list[bytes], last: bytes) -> bool:
    """Whether a card that gets ``messages`` answers the last one as in the recording; it must never fail inside.

    Where it does not, nothing can be read any more.
    """
    card = card_from(before)
    answers = [card.process(message) for message in messages]
    assert all(len(answer) >= 2 and answer[-2:] != b"\x6f\x00" for answer in answers)
    if answers[-1] == last:
        return True
    assert ResponseApdu.decode(answers[-1]).sw != 0x9000
    card.process(SELECT_APPLICATION.encode())
    for command in (READ_DG1, READ_DG3):
        refused = ResponseApdu.decode(card.process(command.encode()))
        assert (refused.sw, refused.data) == (0x6982, b"")
    return False


@pytest.mark.parametrize("name", PROTOCOLS)
def test_a_card_serves_nobody_after_a_changed_byte(name: str) -> None:
    """Only Le is covered by nothing: 7816-4 protects what was asked, not how much of the answer fits."""
    before, exchanges, _ = recording(name)
    messages, protocol = [command for command, _ in exchanges], PROTOCOLS[name]
    for at in range(protocol.first, len(messages) - 1):
        for position, changed in flips(messages[at]):
            served = still_serves(before, [*messages[:at], changed, *messages[at + 1 :]], exchanges[-1][1])
            assert not served or is_length(messages[at], position), (at, position)


def is_length(message: bytes, position: int) -> bool:
    """Whether the byte at ``position`` belongs to Le."""
    command = CommandApdu.decode(message)
    return bool(command.ne) and position >= len(message) - (2 if command.extended else 1)


@pytest.mark.parametrize("name", PROTOCOLS)
def test_a_card_serves_nobody_after_messages_in_another_order(name: str) -> None:
    before, exchanges, _ = recording(name)
    protocol = PROTOCOLS[name]
    for change, at, messages in rearranged([command for command, _ in exchanges], protocol.first):
        served = still_serves(before, messages, exchanges[-1][1])
        assert served is (change == "repeated" and at in protocol.restarts), (change, at)


def outcome(name: str, answers: list[bytes]) -> bytes | None:
    """What a terminal reads that gets ``answers``; None where it gave up, with a named error and without a session."""
    terminal = terminal_at(Replayer(answers))
    try:
        return PROTOCOLS[name].talk(terminal)
    except EidError:
        assert not terminal.has_session()
        return None


@pytest.mark.parametrize("name", PROTOCOLS)
def test_a_terminal_believes_nothing_after_a_changed_byte(name: str) -> None:
    """Only the status word outside secure messaging is covered by nothing: the one inside counts."""
    _, exchanges, result = recording(name)
    answers, protocol = [answer for _, answer in exchanges], PROTOCOLS[name]
    for at in range(protocol.first, len(answers)):
        for position, changed in flips(answers[at]):
            found = outcome(name, [*answers[:at], changed, *answers[at + 1 :]])
            uncovered = position >= len(answers[at]) - 2 or (at == protocol.first and position in protocol.uncovered)
            assert found is None or (found == result and uncovered), (at, position)


@pytest.mark.parametrize("name", PROTOCOLS)
def test_a_terminal_believes_nothing_after_answers_in_another_order(name: str) -> None:
    _, exchanges, _ = recording(name)
    for change, at, answers in rearranged([answer for _, answer in exchanges], PROTOCOLS[name].first):
        assert outcome(name, answers) is None, (change, at)
