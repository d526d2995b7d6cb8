"""Personalization as the command line and the demo use it: one object over a home's register, keys and trust."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from eid_toolkit.books.keys.attempts import AttemptCounter
from eid_toolkit.books.keys.card_masters import master_versions
from eid_toolkit.books.keys.keys import KeyStore
from eid_toolkit.books.ledger.reasons import clean_reason
from eid_toolkit.books.register.documents.documents import Document, DocumentState, Guard
from eid_toolkit.books.register.register import Register
from eid_toolkit.books.register.stock.leases import Lease, Leases
from eid_toolkit.books.register.stock.stock import DEFAULT_STATION
from eid_toolkit.books.staff.operators import Operator
from eid_toolkit.books.staff.roles import Permission
from eid_toolkit.books.trust.store import TrustStore
from eid_toolkit.cards.terminal.session import CardSession
from eid_toolkit.cards.transport.interface import Transport
from eid_toolkit.ground.errors import LeaseHeld, NotPermitted
from eid_toolkit.ground.home.home import Home
from eid_toolkit.ground.ports import Clock, Entropy, SystemClock, SystemEntropy
from eid_toolkit.standards.profiles import load_profile
from eid_toolkit.work.personalization.content import CardContent
from eid_toolkit.work.personalization.drivers.card_keys import CardKeys
from eid_toolkit.work.personalization.journal import IN_THE_MAKING, Job, JobState, Journal
from eid_toolkit.work.personalization.plan import Plan
from eid_toolkit.work.personalization.readback import ReadBack
from eid_toolkit.work.personalization.runner import Desk, PersonalizationRunner, Workplace, finish_issued
from eid_toolkit.work.personalization.work import document_subject

_TRUST_SECONDS = 60.0


class PersonalizationService:
    """Plans, runs and settles the personalizations of one home."""

    def __init__(
        self,
        home: Home,
        keys: KeyStore,
        register: Register,
        trust: TrustStore,
        clock: Clock | None = None,
        entropy: Entropy | None = None,
    ) -> None:
        self._home, self._keys, self._register, self._trust = home, keys, register, trust
        self._clock = clock or SystemClock()
        self._entropy = entropy or SystemEntropy()
        self.journal = Journal(register.database, self._clock, self._entropy)
        self.leases = Leases(register.database, self._entropy)
        self._fences: dict[str, Guard] = {}
        self._read_back: tuple[float, ReadBack] | None = None

    @contextmanager
    def hold(self, document_id: str) -> Iterator[None]:
        """Have the document for oneself; raises :class:`ServiceAway` if another station, or process, works on it."""
        document = self._register.documents.get(document_id)
        with self.holding(document.id, self.leases.take(document_subject(document.id))):
            yield

    @contextmanager
    def holding(self, document_id: str, leases: Iterable[Lease]) -> Iterator[None]:
        """Have a document for oneself by leases that were taken already."""
        with self.leases.holding(leases) as fence:
            self._fences[document_id] = fence
            try:
                yield
            finally:
                del self._fences[document_id]

    def plan(self, document_id: str) -> Plan:
        """What a personalization of the document would do."""
        return self._plan(self._content(document_id))

    def read_back(self) -> ReadBack:
        """The issuer's own inspection, by the home's trust as it was a minute ago at the most."""
        now = time.monotonic()
        if self._read_back is None or now - self._read_back[0] > _TRUST_SECONDS:
            self._read_back = now, ReadBack(self._trust.material(), self._clock, self._entropy)
        return self._read_back[1]

    def personalize(
        self, document_id: str, transport: Transport, operator: Operator, desk: Desk, station: str = DEFAULT_STATION
    ) -> Job:
        """Writes the document to the card, or goes on with it; the caller holds the document."""
        operator.require(Permission.PERSONALIZE)
        document = self._register.documents.get(document_id)
        finished = finish_issued(self.journal, document, operator)
        if finished is not None:
            return finished
        content = self._content(document.id)
        plan = self._plan(content)
        workplace = Workplace(
            self._register.documents,
            self.journal,
            CardKeys.of(self._keys, self._register.stock, plan.key_version),
            AttemptCounter(self._home),
            operator,
            desk,
            self._entropy,
            station,
            self._fences[document.id],
        )
        self.read_back().rehearse(content)
        return PersonalizationRunner(workplace, content, plan, CardSession(transport)).run(transport.reader)

    def finish_left(self, operator: Operator) -> Iterator[Job]:
        """Closes the jobs of documents that were issued, or given up, just before a stop; gives each that was issued.

        Those that others work on are theirs.
        """
        operator.require(Permission.PERSONALIZE)
        for job in self.journal.left_open():
            finished = None
            try:
                with self.hold(job.document_id):
                    document = self._register.documents.get(job.document_id)
                    if document.state is DocumentState.SPOILED:
                        self._register.documents.give_up_jobs(document, operator)
                    else:
                        finished = finish_issued(self.journal, document, operator)
            except LeaseHeld:
                continue
            if finished is not None:
                yield finished

    def is_issued(self, document: Document) -> bool:
        """Whether a document was issued, and its jobs are closed."""
        return document.state not in IN_THE_MAKING and not self.is_left_open(document)

    def is_left_open(self, document: Document) -> bool:
        """Whether a document was issued just before a stop, so that its job is still open."""
        issued = document.state not in IN_THE_MAKING
        return issued and any(job.state is JobState.OPEN for job in self.journal.of_document(document.id))

    def unchanged(self, seen: Job) -> Job:
        """The job as it is now, for one who holds its document and has ``seen`` it before.

        Raises :class:`NotPermitted` if somebody else has decided on it meanwhile.
        """
        job = self.journal.get(seen.id)
        if job.state is not seen.state:
            raise NotPermitted("job-state", job=job.id, state=job.state)
        return job

    def resume(self, seen: Job, reason: str, operator: Operator) -> Job:
        """Lets a job that waited for a decision go on; the caller holds the document.

        The ``reason`` is one by :func:`clean_reason`.
        """
        operator.require(Permission.PERSONALIZE)
        reason = clean_reason(reason)
        job = self.unchanged(seen)
        if job.state is not JobState.NEEDS_DECISION:
            raise NotPermitted("job-state", job=job.id, state=job.state)
        self.journal.set_state(job, JobState.OPEN, operator, reason=reason)
        return self.journal.get(job.id)

    def spoil(
        self, seen: Job, reason: str, operator: Operator, second: Operator | None = None, serial: str | None = None
    ) -> Job:
        """Gives a job up, and its document and card with it; the caller holds the document."""
        job = self.unchanged(seen)
        if job.state not in (JobState.OPEN, JobState.NEEDS_DECISION):
            raise NotPermitted("job-state", job=job.id, state=job.state)
        self.spoil_document(job.document_id, reason, operator, second, serial)
        return self.journal.get(job.id)

    def spoil_document(
        self,
        document_id: str,
        reason: str,
        operator: Operator,
        second: Operator | None = None,
        serial: str | None = None,
    ) -> Document:
        """Gives a document up that is not issued: its keys are destroyed, its jobs closed.

        Where stock is kept, two people have the card's ``serial`` before them; see :meth:`Documents.spoil`. The
        ``reason`` may tell of the holder: it stands with that decision, where erasure reaches it, and not in the log.
        """
        operator.require(Permission.SPOIL)
        document = self._register.documents.get(document_id)
        if document.state is not DocumentState.SPOILED:
            return self._register.documents.spoil(document.id, reason, operator, second, serial)
        self._register.documents.give_up_jobs(document, operator)
        return document

    def _plan(self, content: CardContent) -> Plan:
        """The plan with the newest card-master key; a job that began before a roll-over goes on with its own."""
        *earlier, newest = master_versions(self._keys)
        if not earlier:
            return Plan.of(content, newest)
        plans = [Plan.of(content, version) for version in (newest, *reversed(earlier))]
        return self.journal.began_as(content.document_id, plans) or plans[0]

    def _content(self, document_id: str) -> CardContent:
        package = self._register.documents.load_package(document_id)
        if package.state not in (DocumentState.PREPARED, DocumentState.BOUND):
            raise NotPermitted("document-state", document=package.document_id, state=package.state)
        return CardContent.of(package, load_profile(package.profile, [self._home.profiles]))
