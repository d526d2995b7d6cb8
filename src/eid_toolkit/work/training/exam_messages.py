"""What trainer and officer tell each other in an exam: one JSON object a line, signed by who says it.

The officer begins (``hello``); the trainer answers with the sheet of the next case, or with the certificate when there
is none left; the officer answers each sheet.
"""

from __future__ import annotations

import json
import socket
from dataclasses import dataclass, replace
from typing import Annotated, ClassVar, TypeVar

from eid_toolkit.books.ledger.canonical import digest
from eid_toolkit.ground.errors import BadInput, IntegrityBroken, ServiceAway
from eid_toolkit.ground.plain_values import REQUIRED, Base64, Hex, UtcTime, from_plain, parse_json, to_plain
from eid_toolkit.work.training.case import Decision, Family
from eid_toolkit.work.training.range_key import RangeKey, has_signed
from eid_toolkit.work.training.scoring import Sureness

MAX_LINE = 4 << 20
"""The longest line in bytes: a sheet carries a picture and a bundle."""
_PART = 1 << 16


class OtherSideAway(ServiceAway):
    """Who was spoken with in an exam is gone, or does not answer in time."""


@dataclass(frozen=True, slots=True)
class Hello:
    """An officer who wants to be examined, in a language (BCP 47)."""

    public_key: Hex
    language: str
    signature: Annotated[Hex, REQUIRED] = b""

    SCHEMA: ClassVar[str] = "eid-exam-hello/1"


@dataclass(frozen=True, slots=True)
class Sheet:
    """One case as it stands before the officer: nothing of its truth."""

    exam: str
    number: int
    of: int
    scene: str
    says: str
    can: str
    mrz: str
    quirks: str
    bearer: Base64
    """The face, in JPEG."""
    bundle: Base64
    pin: str
    """The fingerprint of who signs the bundle."""
    told: UtcTime
    """When the bundle was made."""
    trainer_key: Hex
    """SubjectPublicKeyInfo in DER of who has signed the sheet."""
    signature: Annotated[Hex, REQUIRED] = b""

    SCHEMA: ClassVar[str] = "eid-exam-sheet/1"

    @property
    def digest(self) -> str:
        """SHA-256 over all of it, in hex."""
        return digest(to_plain(self))


@dataclass(frozen=True, slots=True)
class AnswerSheet:
    """What the officer has done with one case."""

    exam: str
    number: int
    sheet: str
    """The digest of the sheet that is answered."""
    decision: Decision
    reason: Annotated[Family | None, REQUIRED]
    sure: Sureness
    seconds: int
    verdict: Annotated[str | None, REQUIRED] = None
    signature: Annotated[Hex, REQUIRED] = b""

    SCHEMA: ClassVar[str] = "eid-exam-answer/1"


@dataclass(frozen=True, slots=True)
class Certificate:
    """What an exam was worth, as the trainer vouches for it; counts are pairs: how many, of how many."""

    exam: str
    officer: str
    officer_key: str
    """Fingerprint of the key that has signed the answers."""
    deck: str
    version: int
    deck_digest: str
    begun: UtcTime
    ended: UtcTime
    caught: tuple[int, int]
    refused: tuple[int, int]
    delayed: tuple[int, int]
    passed_on: tuple[int, int]
    reasons: tuple[int, int]
    cost: int
    passed: bool
    trainer_key: Hex
    """SubjectPublicKeyInfo in DER."""
    signature: Annotated[Hex, REQUIRED] = b""

    SCHEMA: ClassVar[str] = "eid-exam-certificate/1"

    def check(self) -> None:
        """Raises :class:`IntegrityBroken` unless its own key has signed it; whose that is, is another question."""
        if not is_by(self, self.trainer_key):
            raise IntegrityBroken("training-certificate-changed", exam=self.exam)


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why nothing goes on: the code of an error."""

    code: str
    signature: Annotated[Hex, REQUIRED] = b""

    SCHEMA: ClassVar[str] = "eid-exam-refusal/1"


Message = Hello | Sheet | AnswerSheet | Certificate | Refusal
_Kind = TypeVar("_Kind", Hello, Sheet, AnswerSheet, Certificate, Refusal)
_KINDS: dict[str, type[Message]] = {kind.SCHEMA: kind for kind in (Hello, Sheet, AnswerSheet, Certificate, Refusal)}


def signed(message: _Kind, key: RangeKey) -> _Kind:
    """The message with the signature of who says it."""
    return replace(message, signature=key.sign(message.SCHEMA, to_plain(message, without=("signature",))))


def is_by(message: Message, public: bytes) -> bool:
    """Whether the key (SPKI in DER) has signed the message."""
    return has_signed(public, message.SCHEMA, to_plain(message, without=("signature",)), message.signature)


def encode(message: Message) -> bytes:
    """One line of JSON."""
    return json.dumps({"schema": message.SCHEMA, **to_plain(message)}, ensure_ascii=False).encode() + b"\n"


def decode(line: bytes) -> Message:
    """The message in a line; raises :class:`BadInput` for anything else."""
    try:
        values = parse_json(line)
        kind = _KINDS[values.pop("schema")]
        message: Message = from_plain(kind, values, strict=True)
    except (ValueError, TypeError, KeyError, AttributeError):
        raise BadInput("exam-message-malformed") from None
    return message


class Channel:
    """One connection, on which either side waits ``patience`` seconds for the other at the most."""

    def __init__(self, connection: socket.socket, patience: float) -> None:
        self._connection = connection
        self._connection.settimeout(patience)
        self._received = bytearray()

    def be_patient(self, patience: float) -> None:
        """From now on wait that many seconds at the most."""
        self._connection.settimeout(patience)

    def send(self, message: Message) -> None:
        """Raises :class:`OtherSideAway` if the other side is gone."""
        try:
            self._connection.sendall(encode(message))
        except OSError:
            raise OtherSideAway("exam-connection-lost") from None

    def receive(self) -> Message:
        """Raises :class:`OtherSideAway` if the other side is gone, :class:`BadInput` for what is no message."""
        while (end := self._received.find(b"\n")) < 0:
            if len(self._received) > MAX_LINE:
                raise BadInput("exam-message-malformed")
            try:
                part = self._connection.recv(_PART)
            except OSError:
                part = b""
            if not part:
                raise OtherSideAway("exam-connection-lost")
            self._received += part
        line = bytes(self._received[:end])
        del self._received[: end + 1]
        return decode(line)
