"""A card that offers everything, made once; and cards with one defect each, to show that a case can fail."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache

from eid_toolkit.cards.emulator import image
from eid_toolkit.cards.emulator.card import EmulatedCard
from eid_toolkit.cards.emulator.emrtd.application import Emrtd
from eid_toolkit.cards.emulator.reply import Reply
from eid_toolkit.cards.emulator.state import CardMemory
from eid_toolkit.cards.transport.inprocess import InProcessTransport
from eid_toolkit.standards.asn1.oids import ChipAuthenticationProtocol
from eid_toolkit.standards.asn1.security_infos import ChipAuthenticationInfo
from eid_toolkit.standards.iso7816.apdu import CommandApdu, ResponseApdu
from eid_toolkit.standards.profiles.chip_protocols import PaceChoice
from eid_toolkit.standards.protocols.pace_card import PaceResponder
from eid_toolkit.standards.protocols.passwords import AccessPassword
from eid_toolkit.work.cardspec import CardSpec, SpecimenCard, build
from eid_toolkit.work.cardspec.randomness import SeededEntropy
from eid_toolkit.work.cardspec.spec import AccessSpec, ChipSpec
from eid_toolkit.work.conformance.case import Case
from eid_toolkit.work.conformance.facts import Facts, gather
from eid_toolkit.work.conformance.runner import Result, run_cases
from support.loose_channel import LooseChannel
from support.resigning import infos_of, put_infos

COMPLETE = CardSpec(
    access=AccessSpec(
        protocols=("pace", "bac"), pace=tuple(PaceChoice(mapping, "aes-128", 13) for mapping in ("gm", "im", "cam"))
    ),
    chip=ChipSpec(terminal_authentication=True),
)
"""PACE in every mapping, BAC, Chip, Active and Terminal Authentication; issued now, so that its terminal is valid."""
_TRIPLE_DES = ChipAuthenticationInfo(ChipAuthenticationProtocol.of("ecdh", "3des").oid, key_id=13)
"""Chip Authentication with 3DES by the same key: no profile has both, but a chip may."""


@cache
def complete_card() -> SpecimenCard:
    return build(COMPLETE)


@cache
def _complete_image() -> bytes:
    memory = image.decode(image.encode(complete_card().memory))
    put_infos(memory, *infos_of(memory), _TRIPLE_DES)
    return image.encode(memory)


def complete_memory() -> CardMemory:
    """The complete card's memory; a copy of the test's own."""
    return image.decode(_complete_image())


Handler = Callable[["DefectiveCard", CommandApdu], ResponseApdu | None]
Change = Callable[["DefectiveCard", CommandApdu, ResponseApdu], ResponseApdu]


@dataclass
class Defects:
    """Where a defect takes hold of the card; each list is run through in its order."""

    instead: list[Handler] = field(default_factory=list)
    """Plain commands, under secure messaging or not: an answer takes the place of the card's, None lets it go on."""
    afterwards: list[Change] = field(default_factory=list)
    """What becomes of the plain answer."""
    instead_raw: list[Callable[[DefectiveCard, bytes], bytes | None]] = field(default_factory=list)
    """Whole commands as they come over the line."""
    afterwards_raw: list[Callable[[DefectiveCard, bytes, bytes], bytes]] = field(default_factory=list)
    """What becomes of the whole answer, protected where it is."""
    on_reset: list[Callable[[DefectiveCard], None]] = field(default_factory=list)
    """After each reset, which makes the card's parts anew: here they can be replaced or patched."""
    channel: type[LooseChannel] | None = None
    """The card's end of every secure channel, where it is not the genuine one."""


class DefectiveCard(EmulatedCard):
    """An emulated card with defects; without any it is the genuine one."""

    def __init__(self, memory: CardMemory) -> None:
        self.defects = Defects()
        self.entropy = SeededEntropy("card")
        super().__init__(memory, self.entropy, lambda _: None, wait=lambda _: None)

    def reset(self) -> None:
        super().reset()
        for change in self.defects.on_reset:
            change(self)

    def process(self, raw: bytes, /) -> bytes:
        for handler in self.defects.instead_raw:
            answer = handler(self, raw)
            if answer is not None:
                return answer
        answer = super().process(raw)
        for change in self.defects.afterwards_raw:
            answer = change(self, raw, answer)
        return answer

    def _protected(self, command: CommandApdu) -> ResponseApdu:
        channel, loose = self._session.channel, self.defects.channel
        if channel is not None and loose is not None and not isinstance(channel, LooseChannel):
            self._session.channel = loose.in_place_of(channel)
        return super()._protected(command)

    def _handle(self, command: CommandApdu, limit: int) -> Reply:
        for handler in self.defects.instead:
            found = handler(self, command)
            if found is not None:
                return Reply(found)
        reply = super()._handle(command, limit)
        for change in self.defects.afterwards:
            reply = Reply(change(self, command, reply.answer), reply.effect)
        return reply


def emrtd(card: EmulatedCard) -> Emrtd:
    """The eMRTD application of a card with power."""
    return next(found for found in card._session.applications if isinstance(found, Emrtd))


def pace_run(card: EmulatedCard) -> PaceResponder | None:
    """The card's side of PACE, while it runs."""
    run = card._session.under_way
    return run if isinstance(run, PaceResponder) else None


Defect = Callable[[DefectiveCard], None]
"""Puts one defect into a card: by its ``defects``, or by changing its ``memory``."""


def passwords() -> tuple[AccessPassword, ...]:
    """Both passwords of the complete card, as a tester gives them."""
    card = complete_card()
    assert card.mrz is not None and card.can is not None
    return AccessPassword.from_mrz_information(card.mrz.information), AccessPassword.from_can(card.can)


def run_against(card: DefectiveCard, cases: Iterable[Case]) -> tuple[Result, ...]:
    """The cases against a card, as `eid conformance` runs them; each with the same randomness in every test."""
    transport, entropy = InProcessTransport(card, "emulator:complete"), SeededEntropy("terminal")
    facts = facts_of(transport)
    return run_cases(seeded(cases, card.entropy, entropy), transport, facts, entropy)


def seeded(cases: Iterable[Case], *sources: SeededEntropy) -> Iterator[Case]:
    """The cases, before each of which the randomness of both ends begins anew."""
    for case in cases:
        for number, entropy in enumerate(sources):
            entropy.seed, entropy.calls = f"{number} {case.number}", 0
        yield case


def facts_of(transport: InProcessTransport) -> Facts:
    """What an ordinary reading of the card shows."""
    return gather(transport, passwords(), complete_card().terminals, SeededEntropy("facts"))
