"""What an agent answers: to the requests for its operator, home and keys; everything else is refused in one word."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass

from eid_toolkit.books.keys.agent.messages import Reply, Request, decode, digest_of
from eid_toolkit.books.keys.agent.place import KeyHolder
from eid_toolkit.books.keys.holding import HeldKeys
from eid_toolkit.ground.errors import BadInput, SealBroken
from eid_toolkit.standards.crypto.key_wrapping import WrappedKey

_CLOCK = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
"""Goes on while the machine sleeps, and is not set: a lid that was closed overnight does not prolong anything."""


def seconds_now() -> float:
    """By the clock that agents live by."""
    return time.clock_gettime(_CLOCK)


@dataclass(frozen=True, slots=True)
class Answers:
    """The keys of ``holder`` until ``ends`` (by :func:`seconds_now`)."""

    holder: KeyHolder
    keys: HeldKeys
    ends: float

    @property
    def is_over(self) -> bool:
        """Whether the time has passed."""
        return seconds_now() >= self.ends

    def to(self, data: bytes) -> tuple[Reply, bool]:
        """The reply to a message, and whether the agent was asked to end, which every process of its user may do.

        Never raises, and of what went wrong tells no more than the kind.
        """
        try:
            request = decode(Request, data)
            return (Reply(), True) if request.operation == "lock" else (self._to(request), False)
        except SealBroken:
            return Reply(refused="seal-broken"), False
        except (ValueError, BadInput):
            return Reply(refused="malformed"), False
        except Exception:  # whatever the keys' own place raises: the agent goes on
            return Reply(refused="failed"), False

    def _to(self, request: Request) -> Reply:
        if (request.home, request.operator) != (self.holder.home_id, self.holder.operator):
            return Reply(refused="for-another")
        public_key, wrapping_key = self.keys.public_key, self.keys.wrapping_key
        if request.operation == "hello":
            remaining = max(math.ceil(self.ends - seconds_now()), 0)
            return Reply(public_key=public_key, wrapping_key=wrapping_key, remaining=remaining)
        if request.keys != digest_of(public_key, wrapping_key):
            return Reply(refused="for-another")
        if request.statement is not None:
            return Reply(signature=self.keys.sign(request.statement))
        if request.ephemeral is None or request.wrapped is None or request.context is None:
            return Reply(refused="malformed")
        return Reply(key=self.keys.unwrap(WrappedKey(request.ephemeral, request.wrapped), request.context))
