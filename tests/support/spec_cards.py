"""Cards out of specs for tests: one of each kind is built, and copies of it are dressed as a test wants them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from eid_toolkit.cards.emulator import image
from eid_toolkit.cards.terminal.quirks import STANDARD, Quirks
from eid_toolkit.cards.transport.inprocess import InProcessTransport
from eid_toolkit.ground.ports import Entropy, SystemEntropy
from eid_toolkit.standards.pki.validation import TrustMaterial
from eid_toolkit.standards.protocols.passwords import AccessPassword
from eid_toolkit.work.cardspec import CardSpec, SpecimenCard, build
from eid_toolkit.work.cardspec.dressing import dressed
from eid_toolkit.work.cardspec.spec import FaultSpec
from eid_toolkit.work.inspection.capture import capture
from eid_toolkit.work.inspection.evidence import Evidence
from eid_toolkit.work.inspection.policy import policy_by_name
from eid_toolkit.work.inspection.verdict import Verdict, judge
from support.recording import Recorder
from support.scripted import FixedClock

NOW = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
SEEDED = CardSpec(seed="tests", at=NOW)
OFFICER = policy_by_name("officer")


_BUILT: dict[str, tuple[SpecimenCard, bytes]] = {}


def _built(spec: CardSpec) -> tuple[SpecimenCard, bytes]:
    """The card of a spec, and its image; built once."""
    key = repr(spec)
    if key not in _BUILT:
        card = build(spec)
        _BUILT[key] = card, image.encode(card.memory)
    return _BUILT[key]


def copy_of(spec: CardSpec = SEEDED, entropy: Entropy | None = None) -> SpecimenCard:
    """The card of ``spec`` once more, whose quirks and faults cost no new one."""
    first, encoded = _built(replace(spec, quirks=(), faults=()))
    memory = image.decode(encoded)
    card = dressed(memory, spec, entropy or SystemEntropy(), lambda _: None)
    return replace(first, card=card, memory=memory)


def with_quirks(*names: str, spec: CardSpec = SEEDED) -> SpecimenCard:
    return copy_of(replace(spec, quirks=names))


def with_faults(*faults: FaultSpec, spec: CardSpec = SEEDED) -> SpecimenCard:
    return copy_of(replace(spec, faults=faults))


@dataclass
class Inspected:
    """A verdict, and the status words that the card said on the way."""

    verdict: Verdict
    said: Sequence[int]


def read(card: SpecimenCard, quirks: Quirks = STANDARD, *, can: str | None = None) -> Evidence:
    password = AccessPassword.from_can(can or card.can or "")
    transport = InProcessTransport(card.card, "emulator:test")
    return capture(transport, password, OFFICER, SystemEntropy(), FixedClock(NOW), quirks, card.terminals)


def inspect(card: SpecimenCard, quirks: Quirks = STANDARD, trust: TrustMaterial | None = None) -> Inspected:
    recorder = Recorder(card.card)
    evidence = read(replace(card, card=recorder), quirks)
    said = [int.from_bytes(answer[-2:], "big") for _, answer in recorder.exchanges]
    return Inspected(judge(evidence, trust or card.trust, OFFICER, NOW), said)
