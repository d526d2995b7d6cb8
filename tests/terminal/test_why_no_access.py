"""Why a card could not be opened: the password is called wrong only where the card says so, and not where it failed."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from eid_toolkit.cards.emulator.card import EmulatedCard
from eid_toolkit.cards.emulator.emrtd.memory import EmrtdMemory
from eid_toolkit.cards.terminal.access import open_access
from eid_toolkit.cards.terminal.session import CardSession
from eid_toolkit.cards.transport.inprocess import InProcessTransport
from eid_toolkit.ground.errors import CardRefused, EidError, PasswordWrong
from eid_toolkit.standards.iso7816 import commands
from eid_toolkit.standards.iso7816.apdu import CommandApdu, ResponseApdu
from eid_toolkit.standards.iso7816.files import ElementaryFile
from eid_toolkit.standards.protocols.passwords import AccessPassword
from eid_toolkit.standards.protocols.personalization_data import AccessProtocols
from support.card_states import ENTROPY, issued_memory, mrz_password
from support.emulated import CAN

FAILURES = [0x6F00, 0x6F12, 0x6400, 0x6581, 0x6601]
FINAL, CHAINED = 0x00, 0x10
"""CLA of the last GENERAL AUTHENTICATE of PACE, and of those before it."""


class Answering:
    """An emulated card that answers some commands with ``sw``."""

    def __init__(self, protocols: AccessProtocols, sw: int, at: Callable[[CommandApdu], bool]) -> None:
        memory = issued_memory(protocols=protocols)
        if protocols is AccessProtocols.BAC:
            memory.part(EmrtdMemory).files.pop(ElementaryFile.CARD_ACCESS)
        self._card = EmulatedCard(memory, ENTROPY, lambda _: None)
        self._sw, self._at = sw, at

    @property
    def atr(self) -> bytes:
        return self._card.atr

    def process(self, command: bytes, /) -> bytes:
        if self._at(CommandApdu.decode(command)):
            return ResponseApdu(b"", self._sw).encode()
        return self._card.process(command)

    def reset(self) -> None:
        self._card.reset()

    def power_off(self) -> None:
        self._card.power_off()


def refusal(protocols: AccessProtocols, sw: int, at: Callable[[CommandApdu], bool]) -> EidError:
    card = Answering(protocols, sw, at)
    password = mrz_password() if protocols is AccessProtocols.BAC else AccessPassword.from_can(CAN)
    with pytest.raises(EidError) as caught:
        open_access(CardSession(InProcessTransport(card, "test")), password, ENTROPY, allow_bac=True)
    assert caught.value.facts["sw"] == f"{sw:04X}"
    return caught.value


def at_bac(sw: int) -> EidError:
    return refusal(AccessProtocols.BAC, sw, lambda command: command.ins == commands.EXTERNAL_AUTHENTICATE)


@pytest.mark.parametrize("sw", [0x6300, 0x63C2, 0x6982, 0x6983, 0x6985, 0x6988, 0x6A80])
def test_a_refused_mrz_is_a_wrong_mrz(sw: int) -> None:
    error = at_bac(sw)
    assert (type(error), error.code) == (PasswordWrong, "access-password-wrong")


@pytest.mark.parametrize("sw", FAILURES)
def test_a_card_that_fails_at_bac_says_nothing_of_the_mrz(sw: int) -> None:
    error = at_bac(sw)
    assert (type(error), error.code, error.facts["step"]) == (CardRefused, "card-failed", "BAC")


@pytest.mark.parametrize("sw", [0x6D00, 0x6E00, 0x6700, 0x6881, 0x6A81])
def test_a_card_that_does_not_know_bac_says_nothing_of_the_mrz(sw: int) -> None:
    assert at_bac(sw).code == "bac-refused"


@pytest.mark.parametrize("sw", FAILURES)
@pytest.mark.parametrize(
    ("step", "at"),
    [
        ("password", lambda command: command.ins == commands.MANAGE_SECURITY_ENVIRONMENT),
        ("nonce", lambda command: command.ins == commands.GENERAL_AUTHENTICATE),
        ("authenticate", lambda command: command.ins == commands.GENERAL_AUTHENTICATE and command.cla == FINAL),
    ],
)
def test_a_card_that_fails_at_pace_says_nothing_of_the_password(
    step: str, at: Callable[[CommandApdu], bool], sw: int
) -> None:
    error = refusal(AccessProtocols.PACE, sw, at)
    assert (error.code, error.facts["step"]) == ("card-failed", f"PACE ({step})")


@pytest.mark.parametrize(
    ("sw", "code"),
    [
        (0x6A82, "emrtd-application-missing"),
        (0x6A88, "emrtd-application-missing"),
        (0x6700, "emrtd-application-refused"),
        (0x6283, "emrtd-application-refused"),
        (0x6A81, "emrtd-application-refused"),
        (0x6985, "emrtd-application-refused"),
        (0x6F00, "card-failed"),
    ],
)
def test_only_a_card_that_does_not_find_the_application_has_none(sw: int, code: str) -> None:
    def at(command: CommandApdu) -> bool:
        return command.ins == commands.SELECT and command.p1 == 4

    assert refusal(AccessProtocols.BAC, sw, at).code == code
