"""A demo authority in a temporary home, one approved application, and cards without a disk: what is measured on."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from itertools import count
from pathlib import Path

from benchmarks.people import COLUMNS, people
from eid_toolkit.books.keys.foundation import Foundation
from eid_toolkit.books.keys.holding import HeldKeys
from eid_toolkit.books.keys.opening import DEVELOPER_CARD_KEY
from eid_toolkit.books.register.documents.documents import Document, DocumentPackage, PrintCheck
from eid_toolkit.books.register.people.person_data import PersonData
from eid_toolkit.books.register.people.person_files import ALIASES
from eid_toolkit.books.staff.operators import Operator
from eid_toolkit.books.staff.records import OperatorRecord
from eid_toolkit.cards.emulator.blank import make_blank
from eid_toolkit.cards.emulator.card import EmulatedCard
from eid_toolkit.cards.terminal.session import CardSession
from eid_toolkit.cards.transport.inprocess import InProcessTransport
from eid_toolkit.ground.home.config import HomeConfig
from eid_toolkit.ground.images.portrait import Portrait, make_portrait
from eid_toolkit.ground.ports import Signer, SystemClock, SystemEntropy
from eid_toolkit.ground.secret import Secret
from eid_toolkit.standards.lds.dates import PartialDate
from eid_toolkit.standards.pki.certificate import Certificate
from eid_toolkit.standards.pki.validation import TrustMaterial
from eid_toolkit.standards.profiles import DocumentProfile, list_profiles, load_profile
from eid_toolkit.work.office.credentials import Purpose
from eid_toolkit.work.office.founding import found
from eid_toolkit.work.office.office import Office
from eid_toolkit.work.personalization.content import CardContent
from eid_toolkit.work.personalization.plan import Plan, Step
from eid_toolkit.work.personalization.records import ChipKeys, Issue, RecordSet, build_records
from eid_toolkit.work.personalization.service import PersonalizationService
from eid_toolkit.work.specimens import SpecimenPerson, persons

CLOCK, ENTROPY = SystemClock(), SystemEntropy()
CLERK, APPROVER = Operator("clerk"), Operator("approver")
PROFILE = "utopia-id"
_POPULATION = 10**8
Exchange = tuple[bytes, bytes]


class Tap:
    """A card that keeps every command with its answer."""

    def __init__(self, card: EmulatedCard) -> None:
        self.card = card
        self.exchanges: list[Exchange] = []

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
class SilentDesk:
    """Nobody is asked; the time and the place in the traffic at which the read-back begins and ends are kept."""

    service: PersonalizationService
    tap: Tap
    writing_ended: float = 0.0
    written: int = 0
    read_back_seconds: float = 0.0
    read_back_apdus: int = 0

    def confirm(self, document: Document, plan: Plan) -> None: ...

    def confirm_print(self, document: Document, matches: Callable[[str], bool]) -> PrintCheck:
        return PrintCheck.NOT_MADE

    def read_back(self, session: CardSession, content: CardContent) -> Mapping[str, object]:
        self.writing_ended, self.written = time.perf_counter(), len(self.tap.exchanges)
        detail = self.service.read_back()(session, content)
        self.read_back_seconds = time.perf_counter() - self.writing_ended
        self.read_back_apdus = len(self.tap.exchanges) - self.written
        return detail

    def progress(self, step: Step, done: bool) -> None: ...


@dataclass(frozen=True, slots=True, eq=False)
class Personalized:
    """One personalization: its document's package, the card, the traffic, and the times in seconds."""

    package: DocumentPackage
    tap: Tap
    written: int
    write_seconds: float
    read_back_apdus: int
    read_back_seconds: float


class Nobody:
    """Credentials of a demo home, which asks for none."""

    operator, second_operator = "clerk", None

    def held_keys(self, record: OperatorRecord, foundation: Foundation) -> HeldKeys | None:
        """No agent is asked."""
        return None

    def passphrases(self, name: str, purpose: Purpose) -> Iterable[Secret]:
        """Never needed."""
        raise AssertionError("a demo home asks for no passphrase")

    def new_passphrase(self, name: str) -> Secret:
        """Never needed."""
        raise AssertionError("a demo home asks for no passphrase")

    def recovery_share(self, name: str) -> Secret | None:
        """Nobody has one."""
        return None


class BusyOffice(Office):
    """An authority at work."""

    @classmethod
    def at(cls, folder: Path, register_url: str | None = None) -> BusyOffice:
        """Founded in a folder, with its register there or at a URL."""
        config = HomeConfig("UTO", "Benchmark Authority", True, CLOCK.now(), register_url)
        profiles = [load_profile(name) for name in list_profiles()]
        home = found(folder / "home", config, profiles, (), CLOCK, ENTROPY).home
        office = cls.open(home.root, Nobody(), CLOCK, ENTROPY)
        assert isinstance(office, BusyOffice)
        return office

    @cached_property
    def material(self) -> TrustMaterial:
        """What inspections believe."""
        return self.trust.material()

    @cached_property
    def issued_profile(self) -> DocumentProfile:
        """Of the documents that are made."""
        return self.profile(PROFILE)

    @cached_property
    def specimen(self) -> SpecimenPerson:
        """The holder."""
        return next(person for person in persons() if person.profile == PROFILE)

    @cached_property
    def person(self) -> PersonData:
        """The holder's data."""
        return PersonData.from_text(self.specimen.record)

    @cached_property
    def _numbers(self) -> Iterator[int]:
        return count(1)

    @cached_property
    def _population(self) -> Iterator[tuple[str, ...]]:
        return people(_POPULATION, next(self._numbers))

    @cached_property
    def portrait(self) -> Portrait:
        """Compressed beforehand."""
        return make_portrait(self.specimen.portrait(), self.issued_profile.portrait)

    @cached_property
    def document_signer(self) -> tuple[Certificate, Signer]:
        return self.authorities.document_signer(self.issued_profile.issuing_state, CLOCK.now())

    def somebody(self) -> PersonData:
        """One of a population, with a number of their own: a person has one document of a kind."""
        values = dict(zip(COLUMNS, next(self._population), strict=True))
        record = {ALIASES.get(name, name): value for name, value in values.items()}
        return PersonData.from_text({**record, "personal_number": f"B{next(self._numbers):08}"})

    def build_records(self) -> RecordSet:
        """The chip's keys and all files of one card, EF.SOD signed."""
        now = CLOCK.now()
        today = PartialDate.of(now.date())
        expiry = self.issued_profile.validity.expiry(now.date(), self.person.date_of_birth)
        certificate, signer = self.document_signer
        keys = ChipKeys.generate(self.issued_profile, ENTROPY)
        issue = Issue("U12345678", today, expiry, "Benchmark Authority", now)
        return build_records(self.person, self.portrait, self.issued_profile, issue, keys, signer, certificate)

    def prepared_document(self) -> Document:
        person = self.register.persons.add(self.somebody(), CLERK)
        application = self.register.applications.create(person, self.issued_profile, self.portrait, CLERK)
        self.register.applications.approve(application.id, APPROVER)
        return self.preparation.prepare(application.id, CLERK)

    def personalize(self) -> Personalized:
        """From a prepared document and a blank to an issued card; register and journal are on the disk."""
        document = self.prepared_document()
        package = self.register.documents.load_package(document.id)
        service = self.personalization
        blank = make_blank((DEVELOPER_CARD_KEY,) * 3, ENTROPY)
        with powered(Tap(EmulatedCard(blank, ENTROPY, _keep_in_memory))) as (tap, transport):
            desk = SilentDesk(service, tap)
            with service.hold(document.id):
                began = time.perf_counter()
                service.personalize(document.id, transport, CLERK, desk)
                ended = time.perf_counter()
        writing = ended - began - desk.read_back_seconds
        return Personalized(package, tap, desk.written, writing, desk.read_back_apdus, desk.read_back_seconds)


@contextmanager
def powered(tap: Tap) -> Iterator[tuple[Tap, InProcessTransport]]:
    """The card in a reader in this process."""
    transport = InProcessTransport(tap, "benchmark")
    try:
        yield tap, transport
    finally:
        transport.close()


def _keep_in_memory(_: object) -> None:
    """The card's memory is not written to a disk: that would measure the disk."""
