"""Whatever a terminal sends: the card answers with a status word, keeps running, and opens nothing."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from eid_toolkit.cards.emulator import image
from eid_toolkit.cards.emulator.domain.memory import DomainMemory
from eid_toolkit.cards.emulator.emrtd.memory import EmrtdMemory
from eid_toolkit.standards.iso7816 import commands
from eid_toolkit.standards.protocols import globalplatform as gp
from support.card_states import SECURE_STATES, STATES, Line

INSTRUCTIONS = [
    commands.SELECT, commands.READ_BINARY, commands.READ_BINARY_ODD, commands.UPDATE_BINARY, commands.GET_CHALLENGE,
    commands.EXTERNAL_AUTHENTICATE, commands.INTERNAL_AUTHENTICATE, commands.MANAGE_SECURITY_ENVIRONMENT,
    commands.GENERAL_AUTHENTICATE, commands.GET_RESPONSE, gp.INITIALIZE_UPDATE, gp.PUT_KEY, gp.INSTALL, gp.STORE_DATA,
    gp.SET_STATUS, gp.GET_STATUS, gp.GET_DATA, gp.DELETE, gp.LOAD,
]  # fmt: skip
CLASSES = [0x00, 0x0C, 0x10, 0x1C, 0x80, 0x84, 0x90, 0x01, 0x40]
PARAMETERS = [0x00, 0x01, 0x02, 0x04, 0x08, 0x0C, 0x20, 0x33, 0x41, 0x80, 0x81, 0x9C, 0x9E, 0xA4, 0xC1, 0xFF]
byte = st.integers(0, 255)


@st.composite
def likely_commands(draw: st.DrawFn) -> bytes:
    """Bytes that are nearly commands of this card."""
    header = bytes(draw(st.sampled_from(values) | byte) for values in (CLASSES, INSTRUCTIONS, PARAMETERS, PARAMETERS))
    data = draw(
        st.binary(max_size=40)
        | st.sampled_from([b"\x3f\x00", b"\x7c\x00", b"\x54\x01\x00", bytes.fromhex("A0000002471001"), gp.ISD_AID])
    )
    le = draw(st.sampled_from([b"", b"\x00", b"\x04", b"\xff"]))
    if draw(st.booleans()):
        long_le = draw(st.sampled_from([b"", b"\x00\x00", b"\x40\x00"]))
        body = (b"\x00" + len(data).to_bytes(2, "big") + data if data else b"\x00") + long_le
        return header + body
    return header + (bytes((len(data),)) + data if data else b"") + le


COMMANDS = st.lists(st.binary(max_size=64) | likely_commands(), max_size=12)
CLOSED = {"mf", "app", "isd"}


def unchanged_but_for_counters(line: Line) -> bytes:
    memory = image.decode(image.encode(line.card.memory))
    memory.part(DomainMemory).sequence = memory.part(DomainMemory).failures = memory.part(EmrtdMemory).failures = 0
    return image.encode(memory)


@pytest.mark.parametrize("state", STATES)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(sequence=COMMANDS)
def test_no_bytes_stop_the_card_or_change_what_it_is(state: str, sequence: list[bytes]) -> None:
    line = STATES[state]()
    before = unchanged_but_for_counters(line)
    for command in sequence:
        answer = line.card.process(command)
        assert len(answer) >= 2
        assert answer[-2:] != b"\x6f\x00", command.hex()
    assert unchanged_but_for_counters(line) == before
    if state in CLOSED:
        assert not line.may_read()


CHANGES: dict[str, Callable[[bytes, int], bytes]] = {
    "bit": lambda command, at: command[:at] + bytes((command[at] ^ 1 << at % 8,)) + command[at + 1 :],
    "cut": lambda command, at: command[:at],
    "doubled": lambda command, at: command[:at] + command[at : at + 1] + command[at:],
    "left out": lambda command, at: command[:at] + command[at + 1 :],
}


@pytest.mark.parametrize("state", [state for state in SECURE_STATES if state not in ("b-scp", "scp")])
@settings(max_examples=40)
@given(
    plain=st.sampled_from([
        commands.select_ef(0x0101), commands.read_binary_sfi(1, 0, 4), commands.internal_authenticate(bytes(8)),
        commands.read_binary_odd(0, 16, 1),
    ]),
    change=st.sampled_from(sorted(CHANGES)),
    at=st.integers(0, 200),
)  # fmt: skip
def test_a_changed_protected_command_is_refused_and_ends_the_session(state, plain, change: str, at: int) -> None:
    line = STATES[state]()
    channel = line.session._channel
    assert channel is not None
    protected = channel.protect_command(plain).encode()
    changed = CHANGES[change](protected, at % (len(protected) - 1))  # the outer Le is not covered by the checksum
    if changed in (protected, protected[:-1]):
        return
    answer = line.send_raw(changed)
    assert answer.data == b"" or not line.card._session.channel
    assert answer.sw >> 12 == 0x6, f"{answer.sw:04X}"
    assert not line.is_secure()
