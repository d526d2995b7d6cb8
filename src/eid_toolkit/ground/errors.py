"""The one error tree: every failure that a user can meet, with a stable code and an exit code.

An error carries a kebab-case ``code`` and the facts as keyword parameters; the sentence for a person and the
hint what to do next stand in the message catalogue and are joined to the error at the edge (the command line).
Facts never hold secrets: no keys, passphrases, CAN, PIN or MRZ.
"""

from __future__ import annotations

from typing import ClassVar

_TRIES_LEFT = 0x63C0
"""63Cx: x tries left (ISO/IEC 7816-4 table 6)."""


class EidError(Exception):
    """A failure with a stable ``code``, its ``facts`` and the process exit code it stands for."""

    exit_code: ClassVar[int] = 1
    code: str
    """Stable, in kebab-case."""
    facts: dict[str, object]
    """What the sentence fills in: names, numbers and reasons."""

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
    """No such reader, no card in it, or the card went away; the first two of these have classes of their own."""

    exit_code = 5


class NoReaderError(NoCardError):
    """There is no such reader, or several fit; those that there are stand in ``facts["readers"]``."""


class CardAbsent(NoCardError):
    """No card is in the reader, also after the time that was waited for one."""


class CardRemoved(NoCardError):
    """The card was taken away, or another program reset it, while it was being worked with."""


class CardRefused(EidError):
    """The card answered a command with an error status word, which stands in ``sw``."""

    exit_code = 6
    sw: int

    def __init__(self, code: str, /, *, sw: int, **facts: object) -> None:
        super().__init__(code, sw=f"{sw:04X}", **facts)
        self.sw = sw


class AccessDenied(EidError):
    """Wrong MRZ, CAN, PIN or keys; or the way in is not there, or is not allowed."""

    exit_code = 7


class PasswordWrong(AccessDenied):
    """The card refused the MRZ, the CAN or the PIN; the status word stands in ``sw``."""

    sw: int

    def __init__(self, code: str, /, *, sw: int, **facts: object) -> None:
        super().__init__(code, **facts, sw=f"{sw:04X}")
        self.sw = sw

    @property
    def tries_left(self) -> int | None:
        """How many tries the card says are left; None where it does not tell, as most chips do not."""
        return self.sw & 0xF if self.sw & 0xFFF0 == _TRIES_LEFT else None


class DecisionNeeded(EidError):
    """The software may not decide; an operator has to (``eid card resolve``)."""

    exit_code = 8


class BadInput(EidError):
    """Data from outside (card, file, operator, database) that does not parse or fit its rules."""

    exit_code = 9


class SeveralFit(BadInput):
    """What was typed fits several, and nobody could be asked which one is meant."""


class NotRsaKey(BadInput):
    """A public key of another kind than RSA."""


class NotPermitted(EidError):
    """The role, the state or the two-person rule forbids it."""

    exit_code = 10


class AgentUntrusted(NotPermitted):
    """What lies in the place of an agent's socket is not this user's alone: nothing was sent to it."""


class CardWouldNotPass(NotPermitted):
    """A card with this content would not pass its own issuer's inspection."""


class ServiceAway(EidError):
    """A service is away or busy: pcscd, a reader held by another program, a database, another process."""

    exit_code = 11


class OutputLost(ServiceAway):
    """The result of a command cannot be written; what the command did is done."""


class ReaderAway(ServiceAway):
    """No PC/SC service answers, or another program holds the reader."""


class DatabaseAway(ServiceAway):
    """The database cannot be reached, or is busy."""


class ValueRefused(EidError):
    """The database takes no such values beside those that it has."""


class LockHeld(ServiceAway):
    """Another process of this machine does the same just now."""


class LeaseHeld(ServiceAway):
    """Another station works on the same document, chip or reader."""


class AgentAway(ServiceAway):
    """The agent that held the keys has ended, does not answer, or answers what cannot be used."""


class IntegrityBroken(EidError):
    """Stored data is not what it was when it was written."""

    exit_code = 12


class KeyMissing(IntegrityBroken):
    """The key store, or the token, has no key of that name."""


class SealBroken(IntegrityBroken):
    """Sealed data were changed, or were sealed with another key."""


class ProtocolError(BadInput):
    """The other end's message breaks its protocol (wrong length, tag, order, check)."""


class ChannelError(ProtocolError):
    """Secure messaging failed: the session is over."""

    exit_code = 6


class ObjectsMissing(ChannelError):
    """A message under secure messaging lacks one of its data objects."""


class ResponseUnprotected(ChannelError):
    """The card answered in plain; the status word stands in ``sw``."""

    def __init__(self, code: str, /, *, sw: int, **facts: object) -> None:
        super().__init__(code, sw=f"{sw:04X}", **facts)
        self.sw = sw
