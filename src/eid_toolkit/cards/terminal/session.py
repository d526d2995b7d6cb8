"""A conversation with one card: the owner of the secure channel, and the only sender of commands."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TypeVar

from eid_toolkit.cards.terminal.quirks import STANDARD, Habits, Quirks
from eid_toolkit.cards.transport.interface import Transport
from eid_toolkit.ground.errors import EidError, ProtocolError
from eid_toolkit.standards.iso7816 import commands
from eid_toolkit.standards.iso7816.apdu import MAX_SHORT_NE, CommandApdu, ResponseApdu
from eid_toolkit.standards.iso7816.status import StatusWord
from eid_toolkit.standards.protocols.flow import Flow, run
from eid_toolkit.standards.protocols.secure_messaging import SecureChannel, capacity

T = TypeVar("T")

MAX_ANSWER = 1 << 17
"""The most bytes that a card may send for one command before it is taken to be endless."""
MAX_PARTS = 600


class CardSession:
    """Sends commands over a transport, under the secure channel once there is one."""

    def __init__(self, transport: Transport, quirks: Quirks = STANDARD) -> None:
        self.transport = transport
        self.habits = Habits.of(quirks)
        """What this card was found to understand."""
        self.apdus = 0
        """Commands sent so far."""
        self._channel: SecureChannel | None = None

    @property
    def is_secure(self) -> bool:
        """Whether commands go under secure messaging."""
        return self._channel is not None

    @property
    def channel(self) -> SecureChannel | None:
        """The secure channel, if there is one."""
        return self._channel

    def capacity(self, size: int) -> int:
        """The most bytes that a card can answer in ``size`` bytes of response data, protected as it is now."""
        return size if self._channel is None else capacity(size, self._channel.block)

    def install(self, channel: SecureChannel) -> None:
        """From now on commands go under ``channel``."""
        self._channel = channel

    def reset(self) -> None:
        """Resets the card; every security status is lost."""
        self._channel = None
        self.transport.reset()

    def run(self, flow: Flow[T]) -> T:
        """Drives a protocol to its result."""
        return run(flow, self.exchange)

    def exchange(self, command: CommandApdu) -> ResponseApdu:
        """Sends ``command`` and returns the plain answer.

        Raises :class:`ChannelError` if the answer is not authentic. After any error the channel is gone.
        """
        channel = self._channel
        if channel is None:
            return self._send(command)
        with self._closing_on_error():
            answer = self._protected(channel, command)
            if _asks_other_le(answer):
                answer = self._protected(channel, replace(command, ne=answer.sw & 0xFF or MAX_SHORT_NE))
            return answer

    def exchange_plain(self, command: CommandApdu) -> ResponseApdu:
        """Sends ``command`` without secure messaging, which ends a session."""
        self._channel = None
        return self._send(command)

    def _protected(self, channel: SecureChannel, command: CommandApdu) -> ResponseApdu:
        return channel.open_response(command.ins, self._send(channel.protect_command(command)))

    @contextmanager
    def _closing_on_error(self) -> Iterator[None]:
        try:
            yield
        except EidError:
            self._channel = None
            raise

    def _send(self, command: CommandApdu) -> ResponseApdu:
        answer = self._send_once(command)
        if _asks_other_le(answer):
            answer = self._send_once(replace(command, ne=answer.sw & 0xFF or MAX_SHORT_NE))
        if answer.sw >> 8 == 0x61:
            answer = self._collect(answer)
        return answer

    def _collect(self, answer: ResponseApdu) -> ResponseApdu:
        """The whole of an answer that comes in parts (7816-4 5.3.4)."""
        data = answer.data
        for _ in range(MAX_PARTS):
            answer = self._send_once(commands.get_response(answer.sw & 0xFF or MAX_SHORT_NE))
            data += answer.data
            if answer.sw >> 8 != 0x61:
                return ResponseApdu(data, answer.sw)
            if len(data) > MAX_ANSWER or not answer.data:
                break
        raise ProtocolError("card-answer-endless", received=len(data))

    def _send_once(self, command: CommandApdu) -> ResponseApdu:
        self.apdus += 1
        return ResponseApdu.decode(self.transport.process(command.encode()))


def _asks_other_le(answer: ResponseApdu) -> bool:
    """Whether the card refused a command only for its Le, and names the right one (7816-4 5.6, 6Cxx)."""
    return answer.sw >> 8 == StatusWord.WRONG_LE >> 8 and not answer.data
