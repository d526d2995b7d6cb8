"""Persons out of a file: checked as a whole first, then written in chunks that an interrupted import goes on behind.

A first reading checks every row against the rules, the register and the rows before it. Only then are rows written, two
thousand to a transaction, which also holds how far the import has come: whenever it is stopped, the same file (by
SHA-256 of its content) goes on with the first row that was not dealt with. The audit log gets one row a chunk.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from datetime import date
from hashlib import sha256
from pathlib import Path

from sqlalchemy import Connection, insert, select, update

from eid_toolkit.books.audit.log import AuditEvent, append
from eid_toolkit.books.ledger.database import Database, lock
from eid_toolkit.books.ledger.identifiers import new_identifier, new_identifiers
from eid_toolkit.books.ledger.schema import person_import
from eid_toolkit.books.register.people.kept_outcomes import KeptOutcomes
from eid_toolkit.books.register.people.person_batches import (
    CHUNK,
    Batch,
    Check,
    Outcome,
    Readers,
    Reading,
    Values,
)
from eid_toolkit.books.register.people.person_files import Row, csv_columns
from eid_toolkit.books.register.people.person_record import insert_person_rows, refresh_statistics, taken_numbers
from eid_toolkit.books.register.people.person_rejects import NOTHING, RejectsFile, Written
from eid_toolkit.books.register.people.person_source import PersonSource, Progress
from eid_toolkit.books.register.people.seen_numbers import SeenNumbers
from eid_toolkit.books.register.people.two_readings import TwoReadings
from eid_toolkit.books.staff.operators import Operator
from eid_toolkit.books.staff.roles import Permission
from eid_toolkit.ground.errors import BadInput, NotPermitted, ValueRefused
from eid_toolkit.ground.ports import Clock, Entropy
from eid_toolkit.ground.zones import Zones

_ATTEMPTS = 4
"""For a chunk of which others have written numbers meanwhile."""
TOLD = 100
"""This many bad rows stand in the report; all of them stand in the rejects file."""

_OPEN, _DONE = "open", "done"


@dataclass(frozen=True, slots=True)
class ImportOptions:
    """How an import goes."""

    keep_going: bool = False
    """Bring the good rows in; else one bad row keeps all out."""
    dry_run: bool = False
    """Check, and write nothing."""
    again: bool = False
    """Also a file that was imported completely."""
    rejects: Path | None = None
    """Where bad rows go."""
    new_rejects: bool = False
    """Begin another rejects file where the one of a stopped import is lost."""
    check: Check | None = None
    progress: Progress = field(default=lambda _: None)
    processes: int | None = None
    """That read the file, 1 being this one; None for as many as there are processors if the register is on a server."""


@dataclass(frozen=True, slots=True)
class ImportReport:
    """How an import went, from the row on at which this run began."""

    good: int
    rejected: tuple[Row, ...]
    """The first of them."""
    rejected_count: int
    imported: int = 0
    written: bool = False
    skipped: int = 0
    """Rows that an earlier run has dealt with."""
    rejects: Path | None = None
    """The file with the bad rows, if there are some."""
    id: str | None = None


@dataclass(frozen=True, slots=True)
class _State:
    """How far an import is."""

    id: str
    row: int = 0
    imported: int = 0
    rejected: int = 0
    rejects: Written = NOTHING
    """What of these rows stands in the rejects file."""
    known: bool = False
    """Whether it stands in the register."""
    again: bool = False
    """Whether the file may have been imported before."""


@dataclass(frozen=True, slots=True)
class _Chunk:
    """Rows of one transaction."""

    batch: Batch
    outcomes: Sequence[Outcome]
    alone: bool = False
    """Whether none of the numbers was there when all were looked at, and nobody was met since who writes the same."""


class PersonImports:
    """The imports of one register."""

    def __init__(self, database: Database, clock: Clock, entropy: Entropy, zones: Zones) -> None:
        self._database = database
        self._clock = clock
        self._entropy = entropy
        self._zones = zones

    def run(self, source: PersonSource, operator: Operator, options: ImportOptions | None = None) -> ImportReport:
        """Import a file, or the rest of one whose import was stopped.

        Raises :class:`NotPermitted` for an operator who may not, and for a file that was imported completely;
        :class:`BadInput` for a file that cannot be read; as :meth:`RejectsFile.write`. Bad rows stand in the report.
        """
        operator.require(Permission.CHANGE_PERSONS)
        options = options or ImportOptions()
        content = source.survey(_part(options.progress, 0))
        state = self._begun(content, again=options.again or options.dry_run)
        reading = Reading(source.kind, _columns(source), options.check, lines=not self._database.is_file)
        processes = options.processes or (1 if self._database.is_file else None)
        with closing(KeptOutcomes(self._entropy)) as kept, Readers.at_work(reading, source.size, processes) as readers:
            readings = TwoReadings(source, state.row, readers, kept, self._today)
            report = self._check(readings, state, options)
            if options.dry_run or (report.rejected_count and not options.keep_going):
                return report
            if options.new_rejects:
                state = replace(state, rejects=NOTHING)
            rejects = RejectsFile(options.rejects, source.kind, reading.columns) if options.rejects else None
            if rejects is not None and report.rejected_count:
                rejects.check(report.rejected, state.rejects)
            alone = not report.rejected_count
            try:
                report = self._write(readings, state, content, operator, options, rejects, alone=alone)
            finally:
                if rejects is not None:
                    rejects.close()
        self._refresh()
        return report

    def _begun(self, content: str, *, again: bool) -> _State:
        with self._database.read() as connection:
            state = self._find(connection, content, again=again)
        return state or _State(new_identifier("I", self._entropy), again=again)

    def _find(self, connection: Connection, content: str, *, again: bool) -> _State | None:
        """An import of this content that was stopped."""
        query = select(person_import).where(person_import.c.file_sha256 == content)
        rows = connection.execute(query.order_by(person_import.c.started_at)).all()
        for row in rows:
            if row.state == _OPEN:
                written = Written(row.rejects_size, row.rejects_sha256)
                return _State(row.id, row.row, row.imported, row.rejected, written, known=True)
        if rows and not again:
            last = rows[-1]
            raise NotPermitted("import-done-already", import_id=last.id, date=last.updated_at.date().isoformat())
        return None

    def _check(self, readings: TwoReadings, state: _State, options: ImportOptions) -> ImportReport:
        """The first reading: all rows that are left, written nowhere but into what is kept for the second."""
        good, rejected_count = 0, 0
        told: list[Row] = []

        def will_be_written() -> bool:
            return not options.dry_run and (options.keep_going or not rejected_count)

        found = readings.first(_part(options.progress, 1), will_be_written)
        with closing(SeenNumbers(self._entropy.take(32))) as seen, closing(found) as read:
            for batch, outcomes in read:
                with self._database.read() as connection:
                    people, refused = _sort_out(connection, _Chunk(batch, outcomes), seen)
                good += len(people)
                rejected_count += len(refused)
                told += refused[: TOLD - len(told)]
        return ImportReport(good, tuple(told), rejected_count, skipped=state.row)

    def _write(
        self,
        readings: TwoReadings,
        state: _State,
        content: str,
        operator: Operator,
        options: ImportOptions,
        rejects: RejectsFile | None,
        *,
        alone: bool,
    ) -> ImportReport:
        """The second reading."""
        began = state
        told: list[Row] = []
        with closing(readings.second(_part(options.progress, 2))) as read:
            for batch, outcomes in read:
                for attempt in range(_ATTEMPTS):
                    chunk = _Chunk(batch, outcomes, alone)
                    try:
                        state, refused = self._write_chunk(state, chunk, content, operator, options, rejects)
                        break
                    except ValueRefused:  # a number that another import has just written is refused as taken next time
                        alone = False
                        if attempt == _ATTEMPTS - 1:
                            raise
                told += refused[: TOLD - len(told)]
                if _grown(state.row):
                    self._refresh()
        return ImportReport(
            good=state.imported - began.imported,
            rejected=tuple(told),
            rejected_count=state.rejected - began.rejected,
            imported=state.imported - began.imported,
            written=True,
            skipped=began.row,
            rejects=rejects.path if rejects is not None and rejects.is_written else None,
            id=state.id,
        )

    def _write_chunk(
        self,
        state: _State,
        chunk: _Chunk,
        content: str,
        operator: Operator,
        options: ImportOptions,
        rejects: RejectsFile | None,
    ) -> tuple[_State, list[Row]]:
        with self._database.write() as connection:
            if not state.known:
                lock(connection, "import", content)
            people, refused = _sort_out(connection, chunk)
            if refused and not options.keep_going:  # somebody else was quicker with a number
                raise BadInput("import-row-bad-meanwhile", line=refused[0].line, imported=state.imported)
            with _taken_back(rejects, state.rejects):
                after = self._put(connection, state, chunk, people, content, operator, rejects, refused)
        return after, refused

    def _put(
        self,
        connection: Connection,
        state: _State,
        chunk: _Chunk,
        people: list[Values],
        content: str,
        operator: Operator,
        rejects: RejectsFile | None,
        refused: list[Row],
    ) -> _State:
        """One chunk, with how far the import is behind it.

        The rejects file is touched only by whoever has the import: its row in the register is written first.
        """
        now, batch = self._clock.now(), chunk.batch
        identifiers = new_identifiers("P", len(people), self._entropy)
        added = [(name, now, state.id, *values) for name, values in zip(identifiers, people, strict=True)]
        after = replace(
            state,
            row=state.row + batch.count,
            imported=state.imported + len(added),
            rejected=state.rejected + len(refused),
            known=True,
        )
        values = {
            "row": after.row,
            "imported": after.imported,
            "rejected": after.rejected,
            **_written(state.rejects),
            "updated_at": now,
            "state": _DONE if batch.is_last else _OPEN,
        }
        if state.known:
            here = (person_import.c.id == state.id, person_import.c.row == state.row, person_import.c.state == _OPEN)
            if connection.execute(update(person_import).where(*here).values(values)).rowcount != 1:
                raise NotPermitted("import-goes-on-elsewhere", import_id=state.id)
        else:
            if self._find(connection, content, again=state.again) is not None:
                raise NotPermitted("import-goes-on-elsewhere", import_id=state.id)
            new = {"id": state.id, "file_sha256": content, "operator": operator.name, "started_at": now}
            connection.execute(insert(person_import), {**new, **values})
        if rejects is not None:
            after = replace(after, rejects=rejects.write(refused, state.rejects))
            if after.rejects != state.rejects:
                here_too = update(person_import).where(person_import.c.id == state.id)
                connection.execute(here_too.values(_written(after.rejects)))
        insert_person_rows(connection, added, alone=chunk.alone, lines=not self._database.is_file)
        detail = {
            "rows": [state.row + 1, after.row],
            "count": len(added),
            "rejected": len(refused),
            "digest": sha256("\n".join(identifiers).encode()).hexdigest(),
            "done": batch.is_last,
        }
        append(connection, now, operator, [AuditEvent("persons.imported", state.id, detail)])
        return after

    def _today(self) -> date:
        return self._zones.today(self._clock.now())

    def _refresh(self) -> None:
        with self._database.write() as connection:
            refresh_statistics(connection)


def _sort_out(connection: Connection, chunk: _Chunk, seen: SeenNumbers | None = None) -> tuple[list[Values], list[Row]]:
    """The persons of a chunk that may come in, and the rows refused; ``seen`` are the numbers of chunks before."""
    numbers = [each[0] for each in chunk.outcomes if not isinstance(each, BadInput) and each[0] is not None]
    in_use = set() if chunk.alone else taken_numbers(connection, numbers)
    if seen is not None:
        in_use |= seen.add(numbers)
    distinct = set(numbers)
    people = [each for each in chunk.outcomes if not isinstance(each, BadInput)]
    if len(people) == len(chunk.outcomes) and len(distinct) == len(numbers) and in_use.isdisjoint(distinct):
        return people, []  # as nearly all chunks are
    people, refused = [], list[Row]()
    for record, outcome in zip(chunk.batch.records, chunk.outcomes, strict=True):
        error = outcome if isinstance(outcome, BadInput) else None
        if not isinstance(outcome, BadInput):
            number = outcome[0]
            if number is not None:
                if number in in_use:
                    error = BadInput("person-number-taken", field="personal_number")
                in_use.add(number)
            if error is None:
                people.append(outcome)
        if error is not None:
            refused.append(Row(*record, None, error))
    return people, refused


@contextmanager
def _taken_back(rejects: RejectsFile | None, before: Written) -> Iterator[None]:
    """If the transaction fails before its end, its bad rows leave the file again."""
    try:
        yield
    except BaseException:
        if rejects is not None:
            rejects.take_back(before)
        raise


def _written(rejects: Written) -> dict[str, object]:
    return {"rejects_size": rejects.size, "rejects_sha256": rejects.sha256}


def _grown(row: int) -> bool:
    """Whether this number of chunks is a power of 16: a database that thinks its tables are small plans badly."""
    chunks = row // CHUNK
    return chunks & (chunks - 1) == 0 and chunks.bit_length() % 4 == 1


def _columns(source: PersonSource) -> tuple[str, ...]:
    """The columns of a CSV file, by its first line."""
    if source.kind != "csv":
        return ()
    return tuple(csv_columns(next(source.text(lambda _: None), ""))[0])


def _part(progress: Progress, part: int) -> Progress:
    """Of three readings: a survey (a twentieth of the work), the check (a third), the writing."""
    begins, ends = ((0.0, 0.05), (0.05, 0.4), (0.4, 1.0))[part]
    return lambda done: progress(begins + (ends - begins) * done)
