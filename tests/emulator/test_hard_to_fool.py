"""Recordings played to a card, protocols taken apart, protected commands cut short: nothing opens, nothing goes on."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from eid_toolkit.cards.emulator.domain.memory import DomainMemory
from eid_toolkit.cards.emulator.emrtd.memory import EmrtdMemory
from eid_toolkit.cards.emulator.state import CardMemory, StoredFile
from eid_toolkit.cards.terminal.access import open_access
from eid_toolkit.cards.terminal.session import CardSession
from eid_toolkit.cards.transport.inprocess import InProcessTransport
from eid_toolkit.ground.errors import EidError
from eid_toolkit.standards.codec import der, tlv
from eid_toolkit.standards.iso7816 import commands
from eid_toolkit.standards.iso7816.apdu import CommandApdu, ResponseApdu
from eid_toolkit.standards.iso7816.files import EMRTD_AID, ElementaryFile
from eid_toolkit.standards.protocols import bac, pace_terminal
from eid_toolkit.standards.protocols import globalplatform as gp
from eid_toolkit.standards.protocols.passwords import AccessPassword
from eid_toolkit.standards.protocols.personalization_data import AccessRule
from support.card_states import (
    ENTROPY,
    STATES,
    Line,
    app,
    authenticated,
    blank_memory,
    issued_memory,
    mf,
    mrz_password,
)
from support.documents import GM_AES
from support.emulated import CAN
from support.recording import Recorder

PASSWORD = AccessPassword.from_can(CAN)
SM_STATES = ("pace", "p-app", "bac", "ca")
FREE = {ElementaryFile.CARD_ACCESS, ElementaryFile.ATR_INFO, ElementaryFile.DIR}
"""What anybody may read."""
CA_OID = tlv.encode(0x80, der.encode_oid_value("0.4.0.127.0.7.2.2.3.2.4"))
PACE_OID = tlv.encode(0x80, der.encode_oid_value(GM_AES.protocol)) + b"\x83\x01\x02"


def full_memory() -> CardMemory:
    """A finished card with every file that there can be."""
    memory = issued_memory()
    for file in set(ElementaryFile) - FREE:
        memory.part(EmrtdMemory).files[file] = StoredFile(AccessRule.CHIP_ACCESS, bytes(300))
    memory.part(EmrtdMemory).files.setdefault(ElementaryFile.DIR, StoredFile(AccessRule.ALWAYS, bytes(300)))
    return memory


def ways_to_read(file: ElementaryFile) -> Iterator[list[CommandApdu]]:
    """Every way to the bytes of a file, from its beginning and from its middle."""
    for offset in (0, 9):
        if file.sfi is not None:
            yield [commands.read_binary_sfi(file.sfi, offset, 8)]
            yield [commands.read_binary_odd(offset, 8, file.sfi)]
        for p1 in (commands.IN_CURRENT_DF, commands.ANYWHERE):
            for p2 in (commands.NO_ANSWER, commands.FCI, commands.FCP):
                yield [commands.select_ef(file.fid, p1, p2), commands.read_binary(offset, 8)]
                yield [commands.select_ef(file.fid, p1, p2), commands.read_binary_odd(offset, 8)]


@pytest.mark.parametrize("file", ElementaryFile)
def test_no_way_leads_to_a_protected_file_without_access(file: ElementaryFile) -> None:
    home = [commands.select_application(EMRTD_AID)] if file.in_application else [commands.select_mf()]
    for way in ways_to_read(file):
        line = Line.to(full_memory())
        answers = [line.send_raw(command.encode()) for command in home + way]
        if file in FREE:
            assert answers[-1].data
        else:
            assert (answers[-1].data, answers[-1].sw) in ((b"", 0x6982), (b"", 0x6986)), way
            assert all(not answer.data for answer in answers[1:]), "nor does SELECT tell anything of it"


@pytest.mark.parametrize("file", ElementaryFile)
def test_the_same_ways_lead_there_after_pace(file: ElementaryFile) -> None:
    home = commands.select_application(EMRTD_AID) if file.in_application else commands.select_mf()
    line = Line.to(full_memory())
    open_access(line.session, PASSWORD, ENTROPY, allow_bac=False)
    for way in ways_to_read(file):
        line.ok(home)
        assert [line.send(command) for command in way][-1].data, way


@pytest.mark.parametrize("state", SM_STATES)
def test_what_is_plain_in_a_session_reads_nothing_and_ends_it(state: str) -> None:
    line = STATES[state]()
    line.send_raw(commands.select_application(EMRTD_AID).encode())
    assert line.send_raw(commands.read_binary_sfi(1, 0, 8).encode()).sw == 0x6982
    assert not line.is_secure()


def protected(line: Line, command: CommandApdu) -> bytes:
    channel = line.session.channel
    assert channel is not None
    return channel.protect_command(command).encode()


COMMANDS = [commands.select_ef(0x0101), commands.read_binary_sfi(1, 0, 4), commands.internal_authenticate(bytes(8))]


@pytest.mark.parametrize("command", COMMANDS, ids=["data", "Le", "data and Le"])
@pytest.mark.parametrize("state", ["p-app", "bac"])
def test_a_protected_command_cut_anywhere_is_refused_and_ends_the_session(state: str, command: CommandApdu) -> None:
    for end in range(len(protected(STATES[state](), command)) - 1):  # nothing covers the outer Le
        line = STATES[state]()
        answer = line.send_raw(protected(line, command)[:end])
        assert (answer.data, answer.sw) in ((b"", 0x6700), (b"", 0x6987), (b"", 0x6988)), end
        assert not line.is_secure()


@pytest.mark.parametrize("command", COMMANDS, ids=["data", "Le", "data and Le"])
@pytest.mark.parametrize("state", ["p-app", "bac"])
def test_a_protected_command_with_an_object_less_or_shorter_is_refused(state: str, command: CommandApdu) -> None:
    """The lengths around are right: only what is protected has changed."""

    def variants(objects: tuple[tlv.Tlv, ...]) -> Iterator[list[bytes]]:
        encoded = [item.encode() for item in objects]
        for at, item in enumerate(objects):
            yield encoded[:at] + encoded[at + 1 :]
            yield [*encoded[:at], tlv.encode(item.tag, item.value[:-1]), *encoded[at + 1 :]]
            yield encoded[: at + 1] + encoded[at:]
        yield encoded[::-1]

    count = len(list(variants(tlv.parse_all(CommandApdu.decode(protected(STATES[state](), command)).data))))
    for number in range(count):
        line = STATES[state]()
        whole = CommandApdu.decode(protected(line, command))
        data = b"".join(list(variants(tlv.parse_all(whole.data)))[number])
        if data == whole.data:
            continue
        answer = line.send_raw(CommandApdu(whole.cla, whole.ins, whole.p1, whole.p2, data, whole.ne).encode())
        assert (answer.data, answer.sw) in ((b"", 0x6987), (b"", 0x6988)), number
        assert not line.is_secure()


def recorded_exchange(line: Line, command: CommandApdu) -> bytes:
    """One protected command to the card and back, as it went over the line."""
    raw, channel = protected(line, command), line.session.channel
    assert channel is not None
    assert channel.open_response(command.ins, line.send_raw(raw)).ok
    return raw


@pytest.mark.parametrize("age", range(1, 5))
@pytest.mark.parametrize("state", SM_STATES)
def test_no_earlier_command_of_a_session_is_taken_again(state: str, age: int) -> None:
    line = STATES[state]()
    sent = [recorded_exchange(line, commands.select_mf()) for _ in range(age)]
    assert line.send_raw(sent[0]).sw == 0x6988
    assert not line.is_secure()


@pytest.mark.parametrize("ahead", range(1, 4))
@pytest.mark.parametrize("state", SM_STATES)
def test_no_command_is_taken_before_its_turn(state: str, ahead: int) -> None:
    line = STATES[state]()
    later = [protected(line, commands.select_mf()) for _ in range(ahead + 1)][-1]
    assert line.send_raw(later).sw == 0x6988
    assert not line.is_secure()


@pytest.mark.parametrize("state", SM_STATES)
def test_no_command_of_another_session_is_taken(state: str) -> None:
    other, line = STATES[state](), STATES[state]()
    assert line.send_raw(protected(other, commands.select_mf())).sw == 0x6988
    assert not line.is_secure()


def tapped(memory: CardMemory) -> tuple[Line, Recorder]:
    """A card, and a line to it that is listened to."""
    card = Line.to(memory).card
    recorder = Recorder(card)
    return Line(card, CardSession(InProcessTransport(recorder, "test"))), recorder


def by_pace(session: CardSession) -> None:
    open_access(session, PASSWORD, ENTROPY, allow_bac=False)
    session.exchange(commands.read_binary_sfi(1, 0, 8))


def by_bac(session: CardSession) -> None:
    session.exchange(commands.select_application(EMRTD_AID))
    session.install(session.run(bac.authenticate(mrz_password(), ENTROPY)))
    session.exchange(commands.read_binary_sfi(1, 0, 8))


@pytest.mark.parametrize("open_it", [by_pace, by_bac])
@pytest.mark.parametrize("same_card", [False, True])
def test_a_whole_session_played_to_a_card_opens_nothing(open_it, same_card: bool) -> None:
    line, recorder = tapped(issued_memory())
    open_it(line.session)
    victim = line if same_card else mf()
    victim.card.reset()
    answers = [victim.send_raw(command) for command, _ in recorder.exchanges]
    assert (answers[-1].data, answers[-1].sw) in ((b"", 0x6982), (b"", 0x6988))
    assert victim.card.memory.part(EmrtdMemory).failures == 1, "and it counts as an attempt"
    assert not Line(victim.card, CardSession(InProcessTransport(victim.card, "test"))).may_read()


INTERLOPERS = {
    "SELECT": commands.select_mf(),
    "READ BINARY": commands.read_binary_sfi(1, 0, 4),
    "GET CHALLENGE": commands.get_challenge(),
    "INTERNAL AUTHENTICATE": commands.internal_authenticate(bytes(8)),
    "MSE": commands.mse_set(0x41, 0xA6, b"\x91\x01\x00"),
    "unknown": CommandApdu(0x00, 0x20, 0x00, 0x01, b"1234"),
}


@pytest.mark.parametrize("name", INTERLOPERS)
@pytest.mark.parametrize("step", range(1, 5))
def test_no_command_comes_between_the_rounds_of_pace(name: str, step: int) -> None:
    line, sent = mf(), 0

    def exchange(command: CommandApdu) -> ResponseApdu:
        nonlocal sent
        if sent == step:
            line.send(INTERLOPERS[name])
        sent += 1
        return line.send(command)

    flow = pace_terminal.establish(PASSWORD, GM_AES, ENTROPY)
    command = next(flow)
    with pytest.raises(EidError):
        while True:
            command = flow.send(exchange(command))
    assert sent == step + 1, "the very next round was refused"
    assert not line.may_read()


@pytest.mark.parametrize("name", INTERLOPERS)
def test_no_command_comes_between_the_two_of_chip_authentication(name: str) -> None:
    line = STATES["p-app"]()
    line.ok(commands.mse_set(0x41, 0xA4, CA_OID))
    line.send(INTERLOPERS[name])
    assert line.send(commands.general_authenticate(tlv.encode(0x80, b"\x04" + bytes(64)), last=True)).sw == 0x6985


@pytest.mark.parametrize("name", sorted(INTERLOPERS.keys() - {"GET CHALLENGE"}))
def test_no_command_comes_between_the_two_of_bac(name: str) -> None:
    line = app()
    challenge = line.ok(commands.get_challenge())
    line.send(INTERLOPERS[name])
    right = bac.BacKeys.of(mrz_password()).seal(bytes(8) + challenge + bytes(16))
    if name == "SELECT":
        line.send(commands.select_application(EMRTD_AID))
    assert line.send(commands.external_authenticate(right, 40)).sw == 0x6985


def test_a_chip_authentication_serves_once() -> None:
    line = STATES["ca"]()
    assert line.send(commands.general_authenticate(tlv.encode(0x80, b"\x04" + bytes(64)), last=True)).sw == 0x6985
    assert line.may_read()


def test_an_authentication_of_scp03_played_again_counts_and_opens_nothing() -> None:
    line, recorder = tapped(blank_memory())
    authenticated(line)
    line.card.reset()
    assert [line.send_raw(command).sw for command, _ in recorder.exchanges][-1] == 0x6300
    assert line.card.memory.part(DomainMemory).failures == 1
    assert line.send_raw(bytes.fromhex("80F28002024F0000")).sw == 0x6982


def test_a_repeated_command_of_scp03_ends_its_channel() -> None:
    line, recorder = tapped(blank_memory())
    secured = authenticated(line)
    secured.ok(gp.get_data(gp.CPLC_TAG))
    assert line.send_raw(recorder.exchanges[-1][0]).sw == 0x6988
    assert not secured.is_secure()
