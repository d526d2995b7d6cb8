"""Persons out of a file: checked as a whole first, then written in chunks that an interrupted import goes on behind.

A first reading checks every row against the rules, the register and the rows before it. Only then are rows written, two
thousand to a transaction, which also holds how far the import has come: whenever it is stopped, the same file (by
SHA-256 of its content) goes on with the first row that was not dealt with. The audit log gets one row a chunk.
"""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path

from eid_toolkit.books.ledger.database import Database
from eid_toolkit.books.ledger.identifiers import new_identifier
from eid_toolkit.books.register.people.kept_outcomes import KeptOutcomes
from eid_toolkit.books.register.people.person_batches import CHUNK, SERVER_CHUNK, Check, Readers, Reading
from eid_toolkit.books.register.people.person_files import Row, csv_columns
from eid_toolkit.books.register.people.person_record import refresh_statistics
from eid_toolkit.books.register.people.person_rejects import NOTHING, RejectsFile
from eid_toolkit.books.register.people.person_source import PersonSource, Progress
from eid_toolkit.books.register.people.person_writing import Chunk, ImportState, ImportWriter, find_import, sort_out
from eid_toolkit.books.register.people.seen_numbers import SeenNumbers
from eid_toolkit.books.register.people.two_readings import TwoReadings
from eid_toolkit.books.staff.operators import Operator
from eid_toolkit.books.staff.roles import Permission
from eid_toolkit.ground.ports import Clock, Entropy
from eid_toolkit.ground.zones import Zones

_GROWN = 16
TOLD = 100
"""This many bad rows stand in the report; all of them stand in the rejects file."""


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
        size = CHUNK if self._database.is_file else SERVER_CHUNK
        with closing(KeptOutcomes(self._entropy)) as kept, Readers.at_work(reading, source.size, processes) as readers:
            readings = TwoReadings(source, size, state.row, readers, kept, self._today)
            report = self._check(readings, state, options)
            if options.dry_run or (report.rejected_count and not options.keep_going):
                return report
            if options.new_rejects:
                state = replace(state, rejects=NOTHING)
            rejects = RejectsFile(options.rejects, source.kind, reading.columns) if options.rejects else None
            if rejects is not None and report.rejected_count:
                rejects.check(report.rejected, state.rejects)
            try:
                writer = ImportWriter(
                    *(self._database, self._clock, self._entropy, operator, content, state),
                    keep_going=options.keep_going,
                    rejects=rejects,
                    alone=not report.rejected_count,
                )
                report = self._write(readings, writer, options)
                if rejects is not None and rejects.is_written:
                    report = replace(report, rejects=rejects.path)
            finally:
                if rejects is not None:
                    rejects.close()
        self._refresh()
        return report

    def _begun(self, content: str, *, again: bool) -> ImportState:
        with self._database.read() as connection:
            state = find_import(connection, content, again=again)
        return state or ImportState(new_identifier("I", self._entropy), again=again)

    def _check(self, readings: TwoReadings, state: ImportState, options: ImportOptions) -> ImportReport:
        """The first reading: all rows that are left, written nowhere but into what is kept for the second."""
        good, rejected_count = 0, 0
        told: list[Row] = []

        def will_be_written() -> bool:
            return not options.dry_run and (options.keep_going or not rejected_count)

        found = readings.first(_part(options.progress, 1), will_be_written)
        with closing(SeenNumbers(self._entropy.take(32))) as seen, closing(found) as read:
            for batch, outcomes in read:
                with self._database.read() as connection:
                    people, refused = sort_out(connection, Chunk(batch, outcomes), seen)
                good += len(people)
                rejected_count += len(refused)
                told += refused[: TOLD - len(told)]
        return ImportReport(good, tuple(told), rejected_count, skipped=state.row)

    def _write(self, readings: TwoReadings, writer: ImportWriter, options: ImportOptions) -> ImportReport:
        """The second reading."""
        began = writer.state
        counted = began.row  # at which a server counted last what it plans by
        told: list[Row] = []
        with closing(readings.second(_part(options.progress, 2))) as read, closing(writer.write(read)) as written:
            for refused in written:
                told += refused[: TOLD - len(told)]
                if writer.state.row >= _GROWN * counted:
                    self._refresh()
                    counted = writer.state.row
        state = writer.state
        return ImportReport(
            good=state.imported - began.imported,
            rejected=tuple(told),
            rejected_count=state.rejected - began.rejected,
            imported=state.imported - began.imported,
            written=True,
            skipped=began.row,
            id=state.id,
        )

    def _today(self) -> date:
        return self._zones.today(self._clock.now())

    def _refresh(self) -> None:
        with self._database.read() as connection:  # no writer: one that waits for all others may wait for a chunk
            refresh_statistics(connection)


def _columns(source: PersonSource) -> tuple[str, ...]:
    """The columns of a CSV file, by its first line."""
    if source.kind != "csv":
        return ()
    return tuple(csv_columns(next(source.text(lambda _: None), ""))[0])


def _part(progress: Progress, part: int) -> Progress:
    """Of three readings: a survey (a twentieth of the work), the check (a third), the writing."""
    begins, ends = ((0.0, 0.05), (0.05, 0.4), (0.4, 1.0))[part]
    return lambda done: progress(begins + (ends - begins) * done)
