"""Reading cards with quirks: whatever the card does, there is a file, a named outcome or a named error."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eid_toolkit.cards.emulator.card import EmulatedCard
from eid_toolkit.cards.emulator.emrtd.memory import EmrtdMemory
from eid_toolkit.cards.emulator.state import StoredFile
from eid_toolkit.cards.terminal.access import open_access
from eid_toolkit.cards.terminal.file_reader import FileReader, ReadStatus, read_buffers
from eid_toolkit.cards.terminal.session import MAX_PARTS, CardSession
from eid_toolkit.cards.transport.inprocess import InProcessTransport
from eid_toolkit.ground.errors import BadInput, CardAbsent, ChannelError, EidError, NoCardError, ProtocolError
from eid_toolkit.standards.iso7816 import commands
from eid_toolkit.standards.iso7816.apdu import CommandApdu, ResponseApdu
from eid_toolkit.standards.iso7816.files import EMRTD_AID, ElementaryFile
from eid_toolkit.standards.lds.atr_info import AtrInfo
from eid_toolkit.standards.protocols.passwords import AccessPassword
from eid_toolkit.standards.protocols.personalization_data import AccessProtocols, AccessRule
from eid_toolkit.standards.protocols.secure_messaging import capacity
from support.card_states import ENTROPY, issued_document, issued_memory, mrz_password
from support.emulated import CAN

CAN_PASSWORD = AccessPassword.from_can(CAN)
DG1, DG2 = ElementaryFile.DG1, ElementaryFile.DG2
Change = Callable[[CommandApdu, bytes], bytes]


class ScriptedCard:
    """Answers by a function of the command; counts what it is asked."""

    atr = b"\x3b\x00"

    def __init__(self, answer: Callable[[CommandApdu], ResponseApdu | bytes]) -> None:
        self._answer = answer
        self.commands: list[CommandApdu] = []

    def process(self, command: bytes, /) -> bytes:
        self.commands.append(CommandApdu.decode(command))
        answer = self._answer(self.commands[-1])
        return answer if isinstance(answer, bytes) else answer.encode()

    def reset(self) -> None: ...

    def power_off(self) -> None: ...


@dataclass
class Quirky:
    """An emulated card with ``change`` between it and the terminal."""

    card: EmulatedCard
    change: Change
    count: int = 0
    seen: list[CommandApdu] = field(default_factory=list)

    @property
    def atr(self) -> bytes:
        return self.card.atr

    def process(self, command: bytes, /) -> bytes:
        self.count += 1
        self.seen.append(CommandApdu.decode(command))
        return self.change(self.seen[-1], command)

    def reset(self) -> None:
        self.card.reset()

    def power_off(self) -> None:
        self.card.power_off()


def session_with(answer: Callable[[CommandApdu], ResponseApdu | bytes]) -> tuple[CardSession, ScriptedCard]:
    card = ScriptedCard(answer)
    return CardSession(InProcessTransport(card, "test")), card


def quirky(
    change: Callable[[EmulatedCard, CommandApdu, bytes], bytes],
    *,
    protocols: AccessProtocols = AccessProtocols.PACE,
    portrait: int = 1000,
) -> tuple[CardSession, Quirky]:
    memory = issued_memory(protocols=protocols)
    if protocols is AccessProtocols.BAC:
        memory.part(EmrtdMemory).files.pop(ElementaryFile.CARD_ACCESS)
    content = b"\x75\x82" + (portrait - 4).to_bytes(2, "big") + bytes(portrait - 4)
    memory.part(EmrtdMemory).files[DG2] = StoredFile(AccessRule.CHIP_ACCESS, content)
    card = EmulatedCard(memory, ENTROPY, lambda _: None)
    line = Quirky(card, lambda command, raw: change(card, command, raw))
    return CardSession(InProcessTransport(line, "test")), line


def sw(status: int, data: bytes = b"") -> bytes:
    return ResponseApdu(data, status).encode()


def read_dg1_and_dg2(session: CardSession, password: AccessPassword = CAN_PASSWORD) -> list[ReadStatus]:
    opened = open_access(session, password, ENTROPY, allow_bac=True)
    reader = FileReader(session, opened.buffers)
    return [reader.read(file).status for file in (DG1, DG2)]


READ = ReadStatus.READ


def test_a_card_without_quirks_is_read() -> None:
    session, _ = quirky(lambda card, command, raw: card.process(raw))
    assert read_dg1_and_dg2(session) == [READ, READ]


@pytest.mark.parametrize("refusal", [0x6D00, 0x6700, 0x6A86, 0x6A82])
def test_a_card_whose_mf_cannot_be_selected_is_read(refusal: int) -> None:
    def change(card: EmulatedCard, command: CommandApdu, raw: bytes) -> bytes:
        return sw(refusal) if raw.startswith(bytes.fromhex("00A4000C")) else card.process(raw)

    assert read_dg1_and_dg2(quirky(change)[0]) == [READ, READ]


def test_a_card_that_knows_no_short_identifiers_is_read_by_selecting() -> None:
    def change(card: EmulatedCard, command: CommandApdu, raw: bytes) -> bytes:
        plain_sfi = command.ins == 0xB0 and command.cla == 0 and command.p1 & 0x80
        return sw(0x6A86) if plain_sfi else card.process(raw)

    session, line = quirky(change)
    assert read_dg1_and_dg2(session) == [READ, READ]
    assert any(raw.ins == 0xA4 and raw.data == b"\x01\x1c" for raw in line.seen)


def test_a_card_without_atr_info_is_read_by_short_commands_only() -> None:
    session, line = quirky(lambda card, command, raw: card.process(raw))
    line.card.memory.part(EmrtdMemory).files.pop(ElementaryFile.ATR_INFO)
    assert read_dg1_and_dg2(session) == [READ, READ]
    assert not any(command.extended for command in line.seen)


@pytest.mark.parametrize("content", ["", "00", "47038400", "4703840000", "7F66080202010002020100", "4703FFFFE07F6600"])
def test_an_atr_info_that_says_nothing_of_sizes_means_short_commands(content: str) -> None:
    session, _ = session_with(lambda command: ResponseApdu(bytes.fromhex(content), 0x9000))
    assert read_buffers(session) is None
    assert FileReader(session, None).chunk == 256


@pytest.mark.parametrize("size", [0, 1, 255, 256, 257, 258])
def test_declared_sizes_that_are_no_gain_mean_short_commands(size: int) -> None:
    session, card = session_with(lambda command: ResponseApdu(b"\x61\x00", 0x9000))
    assert FileReader(session, (size, size)).read(DG1).status is READ
    assert not card.commands[0].extended
    assert card.commands[0].ne == 256


def test_sizes_beyond_what_a_file_holds_are_cut() -> None:
    session, _ = session_with(lambda command: ResponseApdu(b"", 0x9000))
    assert FileReader(session, AtrInfo.of(0xFFFF, 0xFFFF).extended_length).chunk <= 0xFFFF


@pytest.mark.parametrize("rest", [1, 223, 224, 240, 255, 256, 257])
def test_the_last_part_of_a_file_may_have_any_length(rest: int) -> None:
    """A protected short answer holds 223 bytes: what is longer must be asked for by a long command."""
    session, line = quirky(lambda card, command, raw: card.process(raw), portrait=capacity(16384 - 2, 16) + rest)
    assert read_dg1_and_dg2(session) == [READ, READ]
    assert line.seen[-2].extended
    assert line.seen[-1].extended is (rest > 223)


def test_wrong_le_is_asked_again_with_the_right_one() -> None:
    session, card = session_with(
        lambda c: ResponseApdu(b"\x61\x00", 0x9000) if c.ne == 2 else ResponseApdu(b"", 0x6C02)
    )
    assert FileReader(session).read(DG1).data == b"\x61\x00"
    assert [command.ne for command in card.commands] == [256, 2]


def test_wrong_le_for_ever_is_asked_again_only_once() -> None:
    session, card = session_with(lambda command: ResponseApdu(b"", 0x6C02))
    assert session.exchange(commands.read_binary(0, 4)).sw == 0x6C02
    assert len(card.commands) == 2


@pytest.mark.parametrize("part", [0, 1, 255])
def test_an_answer_without_end_is_given_up(part: int) -> None:
    session, card = session_with(lambda command: ResponseApdu(bytes(part), 0x6100))
    with pytest.raises(ProtocolError, match="card-answer-endless"):
        session.exchange(commands.read_binary(0, 4))
    assert len(card.commands) <= MAX_PARTS + 1


def test_a_file_that_ends_early_says_so() -> None:
    session, _ = session_with(lambda command: ResponseApdu(b"\x61\x05abc"[command.p2 :][: command.ne], 0x6282))
    found = FileReader(session).read(DG1)
    assert (found.status, found.reason) == (ReadStatus.FAILED, "file-truncated")


def test_bytes_behind_the_object_do_not_belong_to_the_file() -> None:
    session, _ = session_with(lambda command: ResponseApdu(b"\x61\x03abc" + bytes(20), 0x6282))
    assert FileReader(session).read(DG1).data == b"\x61\x03abc"


def test_short_answers_are_put_together() -> None:
    content = b"\x61\x82\x01\x00" + bytes(256)
    session, _ = session_with(
        lambda c: ResponseApdu(content[c.p2 if c.p1 & 0x80 else c.p1 << 8 | c.p2 :][: min(c.ne, 7)], 0x9000)
    )
    assert FileReader(session).read(DG1).data == content


@pytest.mark.parametrize(
    ("header", "reason"),
    [
        ("61840200000000", "tlv-value-too-large"),  # 32 MB
        ("6184FFFFFFFF00", "tlv-value-too-large"),
        ("618301000000", "file-too-large"),
        ("6182FFFF00", "file-too-large"),
        ("6180", "tlv-indefinite-length"),
        ("61850000000000", "tlv-length-too-long"),
        ("61", "tlv-truncated"),
        ("7F", "tlv-truncated"),
    ],
)
def test_a_header_that_no_file_has_ends_the_reading_at_once(header: str, reason: str) -> None:
    session, card = session_with(lambda command: ResponseApdu(bytes.fromhex(header), 0x9000))
    found = FileReader(session, (65535, 65535)).read(DG1)
    assert (found.status, found.reason) == (ReadStatus.FAILED, reason)
    assert len(card.commands) == 1


def test_a_card_that_gives_a_byte_at_a_time_is_given_up() -> None:
    session, card = session_with(
        lambda c: ResponseApdu(b"\x75\x82\xff\x00" if c.p1 & 0x80 else b"\x00", 0x9000 if c.ins == 0xB0 else 0x6D00)
    )
    assert FileReader(session).read(DG2).reason == "file-truncated"
    assert len(card.commands) <= 4096


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (0x6A82, ReadStatus.ABSENT),
        (0x6A88, ReadStatus.ABSENT),
        (0x6982, ReadStatus.PROTECTED),
        (0x6985, ReadStatus.PROTECTED),
        (0x6F00, ReadStatus.FAILED),
        (0x9000, ReadStatus.FAILED),
        (0x6300, ReadStatus.FAILED),
    ],
)
def test_absent_protected_and_failed_are_told_apart(status: int, expected: ReadStatus) -> None:
    session, _ = session_with(lambda command: ResponseApdu(b"", status))
    found = FileReader(session).read(DG1)
    assert (found.status, found.reason) == (expected, f"{status:04X}")


@pytest.mark.parametrize("answer", ["", "90", "6F"])
def test_an_answer_without_a_status_word_is_a_named_error(answer: str) -> None:
    session, _ = session_with(lambda command: bytes.fromhex(answer))
    with pytest.raises(BadInput, match="apdu-response-truncated"):
        session.exchange(commands.select_mf())


def test_an_odd_answer_must_be_a_data_object() -> None:
    content = b"\x75\x82\x90\x00" + bytes(0x9000)

    def answer(command: CommandApdu) -> ResponseApdu:
        if command.ins == 0xB1:
            return ResponseApdu(b"\x54\x01\x00", 0x9000)
        return ResponseApdu(
            content[command.p1 << 8 | command.p2 :][: command.ne] if command.p1 < 0x80 else content[:16998], 0x9000
        )

    session, _ = session_with(answer)
    found = FileReader(session, (17000, 17000)).read(DG2)
    assert (found.status, found.reason) == (ReadStatus.FAILED, "tlv-unexpected-tag")


WAYS = {AccessProtocols.PACE: CAN_PASSWORD, AccessProtocols.BAC: mrz_password()}


def exchanges(protocols: AccessProtocols) -> int:
    session, line = quirky(lambda card, command, raw: card.process(raw), protocols=protocols)
    assert read_dg1_and_dg2(session, WAYS[protocols]) == [READ, READ]
    return line.count


def at_exchange(index: int, protocols: AccessProtocols, change: Callable[[bytes], bytes]) -> CardSession:
    """A session whose exchange number ``index`` goes wrong."""
    counter = iter(range(1, 1000))

    def process(card: EmulatedCard, command: CommandApdu, raw: bytes) -> bytes:
        answer = card.process(raw)
        return change(answer) if next(counter) == index else answer

    return quirky(process, protocols=protocols)[0]


CHANGES: dict[str, Callable[[bytes], bytes]] = {
    "first bit": lambda answer: bytes((answer[0] ^ 0x80,)) + answer[1:],
    "last data byte": lambda answer: (
        answer[:-3] + bytes((answer[-3] ^ 1,)) + answer[-2:] if answer[2:] else b"\x64\x00"
    ),
    "status": lambda answer: answer[:-2] + b"\x6f\x00",
    "warning": lambda answer: answer[:-2] + b"\x62\x82",
    "cut": lambda answer: answer[:-1],
    "empty": lambda answer: b"",
    "only status": lambda answer: answer[-2:],
    "longer": lambda answer: b"\0" + answer,
    "endless": lambda answer: answer[:-2] + b"\x61\x10",
    "wrong Le": lambda answer: b"\x6c\x10",
}


@pytest.mark.parametrize("name", CHANGES)
@pytest.mark.parametrize("protocol", WAYS, ids=str)
def test_a_wrong_answer_at_any_exchange_gives_an_outcome_or_a_named_error(protocol: AccessProtocols, name: str) -> None:
    for index in range(1, exchanges(protocol) + 1):
        session = at_exchange(index, protocol, CHANGES[name])
        try:
            outcomes = read_dg1_and_dg2(session, WAYS[protocol])
        except EidError:
            assert not session.is_secure, index
        else:
            assert outcomes == [READ, READ], index  # harmless: the file of buffer sizes, a warning for an OK


@pytest.mark.parametrize("protocol", WAYS, ids=str)
@settings(max_examples=80)
@given(index=st.integers(1, 20), position=st.integers(0, 2000), bit=st.integers(0, 7))
def test_a_flipped_bit_anywhere_gives_an_outcome_or_a_named_error(
    protocol: AccessProtocols, index: int, position: int, bit: int
) -> None:
    def flip(answer: bytes) -> bytes:
        at = position % len(answer)
        return answer[:at] + bytes((answer[at] ^ 1 << bit,)) + answer[at + 1 :]

    session = at_exchange(index, protocol, flip)
    try:
        outcomes = read_dg1_and_dg2(session, WAYS[protocol])
    except EidError:
        assert not session.is_secure
    else:
        assert outcomes == [READ, READ]


def pull(answer: bytes) -> bytes:
    raise CardAbsent("no-card", reader="test")


@pytest.mark.parametrize("protocol", WAYS, ids=str)
def test_a_card_pulled_at_any_exchange_is_no_card_and_leaves_a_plain_session(protocol: AccessProtocols) -> None:
    for index in range(1, exchanges(protocol) + 1):
        session = at_exchange(index, protocol, pull)
        with pytest.raises(NoCardError):
            read_dg1_and_dg2(session, WAYS[protocol])
        assert not session.is_secure


def test_after_a_broken_channel_no_file_is_called_protected() -> None:
    """A card that loses the session mid-way has broken the channel; it has not refused the next file."""
    session, line = quirky(lambda card, command, raw: card.process(raw))
    reader = FileReader(session, open_access(session, CAN_PASSWORD, ENTROPY, allow_bac=False).buffers)
    line.change = lambda command, raw: b"\x61\x10"
    with pytest.raises(BadInput, match="card-answer-endless"):
        reader.read(DG1)
    assert not session.is_secure


def test_a_plain_error_under_secure_messaging_breaks_the_channel() -> None:
    session, line = quirky(lambda card, command, raw: card.process(raw))
    reader = FileReader(session, open_access(session, CAN_PASSWORD, ENTROPY, allow_bac=False).buffers)
    line.change = lambda command, raw: b"\x69\x88"
    with pytest.raises(ChannelError, match="sm-response-unprotected"):
        reader.read(DG1)


def test_the_toolkits_document_reads_back_whole() -> None:
    session, _ = quirky(lambda card, command, raw: card.process(raw))
    reader = FileReader(session, open_access(session, CAN_PASSWORD, ENTROPY, allow_bac=False).buffers)
    files = {
        file: content for file, content in issued_document().files.items() if file.in_application and file is not DG2
    }
    assert {file: reader.read(file).data for file in files} == files
    session.exchange(commands.select_application(EMRTD_AID))
