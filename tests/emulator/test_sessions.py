"""How sessions of the emulated card begin and end: chains, secure messaging, GET RESPONSE, declared sizes."""

from __future__ import annotations

import pytest

from eid_toolkit.cards.emulator.emrtd.memory import EmrtdMemory
from eid_toolkit.cards.emulator.state import StoredFile
from eid_toolkit.cards.terminal.access import open_access
from eid_toolkit.cards.terminal.file_reader import FileReader, ReadStatus
from eid_toolkit.ground.errors import AccessDenied, CardRefused
from eid_toolkit.standards.asn1.oids import PaceProtocol
from eid_toolkit.standards.asn1.security_infos import PaceInfo, SecurityInfos
from eid_toolkit.standards.codec import der, tlv
from eid_toolkit.standards.iso7816 import commands
from eid_toolkit.standards.iso7816.apdu import CommandApdu, ResponseApdu
from eid_toolkit.standards.iso7816.files import EMRTD_AID, ElementaryFile
from eid_toolkit.standards.lds.atr_info import AtrInfo
from eid_toolkit.standards.lds.card_access import CardAccess
from eid_toolkit.standards.protocols import bac, pace_terminal
from eid_toolkit.standards.protocols import globalplatform as gp
from eid_toolkit.standards.protocols.flow import run
from eid_toolkit.standards.protocols.globalplatform import DomainState
from eid_toolkit.standards.protocols.passwords import AccessPassword
from eid_toolkit.standards.protocols.personalization_data import AccessRule
from support.card_states import (
    ENTROPY,
    STATES,
    Line,
    authenticated,
    blank_mf,
    issued_memory,
    mf,
    mrz_password,
    open_with,
    pace_app,
)
from support.emulated import CAN

CAN_PASSWORD = AccessPassword.from_can(CAN)
SM_STATES = ("pace", "p-app", "bac", "ca")
PACE_AES_256 = tlv.encode(0x80, der.encode_oid_value(PaceProtocol.of("ecdh", "gm", "aes-256").oid))


def pace_info(parameter_id: int, cipher: str) -> PaceInfo:
    return PaceInfo(PaceProtocol.of("ecdh", "gm", cipher).oid, 2, parameter_id)  # type: ignore[arg-type]


def offering(*infos: PaceInfo, **options: int) -> Line:
    """A finished card whose EF.CardAccess offers ``infos``."""
    memory = issued_memory()
    content = CardAccess(SecurityInfos.of(*infos)).encode()
    memory.part(EmrtdMemory).files[ElementaryFile.CARD_ACCESS] = StoredFile(AccessRule.ALWAYS, content)
    return Line.to(memory, **options)


def portrait_of(line: Line, size: int) -> bytes:
    """Puts a DG2 of ``size`` bytes in all on the card."""
    content = b"\x75\x82" + (size - 4).to_bytes(2, "big") + bytes(at & 0xFF for at in range(size - 4))
    line.card.memory.part(EmrtdMemory).files[ElementaryFile.DG2] = StoredFile(AccessRule.CHIP_ACCESS, content)
    return content


@pytest.mark.parametrize("cipher", ["3des", "aes-128", "aes-192", "aes-256"])
@pytest.mark.parametrize("parameter_id", [8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18])
def test_pace_on_every_group_and_cipher_reads_long_files_with_extended_length(parameter_id: int, cipher: str) -> None:
    line = offering(pace_info(parameter_id, cipher))
    content = portrait_of(line, 20000)
    opened = open_access(line.session, CAN_PASSWORD, ENTROPY, allow_bac=False)
    found = FileReader(line.session, opened.buffers).read(ElementaryFile.DG2)
    assert (found.status, found.data) == (ReadStatus.READ, content)


@pytest.mark.parametrize("short_response", [256, 255, 64, 16])
def test_long_answers_wait_for_get_response(short_response: int) -> None:
    line = offering(pace_info(17, "aes-256"), short_response=short_response)
    content = portrait_of(line, 1000)
    open_access(line.session, CAN_PASSWORD, ENTROPY, allow_bac=False)
    before = line.session.apdus
    assert FileReader(line.session).read(ElementaryFile.DG2).data == content
    assert line.session.apdus - before >= 1000 // min(223, short_response)
    assert line.is_secure()


def test_get_response_takes_the_rest_in_pieces_of_any_size() -> None:
    line = Line.to(issued_memory(), short_response=8)
    whole = mf().send_raw(bytes.fromhex("00B09C0000")).data
    first = line.send_raw(bytes.fromhex("00B09C0000"))
    assert (len(first.data), first.sw) == (8, 0x6100 | len(whole) - 8)
    second = line.send_raw(bytes.fromhex("00C0000003"))
    assert (second.data, second.sw) == (whole[8:11], 0x6100 | len(whole) - 11)
    rest = b""
    while (answer := line.send_raw(bytes.fromhex("00C0000000"))).sw != 0x9000:
        rest += answer.data
    assert first.data + second.data + rest + answer.data == whole
    assert line.send_raw(bytes.fromhex("00C0000000")).sw == 0x6985


@pytest.mark.parametrize(
    ("command", "sw"),
    [("00C00000", 0x6700), ("00C0000100", 0x6A86), ("01C0000000", 0x6881), ("00C000000101", 0x6700)],
)
def test_a_wrong_get_response_gives_nothing_away(command: str, sw: int) -> None:
    line = Line.to(issued_memory(), short_response=8)
    line.send_raw(bytes.fromhex("00B09C0000"))
    assert line.send_raw(bytes.fromhex(command)).encode() == sw.to_bytes(2, "big")
    assert line.send_raw(bytes.fromhex("00C0000000")).sw == 0x6985


def test_a_chain_of_commands_is_one_command() -> None:
    line = mf()
    assert line.send_raw(bytes.fromhex("10A4040C04A0000002")).sw == 0x9000
    assert line.send_raw(bytes.fromhex("00A4040C03471001")).sw == 0x9000
    assert line.send_raw(bytes.fromhex("00B0810004")).sw == 0x6982  # the application is selected


@pytest.mark.parametrize("between", ["00B0810004", "8050000008" + 16 * "0", "00C0000000", "00A4000C"])
def test_another_command_ends_a_chain(between: str) -> None:
    line = mf()
    line.send_raw(bytes.fromhex("10A4040C04A0000002"))
    line.send_raw(bytes.fromhex(between))
    assert line.send_raw(bytes.fromhex("00A4040C03471001")).sw != 0x9000


def test_an_interrupted_chain_is_named() -> None:
    line = mf()
    line.send_raw(bytes.fromhex("10A4040C04A0000002"))
    assert line.send_raw(bytes.fromhex("00B0810004")).sw == 0x6883


def test_a_chain_may_not_grow_beyond_the_declared_size() -> None:
    line = mf()
    part = bytes.fromhex("10A4040CFF") + bytes(255)
    assert [line.send_raw(part).sw for _ in range(9)] == [0x9000] * 8 + [0x6700]


def test_a_plain_part_of_a_chain_ends_secure_messaging() -> None:
    for state in SM_STATES:
        line = STATES[state]()
        line.send_raw(bytes.fromhex("10A4040C04A0000002"))
        assert line.card._session.channel is None, state


def test_commands_longer_than_declared_are_refused() -> None:
    line = mf()
    declared, _ = AtrInfo.parse(
        line.card.memory.part(EmrtdMemory).files[ElementaryFile.ATR_INFO].content
    ).extended_length
    longest = CommandApdu(0, 0xD6, 0, 0, bytes(declared - 7))
    assert len(longest.encode()) == declared
    assert line.send(longest).sw == 0x6D00  # the card has looked at it
    assert line.send(CommandApdu(0, 0xD6, 0, 0, bytes(declared - 6))).sw == 0x6700


@pytest.mark.parametrize("state", SM_STATES)
def test_an_error_status_under_secure_messaging_keeps_the_session(state: str) -> None:
    line = STATES[state]()
    for _ in range(3):
        assert line.send(CommandApdu(0, 0x20, 0, 1, b"1234")).sw == 0x6D00
    assert line.is_secure()


def test_a_repeated_protected_command_ends_the_session() -> None:
    line = pace_app()
    channel = line.session._channel
    assert channel is not None
    command = channel.protect_command(commands.read_binary_sfi(1, 0, 4)).encode()
    assert line.send_raw(command).sw == 0x9000
    assert line.send_raw(command).sw == 0x6988
    assert not line.is_secure()


PROTECTED_SIZE = 5 + 3 + 8 + 10
"""Header, Lc, DO'87' and DO'8E' of a protected SELECT; the outer Le behind them is covered by nothing."""


@pytest.mark.parametrize("position", range(PROTECTED_SIZE))
def test_every_changed_byte_of_a_protected_command_is_refused_and_ends_the_session(position: int) -> None:
    line = STATES["bac"]()
    channel = line.session._channel
    assert channel is not None
    command = bytearray(channel.protect_command(commands.select_ef(0x0101)).encode())
    assert len(command) == PROTECTED_SIZE + 1
    command[position] ^= 0x01
    assert line.send_raw(bytes(command)).sw in (0x6700, 0x6881, 0x6987, 0x6988)
    assert not line.is_secure()


def test_pace_is_not_run_in_a_session_of_bac_even_from_another_application() -> None:
    line = STATES["bac"]()
    line.ok(commands.select_mf())
    assert line.send(commands.mse_set(0xC1, 0xA4, PACE_AES_256 + b"\x83\x01\x02")).sw == 0x6985
    line.ok(commands.select_application(EMRTD_AID))
    assert line.send(commands.get_challenge()).sw == 0x6985


def test_the_rights_of_bac_are_the_applications_own() -> None:
    line = STATES["bac"]()
    assert line.may_read()
    line.ok(commands.select_mf())
    assert not line.may_read()
    assert line.is_secure()


def test_the_rights_of_pace_outlive_the_selection_of_applications() -> None:
    line = STATES["pace"]()
    line.ok(commands.select_application(EMRTD_AID))
    line.ok(commands.select_mf())
    assert line.may_read()


def test_pace_fails_for_a_wrong_can_and_leaves_the_card_as_it_was() -> None:
    line = mf()
    with pytest.raises(AccessDenied):
        open_access(line.session, AccessPassword.from_can("654321"), ENTROPY, allow_bac=False)
    assert not line.may_read()
    assert open_with(line, CAN_PASSWORD).may_read()


def test_an_entry_of_card_access_that_the_card_cannot_run_is_passed_over() -> None:
    odd = PaceInfo(PaceProtocol.of("ecdh", "im", "aes-128").oid, 2, 13)
    old = PaceInfo(PaceProtocol.of("ecdh", "gm", "aes-128").oid, 1, 13)
    line = offering(odd, old, pace_info(13, "aes-256"))
    assert open_with(line, CAN_PASSWORD).may_read()


def test_a_card_without_a_readable_card_access_refuses_pace() -> None:
    for content in (b"", b"\x31\x05\x00"):
        line = mf()
        line.card.memory.part(EmrtdMemory).files[ElementaryFile.CARD_ACCESS] = StoredFile(AccessRule.ALWAYS, content)
        assert line.send(commands.mse_set(0xC1, 0xA4, PACE_AES_256 + b"\x83\x01\x02")).sw == 0x6985


def test_the_domain_parameters_must_be_named_where_several_are_offered() -> None:
    infos = (pace_info(13, "aes-256"), pace_info(12, "aes-256"))
    line = offering(*infos)
    assert line.send(commands.mse_set(0xC1, 0xA4, PACE_AES_256 + b"\x83\x01\x02")).sw == 0x6A88
    for info in infos:
        line = offering(*infos)
        line.session.run(pace_terminal.establish(CAN_PASSWORD, info, ENTROPY, name_parameters=True))


@pytest.mark.parametrize(
    ("rounds", "sw"),
    [
        (["007C00"], 0x6985),  # the first round is part of a chain
        (["107C028100"], 0x6A80),  # mapping before the nonce
        (["107C00", "107C00"], 0x6A80),  # the nonce twice
        (["107C00", "107C43 8141 04" + 64 * "00"], 0x6A80),  # a point that is not on the curve
        (["107C00", "107C03 8101 00"], 0x6A80),  # infinity
        (["107C00", "107C"], 0x6A80),  # cut off
    ],
)
def test_pace_out_of_order_is_refused_and_must_begin_anew(rounds: list[str], sw: int) -> None:
    line = mf()
    line.ok(commands.mse_set(0xC1, 0xA4, PACE_AES_256 + b"\x83\x01\x02"))
    answers = []
    for text in rounds:
        cla, *data = bytes.fromhex(text)
        answers.append(line.send(CommandApdu(cla, 0x86, 0, 0, bytes(data), 256)).sw)
    assert answers == [0x9000] * (len(rounds) - 1) + [sw]
    assert line.send(CommandApdu(0x10, 0x86, 0, 0, b"\x7c\x00", 256)).sw == 0x6985


def test_the_last_round_of_pace_must_end_the_chain() -> None:
    line = mf()

    def exchange(command: CommandApdu) -> ResponseApdu:
        if command.ins == 0x86 and command.data[2:3] == b"\x85":
            command = CommandApdu(0x10, 0x86, 0, 0, command.data, 256)
        return line.send(command)

    with pytest.raises(CardRefused) as caught:
        run(pace_terminal.establish(CAN_PASSWORD, pace_info(13, "aes-256"), ENTROPY), exchange)
    assert caught.value.sw == 0x6883


def test_a_challenge_of_bac_serves_once() -> None:
    line = STATES["app"]()
    keys = bac.BacKeys.of(mrz_password())
    challenge = line.ok(commands.get_challenge())
    assert line.send(commands.external_authenticate(bytes(40), 40)).sw == 0x6300
    right = keys.seal(bytes(8) + challenge + bytes(16))
    assert line.send(commands.external_authenticate(right, 40)).sw == 0x6985
    challenge = line.ok(commands.get_challenge())
    line.send(commands.select_application(EMRTD_AID))
    right = keys.seal(bytes(8) + challenge + bytes(16))
    assert line.send(commands.external_authenticate(right, 40)).sw == 0x6985


def test_after_a_failed_chip_authentication_the_old_keys_stay() -> None:
    line = pace_app()
    oid = tlv.encode(0x80, der.encode_oid_value("0.4.0.127.0.7.2.2.3.2.4"))
    line.ok(commands.mse_set(0x41, 0xA4, oid))
    refused = line.send(commands.general_authenticate(tlv.encode(0x80, b"\x04" + bytes(64)), last=True))
    assert refused.sw == 0x6A80
    assert line.may_read()


def test_a_file_that_needs_terminal_authentication_stays_closed() -> None:
    memory = issued_memory()
    memory.part(EmrtdMemory).files[ElementaryFile.DG3] = StoredFile(AccessRule.TERMINAL_AUTHENTICATION, b"\x63\x00")
    line = open_with(Line.to(memory), CAN_PASSWORD)
    assert line.send(commands.read_binary_sfi(3, 0, 4)).sw == 0x6982
    assert line.send(commands.select_ef(0x0103)).sw == 0x6982


def test_a_locked_card_gives_access_to_nothing_but_its_domain() -> None:
    line = authenticated(mf())
    line.ok(gp.set_domain_state(DomainState.CARD_LOCKED))
    for command in (commands.select_mf(), commands.select_application(EMRTD_AID), commands.read_binary_sfi(1, 0, 4)):
        assert line.send(command).sw == 0x6985
    line = authenticated(line)
    line.ok(gp.set_domain_state(DomainState.SECURED))
    assert open_with(Line(line.card, line.session), CAN_PASSWORD).may_read()


def test_a_terminated_card_does_nothing_for_good() -> None:
    line = authenticated(mf())
    line.ok(gp.set_domain_state(DomainState.TERMINATED))
    for raw in ("00A4000C023F00", "00A4040008A000000151000000", "80CA9F7F00", "805000000800000000000000000000"):
        line.card.reset()
        assert line.send_raw(bytes.fromhex(raw)).sw in (0x6985, 0x6E00, 0x6700)


def test_the_files_of_a_blank_are_only_those_of_the_chip() -> None:
    line = blank_mf()
    readable = [file for file in ElementaryFile if not file.in_application]
    answers = {file: line.send(commands.read_binary_sfi(file.sfi, 0, 4)).sw for file in readable}
    assert {file for file, sw in answers.items() if sw == 0x9000} == {ElementaryFile.ATR_INFO}
