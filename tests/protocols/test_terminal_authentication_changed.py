"""Terminal Authentication between toolkit and emulated card, with the messages changed beneath secure messaging.

So it looks to a card whose terminal errs or cheats, and to a terminal whose card does: the checksums are right, the
contents are not. Header bytes are changed in each bit, other bytes in one; of a command with more than 80 bytes of
data, which is one with a certificate, only every seventh byte has its turn (``test_mutation.py`` changes every byte
outside of secure messaging).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import pytest

from eid_toolkit.cards.emulator.emrtd.memory import EmrtdMemory
from eid_toolkit.cards.emulator.state import CardMemory, StoredFile
from eid_toolkit.cards.terminal.chip import agree_on_keys
from eid_toolkit.cards.terminal.session import CardSession
from eid_toolkit.cards.transport.inprocess import InProcessTransport
from eid_toolkit.ground.errors import BadInput, EidError
from eid_toolkit.standards.iso7816 import commands
from eid_toolkit.standards.iso7816.apdu import CommandApdu, ResponseApdu
from eid_toolkit.standards.iso7816.files import EMRTD_AID, ElementaryFile
from eid_toolkit.standards.lds.dg14 import Dg14
from eid_toolkit.standards.pki.cv_authorization import READ_DG3, Role
from eid_toolkit.standards.pki.cv_trust import CardTrust, CertifiedKey
from eid_toolkit.standards.protocols import bac, chip_authentication
from eid_toolkit.standards.protocols.personalization_data import AccessRule
from eid_toolkit.standards.protocols.terminal_authentication import SessionBinding, chip_name_of_bac
from support.card_states import ENTROPY, Line, issued_document, issued_memory, mrz_password
from support.combinations import FINGERPRINTS, IRISES, prove_rights
from support.cv_chain import START, Holder, cvca
from support.recording import HEADER, flips

FILES = {ElementaryFile.DG3: FINGERPRINTS, ElementaryFile.DG4: IRISES}
GRANTED = {ElementaryFile.DG3}
SEQUENCE = ["read EF.CVCA", "issuer", "verifier", "issuer", "terminal", "key", "challenge", "signature"]
"""The commands of one execution by what they are about."""
LAST, LONG, STEP = len(SEQUENCE) - 1, 80, 7
Send = Callable[[CommandApdu], ResponseApdu]
Alter = Callable[[int, CommandApdu, Send], ResponseApdu]


@cache
def chain() -> tuple[Holder, Holder, Holder]:
    root = cvca()
    verifier = root.issue("UTDV00001", Role.DV_DOMESTIC)
    return root, verifier, verifier.issue("UTIS00001", Role.TERMINAL, rights=READ_DG3)


def card_memory() -> CardMemory:
    memory = issued_memory()
    for file, content in FILES.items():
        memory.part(EmrtdMemory).files[file] = StoredFile(AccessRule.TERMINAL_AUTHENTICATION, content)
    memory.part(EmrtdMemory).trust_terminals_by(CardTrust((CertifiedKey.of_root(chain()[0].certificate),), START))
    return memory


@dataclass
class Attempt:
    """One execution with ``alter`` between terminal and card, on a card of its own after Chip Authentication."""

    alter: Alter
    commands: list[CommandApdu] = field(default_factory=list)
    answers: list[ResponseApdu] = field(default_factory=list)
    error: EidError | None = None

    def __post_init__(self) -> None:
        self.line = line = Line.to(card_memory())
        line.ok(commands.select_application(EMRTD_AID))
        line.session.install(line.session.run(bac.authenticate(mrz_password(), ENTROPY)))
        infos = Dg14.parse(issued_document().files[ElementaryFile.DG14]).security_infos
        key = agree_on_keys(line.session, chip_authentication.choices(infos)[0], ENTROPY)
        send = line.session.exchange

        def exchange(command: CommandApdu) -> ResponseApdu:
            self.commands.append(command)
            self.answers.append(self.alter(len(self.commands) - 1, command, send))
            return self.answers[-1]

        root, verifier, terminal = chain()
        binding = SessionBinding(chip_name_of_bac(issued_document().mrz.information), key)
        line.session.exchange = exchange  # type: ignore[method-assign]
        try:
            prove_rights(line.session, terminal, (root.certificate, verifier.certificate), binding)
        except EidError as error:
            self.error = error
        line.session.exchange = send  # type: ignore[method-assign]

    @property
    def readable(self) -> set[ElementaryFile]:
        """The files that the card gives now, to whoever has the session."""
        found = set()
        self.line.send(commands.select_application(EMRTD_AID))
        for file, content in FILES.items():
            answer = self.line.send(commands.read_binary_sfi(file.sfi, 0, len(content)))
            assert answer.ok == (answer.data == content)
            assert answer.ok or not answer.data
            found |= {file} if answer.ok else set()
        return found


def honest(_: int, command: CommandApdu, send: Send) -> ResponseApdu:
    return send(command)


@cache
def unchanged() -> Attempt:
    attempt = Attempt(honest)
    assert (attempt.error, attempt.readable, len(attempt.commands)) == (None, GRANTED, len(SEQUENCE))
    return attempt


def turned(message: bytes, position: int, bits: int) -> bytes:
    return message[:position] + bytes((message[position] ^ bits,)) + message[position + 1 :]


def changes(message: bytes) -> Iterator[tuple[int, int]]:
    """Places in a message and the bits to be turned there: challenges and signatures are new in every attempt."""
    for position, changed in flips(message):
        yield position, message[position] ^ changed[position]


def changes_of_command(command: CommandApdu) -> Iterator[tuple[int, int]]:
    """Those that leave a command, and of the bytes of a certificate a part."""
    for position, bits in changes(command.encode()):
        if len(command.data) > LONG and position > HEADER and position % STEP:
            continue
        with suppress(BadInput):
            CommandApdu.decode(turned(command.encode(), position, bits))
            yield position, bits


def means_the_same(command: CommandApdu, position: int, bits: int) -> bool:
    """Whether the change meets bits of CLA which secure messaging sets itself, or Le."""
    return (position == 0 and bits in (0x04, 0x08)) or (command.ne != 0 and position == len(command.encode()) - 1)


@pytest.mark.parametrize("at", range(len(SEQUENCE)), ids=SEQUENCE.__getitem__)
def test_no_command_with_a_changed_byte_gives_rights(at: int) -> None:
    """But for those changes that say the same, and for EF.CVCA, which may be read in another way."""
    original = unchanged().commands[at]
    for position, bits in changes_of_command(original):

        def alter(number: int, command: CommandApdu, send: Send, position: int = position, bits: int = bits) -> Any:
            return send(CommandApdu.decode(turned(command.encode(), position, bits)) if number == at else command)

        attempt = Attempt(alter)
        believed = attempt.error is None
        assert attempt.readable == (GRANTED if believed else set()), (position, bits)
        assert not believed or at == 0 or means_the_same(original, position, bits), (position, bits)


@pytest.mark.parametrize("at", range(len(SEQUENCE)), ids=SEQUENCE.__getitem__)
def test_a_terminal_believes_no_answer_with_a_changed_byte(at: int) -> None:
    """A changed challenge is found out by the card, which then refuses; only how EF.CVCA is read may vary.

    A card that has granted the rights and tells otherwise is not believed either.
    """
    original = unchanged().answers[at]
    for position, bits in changes(original.encode()):

        def alter(number: int, command: CommandApdu, send: Send, position: int = position, bits: int = bits) -> Any:
            answer = send(command)
            return ResponseApdu.decode(turned(answer.encode(), position, bits)) if number == at else answer

        attempt = Attempt(alter)
        believed = attempt.error is None
        assert not believed or (at == 0 and position >= len(original.data)), (position, bits)
        assert attempt.readable == (GRANTED if believed or at == LAST else set()), (position, bits)


@pytest.mark.parametrize("at", range(1, len(SEQUENCE)), ids=SEQUENCE.__getitem__)
def test_a_command_that_never_arrives_gives_no_rights(at: int) -> None:
    def drop(number: int, command: CommandApdu, send: Send) -> ResponseApdu:
        return ResponseApdu(b"", 0x9000) if number == at else send(command)

    assert Attempt(drop).readable == set()


@pytest.mark.parametrize("at", range(len(SEQUENCE)), ids=SEQUENCE.__getitem__)
def test_a_command_that_arrives_twice_gives_no_more_rights(at: int) -> None:
    """Naming a key twice does no harm; certificates, challenges and signatures are taken once."""

    def repeat(number: int, command: CommandApdu, send: Send) -> ResponseApdu:
        return [send(command) for _ in range(2 if number == at else 1)][-1]

    attempt = Attempt(repeat)
    once_only = SEQUENCE[at] in ("verifier", "terminal", "challenge", "signature")
    assert (attempt.error is not None) is once_only
    assert attempt.readable == (set() if once_only and at != LAST else GRANTED)


@pytest.mark.parametrize("at", range(1, LAST), ids=SEQUENCE.__getitem__)
def test_a_command_that_comes_after_the_next_gives_no_rights(at: int) -> None:
    held: list[CommandApdu] = []

    def swap(number: int, command: CommandApdu, send: Send) -> ResponseApdu:
        if number == at:
            held.append(command)
            return ResponseApdu(b"", 0x9000)
        answer = send(command)
        while held:
            send(held.pop())
        return answer

    assert Attempt(swap).readable == set()


@pytest.mark.parametrize("at", range(len(SEQUENCE)), ids=SEQUENCE.__getitem__)
@pytest.mark.parametrize("given", range(len(SEQUENCE)), ids=SEQUENCE.__getitem__)
def test_the_answer_to_another_command_gives_no_rights_that_are_not_proved(at: int, given: int) -> None:
    """It may carry what is not looked at; where it lacks what is, the terminal gives up, or reads EF.CVCA otherwise."""
    other = unchanged().answers[given]

    def alter(number: int, command: CommandApdu, send: Send) -> ResponseApdu:
        answer = send(command)
        return other if number == at != given else answer

    attempt = Attempt(alter)
    serves = not other.data if at == 0 else other.ok and SEQUENCE[at] != "challenge"
    assert (attempt.error is None) is (at == given or serves)
    assert attempt.readable == (GRANTED if attempt.error is None or at == LAST else set())


class Stubborn:
    """A card that has one answer to everything, and counts."""

    atr = b"\x3b\x00"

    def __init__(self, answer: bytes) -> None:
        self.answer, self.count = answer, 0

    def process(self, _: bytes, /) -> bytes:
        self.count += 1
        return self.answer

    def reset(self) -> None: ...

    def power_off(self) -> None: ...


@pytest.mark.parametrize("answer", ["6C00", "6C24", "6100", "6108", "AA6101", "9000", "6282", "429000", "6300", "90"])
def test_a_card_with_the_same_answer_to_everything_is_soon_given_up(answer: str) -> None:
    root, verifier, terminal = chain()
    card = Stubborn(bytes.fromhex(answer))
    session = CardSession(InProcessTransport(card, "test"))
    with pytest.raises(EidError):
        prove_rights(session, terminal, (root.certificate, verifier.certificate), SessionBinding(b"", b""))
    assert card.count <= 1000
