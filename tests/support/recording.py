"""A conversation of terminal and card that can be had again, alike to the byte, and with a part of it changed."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field

from eid_toolkit.cards.transport.interface import Card
from eid_toolkit.ground.errors import CardAbsent

Exchange = tuple[bytes, bytes]


@dataclass
class SeededEntropy:
    """Numbers that look random and are the same each time."""

    seed: str
    count: int = 0

    def take(self, length: int, /) -> bytes:
        self.count += 1
        return hashlib.shake_256(f"{self.seed} {self.count}".encode()).digest(length)


@dataclass
class Recorder:
    """A card that keeps every command with its answer."""

    card: Card
    exchanges: list[Exchange] = field(default_factory=list)

    @property
    def atr(self) -> bytes:
        return self.card.atr

    def process(self, command: bytes, /) -> bytes:
        answer = self.card.process(command)
        self.exchanges.append((command, answer))
        return answer

    def reset(self) -> None:
        self.card.reset()

    def power_off(self) -> None:
        self.card.power_off()


@dataclass
class Replayer:
    """Gives recorded answers in their order, whatever it is asked; behind the last one the card is gone."""

    answers: list[bytes]
    atr: bytes = b"\x3b\x00"

    def process(self, command: bytes, /) -> bytes:
        if not self.answers:
            raise CardAbsent("no-card", reader="replay")
        return self.answers.pop(0)

    def reset(self) -> None: ...

    def power_off(self) -> None: ...


HEADER = 4


def flips(message: bytes) -> Iterator[tuple[int, bytes]]:
    """``message`` with one bit changed, and where: each bit of its first four bytes, and one bit of every other."""
    for position in range(len(message)):
        for bit in range(8) if position < HEADER else (position % 8,):
            changed = bytes((message[position] ^ 1 << bit,))
            yield position, message[:position] + changed + message[position + 1 :]


def rearranged(messages: list[bytes], first: int) -> Iterator[tuple[str, int, list[bytes]]]:
    """The messages with one from ``first`` on dropped, sent twice, or changed with the next; which, and its place."""
    for at in range(first, len(messages) - 1):
        before, message, after = messages[:at], messages[at], messages[at + 1 :]
        yield "dropped", at, before + after
        yield "repeated", at, [*before, message, message, *after]
        if after[0] != message:
            yield "reordered", at, [*before, after[0], message, *after[1:]]
