"""The fourth table: what an emulated card does in a second, how soon it is there, and how large it is."""

from __future__ import annotations

import gc
import time
import tracemalloc
from collections.abc import Callable
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers import Cipher, modes
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.cmac import CMAC

from benchmarks import floors
from benchmarks.clocks import NOTHING
from benchmarks.office import ENTROPY, Tap, powered
from benchmarks.protocols import Clocked
from eid_toolkit.cards.emulator import image
from eid_toolkit.cards.emulator.emrtd.memory import EmrtdMemory
from eid_toolkit.cards.emulator.state import CardMemory
from eid_toolkit.cards.terminal.access import open_access
from eid_toolkit.cards.terminal.session import CardSession
from eid_toolkit.standards.asn1.security_infos import PaceInfo
from eid_toolkit.standards.iso7816.apdu import CommandApdu
from eid_toolkit.standards.iso7816.commands import read_binary_sfi
from eid_toolkit.standards.iso7816.files import ElementaryFile
from eid_toolkit.standards.lds.card_access import CardAccess
from eid_toolkit.standards.protocols import pace_terminal
from eid_toolkit.standards.protocols.passwords import AccessPassword
from eid_toolkit.work.cardspec import CardSpec, build
from eid_toolkit.work.cardspec.dressing import dressed

CARDS = 100
_SPEC = CardSpec(seed="benchmark")
_READ = 256
_RUNS = 5
_KEY, _BLOCK = bytes(range(16)), bytes(16)
_PLAIN_READ = read_binary_sfi(ElementaryFile.ATR_INFO.sfi, 0, 256).encode()


@dataclass(frozen=True, slots=True)
class CardMeasure:
    """One row: seconds of the card for one piece of work, and for its floor where there is one."""

    name: str
    seconds: float
    floor_seconds: float | None = None

    def to_json(self) -> dict[str, object]:
        """Stable keys."""
        floor = self.floor_seconds
        return {
            "name": self.name,
            "milliseconds": round(1000 * self.seconds, 4),
            "per_second": round(1 / self.seconds, 1),
            "floor_milliseconds": None if floor is None else round(1000 * floor, 4),
            "times_the_floor": None if floor is None else round(self.seconds / floor, 2),
        }


@dataclass(frozen=True, slots=True)
class Size:
    """Bytes that Python has allocated for this many cards in one process, and those of their files alone."""

    cards: int
    allocated: int
    contents: int

    def to_json(self) -> dict[str, object]:
        """Stable keys."""
        return {"cards": self.cards, "bytes_each": self.allocated // self.cards, "content_bytes_each": self.contents}


def measure_emulator(seconds: float) -> tuple[list[CardMeasure], Size]:
    """Rates, the start, and the size; the card is out of a spec, in this process, without a reader."""
    made = build(_SPEC)
    memory = made.memory
    can = AccessPassword.from_can(made.can or "")
    encoded = image.encode(memory)
    return [
        CardMeasure("plain READ BINARY, 11", _plain(memory, seconds)),
        CardMeasure(f"protected READ BINARY, {_READ}", _protected(memory, can, seconds), _mean(_read_floor, seconds)),
        CardMeasure("PACE, five commands", _pace(memory, can, seconds), _mean(floors.pace_end, seconds)),
        CardMeasure("card out of a spec", _mean(lambda: build(_SPEC), seconds), _mean(_start_floor, seconds)),
        CardMeasure("card out of its image", _mean(lambda: _dressed(encoded), seconds)),
    ], _size(encoded)


def _mean(work: Callable[[], object], seconds: float) -> float:
    """Seconds of one call, after one that warms up."""
    work()
    count, began = 0, time.perf_counter()
    while True:
        work()
        count += 1
        if (elapsed := time.perf_counter() - began) >= seconds and count >= _RUNS:
            return elapsed / count


def _plain(memory: CardMemory, seconds: float) -> float:
    card = Clocked(memory, ENTROPY, lambda _: None)
    assert card.process(_PLAIN_READ)[-2:] == b"\x90\x00"
    return _mean(lambda: card.process(_PLAIN_READ), seconds)


def _protected(memory: CardMemory, password: AccessPassword, seconds: float) -> float:
    """The card's part alone, under AES-128 after PACE; an answer of this many bytes needs the long form."""
    command = CommandApdu(0x00, 0xB0, 0x80 | ElementaryFile.DG2.sfi, 0, ne=_READ, extended=True)

    def before(session: CardSession) -> None:
        open_access(session, password, ENTROPY, allow_bac=False)

    def work(session: CardSession) -> None:
        assert len(session.exchange(command).data) == _READ

    return _of_card(memory, before, work, seconds)


def _pace(memory: CardMemory, password: AccessPassword, seconds: float) -> float:
    content = memory.part(EmrtdMemory).files[ElementaryFile.CARD_ACCESS].content
    (info,) = CardAccess.parse(content).security_infos.of_type(PaceInfo)

    def work(session: CardSession) -> None:
        session.reset()
        session.run(pace_terminal.establish(password, info, ENTROPY))

    return _of_card(memory, lambda _: None, work, seconds)


def _of_card(
    memory: CardMemory, before: Callable[[CardSession], None], work: Callable[[CardSession], None], seconds: float
) -> float:
    """Seconds that the card spends on one run, the terminal's taken off."""
    card = Clocked(memory, ENTROPY, lambda _: None)
    with powered(Tap(card)) as (_, transport):
        session = CardSession(transport)
        before(session)
        work(session)
        card.spent, count, finish = NOTHING, 0, time.perf_counter() + seconds
        while count < _RUNS or time.perf_counter() < finish:
            work(session)
            count += 1
    return card.spent.wall / count


def _read_floor() -> None:
    """The checksum of the command, the counter and the data encrypted, the checksum of the answer."""
    Cipher(AES(_KEY), modes.ECB()).encryptor().update(_BLOCK)
    encryptor = Cipher(AES(_KEY), modes.CBC(_BLOCK)).encryptor()
    encryptor.update(bytes(_READ + len(_BLOCK)))
    encryptor.finalize()
    for size in (48, _READ + 48):
        mac = CMAC(AES(_KEY))
        mac.update(bytes(size))
        mac.finalize()


def _start_floor() -> None:
    """Keys of authority, signer and chip; signatures of two certificates, revocation list and security object."""
    ec.generate_private_key(floors.P384)
    floors.generate(3)
    floors.sign_by(floors.P384, 3)
    floors.sign(1)


def _dressed(encoded: bytes) -> object:
    return dressed(image.decode(encoded), _SPEC, ENTROPY)


def _size(encoded: bytes) -> Size:
    """By tracemalloc; every card has a memory of its own, as if it came out of a home."""
    contents = sum(len(found.content) for found in image.decode(encoded).part(EmrtdMemory).files.values())
    gc.collect()
    tracemalloc.start()
    cards = [_dressed(encoded) for _ in range(CARDS)]
    gc.collect()
    allocated, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return Size(len(cards), allocated, contents)
