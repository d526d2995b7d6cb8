"""A whole session as a file: every command and answer, every reset, and the terminal's own random numbers.

A recording holds what a trace leaves out: MRZ, CAN by way of the keys made from it, personal data. It is made on
purpose only, and is for cards of specimens. JSON Lines, one event a line: a session cut short is a recording, too.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TextIO

from eid_toolkit.cards.transport.interface import PassingTransport, Transport
from eid_toolkit.ground.errors import BadInput
from eid_toolkit.ground.plain_values import Hex, from_plain, parse_json
from eid_toolkit.ground.ports import Entropy

SCHEMA = "eid-recording/1"
MAX_SIZE = 64 << 20
"""The largest file in bytes that is read."""
_MAX_EVENTS = 100_000
_MAX_ANSWER, _MAX_ATR = 65538, 33


@dataclass(frozen=True, slots=True)
class Exchange:
    """One command and its answer; the answer is empty where the card was gone."""

    command: Hex
    response: Hex

    def __post_init__(self) -> None:
        if len(self.response) > _MAX_ANSWER or len(self.response) == 1:
            raise ValueError("no answer of a card")


@dataclass(frozen=True, slots=True)
class Recording:
    """What was recorded: the exchanges after the card was powered, and after each reset of it."""

    reader: str
    atr: bytes
    sessions: tuple[tuple[Exchange, ...], ...]
    random: tuple[bytes, ...]
    """What the terminal drew, in order."""

    @classmethod
    def parse(cls, data: bytes) -> Recording:
        """The recording in a file's bytes; raises :class:`BadInput` for anything else."""
        if len(data) > MAX_SIZE:
            raise BadInput("recording-too-large", limit=MAX_SIZE)
        lines = data.splitlines()
        if not lines or len(lines) > _MAX_EVENTS:
            raise BadInput("recording-malformed", line=len(lines))
        number = 1
        sessions: list[list[Exchange]] = [[]]
        random = []
        try:
            head = parse_json(lines[0])
            if head.get("schema") != SCHEMA:
                raise BadInput("recording-schema", schema=str(head.get("schema")), supported=SCHEMA)
            atr = bytes.fromhex(head["atr"])
            if not 2 <= len(atr) <= _MAX_ATR:
                raise ValueError("no ATR")
            for line in lines[1:]:
                number += 1
                match parse_json(line):
                    case {"command": _, "response": _} as event:
                        sessions[-1].append(from_plain(Exchange, event))
                    case {"event": "reset"}:
                        sessions.append([])
                    case {"random": drawn}:
                        random.append(bytes.fromhex(drawn))
                    case _:
                        raise ValueError("no event")
        except (ValueError, KeyError, TypeError, AttributeError):
            raise BadInput("recording-malformed", line=number) from None
        return cls(str(head.get("reader")), atr, tuple(map(tuple, sessions)), tuple(random))

    @property
    def exchanges(self) -> Iterator[Exchange]:
        """All exchanges in order."""
        for session in self.sessions:
            yield from session


class RecordingTransport(PassingTransport):
    """Passes everything on to ``inner`` and writes it to ``out`` as it happens.

    Whoever draws random numbers for the session draws them from :attr:`entropy`, so that it can be had again.
    """

    def __init__(self, inner: Transport, out: TextIO, entropy: Entropy) -> None:
        super().__init__(inner)
        self._out = out
        self.entropy: Entropy = _RecordingEntropy(entropy, self._write)
        self._write({"schema": SCHEMA, "reader": inner.reader, "atr": inner.atr.hex()})

    def process(self, command: bytes, /) -> bytes:
        began, response = time.perf_counter(), b""
        try:
            response = self._inner.process(command)
        finally:
            elapsed = round(1000 * (time.perf_counter() - began), 1)
            self._write({"command": command.hex(), "response": response.hex(), "milliseconds": elapsed})
        return response

    def reset(self) -> None:
        self._write({"event": "reset"})
        self._inner.reset()

    def _write(self, event: dict[str, object]) -> None:
        self._out.write(json.dumps(event) + "\n")
        self._out.flush()


class _RecordingEntropy:
    def __init__(self, inner: Entropy, write: Callable[[dict[str, object]], None]) -> None:
        self._inner = inner
        self._write = write

    def take(self, length: int, /) -> bytes:
        drawn = self._inner.take(length)
        self._write({"random": drawn.hex()})
        return drawn


class RecordedEntropy:
    """Gives what a recording's terminal drew, and real random numbers once the session has gone another way."""

    def __init__(self, recorded: Iterable[bytes], otherwise: Entropy) -> None:
        self._recorded = list(recorded)
        self._otherwise = otherwise

    def take(self, length: int, /) -> bytes:
        """The next recorded number if it has this length."""
        if self._recorded and len(self._recorded[0]) == length:
            return self._recorded.pop(0)
        self._recorded.clear()
        return self._otherwise.take(length)
