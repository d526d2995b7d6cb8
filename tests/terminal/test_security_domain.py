"""The terminal's side of the issuer security domain: nothing is risked before the card has proved its keys."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from eid_toolkit.cards.terminal.security_domain import SecurityDomain
from eid_toolkit.cards.terminal.session import CardSession
from eid_toolkit.cards.transport.inprocess import InProcessTransport
from eid_toolkit.ground.errors import (
    AccessDenied,
    CardAbsent,
    CardRefused,
    ChannelError,
    EidError,
    NoCardError,
    ProtocolError,
)
from eid_toolkit.ground.secret import Secret
from eid_toolkit.standards.iso7816.apdu import CommandApdu, ResponseApdu
from eid_toolkit.standards.protocols import globalplatform as gp
from eid_toolkit.standards.protocols.scp03 import KeySet
from support.card_states import ENTROPY, TRANSPORT_KEYS, blank_mf


class Guard:
    """Remembers what it was told."""

    def __init__(self) -> None:
        self.told: list[str] = []

    def begin(self, chip_identity: bytes, /) -> None:
        self.told.append("begin")

    def succeeded(self, chip_identity: bytes, /) -> None:
        self.told.append("succeeded")


class Between:
    """A blank with ``change`` on the answer to one instruction."""

    def __init__(self, ins: int, change: Callable[[bytes], bytes]) -> None:
        self._card, self._ins, self._change = blank_mf().card, ins, change
        self.sent: list[int] = []

    @property
    def atr(self) -> bytes:
        return self._card.atr

    def process(self, command: bytes, /) -> bytes:
        self.sent.append(command[1])
        answer = self._card.process(command)
        return self._change(answer) if command[1] == self._ins else answer

    def reset(self) -> None:
        self._card.reset()

    def power_off(self) -> None: ...


def opened(card: Between, guard: Guard, keys: KeySet = TRANSPORT_KEYS) -> SecurityDomain:
    domain = SecurityDomain(CardSession(InProcessTransport(card, "test")), ENTROPY)
    handshake = domain.initialize(domain.select())
    domain.authenticate(handshake, keys, guard)
    return domain


def replaced(position: int, value: int) -> Callable[[bytes], bytes]:
    return lambda answer: answer[:position] + bytes((value,)) + answer[position + 1 :]


def gone(answer: bytes) -> bytes:
    raise CardAbsent("no-card", reader="test")


def test_an_attempt_is_noted_before_it_is_made_and_forgotten_when_it_succeeds() -> None:
    guard = Guard()
    card = Between(0, bytes)
    opened(card, guard)
    assert guard.told == ["begin", "succeeded"]


@pytest.mark.parametrize(
    ("position", "value", "error"),
    [
        (0, 0x00, ProtocolError),  # another chip's identity
        (10, 0x30, AccessDenied),  # another key version than ours
        (11, 0x02, ProtocolError),  # SCP02
        (12, 0x71, ProtocolError),  # S16 mode
        (12, 0x10, ProtocolError),  # a card that cannot protect its answers
        (13, 0x00, AccessDenied),  # another challenge
        (21, 0x00, AccessDenied),  # another cryptogram
    ],
)
def test_a_wrong_answer_to_initialize_update_burns_no_attempt(position: int, value: int, error: type[EidError]) -> None:
    guard = Guard()
    card = Between(gp.INITIALIZE_UPDATE, replaced(position, value))
    with pytest.raises(error):
        opened(card, guard)
    assert guard.told == []
    assert gp.EXTERNAL_AUTHENTICATE not in card.sent


@pytest.mark.parametrize("length", [0, 28, 30, 31, 33])
def test_an_answer_of_another_length_is_a_named_error(length: int) -> None:
    card = Between(gp.INITIALIZE_UPDATE, lambda answer: bytes(length) + b"\x90\x00")
    with pytest.raises(ProtocolError):
        opened(card, Guard())


def test_our_own_wrong_keys_burn_no_attempt() -> None:
    guard = Guard()
    card = Between(0, bytes)
    with pytest.raises(AccessDenied, match="scp-card-cryptogram-wrong"):
        opened(card, guard, KeySet(gp.FACTORY_KEY_VERSION, *[Secret(bytes(16))] * 3))
    assert guard.told == []
    assert gp.EXTERNAL_AUTHENTICATE not in card.sent


def test_a_lost_answer_to_the_authentication_stays_noted() -> None:
    guard = Guard()
    with pytest.raises(NoCardError):
        opened(Between(gp.EXTERNAL_AUTHENTICATE, gone), guard)
    assert guard.told == ["begin"]


def test_a_refused_authentication_is_access_denied() -> None:
    with pytest.raises(AccessDenied, match="scp-host-refused"):
        opened(Between(gp.EXTERNAL_AUTHENTICATE, lambda answer: b"\x63\x00"), Guard())


@pytest.mark.parametrize(
    "change",
    [
        lambda answer: answer[:-3] + bytes((answer[-3] ^ 1,)) + answer[-2:],
        lambda answer: answer[-2:],
        lambda answer: answer[:-2] + b"\x62\x83",
        lambda answer: answer[:-1],
        lambda answer: answer[:-2] + b"\x6f\x00",
        gone,
    ],
    ids=["MAC", "no MAC", "status", "cut", "error with data", "pulled"],
)
def test_a_broken_answer_closes_the_channel(change: Callable[[bytes], bytes]) -> None:
    domain = opened(Between(gp.GET_STATUS, change), Guard())
    with pytest.raises(EidError):
        domain.states()
    with pytest.raises(ChannelError, match="scp-not-open"):
        domain.states()


def test_a_bare_error_status_keeps_the_channel() -> None:
    """Amendment D 6.2.5: errors carry no MAC; the chaining goes on."""
    domain = opened(Between(0, bytes), Guard())
    assert domain.exchange(gp.get_data(0x0066)).sw == 0x6A88
    assert domain.states() == (gp.DomainState.OP_READY, gp.ApplicationState.SELECTABLE)


@pytest.mark.parametrize("data", ["", "E300", "E3034F0100", "4F00", "E3054F00 9F7000", "E3"])
def test_a_malformed_life_cycle_is_a_named_error(data: str) -> None:
    domain = opened(Between(0, bytes), Guard())
    domain.exchange = lambda command: ResponseApdu(bytes.fromhex(data), 0x9000)  # type: ignore[method-assign]
    with pytest.raises(ProtocolError):
        domain.states()


def test_a_card_without_domain_or_identity_is_named() -> None:
    with pytest.raises(CardRefused, match="security-domain-missing"):
        opened(Between(0xA4, lambda answer: b"\x6a\x82"), Guard())
    with pytest.raises(CardRefused, match="chip-identity-missing"):
        opened(Between(gp.GET_DATA, lambda answer: b"\x6a\x88"), Guard())
    with pytest.raises(EidError):
        opened(Between(gp.GET_DATA, lambda answer: b"\x9f\x7f\x01\x00\x90\x00"), Guard())


def test_a_command_that_asks_for_a_long_answer_is_protected_as_it_is_sent() -> None:
    domain = opened(Between(0, bytes), Guard())
    command = CommandApdu(0x80, gp.GET_STATUS, 0x80, 0x02, b"\x4f\x00", ne=65536)
    assert domain.exchange(command).ok
