"""What goes wrong with a card at a certain command: a wrapper around it, as a spec describes it.

Commands are counted from 1 since the card was made, over resets; a command that finds the card without power counts
as well. Of several faults at one command those that keep it from being processed come first.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import fields

from eid_toolkit.cards.emulator import image
from eid_toolkit.cards.emulator.refusal import Refused
from eid_toolkit.cards.emulator.state import CardMemory
from eid_toolkit.cards.transport.interface import Card
from eid_toolkit.ground.errors import CardRemoved, NoCardError
from eid_toolkit.standards.iso7816.status import StatusWord
from eid_toolkit.work.cardspec.spec import FaultKind, FaultSpec, When

FAULTS: dict[FaultKind, str] = {
    "power-lost": "the card loses power `before` or `after` the command takes effect, and stays off until a reset",
    "answer": "the card returns `answer` and does nothing",
    "slow": "the card takes `seconds` longer",
    "bit-error": "bit number `bit` of the answer is flipped in transmission",
    "session-lost": "selection, keys and rights are lost `before` or `after` the command, without notice",
    "memory-full": "from this command on, every write is answered with 6A84 and changes nothing",
    "memory-stuck": "from this command on, every write is answered with 6581 and changes nothing",
}
"""Every kind, and what it does."""
_MEMORY: dict[FaultKind, StatusWord] = {
    "memory-full": StatusWord.NOT_ENOUGH_MEMORY,
    "memory-stuck": StatusWord.MEMORY_FAILURE,
}


class FailingMemory:
    """The memory of a card, whose writes can fail.

    The card changes its memory and then saves it, before it answers and before any comparison that a counter counts:
    a write that fails is refused there, and once the command is over what it had changed is as it was.
    """

    def __init__(self, memory: CardMemory) -> None:
        self._memory = memory
        self.refusal: StatusWord | None = None
        """With what a write is refused; None while writes succeed."""
        self._failed = False

    def save(self, memory: CardMemory) -> None:
        """A write; raises :class:`Refused` while it fails."""
        if self.refusal is not None:
            self._failed = True
            raise Refused(self.refusal)

    def during(self, work: Callable[[], bytes]) -> bytes:
        """What ``work`` returns; if a write failed in it, the memory is as before."""
        if self.refusal is None:
            return work()
        before, self._failed = image.copied(self._memory), False
        try:
            return work()
        finally:
            if self._failed:
                _restore(self._memory, before)


def _restore(memory: CardMemory, before: CardMemory) -> None:
    """In place, for the card's applications hold their parts."""
    memory.state = before.state
    for aid, part in memory.parts.items():
        for field in fields(part):
            setattr(part, field.name, getattr(before.parts[aid], field.name))


class FaultyCard:
    """``card`` over ``store``, with ``faults``; ``wait`` is how it takes its time."""

    def __init__(
        self, card: Card, store: FailingMemory, faults: Sequence[FaultSpec], wait: Callable[[float], None]
    ) -> None:
        self._card, self._store, self._faults, self._wait = card, store, tuple(faults), wait
        self._count = 0
        self.powered = True
        """Whether it has not lost its power since the last reset."""

    @property
    def atr(self) -> bytes:
        """The card's own."""
        return self._card.atr

    def process(self, command: bytes, /) -> bytes:
        """The card's answer, or what its faults make of it; raises :class:`NoCardError` while it has no power."""
        self._count += 1
        now = [fault for fault in self._faults if self._count == fault.at or (self._count > fault.at and _lasts(fault))]
        if not self.powered:
            raise _gone()
        self._store.refusal = next((_MEMORY[fault.fault] for fault in now if fault.fault in _MEMORY), None)
        self._wait_for(now)
        self._lose(now, "before")
        scripted_answer = next((bytes.fromhex(fault.answer) for fault in now if fault.fault == "answer"), None)
        answer = self._store.during(lambda: self._card.process(command)) if scripted_answer is None else scripted_answer
        self._lose(now, "after")
        for fault in now:
            if fault.fault == "bit-error":
                answer = _flipped(answer, fault.bit)
        return answer

    def reset(self) -> None:
        """Power on, or reset while powered."""
        self.powered = True
        self._card.reset()

    def power_off(self) -> None:
        """Lose power."""
        self._card.power_off()

    def _wait_for(self, faults: Sequence[FaultSpec]) -> None:
        for fault in faults:
            if fault.fault == "slow":
                self._wait(fault.seconds)

    def _lose(self, faults: Sequence[FaultSpec], when: When) -> None:
        for fault in faults:
            if fault.when != when:
                continue
            if fault.fault == "power-lost":
                self.powered = False
                self._card.power_off()
                raise _gone()
            if fault.fault == "session-lost":
                self._card.reset()


def _lasts(fault: FaultSpec) -> bool:
    """Whether it goes on at later commands: a memory that fails does not recover by itself."""
    return fault.repeat or fault.fault in _MEMORY


def _gone() -> NoCardError:
    return CardRemoved("card-removed", reader="emulator")


def _flipped(answer: bytes, bit: int) -> bytes:
    at, place = divmod(bit % (8 * len(answer)), 8)
    return answer[:at] + bytes((answer[at] ^ 0x80 >> place,)) + answer[at + 1 :]
