"""SCP03 against recorded sessions of a real card (source in the vector file), and both ends together."""

from __future__ import annotations

from typing import Any

import pytest

from eid_toolkit.errors import ChannelError
from eid_toolkit.iso7816.apdu import CommandApdu, ResponseApdu
from eid_toolkit.protocols.scp03 import KeySet, Scp03Channel, SecurityLevel, SessionKeys
from eid_toolkit.secret import Secret
from vectors import load

CASES = load("scp03_aes128")["cases"]
PLAIN_NAMES = ["get_eid", "case_1", "case_2", "case_3", "case_4"]


def open_session(case: dict[str, Any]) -> tuple[SessionKeys, SecurityLevel]:
    keys = KeySet(0x30, *(Secret(bytes.fromhex(case["keys"][name])) for name in ("enc", "mac", "dek")))
    host = CommandApdu.decode(bytes.fromhex(case["init_upd_cmd"])).data
    answer = bytes.fromhex(case["init_upd_rsp"])
    session = SessionKeys.derive(keys, host, answer[13:21])
    assert session.card_cryptogram().matches(answer[21:29])
    return session, SecurityLevel(int(case["security_level"], 16))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
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


def both_ends() -> tuple[Scp03Channel, Scp03Channel]:
    keys = KeySet(1, *(Secret(bytes([n] * 16)) for n in range(3)))
    session = SessionKeys.derive(keys, bytes(8), bytes(8))
    return Scp03Channel(session, SecurityLevel.FULL), Scp03Channel(session, SecurityLevel.FULL)


@pytest.mark.parametrize("size", [0, 1, 15, 16, 17, 200, 239, 240, 255, 1000])
def test_commands_and_answers_of_any_size_pass(size: int) -> None:
    host, card = both_ends()
    command = CommandApdu(0x80, 0xE2, 0x80, 0x00, bytes(size), ne=256)
    opened = card.open_command(host.protect_command(command))
    assert (opened.data, opened.cla) == (command.data, 0x84)
    answer = ResponseApdu(bytes(size), 0x9000)
    assert host.open_response(card.protect_response(answer)) == answer


def test_an_error_answer_goes_bare_and_may_carry_nothing() -> None:
    host, card = both_ends()
    assert card.protect_response(ResponseApdu(b"", 0x6985)) == ResponseApdu(b"", 0x6985)
    assert host.open_response(ResponseApdu(b"", 0x6985)).sw == 0x6985
    with pytest.raises(ChannelError):
        host.open_response(ResponseApdu(b"x", 0x6985))


def test_a_repeated_command_is_refused() -> None:
    host, card = both_ends()
    protected = host.protect_command(CommandApdu(0x80, 0xE2, 0x00, 0x00, b"data"))
    card.open_command(protected)
    with pytest.raises(ChannelError, match="scp-mac-wrong"):
        card.open_command(protected)


def test_every_flipped_byte_of_a_command_is_found() -> None:
    host, _ = both_ends()
    protected = host.protect_command(CommandApdu(0x80, 0xE2, 0x00, 0x00, b"data"))
    for position in range(len(protected.data)):
        _, card = both_ends()
        data = bytearray(protected.data)
        data[position] ^= 0x40
        with pytest.raises(ChannelError):
            card.open_command(CommandApdu(0x84, 0xE2, 0x00, 0x00, bytes(data)))
