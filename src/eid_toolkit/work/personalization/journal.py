"""The journal of personalization: a job for each card, with every step written down before and after it is done."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from typing import Annotated, Any

from sqlalchemy import Row, Select, exists, insert, select, update

from eid_toolkit.books.audit.log import AuditEvent, append
from eid_toolkit.books.ledger.canonical import canonical
from eid_toolkit.books.ledger.database import Database, lock
from eid_toolkit.books.ledger.identifiers import new_identifier
from eid_toolkit.books.ledger.schema import document
from eid_toolkit.books.ledger.schema import personalization_job as jobs
from eid_toolkit.books.ledger.schema import personalization_step as steps
from eid_toolkit.books.ledger.stored import stored
from eid_toolkit.books.ledger.workflow import DocumentState
from eid_toolkit.books.staff.operators import Operator
from eid_toolkit.ground.errors import BadInput, IntegrityBroken, NotPermitted
from eid_toolkit.ground.plain_values import Named, from_plain, parse_json, to_plain
from eid_toolkit.ground.ports import Clock, Entropy
from eid_toolkit.work.personalization.plan import VERSION, Plan, Step

_QUERY = select(jobs).order_by(jobs.c.created_at, jobs.c.id)
_CHUNK = 500
IN_THE_MAKING = (DocumentState.PREPARED, DocumentState.BOUND, DocumentState.SPOILED)
"""Where a document stands that was never issued."""


class JobState(StrEnum):
    """Where a job stands."""

    OPEN = "open"
    NEEDS_DECISION = "needs-decision"
    DONE = "done"
    SPOILED = "spoiled"


class StepState(StrEnum):
    """Where a step stands; one that was begun may or may not have reached the card."""

    PLANNED = "planned"
    BEGUN = "begun"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Job:
    """One personalization."""

    id: str
    document_id: Annotated[str, Named("document")]
    chip: str | None
    reader: str
    state: JobState
    plan_hash: str
    operator: str
    created_at: datetime
    updated_at: datetime
    done: Annotated[int, Named("steps_done")]
    """Steps done so far."""
    steps: int
    open_step: str | None
    """The first step that is not done."""
    reason: str | None
    """Why somebody last let it go on."""

    def to_json(self) -> dict[str, object]:
        """Stable keys for output."""
        return to_plain(self, without=("plan_hash",))


class Journal:
    """The jobs of one register; each method is one transaction, on the disk when it returns."""

    def __init__(self, database: Database, clock: Clock, entropy: Entropy) -> None:
        self._database = database
        self._clock = clock
        self._entropy = entropy

    def open_job(self, plan: Plan, reader: str, operator: Operator) -> Job:
        """The document's unfinished job, or a new one; raises :class:`IntegrityBroken` if its plan has changed."""
        now = self._clock.now()
        with self._database.write() as connection:
            lock(connection, "document", plan.document_id)
            query = select(jobs).where(jobs.c.document_id == plan.document_id, jobs.c.state == JobState.OPEN)
            row = connection.execute(query).first()
            if row is not None:
                if not plan.began_as(row.plan_version, row.plan_hash):
                    raise IntegrityBroken("job-plan-changed", job=row.id)
                connection.execute(update(jobs).where(jobs.c.id == row.id).values(reader=reader, updated_at=now))
                identifier = row.id
            else:
                identifier = new_identifier("J", self._entropy)
                values = {
                    "id": identifier,
                    "document_id": plan.document_id,
                    "reader": reader,
                    "state": JobState.OPEN,
                    "plan_hash": plan.hash,
                    "plan_version": VERSION,
                    "operator": operator.name,
                    "created_at": now,
                    "updated_at": now,
                }
                connection.execute(insert(jobs), values)
                rows = [
                    {"job_id": identifier, "position": step.position, "name": step.name, "state": StepState.PLANNED}
                    for step in plan.steps
                ]
                connection.execute(insert(steps), rows)
                begun = AuditEvent("job.begun", identifier, {"document": plan.document_id, "plan": plan.hash})
                append(connection, now, operator, [begun])
        return self.get(identifier)

    def began_as(self, document_id: str, plans: Iterable[Plan]) -> Plan | None:
        """The one of the ``plans`` by which a job of the document began that is not closed; None if there is none."""
        query = select(jobs.c.plan_version, jobs.c.plan_hash).where(jobs.c.document_id == document_id)
        with self._database.read() as connection:
            row = connection.execute(query.where(jobs.c.state.in_((JobState.OPEN, JobState.NEEDS_DECISION)))).first()
        if row is None:
            return None
        return next((plan for plan in plans if plan.began_as(row.plan_version, row.plan_hash)), None)

    def get(self, identifier: str) -> Job:
        """One job; raises :class:`BadInput` if there is none of that identifier."""
        for job in self._read(_QUERY.where(jobs.c.id == identifier.upper())):
            return job
        raise BadInput("job-unknown", job=identifier)

    def list(self, state: JobState | None = None, limit: int | None = None, offset: int = 0) -> tuple[Job, ...]:
        """All jobs, or those of one state, the oldest first; ``limit`` of them from ``offset`` on."""
        query = _QUERY.limit(limit).offset(offset)
        return self._read(query if state is None else query.where(jobs.c.state == state))

    def of_document(self, document_id: str) -> tuple[Job, ...]:
        """The jobs of one document, the oldest first."""
        return self._read(_QUERY.where(jobs.c.document_id == document_id))

    def unresolved(self, document_id: str) -> Job | None:
        """The document's job that an operator has to decide on."""
        history = self.of_document(document_id)
        return next((job for job in history if job.state is JobState.NEEDS_DECISION), None)

    def left_open(self) -> tuple[Job, ...]:
        """The open jobs of documents that were issued or given up: a stop came between register and journal."""
        unfinished = (DocumentState.PREPARED, DocumentState.BOUND)
        settled = exists(
            select(document.c.id).where(document.c.id == jobs.c.document_id, document.c.state.not_in(unfinished))
        )
        return self._read(_QUERY.where(jobs.c.state.in_((JobState.OPEN, JobState.NEEDS_DECISION)), settled))

    def state_of(self, job: Job, step: Step) -> StepState:
        """Where the step stands."""
        query = select(steps.c.state).where(steps.c.job_id == job.id, steps.c.position == step.position)
        with self._database.read() as connection:
            return StepState(connection.execute(query).scalar_one())

    def detail_of(self, job: Job, step: Step) -> Mapping[str, object]:
        """What was written when the step was done, or failed; nothing before that."""
        query = select(steps.c.detail).where(steps.c.job_id == job.id, steps.c.position == step.position)
        with self._database.read() as connection:
            detail = connection.execute(query).scalar_one()
        return {} if detail is None else stored(_detail, detail, "the detail of a step")

    def begin(self, job: Job, step: Step) -> None:
        """Written before the step touches anything."""
        values = {"state": StepState.BEGUN, "started_at": self._clock.now()}
        self._write_step(job, step, values)

    def finish(self, job: Job, step: Step, detail: Mapping[str, object]) -> None:
        """Written when the step is done; ``detail`` holds no secret."""
        values = {"state": StepState.DONE, "finished_at": self._clock.now(), "detail": canonical(detail)}
        self._write_step(job, step, values)

    def fail(self, job: Job, step: Step, detail: Mapping[str, object]) -> None:
        """Written when the step was refused or failed: it may be tried again."""
        values = {"state": StepState.FAILED, "finished_at": self._clock.now(), "detail": canonical(detail)}
        self._write_step(job, step, values)

    def finish_all(self, job: Job) -> None:
        """Writes every step as done: the last of them has had its effect."""
        where = (steps.c.job_id == job.id) & (steps.c.state != StepState.DONE)
        with self._database.write() as connection:
            values = {"state": StepState.DONE, "finished_at": self._clock.now()}
            connection.execute(update(steps).where(where).values(values))

    def set_chip(self, job: Job, chip: str) -> None:
        """Written as soon as the chip is known, before anything is written to it."""
        self._write_job(job, {"chip": chip})

    def set_state(
        self, job: Job, state: JobState, operator: Operator, code: str | None = None, *, reason: str | None = None
    ) -> None:
        """Closes the job, hands it to an operator, or opens it again; on record in the audit log.

        An error's ``code`` stands there. A person's ``reason`` may tell of the holder: it stands in the job, where
        erasure reaches it, and in the log by its SHA-256. Raises :class:`NotPermitted` if the job is not in the state
        any more that ``job`` tells of: somebody else has decided on it meanwhile.
        """
        values: dict[str, object] = {"state": state}
        detail = {"document": job.document_id, **({"reason": code} if code is not None else {})}
        if reason is not None:
            values["reason"] = reason
            detail["reason_sha256"] = sha256(reason.encode()).hexdigest()
        self._write_job(job, values, (operator, AuditEvent(f"job.{state}", job.id, detail)))

    def _read(self, query: Select[Any]) -> tuple[Job, ...]:
        all_jobs: list[Job] = []
        with self._database.read() as connection:
            rows = connection.execute(query).all()
            for start in range(0, len(rows), _CHUNK):
                part = rows[start : start + _CHUNK]
                own: dict[str, list[Row[Any]]] = {row.id: [] for row in part}
                for step in connection.execute(select(steps).where(steps.c.job_id.in_(own)).order_by(steps.c.position)):
                    own[step.job_id].append(step)
                all_jobs += [_job(row, own[row.id]) for row in part]
        return tuple(all_jobs)

    def _write_step(self, job: Job, step: Step, values: dict[str, object]) -> None:
        where = (steps.c.job_id == job.id) & (steps.c.position == step.position)
        with self._database.write() as connection:
            connection.execute(update(steps).where(where).values(values))
            connection.execute(update(jobs).where(jobs.c.id == job.id).values(updated_at=self._clock.now()))

    def _write_job(self, job: Job, values: dict[str, object], told: tuple[Operator, AuditEvent] | None = None) -> None:
        """Changes the job as it is in ``job``; one that another has changed is left as it is."""
        now = self._clock.now()
        as_known = (jobs.c.id == job.id) & (jobs.c.state == job.state)
        with self._database.write() as connection:
            if connection.execute(update(jobs).where(as_known).values(updated_at=now, **values)).rowcount == 0:
                state = connection.execute(select(jobs.c.state).where(jobs.c.id == job.id)).scalar()
                code = "job-done" if state == JobState.DONE else "job-state"
                raise NotPermitted(code, job=job.id, state=state)
            if told is not None:
                append(connection, now, told[0], [told[1]])


def _detail(text: str) -> Mapping[str, object]:
    return from_plain(dict[str, object], parse_json(text))


def _job(row: Row[Any], step_rows: Sequence[Row[Any]]) -> Job:
    done = sum(step.state == StepState.DONE for step in step_rows)
    still_open = next((step.name for step in step_rows if step.state != StepState.DONE), None)
    return Job(
        row.id, row.document_id, row.chip, row.reader, JobState(row.state), row.plan_hash, row.operator,
        row.created_at, row.updated_at, done, len(step_rows), still_open, row.reason,
    )  # fmt: skip
