"""Which card a reader's name means: an emulated card of the home or of a spec, a recording, or a PC/SC reader."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from eid_toolkit.cards.transport.inprocess import InProcessTransport
from eid_toolkit.cards.transport.interface import Card, Transport
from eid_toolkit.ground.home.named_files import read_file

EMULATED, SPEC, REPLAY = "emulator:", "spec:", "replay:"
IN_PROCESS = (EMULATED, SPEC, REPLAY)
"""What readers are called whose card is emulated in this process."""

OpenReader = Callable[[str, float], AbstractContextManager[Transport]]
"""Opens the reader of a name, and waits that many seconds for a card."""


@contextmanager
def connect(spec: str, home: Path, wait: float = 0.0) -> Iterator[Transport]:
    """The card in the reader that ``spec`` means, with ``home`` for emulated ones; powered off at the end."""
    if spec.startswith(EMULATED):
        from eid_toolkit.cards.emulator.shelf import CardStore
        from eid_toolkit.ground.home.home import Home

        with CardStore(Home.open(home)).open(spec.removeprefix(EMULATED)) as opened:
            yield from _powered(opened.card, spec)
        return
    if spec.startswith(SPEC):
        from eid_toolkit.work.cardspec import build, find_spec

        found, folder = find_spec(spec.removeprefix(SPEC))
        yield from _powered(build(found, folder=folder).card, spec)
        return
    if spec.startswith(REPLAY):
        yield from _played_back(spec)
        return
    from eid_toolkit.cards.transport.pcsc import PcscTransport, resolve_reader

    over_pcsc = PcscTransport(resolve_reader(spec), wait)
    try:
        yield over_pcsc
    finally:
        over_pcsc.close()


def _powered(card: Card, name: str) -> Iterator[Transport]:
    in_process = InProcessTransport(card, name)
    try:
        yield in_process
    finally:
        in_process.close()


def _played_back(spec: str) -> Iterator[Transport]:
    """A recorded session, to whose reader its own random numbers are given once more."""
    from eid_toolkit.cards.emulator.replay import ReplayedCard, ReplayedTransport
    from eid_toolkit.cards.transport.recording import MAX_SIZE, RecordedEntropy, Recording
    from eid_toolkit.ground.ports import SystemEntropy

    recording = Recording.parse(read_file(Path(spec.removeprefix(REPLAY)), MAX_SIZE))
    transport = ReplayedTransport(ReplayedCard(recording), spec, RecordedEntropy(recording.random, SystemEntropy()))
    try:
        yield transport
    finally:
        transport.close()
