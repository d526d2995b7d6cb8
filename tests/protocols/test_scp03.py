"""SCP03 against recorded sessions of a real card (source in the vector file), and both ends together."""

from __future__ import annotations

from typing import Any

import pytest

from eid_toolkit.ground.errors import ChannelError, ProtocolError
from eid_toolkit.ground.secret import Secret
from eid_toolkit.standards.iso7816.apdu import CommandApdu, ResponseApdu
from eid_toolkit.standards.protocols.scp03 import LEVELS, KeySet, Options, Scp03Channel, SecurityLevel, SessionKeys
from vectors import load

RECORDED_WITH_SESSION_KEYS = load("scp03_aes128")["cases"]
CASES = RECORDED_WITH_SESSION_KEYS + load("scp03_aes192_256")["cases"]
PLAIN_NAMES = ["get_eid", "case_1", "case_2", "case_3", "case_4"]


def open_session(case: dict[str, Any]) -> tuple[SessionKeys, SecurityLevel]:
    keys = KeySet(0x30, *(Secret(bytes.fromhex(case["keys"][name])) for name in ("enc", "mac", "dek")))
    host = CommandApdu.decode(bytes.fromhex(case["init_upd_cmd"])).data
    answer = bytes.fromhex(case["init_upd_rsp"])
    session = SessionKeys.derive(keys, host, answer[13:21])
    assert session.card_cryptogram().matches(answer[21:29])
    return session, SecurityLevel(int(case["security_level"], 16))


@pytest.mark.parametrize("case", RECORDED_WITH_SESSION_KEYS, ids=lambda case: case["name"])
def test_the_session_keys_are_the_recorded_ones(case: dict[str, Any]) -> None:
    session, _ = open_session(case)
    recorded = [bytes.fromhex(case["session"][name]) for name in ("s_enc", "s_mac", "s_rmac")]
    assert [key.reveal() for key in (session.s_enc, session.s_mac, session.s_rmac)] == recorded


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_the_host_side_reproduces_the_recorded_commands(case: dict[str, Any]) -> None:
    session, level = open_session(case)
    channel = Scp03Channel(session, level)
    plain = CommandApdu(0x80, 0x82, int(level), 0x00, session.host_cryptogram().reveal())
    assert channel.protect_authentication(plain).encode().hex() == case["ext_auth_cmd"]
    for name in PLAIN_NAMES:
        command = CommandApdu.decode(bytes.fromhex(case["plain"][name]))
        recorded = case["get_eid_cmd" if name == "get_eid" else f"{name}_apdu"]
        assert channel.protect_command(command).encode().hex() == recorded
        if name == "get_eid":
            raw = ResponseApdu(bytes.fromhex(case["get_eid_rsp"]), 0x9000)
            assert channel.open_response(raw).data.hex() == case["plain"]["get_eid_rsp"]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_the_card_side_opens_the_recorded_commands(case: dict[str, Any]) -> None:
    session, level = open_session(case)
    channel = Scp03Channel(session, level)
    opened = channel.open_authentication(CommandApdu.decode(bytes.fromhex(case["ext_auth_cmd"])))
    assert session.host_cryptogram().matches(opened.data)
    for name in PLAIN_NAMES:
        recorded = case["get_eid_cmd" if name == "get_eid" else f"{name}_apdu"]
        command = channel.open_command(CommandApdu.decode(bytes.fromhex(recorded)))
        assert command.data == CommandApdu.decode(bytes.fromhex(case["plain"][name])).data
        if name == "get_eid":
            answer = ResponseApdu(bytes.fromhex(case["plain"]["get_eid_rsp"]), 0x9000)
            assert channel.protect_response(answer).data.hex() == case["get_eid_rsp"]


MODES = [(size, level) for size in (8, 16) for level in LEVELS]


def both_ends(size: int = 8, level: SecurityLevel = SecurityLevel.FULL, key: int = 16) -> tuple[Scp03Channel, ...]:
    keys = KeySet(1, *(Secret(bytes([n] * key)) for n in range(3)))
    session = SessionKeys.derive(keys, bytes(size), bytes(range(size)))
    return Scp03Channel(session, level), Scp03Channel(session, level)


@pytest.mark.parametrize("length", [0, 1, 15, 16, 17, 200, 239, 240, 255, 1000])
@pytest.mark.parametrize(("size", "level"), MODES)
@pytest.mark.parametrize("key", [16, 24, 32])
def test_commands_and_answers_of_any_size_pass(length: int, size: int, level: SecurityLevel, key: int) -> None:
    host, card = both_ends(size, level, key)
    for _ in range(2):
        command = CommandApdu(0x80, 0xE2, 0x80, 0x00, bytes(length), ne=256)
        protected = host.protect_command(command)
        opened = card.open_command(protected)
        assert (opened.data, opened.cla) == (command.data, 0x84)
        encrypted = level & SecurityLevel.C_DECRYPTION and length
        assert len(protected.data) == (length // 16 * 16 + 16 if encrypted else length) + size
        answer = ResponseApdu(bytes(length), 0x9000)
        on_the_line = card.protect_response(answer)
        assert host.open_response(on_the_line) == answer
        assert len(on_the_line.data) >= length + (size if level & SecurityLevel.R_MAC else 0)


@pytest.mark.parametrize("size", [8, 16])
@pytest.mark.parametrize("key", [16, 24, 32])
def test_both_ends_prove_their_keys_in_either_mode(size: int, key: int) -> None:
    keys = KeySet(1, *(Secret(bytes([n] * key)) for n in range(3)))
    session = SessionKeys.derive(keys, bytes(size), bytes(range(size)))
    other = SessionKeys.derive(keys, bytes(size), bytes(size))
    assert len(session.card_cryptogram()) == len(session.host_cryptogram()) == size
    assert len(session.s_enc) == key
    assert not session.card_cryptogram().matches(other.card_cryptogram())
    assert not session.card_cryptogram().matches(session.host_cryptogram())
    host, card = Scp03Channel(session, SecurityLevel.FULL), Scp03Channel(session, SecurityLevel.FULL)
    command = CommandApdu(0x80, 0x82, 0x33, 0x00, session.host_cryptogram().reveal())
    assert session.host_cryptogram().matches(card.open_authentication(host.protect_authentication(command)).data)


@pytest.mark.parametrize(("host", "card"), [(8, 16), (16, 8), (0, 0), (7, 7), (32, 32)])
def test_challenges_of_no_mode_are_refused(host: int, card: int) -> None:
    keys = KeySet(1, *(Secret(bytes(16)) for _ in range(3)))
    with pytest.raises(ProtocolError, match="scp-challenge-length"):
        SessionKeys.derive(keys, bytes(host), bytes(card))


@pytest.mark.parametrize(
    ("options", "offered"),
    [
        (0x00, [0x01, 0x03]),
        (0x10, [0x01, 0x03]),
        (0x20, [0x01, 0x03, 0x11, 0x13]),
        (0x60, [0x01, 0x03, 0x11, 0x13, 0x33]),
        (0x71, [0x01, 0x03, 0x11, 0x13, 0x33]),
        (0x40, [0x01, 0x03]),
    ],
)
def test_a_card_offers_the_levels_that_its_parameter_says(options: int, offered: list[int]) -> None:
    assert [level for level in LEVELS if Options(options).offers(level)] == offered


@pytest.mark.parametrize("size", [8, 16])
def test_an_error_answer_goes_bare_and_may_carry_nothing(size: int) -> None:
    host, card = both_ends(size)
    assert card.protect_response(ResponseApdu(b"", 0x6985)) == ResponseApdu(b"", 0x6985)
    assert host.open_response(ResponseApdu(b"", 0x6985)).sw == 0x6985
    with pytest.raises(ChannelError):
        host.open_response(ResponseApdu(b"x", 0x6985))


@pytest.mark.parametrize(("size", "level"), MODES)
def test_a_repeated_command_is_refused(size: int, level: SecurityLevel) -> None:
    host, card = both_ends(size, level)
    protected = host.protect_command(CommandApdu(0x80, 0xE2, 0x00, 0x00, b"data"))
    card.open_command(protected)
    with pytest.raises(ChannelError, match="scp-mac-wrong"):
        card.open_command(protected)


@pytest.mark.parametrize(("size", "level"), MODES)
def test_every_flipped_byte_of_a_command_is_found(size: int, level: SecurityLevel) -> None:
    protected = both_ends(size, level)[0].protect_command(CommandApdu(0x80, 0xE2, 0x00, 0x00, b"data"))
    for position in range(len(protected.data)):
        _, card = both_ends(size, level)
        data = bytearray(protected.data)
        data[position] ^= 0x40
        with pytest.raises(ChannelError):
            card.open_command(CommandApdu(0x84, 0xE2, 0x00, 0x00, bytes(data)))
    for cut in range(len(protected.data)):
        _, card = both_ends(size, level)
        with pytest.raises(ChannelError):
            card.open_command(CommandApdu(0x84, 0xE2, 0x00, 0x00, protected.data[:cut]))


@pytest.mark.parametrize(("size", "level"), [mode for mode in MODES if mode[1] & SecurityLevel.R_MAC])
def test_every_flipped_byte_of_an_answer_is_found(size: int, level: SecurityLevel) -> None:
    host, card = both_ends(size, level)
    card.open_command(host.protect_command(CommandApdu(0x80, 0xCA, 0x00, 0x00, ne=256)))
    answer = card.protect_response(ResponseApdu(b"data", 0x9000))
    for changed in [
        *(answer.data[:at] + bytes((answer.data[at] ^ 1,)) + answer.data[at + 1 :] for at in range(len(answer.data))),
        *(answer.data[:at] for at in range(len(answer.data))),
    ]:
        with pytest.raises(ChannelError):
            host.open_response(ResponseApdu(changed, 0x9000))
    with pytest.raises(ChannelError):
        host.open_response(ResponseApdu(answer.data, 0x6283))
    assert host.open_response(answer).data == b"data"
