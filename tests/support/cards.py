"""Cards for tests of what carries APDUs, not of what they say."""

from __future__ import annotations

import threading


class EchoCard:
    """Answers every command with its own bytes and 9000; counts what happens to its power."""

    atr = bytes.fromhex("3B8580014549444F4B48")  # T=1, historical bytes "EIDOK"

    def __init__(self) -> None:
        self.events: list[str] = []
        self.entered = threading.Event()
        self.released = threading.Event()
        self.released.set()

    def process(self, command: bytes, /) -> bytes:
        self.entered.set()
        self.released.wait(10)
        return command + b"\x90\x00"

    def reset(self) -> None:
        self.events.append("reset")

    def power_off(self) -> None:
        self.events.append("off")
