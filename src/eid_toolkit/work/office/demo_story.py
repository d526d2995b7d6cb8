"""What `eid demo` does: an authority, three persons, their cards, and six forgeries, each judged as at a road-side."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from eid_toolkit.books.keys.opening import DEVELOPER_CARD_KEY
from eid_toolkit.books.register.documents.documents import Document, DocumentPackage, PrintCheck
from eid_toolkit.books.register.people.person_data import PersonData
from eid_toolkit.books.staff.operators import Operator
from eid_toolkit.cards.emulator.blank import make_blank
from eid_toolkit.cards.emulator.shelf import CardStore
from eid_toolkit.cards.emulator.state import CardMemory
from eid_toolkit.cards.terminal.session import CardSession
from eid_toolkit.ground.display import harmless
from eid_toolkit.ground.home.config import HomeConfig
from eid_toolkit.ground.images.portrait import examine_portrait
from eid_toolkit.ground.ports import Clock, Entropy
from eid_toolkit.standards.profiles import list_profiles, load_profile
from eid_toolkit.standards.protocols.passwords import AccessPassword
from eid_toolkit.work.cardspec.forging import FORGERIES, Genuine
from eid_toolkit.work.inspection.capture import capture
from eid_toolkit.work.inspection.policy import policy_by_name
from eid_toolkit.work.inspection.trusted_time import trusted_time
from eid_toolkit.work.inspection.verdict import Verdict, judge
from eid_toolkit.work.office.at_work import office_at_work
from eid_toolkit.work.office.credentials import Credentials
from eid_toolkit.work.office.founding import found
from eid_toolkit.work.office.office import Office
from eid_toolkit.work.office.readers import EMULATED, OpenReader, connect
from eid_toolkit.work.personalization.content import CardContent
from eid_toolkit.work.personalization.plan import Plan, Step
from eid_toolkit.work.personalization.service import PersonalizationService
from eid_toolkit.work.specimens import SpecimenPerson, persons

POLICY = "demo"
_AUTHORITY, _COUNTRY = "Specimen Authority", "UTO"
_FORGERIES = ("clone", "portrait", "card-access", "stripped")
_CLERK, _APPROVER = Operator("clerk"), Operator("approver")


@dataclass(frozen=True, slots=True)
class Outcome:
    """One card and what the inspection made of it, beside what it should make of it."""

    card: str
    title: str
    holder: str
    genuine: bool
    verdict: str
    failed_checks: frozenset[str]
    expected_verdict: str
    expected_failed_checks: frozenset[str]
    apdus: int

    @property
    def as_expected(self) -> bool:
        """Whether verdict and failed checks are just those expected."""
        return (self.verdict, self.failed_checks) == (self.expected_verdict, self.expected_failed_checks)

    def to_json(self) -> dict[str, object]:
        """Stable keys for output."""
        return {
            "card": self.card,
            "title": self.title,
            "holder": self.holder,
            "genuine": self.genuine,
            "verdict": self.verdict,
            "failed_checks": sorted(self.failed_checks),
            "expected_verdict": self.expected_verdict,
            "expected_failed_checks": sorted(self.expected_failed_checks),
            "as_expected": self.as_expected,
            "apdus": self.apdus,
        }


@dataclass(frozen=True, slots=True, eq=False)
class IssuedCard:
    """A genuine card: where it is, and what is printed on it."""

    reader: str
    can: str
    package: DocumentPackage


@dataclass(frozen=True, slots=True, eq=False)
class _Desk:
    """The demo's clerk, who types the CAN that the printer was given."""

    service: PersonalizationService
    can: str

    def confirm(self, document: Document, plan: Plan) -> None:
        """Nobody is asked."""

    def confirm_print(self, document: Document, matches: Callable[[str], bool]) -> PrintCheck:
        """The printed CAN, as a clerk would type it."""
        return PrintCheck.TYPED if matches(self.can) else PrintCheck.NOT_MADE

    def read_back(self, session: CardSession, content: CardContent) -> Mapping[str, object]:
        """The issuer's own inspection."""
        return self.service.read_back()(session, content)

    def progress(self, step: Step, done: bool) -> None:
        """Nothing is shown."""


class DemoStory:
    """Tells the story in a new home; ``say`` gets a code of the message catalogue, and facts, for each chapter."""

    def __init__(
        self,
        home: Path,
        credentials: Credentials,
        clock: Clock,
        entropy: Entropy,
        reader: str | None,
        open_reader: OpenReader,
        say: Callable[..., None],
    ) -> None:
        self._root, self._credentials, self._clock, self._entropy = home, credentials, clock, entropy
        self._first_reader, self._open_reader, self._say = reader, open_reader, say

    def tell(self) -> list[Outcome]:
        """All of it; the outcomes in the order of the story."""
        self._found(self._root)
        self._say("demo-founded", authority=_AUTHORITY)
        with self._office(self._root) as office:
            cards = [self._issue(office, number, person) for number, person in enumerate(persons(), 1)]
            self._say("demo-issued", count=len(cards))
            outcomes = [self._verify(office, f"demo-{number}", card) for number, card in enumerate(cards, 1)]
            outcomes += self._forgeries(office, cards)
        return outcomes

    def _found(self, home: Path) -> None:
        config = HomeConfig(_COUNTRY, _AUTHORITY, True, self._clock.now())
        found(home, config, [load_profile(name) for name in list_profiles()], (), self._clock, self._entropy)

    def _office(self, home: Path) -> AbstractContextManager[Office]:
        return office_at_work(home, self._credentials, self._clock, self._entropy)

    def _issue(self, office: Office, number: int, person: SpecimenPerson) -> IssuedCard:
        reader = self._first_reader if number == 1 and self._first_reader else f"{EMULATED}demo-{number}"
        if reader.startswith(EMULATED):
            blank = make_blank((DEVELOPER_CARD_KEY,) * 3, self._entropy)
            CardStore(office.home).create(reader.removeprefix(EMULATED), blank)
        return issue(office, person, reader, self._open_reader)

    def _forgeries(self, office: Office, cards: list[IssuedCard]) -> Iterator[Outcome]:
        store = CardStore(office.home)
        victim, other = cards[-1], cards[-2]
        genuine = Genuine(_memory(store, victim), self._entropy, lambda: _memory(store, other))
        for forgery in map(FORGERIES.__getitem__, _FORGERIES):
            name = f"demo-{forgery.name}"
            store.create(name, forgery.make(genuine).memory)
            card = replace(victim, reader=f"{EMULATED}{name}")
            yield self._verify(office, name, card, forgery.title, forgery.failed_checks)
        with self._impostor() as (memory, card):
            forgery = FORGERIES["impostor"]
            store.create("demo-impostor", memory)
            card = replace(card, reader=f"{EMULATED}demo-impostor")
            yield self._verify(office, "demo-impostor", card, forgery.title, forgery.failed_checks)
        yield self._revoked(office, other)

    @contextmanager
    def _impostor(self) -> Iterator[tuple[CardMemory, IssuedCard]]:
        """A card that is in perfect order, but made by another authority under the same name."""
        with tempfile.TemporaryDirectory(prefix="eid-demo-") as folder:
            home = Path(folder) / "home"
            self._found(home)
            with self._office(home) as office:
                store = CardStore(office.home)
                store.create("impostor", make_blank((DEVELOPER_CARD_KEY,) * 3, self._entropy))
                card = issue(
                    office, persons()[-1], f"{EMULATED}impostor", lambda reader, wait: connect(reader, home, wait)
                )
                yield store.load("impostor"), card

    def _revoked(self, office: Office, card: IssuedCard) -> Outcome:
        """The signer of a genuine card is revoked, and the new list is imported."""
        state = load_profile(card.package.profile).issuing_state
        serial = office.authorities.signer_certificate(state).serial
        crl = office.authorities.revoke(state, serial, self._clock.now())
        office.trust.add(crl, "own authority", self._clock.now(), _APPROVER)
        name = card.reader.removeprefix(EMULATED)
        return self._verify(office, name, card, "signer revoked later", frozenset({"status.revocation"}))

    def _verify(
        self,
        office: Office,
        name: str,
        card: IssuedCard,
        title: str = "genuine",
        expected: frozenset[str] = frozenset(),
    ) -> Outcome:
        verdict = self._inspect(office, card)
        holder = verdict.holder
        shown = f"{holder.primary_identifier}, {holder.secondary_identifier}" if holder else "-"
        return Outcome(
            name,
            title,
            harmless(shown),
            title == "genuine",
            str(verdict.decision),
            verdict.failed_checks(),
            "failed" if expected else "passed",
            expected,
            verdict.evidence.apdus,
        )

    def _inspect(self, office: Office, card: IssuedCard) -> Verdict:
        policy, trust = policy_by_name(POLICY), office.trust.material()
        with self._open_reader(card.reader, 0.0) as transport:
            evidence = capture(transport, AccessPassword.from_can(card.can), policy, self._entropy, self._clock)
        return judge(evidence, trust, policy, self._clock.now(), trusted_time(office.home.trust, trust))


def _memory(store: CardStore, card: IssuedCard) -> CardMemory:
    return store.load(card.reader.removeprefix(EMULATED))


def issue(office: Office, person: SpecimenPerson, reader: str, open_reader: OpenReader) -> IssuedCard:
    """From the person's record to an issued card in ``reader``, with two people where two are needed."""
    register = office.register
    profile = load_profile(person.profile, [office.home.profiles])
    known = register.persons.add(PersonData.from_text(person.record), _CLERK)
    done = examine_portrait(person.portrait(), profile.portrait)
    application = register.applications.create(known, profile, done.portrait, _CLERK, fingerprint=done.fingerprint)
    register.applications.approve(application.id, _APPROVER)
    document = office.preparation.prepare(application.id, _CLERK)
    package = register.documents.load_package(document.id)
    can = package.can.reveal().decode()
    service = office.personalization
    with service.hold(document.id), open_reader(reader, 0.0) as transport:
        service.personalize(document.id, transport, _CLERK, _Desk(service, can))
    return IssuedCard(reader, can, package)
