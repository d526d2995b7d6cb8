"""Carries out a plan on one card, writing each step to the journal before and after it.

A run may stop anywhere. The next one opens the document's job, finds out where the card really is, and goes on at
the first step that is not done. Every step can be repeated without harm or is recognized as done.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Protocol

from eid_toolkit.books.register.documents.documents import Document, Documents, DocumentState, Guard, PrintCheck
from eid_toolkit.books.register.stock.stock import DEFAULT_STATION
from eid_toolkit.books.staff.operators import Operator
from eid_toolkit.cards.terminal.security_domain import AttemptGuard
from eid_toolkit.cards.terminal.session import CardSession
from eid_toolkit.ground.errors import DecisionNeeded, EidError, NotPermitted
from eid_toolkit.ground.ports import Entropy
from eid_toolkit.ground.secret import Secret
from eid_toolkit.standards.iso7816.files import ElementaryFile
from eid_toolkit.standards.lds.mrz import Mrz
from eid_toolkit.standards.protocols import personalization_data as layout
from eid_toolkit.standards.protocols.globalplatform import ApplicationState, DomainState
from eid_toolkit.work.personalization.content import CardContent
from eid_toolkit.work.personalization.drivers.card_keys import CardKeys
from eid_toolkit.work.personalization.drivers.globalplatform import CardWriter
from eid_toolkit.work.personalization.journal import IN_THE_MAKING, Job, JobState, Journal, StepState
from eid_toolkit.work.personalization.plan import Action, Plan, Step

Detail = Mapping[str, object]
_CONFIRMED = "confirmed"
"""Where the step's detail says how the print was checked."""


class Desk(Protocol):
    """The people and the inspection around the machine."""

    def confirm(self, document: Document, plan: Plan, /) -> None:
        """Asked once, before the first step that cannot be undone; raises to stop."""
        ...

    def confirm_print(self, document: Document, matches: Callable[[str], bool], /) -> PrintCheck:
        """Has the printed number, CAN or MRZ typed, and says how it was; raises :class:`AccessDenied` if wrong."""
        ...

    def read_back(self, session: CardSession, content: CardContent, /) -> Detail:
        """Reads the card as a stranger would and judges it; raises :class:`DecisionNeeded` if it is not right."""
        ...

    def progress(self, step: Step, done: bool, /) -> None:
        """Told before and after each step."""
        ...


def _free(_: object) -> None:
    """Nobody else could have the document."""


@dataclass(frozen=True, slots=True, eq=False)
class Workplace:
    """What a personalization works with."""

    documents: Documents
    journal: Journal
    keys: CardKeys
    guard: AttemptGuard
    operator: Operator
    desk: Desk
    entropy: Entropy
    station: str = DEFAULT_STATION
    """Whose blanks are written to."""
    fence: Guard = _free
    """Asked in the transactions that bind and issue, whether the document is still this station's."""


class PersonalizationRunner:
    """One run of one document's plan on the card in ``session``."""

    def __init__(self, workplace: Workplace, content: CardContent, plan: Plan, session: CardSession) -> None:
        self._bureau = workplace
        self._content = content
        self._session = session
        self._plan = plan
        self._writer = CardWriter(session, workplace.keys, workplace.guard, workplace.entropy)
        self._open = False

    def run(self, reader: str) -> Job:
        """Personalizes the card, or goes on with it; returns the finished job.

        Raises what went wrong; the job then stays open for a rerun, or waits for an operator's decision
        (:class:`DecisionNeeded`).
        """
        workplace = self._bureau
        document = self._permitted_document()
        self._open_writer()
        domain, application = self._writer.states()
        self._check_card(document, domain, application)
        workplace.desk.confirm(document, self._plan)
        job = workplace.journal.open_job(self._plan, reader, workplace.operator)
        self._check_progress(job, application)
        for step in self._plan.steps:
            if workplace.journal.state_of(job, step) is not StepState.DONE:
                self._carry_out(job, step)
        workplace.journal.set_state(job, JobState.DONE, workplace.operator)
        return workplace.journal.get(job.id)

    def _permitted_document(self) -> Document:
        document = self._bureau.documents.get(self._content.document_id)
        waiting = self._bureau.journal.unresolved(document.id)
        if waiting is not None:
            raise DecisionNeeded("job-needs-decision", job=waiting.id)
        if document.state not in (DocumentState.PREPARED, DocumentState.BOUND):
            raise NotPermitted("document-state", document=document.id, state=document.state)
        return document

    def _check_card(self, document: Document, domain: int, application: int) -> None:
        """Refuses, before anything is written, a card that is not this document's."""
        chip = self._writer.chip_identity.hex()
        if document.chip is not None and document.chip != chip:
            raise NotPermitted("document-has-other-chip", document=document.id, expected=document.chip, chip=chip)
        if document.chip is None:
            fresh = application != ApplicationState.PERSONALIZED and domain != DomainState.SECURED
            if not fresh or self._writer.has_own_keys:
                raise NotPermitted("card-not-blank", chip=chip)
            self._bureau.documents.check_blank(chip, self._bureau.station)

    def _check_progress(self, job: Job, application: int) -> None:
        """A card that is locked although the journal knows of no lock is for a person to look at."""
        lock = next(step for step in self._plan.steps if step.action is Action.LOCK_APPLICATION)
        planned = self._bureau.journal.state_of(job, lock) is StepState.PLANNED
        if planned and application == ApplicationState.PERSONALIZED:
            self._hand_over(job, "card-locked-unexpectedly")

    def _hand_over(self, job: Job, reason: str) -> None:
        self._bureau.journal.set_state(job, JobState.NEEDS_DECISION, self._bureau.operator, reason)
        raise DecisionNeeded(reason, job=job.id)

    def _carry_out(self, job: Job, step: Step) -> None:
        journal, desk = self._bureau.journal, self._bureau.desk
        journal.begin(job, step)
        desk.progress(step, False)
        try:
            detail = self._handlers()[step.action](job, step)
        except DecisionNeeded as error:
            journal.fail(job, step, {"error": error.code})
            journal.set_state(job, JobState.NEEDS_DECISION, self._bureau.operator, error.code)
            raise DecisionNeeded(error.code, **{**error.facts, "job": job.id}) from error
        except EidError as error:
            journal.fail(job, step, {"error": error.code})
            raise
        journal.finish(job, step, detail)
        desk.progress(step, True)

    def _handlers(self) -> Mapping[Action, Callable[[Job, Step], Detail]]:
        return {
            Action.BIND_CHIP: self._bind_chip,
            Action.REPLACE_KEYS: self._replace_keys,
            Action.WRITE_FILE: self._write_file,
            Action.SET_ACCESS: self._set_access,
            Action.TRUST_TERMINALS: self._trust_terminals,
            Action.STORE_SECRET: self._store_secret,
            Action.LOCK_APPLICATION: self._lock_application,
            Action.SECURE_DOMAIN: self._secure_domain,
            Action.PROVE_LOCKS: self._prove_locks,
            Action.READ_BACK: self._read_back,
            Action.CONFIRM_PRINT: self._confirm_print,
            Action.ISSUE: self._issue,
        }

    def _open_writer(self) -> None:
        """Opens the domain unless it is open; a step that used the card otherwise has closed it."""
        if not self._open:
            self._writer.open()
            self._open = True

    def _bind_chip(self, job: Job, _: Step) -> Detail:
        chip = self._writer.chip_identity.hex()
        self._bureau.journal.set_chip(job, chip)
        workplace = self._bureau
        workplace.documents.bind_chip(job.document_id, chip, workplace.operator, workplace.station, workplace.fence)
        return {"chip": chip}

    def _replace_keys(self, _: Job, __: Step) -> Detail:
        self._open_writer()
        if not self._writer.has_own_keys:  # a lost answer to PUT KEY shows in the version that opened the channel
            self._writer.replace_keys()
        return {}

    def _write_file(self, _: Job, step: Step) -> Detail:
        self._open_writer()
        file = ElementaryFile.by_label(step.subject)
        return {"commands": self._writer.write_file(file, self._content.files[file])}

    def _set_access(self, _: Job, __: Step) -> Detail:
        self._open_writer()
        self._writer.store(layout.access(self._content.protocols))
        return {}

    def _trust_terminals(self, _: Job, __: Step) -> Detail:
        self._open_writer()
        if self._content.terminal_trust is not None:
            self._writer.store(self._content.terminal_trust)
        return {"trusted": ", ".join(reference.text for reference in self._content.trusted_terminals)}

    def _store_secret(self, _: Job, step: Step) -> Detail:
        self._open_writer()
        item = next(item for item in self._content.secrets if item.name == step.subject)
        self._writer.store_secret(item)
        return {"check_value": item.check_value} if item.check_value else {}

    def _lock_application(self, _: Job, __: Step) -> Detail:
        self._open_writer()
        if self._writer.states()[1] != ApplicationState.PERSONALIZED:
            self._writer.lock_application(self._content)
        return {}

    def _secure_domain(self, _: Job, __: Step) -> Detail:
        self._open_writer()
        if self._writer.states()[0] != DomainState.SECURED:
            self._writer.secure_domain()
        return {}

    def _prove_locks(self, _: Job, __: Step) -> Detail:
        self._open = False
        refused = {}
        for name, answer in self._writer.attempts_to_write():
            refused[name] = f"{answer.sw:04X}"
            if answer.sw >> 12 == 0x9 or answer.sw >> 8 in (0x61, 0x62, 0x63):
                raise DecisionNeeded("card-still-writable", attempt=name, sw=refused[name])
        return refused

    def _read_back(self, _: Job, __: Step) -> Detail:
        self._open = False
        self._session.reset()
        return self._bureau.desk.read_back(self._session, self._content)

    def _confirm_print(self, job: Job, _: Step) -> Detail:
        document = self._bureau.documents.get(job.document_id)
        matches = partial(self._matches_print, document.document_number)
        return {_CONFIRMED: str(self._bureau.desk.confirm_print(document, matches))}

    def _matches_print(self, number: str, typed: str) -> bool:
        """Whether what the clerk typed is the document number, the CAN, or the MRZ's lines in any spacing."""
        text = typed.strip()
        if text.upper() == number:
            return True
        if text.isdigit():
            return Secret(self._content.can.encode()).matches(text.encode())
        try:
            information = Mrz.parse(text).information
        except EidError:
            return False
        return Secret(self._content.mrz_information.encode()).matches(information.encode())

    def _issue(self, job: Job, _: Step) -> Detail:
        document = self._bureau.documents.get(job.document_id)
        if document.state is not DocumentState.ISSUED:  # a stop between register and journal has issued it already
            check = self._print_check(job)
            document = self._bureau.documents.issue(job.document_id, self._bureau.operator, self._bureau.fence, check)
        return {"state": str(document.state)}

    def _print_check(self, job: Job) -> PrintCheck:
        """How the print was checked, in this run or in one before."""
        confirming = next(step for step in self._plan.steps if step.action is Action.CONFIRM_PRINT)
        told = self._bureau.journal.detail_of(job, confirming).get(_CONFIRMED)
        return next((check for check in PrintCheck if check == told), PrintCheck.NOT_MADE)


def finish_issued(journal: Journal, document: Document, operator: Operator) -> Job | None:
    """Closes the job of a document that was issued just before a stop; None if there is nothing to close.

    Whatever was reported of the document since, it was issued.
    """
    if document.state in IN_THE_MAKING:
        return None
    for job in journal.of_document(document.id):
        if job.state is JobState.OPEN:
            journal.finish_all(job)
            journal.set_state(job, JobState.DONE, operator)
            return journal.get(job.id)
    return None
