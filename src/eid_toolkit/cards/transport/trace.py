"""A redacted trace of the APDUs on a transport: headers, lengths, status words and times, no data.

Only the data of SELECT is shown (the name of what is selected). Everything else may hold keys, a CAN, an MRZ or
personal data, in clear or under keys that this process knows, so it is left out whatever the command.
"""

from __future__ import annotations

import re
import time
from itertools import zip_longest
from typing import TextIO

from eid_toolkit.cards.transport.interface import PassingTransport, Transport
from eid_toolkit.ground.errors import BadInput
from eid_toolkit.standards.iso7816.apdu import CommandApdu
from eid_toolkit.standards.iso7816.commands import SELECT


class TracingTransport(PassingTransport):
    """Passes everything on to ``inner`` and writes one line for each command and its response to ``out``."""

    def __init__(self, inner: Transport, out: TextIO) -> None:
        super().__init__(inner)
        self._out = out
        self._count = 0
        self._write(f"reader {inner.reader!r} ATR {inner.atr.hex().upper()}")

    def process(self, command: bytes, /) -> bytes:
        self._count += 1
        started = time.perf_counter()
        response = b""
        try:
            response = self._inner.process(command)
        finally:
            elapsed = 1000 * (time.perf_counter() - started)
            outcome = f"{len(response) - 2:5} bytes, {response[-2:].hex().upper()}" if response else "no response"
            self._write(f"{self._count:4}  {_describe(command)}  ->  {outcome}  {elapsed:.1f} ms")
        return response

    def reset(self) -> None:
        self._write("reset")
        self._inner.reset()

    def _write(self, line: str) -> None:
        self._out.write(line + "\n")
        self._out.flush()


def _describe(raw: bytes) -> str:
    try:
        command = CommandApdu.decode(raw)
    except BadInput:
        return f"{raw[:4].hex().upper()} malformed, {len(raw)} bytes"
    shown = f" {command.data.hex().upper()}" if command.ins == SELECT and not command.cla & 0x0C else ""
    return f"{command.header.hex().upper()} Nc {len(command.data):5} Ne {command.ne:5}{shown}"


_NUMBER_AND_TIME = re.compile(r"^ *\d+  |  [\d.]+ ms$")
_READER = re.compile(r"^reader .* ATR ")


def conversation(trace: str) -> tuple[str, ...]:
    """The steps of a trace: headers, lengths, names selected, status words and resets; no times, no reader's name."""
    lines = (line.rstrip() for line in trace.splitlines())
    return tuple(_READER.sub("ATR ", _NUMBER_AND_TIME.sub("", line)) for line in lines if line)


def differences(expected: str, actual: str) -> tuple[str, ...]:
    """Where a trace differs from an earlier one, a line each; none where the conversations were alike.

    So a redacted trace becomes a test: of a reader, that it still sends the same; of a card, that it still answers so.
    """
    pairs = zip_longest(conversation(expected), conversation(actual), fillvalue="nothing more")
    return tuple(
        f"step {number}: expected {before!r}, found {after!r}"
        for number, (before, after) in enumerate(pairs)
        if before != after
    )
