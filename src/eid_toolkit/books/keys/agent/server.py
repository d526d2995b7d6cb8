"""The agent's loop: one thread that waits for all clients at once, so that none of them can keep the others waiting.

Not a thread for each client: in locked memory each would cost the whole of its stack. A client has ``PATIENCE`` seconds
to send its one request; where there are too many, the one that has been slowest gives way. Nothing is ever logged.
"""

from __future__ import annotations

import os
import selectors
import signal
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

from eid_toolkit.books.keys.agent.answers import Answers, seconds_now
from eid_toolkit.books.keys.agent.login_session import LoginSession
from eid_toolkit.books.keys.agent.messages import LENGTH_SIZE, MAX_REQUEST, Reply, encode
from eid_toolkit.books.keys.agent.peers import user_at
from eid_toolkit.ground.errors import EidError
from eid_toolkit.ground.home.locks import exclusive

PATIENCE = 5.0
"""Seconds that a client has for its request."""
MAX_CLIENTS = 16
"""Requests that are received at the same time."""
ENDING_SIGNALS = (signal.SIGTERM, signal.SIGHUP, signal.SIGINT)
_LOOK = 2.0
"""Seconds between two looks at what ends an agent without a word, its session and its socket; each client is one."""
_PART = 1 << 16
_BREATH = 0.1
"""Seconds of rest where the system has no descriptor left for a client."""


@dataclass(slots=True, eq=False)
class _Client:
    connection: socket.socket
    until: float
    received: bytearray = field(default_factory=bytearray)


@dataclass(slots=True, eq=False)
class Server:
    """Answers on ``listener``, which lies at ``path``, until something ends it."""

    listener: socket.socket
    path: Path
    answers: Answers
    session: LoginSession
    _identity: tuple[int, int] = (0, 0)
    _clients: dict[int, _Client] = field(default_factory=dict)
    _selector: selectors.BaseSelector = field(default_factory=selectors.DefaultSelector)
    _is_over: bool = False
    _next_look: float = 0.0

    def serve(self) -> None:
        """Return when the time is over, the session has ended, the socket was replaced, or on ``lock`` or a signal."""
        status = self.path.lstat()
        self._identity = (status.st_dev, status.st_ino)
        self.listener.setblocking(False)
        self._selector.register(self.listener, selectors.EVENT_READ)
        with self._signals():
            while not self._must_end():
                for key, _ in self._selector.select(self._pause()):
                    if self._must_end():
                        break
                    self._handle(key.fd)
                self._drop_slow()
        self._withdraw()

    @contextmanager
    def _signals(self) -> Iterator[None]:
        """The ending signals end the loop, also while it waits: the descriptor that they write to is waited for."""
        awake, wake = socket.socketpair()
        awake.setblocking(False)
        wake.setblocking(False)
        self._selector.register(awake, selectors.EVENT_READ)
        signal.set_wakeup_fd(wake.fileno(), warn_on_full_buffer=False)
        for number in ENDING_SIGNALS:
            signal.signal(number, self._end)
        with awake, wake:
            yield

    def _end(self, number: int, frame: FrameType | None) -> None:
        self._is_over = True

    def _must_end(self) -> bool:
        if not self._is_over and seconds_now() >= self._next_look:
            self._next_look = seconds_now() + _LOOK
            self._is_over = self.session.ended() or not self._is_in_place()
        return self._is_over or self.answers.is_over

    def _pause(self) -> float:
        remaining = self.answers.ends - seconds_now()
        slowest = min((client.until - seconds_now() for client in self._clients.values()), default=_LOOK)
        return max(min(_LOOK, remaining, slowest), 0.0)

    def _handle(self, descriptor: int) -> None:
        if descriptor == self.listener.fileno():
            self._accept()
        elif (client := self._clients.get(descriptor)) is not None:
            self._receive(client)
        else:  # a signal; its handler has run
            with suppress(OSError):
                os.read(descriptor, _PART)

    def _accept(self) -> None:
        try:
            connection, _ = self.listener.accept()
        except BlockingIOError:
            return
        except OSError:
            self._drop_slowest()
            time.sleep(_BREATH)
            return
        if user_at(connection) != os.geteuid():
            connection.close()
            return
        if len(self._clients) >= MAX_CLIENTS:
            self._drop_slowest()
        connection.setblocking(False)
        self._next_look = 0.0  # nobody is to find an agent that ends before it has signed
        self._clients[connection.fileno()] = _Client(connection, seconds_now() + PATIENCE)
        self._selector.register(connection, selectors.EVENT_READ)

    def _receive(self, client: _Client) -> None:
        try:
            part = client.connection.recv(_PART)
        except BlockingIOError:
            return
        except OSError:
            part = b""
        client.received += part
        length = int.from_bytes(client.received[:LENGTH_SIZE], "big")
        missing = LENGTH_SIZE + length - len(client.received)
        if len(client.received) >= LENGTH_SIZE and not (0 < length <= MAX_REQUEST and missing >= 0):
            self._reply(client, Reply(refused="malformed"))
        elif len(client.received) > LENGTH_SIZE and missing == 0:
            self._answer(client)
        elif not part:
            self._drop(client)

    def _answer(self, client: _Client) -> None:
        reply, is_lock = self.answers.to(bytes(client.received[LENGTH_SIZE:]))
        if is_lock:  # nobody meets it after the reply; who asked sees its end by the end of the connection
            self._is_over = True
            self._withdraw(but_for=client)
            with suppress(OSError):
                client.connection.send(encode(reply))
            return
        self._reply(client, reply)

    def _reply(self, client: _Client, reply: Reply) -> None:
        with suppress(OSError):  # a reply fits the socket's buffer, or else its client has filled that: no matter
            client.connection.send(encode(reply))
        self._drop(client)

    def _drop(self, client: _Client) -> None:
        del self._clients[client.connection.fileno()]
        self._selector.unregister(client.connection)
        client.connection.close()

    def _drop_slowest(self) -> None:
        if self._clients:
            self._drop(min(self._clients.values(), key=lambda client: client.until))

    def _drop_slow(self) -> None:
        for client in [client for client in self._clients.values() if client.until <= seconds_now()]:
            self._drop(client)

    def _is_in_place(self) -> bool:
        try:
            status = self.path.lstat()
        except OSError:
            return False
        return (status.st_dev, status.st_ino) == self._identity

    def _withdraw(self, but_for: _Client | None = None) -> None:
        """Listen no more, and take the socket's name away unless another agent has it by now, or is about to.

        Clients are let go last: who asks again at once is to meet nobody here.
        """
        if self.listener.fileno() >= 0:
            with suppress(EidError, OSError), exclusive(self.path.with_suffix(".lock"), "the agent"):
                if self._is_in_place():
                    self.path.unlink()
            self._selector.unregister(self.listener)
            self.listener.close()
        for client in [client for client in self._clients.values() if client is not but_for]:
            self._drop(client)
