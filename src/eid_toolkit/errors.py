"""The one error tree: every failure that a user can meet, with a stable code and an exit code.

An error carries a kebab-case ``code`` and the facts as keyword parameters; the sentence for a person and the
hint what to do next stand in the message catalogue and are joined to the error at the edge (the command line).
Facts never hold secrets: no keys, passphrases, CAN, PIN or MRZ.
"""

from __future__ import annotations

from typing import ClassVar


class EidError(Exception):
    """A failure with a stable ``code``, its ``facts`` and the process exit code it stands for."""

    exit_code: ClassVar[int] = 1

    def __init__(self, code: str, /, **facts: object) -> None:
        super().__init__(code)
        self.code = code
        self.facts = facts

    def __str__(self) -> str:
        facts = ", ".join(f"{name}={value}" for name, value in self.facts.items())
        return f"{self.code} ({facts})" if facts else self.code

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self})"


class UsageError(EidError):
    """The command was called in a way that cannot work."""

    exit_code = 2


class NoCardError(EidError):
    """No such reader, no card in it, or the card went away."""

    exit_code = 5


class CardRefused(EidError):
    """The card answered a command with an error status word, which stands in ``sw``."""

    exit_code = 6

    def __init__(self, code: str, /, *, sw: int, **facts: object) -> None:
        super().__init__(code, sw=f"{sw:04X}", **facts)
        self.sw = sw


class AccessDenied(EidError):
    """Wrong MRZ, CAN, PIN or keys; the tries left stand in the facts where the card tells them."""

    exit_code = 7


class DecisionNeeded(EidError):
    """The software may not decide; an operator has to (``eid card resolve``)."""

    exit_code = 8


class BadInput(EidError):
    """Data from outside (card, file, operator, database) that does not parse or fit its rules."""

    exit_code = 9


class NotPermitted(EidError):
    """The role, the state or the two-person rule forbids it."""

    exit_code = 10


class ServiceAway(EidError):
    """A service is away or busy: pcscd, a reader held by another program, a database, another process."""

    exit_code = 11


class IntegrityBroken(EidError):
    """Stored data is not what it was when it was written."""

    exit_code = 12


class ProtocolError(BadInput):
    """The other end's message breaks its protocol (wrong length, tag, order, check)."""


class ChannelError(ProtocolError):
    """Secure messaging failed: the session is over."""

    exit_code = 6
