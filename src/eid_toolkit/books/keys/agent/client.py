"""The other side of an agent: keys that a command uses without having them, as :class:`HeldKeys`.

Nothing is sent before the socket, its directory and the process behind it are proved to be this user's. A socket that
nobody listens on is no agent. Each request has a connection of its own, and ``PATIENCE`` seconds for all of it.
"""

from __future__ import annotations

import os
import socket
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from eid_toolkit.books.keys.agent.messages import (
    LENGTH_SIZE,
    MAX_REPLY,
    MAX_REQUEST,
    Reply,
    Request,
    decode,
    digest_of,
    encode,
)
from eid_toolkit.books.keys.agent.peers import user_at
from eid_toolkit.books.keys.agent.place import KeyHolder, is_own_socket, socket_path
from eid_toolkit.ground.errors import AgentAway, AgentUntrusted, BadInput, SealBroken
from eid_toolkit.ground.home.locks import exclusive
from eid_toolkit.ground.secret import Secret

if TYPE_CHECKING:
    from eid_toolkit.standards.crypto.key_wrapping import WrappedKey

PATIENCE = 5.0
"""Seconds after which an agent that does not answer counts as gone."""
_PAUSE = 0.01


@dataclass(frozen=True, slots=True)
class AgentStatus:
    """What an agent tells of itself."""

    public_key: bytes
    """SubjectPublicKeyInfo in DER, as in :class:`HeldKeys`."""
    wrapping_key: bytes
    remaining: int
    """Seconds until it ends by itself."""


@dataclass(frozen=True, slots=True)
class AgentKeys:
    """The keys that the agent of ``holder`` holds.

    Each use raises :class:`AgentAway` if the agent has ended since, or has other keys by now.
    """

    holder: KeyHolder
    public_key: bytes
    wrapping_key: bytes

    def sign(self, statement: bytes, /) -> bytes:
        """ECDSA with SHA-256 over ``statement``, in DER; raises :class:`BadInput` for one of more than 380 kB."""
        reply = self._ask(Request("sign", *self._whose, self._keys, statement))
        if reply.signature is None:
            raise AgentAway("agent-reply-malformed")
        return reply.signature

    def unwrap(self, wrapped: WrappedKey, context: bytes, /) -> Secret:
        """The key; raises :class:`SealBroken` if it is for somebody else, or for another context."""
        parts = (wrapped.ephemeral, wrapped.wrapped, context)
        reply = self._ask(Request("unwrap", *self._whose, self._keys, None, *parts))
        if reply.key is None:
            raise AgentAway("agent-reply-malformed")
        return reply.key

    @property
    def _whose(self) -> tuple[str, str]:
        return self.holder.home_id, self.holder.operator

    @property
    def _keys(self) -> bytes:
        return digest_of(self.public_key, self.wrapping_key)

    def _ask(self, request: Request) -> Reply:
        reply = _ask_agent(self.holder, request)
        if reply is None:
            raise AgentAway("agent-gone")
        if reply.refused == "seal-broken":
            raise SealBroken("sealed-data-broken")
        if reply.refused == "for-another":
            raise AgentAway("agent-for-another")
        if reply.refused is not None:
            raise AgentAway("agent-failed")
        return reply


def find_agent(holder: KeyHolder, public_key: bytes, wrapping_key: bytes) -> AgentKeys | None:
    """The keys of ``holder`` in a running agent; None if none runs, or if it holds other keys than these.

    The public keys are those that the home has on record for the operator. Raises :class:`AgentUntrusted` for a socket
    that somebody else has laid, and :class:`AgentAway` if the agent does not answer.
    """
    status = agent_status(holder)
    if status is None or (status.public_key, status.wrapping_key) != (public_key, wrapping_key):
        return None
    return AgentKeys(holder, public_key, wrapping_key)


def agent_status(holder: KeyHolder) -> AgentStatus | None:
    """What the agent of ``holder`` tells; None if none runs, or one of another home. Raises as :func:`find_agent`."""
    reply = _ask_agent(holder, Request("hello", holder.home_id, holder.operator))
    if reply is None or reply.refused == "for-another":
        return None
    if reply.public_key is None or reply.wrapping_key is None or reply.remaining is None:
        raise AgentAway("agent-reply-malformed")
    return AgentStatus(reply.public_key, reply.wrapping_key, reply.remaining)


class _Cut(AgentAway):
    """The agent ended the connection before it replied."""


def _ask_agent(holder: KeyHolder, request: Request) -> Reply | None:
    """The reply of the agent that listens; None if none does.

    An agent that ends meanwhile may have been replaced by a new one, which is asked again: no request changes anything.
    """
    path = socket_path(holder)
    for is_last in (False, True):
        connection = connect(path)
        if connection is None:
            return None
        try:
            with connection:
                return ask(connection, request)
        except _Cut:
            if is_last:
                raise
    return None


def lock_agent(holder: KeyHolder) -> bool:
    """End the agent of ``holder``; False if none runs. On return nobody can reach it.

    One that does not answer (another version, a stopped process) loses its socket, and ends as soon as it sees that.
    Raises :class:`AgentUntrusted` as :func:`find_agent`.
    """
    path = socket_path(holder)
    try:
        connection = connect(path)
        if connection is None:
            return False
        has_ended = end_by(connection, holder)
    except AgentAway:
        has_ended = False
    if not has_ended:
        with exclusive(path.with_suffix(".lock"), "the agent", PATIENCE):
            path.unlink(missing_ok=True)
    return True


def end_by(connection: socket.socket, holder: KeyHolder) -> bool:
    """Ask the agent behind the connection to end, and wait for that; False if it did not say that it will."""
    with connection:
        try:
            reply = ask(connection, Request("lock", holder.home_id, holder.operator))
            connection.settimeout(PATIENCE)
            return reply.refused is None and connection.recv(1) == b""
        except (AgentAway, OSError):
            return False


def connect(path: Path) -> socket.socket | None:
    """A connection to the agent that listens at ``path``; None if nobody does.

    Raises :class:`AgentUntrusted` if the socket, its directory or the process behind it is not this user's alone.
    """
    if not is_own_socket(path):
        return None
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        connection.settimeout(PATIENCE)
        if not _is_connected(connection, path):
            connection.close()
            return None
        if (user := user_at(connection)) != os.geteuid():
            raise AgentUntrusted("agent-peer-foreign", path=path, user="unknown" if user is None else user)
    except BaseException:
        connection.close()
        raise
    return connection


def _is_connected(connection: socket.socket, path: Path) -> bool:
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            connection.connect(str(path))
        except (FileNotFoundError, ConnectionRefusedError):
            return False
        except BlockingIOError:  # more clients than the agent has accepted yet (unix(7): EAGAIN)
            if time.monotonic() >= deadline:
                raise AgentAway("agent-gone") from None
            time.sleep(_PAUSE)
        except OSError:
            raise AgentAway("agent-gone") from None
        else:
            return True


def ask(connection: socket.socket, request: Request) -> Reply:
    """The reply; raises :class:`AgentAway` if the agent ends, does not answer in time, or answers something else.

    Raises :class:`BadInput` for a request that is too long.
    """
    message = encode(request)
    if len(message) > LENGTH_SIZE + MAX_REQUEST:
        raise BadInput("agent-request-too-long", limit=MAX_REQUEST)
    deadline = time.monotonic() + PATIENCE
    try:
        connection.settimeout(PATIENCE)
        connection.sendall(message)
        length = int.from_bytes(_receive(connection, LENGTH_SIZE, deadline), "big")
        if length > MAX_REPLY:
            raise AgentAway("agent-reply-malformed")
        return decode(Reply, _receive(connection, length, deadline))
    except ConnectionError:
        raise _Cut("agent-gone") from None
    except OSError:
        raise AgentAway("agent-gone") from None
    except ValueError:
        raise AgentAway("agent-reply-malformed") from None


def _receive(connection: socket.socket, count: int, deadline: float) -> bytes:
    data = b""
    while len(data) < count:
        connection.settimeout(max(deadline - time.monotonic(), 0.001))
        part = connection.recv(count - len(data))
        if not part:
            raise ConnectionResetError
        data += part
    return data
