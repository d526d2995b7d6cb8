"""What a client and an agent say to each other, ``eid-agent/1``: one request and one reply for each connection.

A message is its length (4 bytes, big-endian) and JSON. No request is answered by a private key, and none can be: a
reply has no place for one. What ``unwrap`` returns is what was wrapped for the operator: the key of a compartment, with
which the command that asked decrypts and encrypts by itself. It leaves the agent; the two private keys do not.
"""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import dataclass
from typing import Annotated, Literal, TypeVar

from eid_toolkit.ground.plain_values import Base64, Form, Hex, read_json, to_plain
from eid_toolkit.ground.secret import Secret

SCHEMA = "eid-agent/1"
LENGTH_SIZE = 4
"""Bytes of the length before each message."""
MAX_REQUEST = 1 << 19
"""Bytes of a request without its length: a statement of 380 kB fits, and nothing that an operator signs is as long."""
MAX_REPLY = 4096
"""Bytes of a reply without its length."""

Refusal = Literal["malformed", "for-another", "seal-broken", "failed"]
"""Not a request of this version; another home, operator or pair of keys; :class:`SealBroken`; anything else."""

_Message = TypeVar("_Message", "Request", "Reply")
_SecretText = Annotated[
    Secret,
    Form(
        lambda text: Secret(base64.b64decode(text, validate=True)),
        lambda key: base64.b64encode(key.reveal()).decode(),
    ),
]
_PARTS: dict[str, frozenset[str]] = {
    "hello": frozenset(),
    "sign": frozenset({"keys", "statement"}),
    "unwrap": frozenset({"keys", "ephemeral", "wrapped", "context"}),
    "lock": frozenset(),
}
_ALL_PARTS = frozenset[str]().union(*_PARTS.values())


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked for, of the agent of which operator of which home, and with which keys (:func:`digest_of`)."""

    operation: Literal["hello", "sign", "unwrap", "lock"]
    home: str
    operator: str
    keys: Hex | None = None
    statement: Base64 | None = None
    ephemeral: Base64 | None = None
    wrapped: Base64 | None = None
    context: Base64 | None = None

    def __post_init__(self) -> None:
        if {name for name in _ALL_PARTS if getattr(self, name) is not None} != _PARTS[self.operation]:
            raise ValueError("the parts of another request")


@dataclass(frozen=True, slots=True, eq=False)
class Reply:
    """The answer; what the request did not ask for is None."""

    refused: Refusal | None = None
    public_key: Base64 | None = None
    wrapping_key: Base64 | None = None
    remaining: int | None = None
    """Seconds until the agent ends by itself."""
    signature: Base64 | None = None
    key: _SecretText | None = None


def digest_of(public_key: bytes, wrapping_key: bytes) -> bytes:
    """What stands for a pair of keys in a request: an agent whose keys were made anew does not answer it."""
    return hashlib.sha256(public_key + wrapping_key).digest()


def encode(message: Request | Reply) -> bytes:
    """The message with its length before it."""
    parts = {name: value for name, value in to_plain(message).items() if value is not None}
    data = json.dumps({"schema": SCHEMA, **parts}).encode()
    return len(data).to_bytes(LENGTH_SIZE, "big") + data


def decode(kind: type[_Message], data: bytes) -> _Message:
    """A message of the ``kind`` from its JSON; raises :class:`ValueError` for anything else."""
    return read_json(kind, data, SCHEMA, strict=True)
