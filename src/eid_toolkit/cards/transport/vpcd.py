"""Puts a software card into the virtual PC/SC reader of vsmartcard (vpcd's protocol on TCP)."""

from __future__ import annotations

import socket
from contextlib import suppress
from types import TracebackType

from eid_toolkit.cards.transport.interface import Card
from eid_toolkit.ground.errors import NoCardError, ServiceAway

DEFAULT_PORT = 35963
"""The port of "Virtual PCD 00 00" as Debian ships it; the second slot is one higher."""

_POWER_OFF, _POWER_ON, _RESET, _GET_ATR = 0x00, 0x01, 0x02, 0x04
_QUICKACK = getattr(socket, "TCP_QUICKACK", None)


class VpcdCard:
    """A card in the slot for as long as the connection to vpcd lasts.

    vpcd sends length (2 bytes, big-endian) and payload; one-byte payloads are controls, of which only the request
    for the ATR is answered; all else is a command APDU.
    Raises :class:`ServiceAway` if nothing listens on the port.
    """

    def __init__(self, card: Card, port: int = DEFAULT_PORT, host: str = "127.0.0.1") -> None:
        self._card = card
        try:
            self._socket = socket.create_connection((host, port), timeout=5)
        except OSError as error:
            raise ServiceAway("vpcd-unreachable", host=host, port=port, cause=error.strerror or str(error)) from None
        self._socket.settimeout(None)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def run(self) -> None:
        """Serve until vpcd ends the connection, :meth:`pull` is called, or the card loses its power."""
        try:
            # Pulled, or without power: to vpcd both are a slot that became empty.
            with suppress(OSError, NoCardError):
                while (payload := self._receive()) is not None:
                    answer = self._answer(payload)
                    if answer is not None:
                        self._socket.sendall(len(answer).to_bytes(2, "big") + answer)
        finally:
            self._socket.close()
            self._card.power_off()

    def pull(self) -> None:
        """Take the card out of the slot; :meth:`run` returns."""
        with suppress(OSError):  # it was out already
            self._socket.shutdown(socket.SHUT_RDWR)

    def __enter__(self) -> VpcdCard:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.pull()
        self._socket.close()

    def _answer(self, payload: bytes) -> bytes | None:
        if len(payload) != 1:
            return self._card.process(payload)
        control = payload[0]
        if control == _GET_ATR:
            return self._card.atr
        if control in (_POWER_ON, _RESET):
            self._card.reset()
        elif control == _POWER_OFF:
            self._card.power_off()
        return None

    def _receive(self) -> bytes | None:
        """One payload, or None at the end of the connection."""
        header = self._receive_exactly(2)
        return None if header is None else self._receive_exactly(int.from_bytes(header, "big"))

    def _receive_exactly(self, count: int) -> bytes | None:
        data = b""
        while len(data) < count:
            # vpcd writes length and payload apart under Nagle's algorithm: with a delayed acknowledgement of the
            # first each APDU would take 44 ms. Linux forgets the option, so it is set around every receive.
            self._acknowledge_quickly()
            part = self._socket.recv(count - len(data))
            self._acknowledge_quickly()
            if not part:
                return None
            data += part
        return data

    def _acknowledge_quickly(self) -> None:
        if _QUICKACK is not None:
            self._socket.setsockopt(socket.IPPROTO_TCP, _QUICKACK, 1)
