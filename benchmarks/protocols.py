"""The second table: each protocol at each end alone, beside the raw operations of ``cryptography`` that it needs."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from benchmarks import clocks, floors
from benchmarks.clocks import NOTHING, Times, medians
from benchmarks.office import ENTROPY, Personalized, Tap, powered
from benchmarks.terminals import BenchmarkTerminal
from eid_toolkit.books.keys.opening import DEVELOPER_CARD_KEY
from eid_toolkit.cards.emulator.blank import make_blank
from eid_toolkit.cards.emulator.card import EmulatedCard
from eid_toolkit.cards.emulator.emrtd.memory import EmrtdMemory
from eid_toolkit.cards.emulator.state import CardMemory, StoredFile
from eid_toolkit.cards.terminal.chip import agree_on_keys
from eid_toolkit.cards.terminal.security_domain import SecurityDomain
from eid_toolkit.cards.terminal.session import CardSession
from eid_toolkit.standards.asn1.oids import Mapping, PaceProtocol
from eid_toolkit.standards.asn1.security_infos import PaceInfo, SecurityInfos
from eid_toolkit.standards.crypto.domain_parameters import EcDomain, domain_by_id
from eid_toolkit.standards.crypto.ec import EcPublicKey
from eid_toolkit.standards.iso7816 import commands
from eid_toolkit.standards.iso7816.files import EMRTD_AID, ElementaryFile
from eid_toolkit.standards.lds.card_access import CardAccess
from eid_toolkit.standards.lds.dg14 import Dg14
from eid_toolkit.standards.lds.dg15 import Dg15
from eid_toolkit.standards.protocols import active_authentication, bac, chip_authentication, pace_terminal
from eid_toolkit.standards.protocols import globalplatform as gp
from eid_toolkit.standards.protocols.passwords import AccessPassword
from eid_toolkit.standards.protocols.personalization_data import AccessProtocols, AccessRule, ChipKey
from eid_toolkit.standards.protocols.scp03 import KeySet
from eid_toolkit.standards.protocols.terminal_authentication import SessionBinding, chip_name_of_bac

_GROUP = 13
_RUNS = 5
"""At least this many runs; their median counts."""
Work = Callable[[CardSession], object]
Floor = Callable[[], None]


@dataclass(frozen=True, slots=True)
class ProtocolMeasure:
    """One protocol run at each end, and the raw operations which that end cannot do without."""

    name: str
    terminal: Times
    terminal_floor: Times
    card: Times
    card_floor: Times

    def to_json(self) -> dict[str, object]:
        """Stable keys."""
        found: dict[str, object] = {"name": self.name}
        for part in ("terminal", "terminal_floor", "card", "card_floor"):
            wall, cpu = getattr(self, part).milliseconds
            found |= {f"{part}_milliseconds": round(wall, 3), f"{part}_cpu_milliseconds": round(cpu, 3)}
        return found


class Clocked(EmulatedCard):
    """A card that knows how long it has worked."""

    spent = NOTHING

    def process(self, raw: bytes, /) -> bytes:
        began = clocks.here()
        answer = super().process(raw)
        self.spent += clocks.here() - began
        return answer


class _Ends:
    """The protocols between a terminal and the personalized card."""

    def __init__(self, personalized: Personalized, seconds: float) -> None:
        self._memory = personalized.tap.card.memory
        self._can = AccessPassword.from_can(personalized.package.can.reveal().decode())
        self._mrz = AccessPassword.from_mrz_information(personalized.package.mrz_information.reveal().decode())
        self._files = personalized.package.files
        self._chip_choice = chip_authentication.choices(Dg14.parse(self._files[ElementaryFile.DG14]).security_infos)[0]
        self._document_number = chip_name_of_bac(personalized.package.mrz_information.reveal().decode())
        self._seconds = seconds

    def measure(
        self, name: str, memory: CardMemory, before: Work, work: Work, terminal: Floor, card: Floor
    ) -> ProtocolMeasure:
        """``before`` brings the card to where ``work`` begins, and is not counted."""
        clocked = Clocked(memory, ENTROPY, lambda _: None)
        ends: list[tuple[Times, Times]] = []
        finish = time.perf_counter() + self._seconds
        with powered(Tap(clocked)) as (_, transport):
            while len(ends) < _RUNS or time.perf_counter() < finish:
                session = CardSession(transport)
                session.reset()
                before(session)
                clocked.spent, began = NOTHING, clocks.here()
                work(session)
                both = clocks.here() - began
                ends.append((both - clocked.spent, clocked.spent))
        at_terminal, at_card = (medians(end) for end in zip(*ends, strict=True))
        return ProtocolMeasure(name, at_terminal, self._floor(terminal), at_card, self._floor(card))

    def _floor(self, work: Floor) -> Times:
        times = []
        finish = time.perf_counter() + self._seconds / 4
        while len(times) < _RUNS or time.perf_counter() < finish:
            began = clocks.here()
            work()
            times.append(clocks.here() - began)
        return medians(times)

    def pace(self, mapping: Mapping, floor: Floor) -> ProtocolMeasure:
        info = PaceInfo(PaceProtocol.of("ecdh", mapping, "aes-128").oid, 2, _GROUP)
        content = CardAccess(SecurityInfos.of(info)).encode()
        application = self._memory.part(EmrtdMemory)
        application.files[ElementaryFile.CARD_ACCESS] = StoredFile(AccessRule.ALWAYS, content)
        scalar = next(iter(application.chip_authentication_keys.values())).scalar
        application.chip_authentication_keys[_GROUP] = ChipKey(_GROUP, _GROUP, scalar)
        return self.measure(f"PACE, {mapping} mapping", self._memory, _nothing, self._open(info), floor, floor)

    def _open(self, info: PaceInfo) -> Work:
        return lambda session: session.run(pace_terminal.establish(self._can, info, ENTROPY))

    def bac(self) -> ProtocolMeasure:
        self._memory.part(EmrtdMemory).protocols |= AccessProtocols.BAC
        return self.measure(
            "BAC", self._memory, _select, lambda session: session.run(bac.authenticate(self._mrz, ENTROPY)),
            floors.bac, floors.bac,
        )  # fmt: skip

    def chip_authentication(self) -> ProtocolMeasure:
        return self.measure(
            "Chip Authentication",
            self._memory,
            self._under_bac,
            lambda session: session.run(chip_authentication.authenticate(self._chip_choice, ENTROPY)),
            floors.chip_authentication_terminal,
            lambda: floors.agree(1),
        )

    def active_authentication(self) -> ProtocolMeasure:
        key = active_authentication.public_key(Dg15.parse(self._files[ElementaryFile.DG15]).spki)

        assert isinstance(key, EcPublicKey)

        def work(session: CardSession) -> None:
            transcript = session.run(active_authentication.challenge_chip(ENTROPY))
            assert active_authentication.verify_ecdsa(key, "sha256", transcript)

        return self.measure(
            "Active Authentication",
            self._memory,
            self._under_bac,
            work,
            lambda: floors.verify(floors.P256, 1),
            lambda: floors.sign(1),
        )

    def terminal_authentication(self) -> ProtocolMeasure:
        domain = domain_by_id(_GROUP)
        assert isinstance(domain, EcDomain)
        terminal = BenchmarkTerminal(domain)
        terminal.be_trusted_by(self._memory.part(EmrtdMemory))
        binding = SessionBinding(b"", b"")

        def before(session: CardSession) -> None:
            nonlocal binding
            self._under_bac(session)
            binding = SessionBinding(self._document_number, agree_on_keys(session, self._chip_choice, ENTROPY))

        return self.measure(
            "Terminal Authentication",
            self._memory,
            before,
            lambda session: terminal.prove_rights(session, binding),
            lambda: floors.sign(1),
            floors.terminal_authentication_card,
        )

    def scp03(self) -> ProtocolMeasure:
        keys = KeySet(gp.FACTORY_KEY_VERSION, *(DEVELOPER_CARD_KEY,) * 3)
        blank = make_blank((DEVELOPER_CARD_KEY,) * 3, ENTROPY)

        def work(session: CardSession) -> None:
            domain = SecurityDomain(session, ENTROPY)
            domain.authenticate(domain.initialize(domain.select()), keys, _NoGuard())

        return self.measure("SCP03", blank, _nothing, work, floors.scp03, floors.scp03)

    def _under_bac(self, session: CardSession) -> None:
        _select(session)
        session.install(session.run(bac.authenticate(self._mrz, ENTROPY)))


def measure_protocols(personalized: Personalized, seconds: float) -> list[ProtocolMeasure]:
    """Every protocol; the card is changed for it and of no other use afterwards."""
    ends = _Ends(personalized, seconds)
    return [
        ends.bac(),
        ends.chip_authentication(),
        ends.active_authentication(),
        ends.terminal_authentication(),
        ends.pace("gm", floors.pace_end),
        ends.pace("im", floors.pace_integrated_end),
        ends.pace("cam", floors.pace_end),
        ends.scp03(),
    ]


class _NoGuard:
    def begin(self, chip_identity: bytes, /) -> None: ...

    def succeeded(self, chip_identity: bytes, /) -> None: ...


def _nothing(_: CardSession) -> None: ...


def _select(session: CardSession) -> None:
    session.exchange(commands.select_application(EMRTD_AID))
