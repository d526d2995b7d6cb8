"""Applications of many at once: a list of personal numbers, a folder of portraits, and a row for each that says why.

All rows are looked at before anything is written: the person, the kind of application, the portrait, whether a document
could come of it, and whether the portrait is another person's, in the register or in the list. Then each application is
made in a transaction of its own, so that a run which is stopped can be repeated: what is there already by the same row
is told as that. Nothing of a row is remembered but the application.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from eid_toolkit.books.staff.roles import Permission
from eid_toolkit.ground.errors import BadInput, EidError, NotPermitted
from eid_toolkit.ground.images.fingerprint import NEAR, bands_of, distance
from eid_toolkit.work.office import portraits
from eid_toolkit.work.office.applying import issued_here, try_application
from eid_toolkit.work.office.office import Office
from eid_toolkit.work.office.portrait_folder import PortraitFolder

if TYPE_CHECKING:
    from eid_toolkit.books.register.documents.applications import ApplicationKind, Evidence
    from eid_toolkit.books.register.documents.portrait_prints import PortraitPrint
    from eid_toolkit.books.register.people.person_files import TableRow
    from eid_toolkit.books.register.people.person_record import Person
    from eid_toolkit.ground.images.portrait import Examined
    from eid_toolkit.standards.profiles import DocumentProfile

MOST_ROWS = 5_000
"""The most rows of a list: their portraits are in memory until the applications are made."""
NUMBER, KIND, REPLACES, PORTRAIT = "personal_number", "kind", "replaces", "portrait"
"""The columns; the others of a person's table may stand there, too, and are not looked at."""


class RowState(StrEnum):
    """What became of a row."""

    GOOD = "good"
    DOUBTFUL = "doubtful"
    MADE = "made"
    THERE = "already-there"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class ListedRow:
    """One row of the list and what became of it."""

    line: int
    number: str
    state: RowState
    application: str | None = None
    error: EidError | None = None
    odd: tuple[str, ...] = ()
    """Codes of what is odd about the portrait."""
    like: tuple[str, ...] = ()
    """Applications of others with an equal or near-equal portrait, and ``line N`` for rows of the list."""
    ready: Ready | None = None


@dataclass(frozen=True, slots=True)
class Ready:
    """All that an application is made of."""

    person: Person
    kind: ApplicationKind
    replaces: str | None
    done: Examined


@dataclass(frozen=True, slots=True)
class ListOptions:
    """How a list is worked through."""

    kind: str = "first"
    """Of rows that do not say."""
    evidence: Sequence[Evidence] = ()
    """What was shown for every row."""
    dry_run: bool = False
    keep_going: bool = False
    """Make the good ones though others are not."""
    take: Callable[[Sequence[ListedRow]], bool] = lambda doubtful: False
    """Asked whether rows with doubtful portraits are taken."""
    told: Callable[[float], None] = lambda done: None
    """Told from time to time which part of the work, 0 to 1, is done."""


@dataclass(frozen=True, slots=True)
class ListReport:
    """What became of a list."""

    rows: tuple[ListedRow, ...]
    unused: tuple[str, ...]
    """Image files of the folder that no row asked for."""

    def count(self, state: RowState) -> int:
        """How many rows are in this state."""
        return sum(row.state is state for row in self.rows)


def apply_for_all(office: Office, file: Path, folder: Path, profile: str, options: ListOptions) -> ListReport:
    """Make an application for each row of a CSV file; raises :class:`BadInput` for a file that cannot be read as one.

    Unless ``keep_going``, nothing is made if there is a row that failed.
    """
    wanted = issued_here(office, profile)
    office.operator(Permission.APPLY)
    faces = PortraitFolder(folder)
    listed = list(_rows_of(file))
    checking = _Checking(office, wanted, faces, options)
    rows = []
    for done, row in enumerate(listed, start=1):
        rows.append(checking.checked(row))
        options.told(done / len(listed) / (1 if options.dry_run else 2))
    if not options.dry_run:
        rows = _made(office, wanted, _decided(rows, options), options)
    options.told(1.0)
    return ListReport(tuple(rows), tuple(faces.unused()))


def _rows_of(file: Path) -> Iterator[TableRow]:
    from eid_toolkit.books.register.people.person_data import FIELDS
    from eid_toolkit.books.register.people.person_files import read_table
    from eid_toolkit.books.register.people.person_source import PersonSource

    with PersonSource.open(file, kind="csv") as source:
        known = (*FIELDS, KIND, REPLACES, PORTRAIT)
        for count, row in enumerate(read_table(source.text(lambda _: None), known, NUMBER), start=1):
            if count > MOST_ROWS:
                raise BadInput("application-list-too-long", limit=MOST_ROWS)
            yield row


class _Checking:
    """Looks at rows one after the other, and remembers those before."""

    def __init__(self, office: Office, profile: DocumentProfile, faces: PortraitFolder, options: ListOptions) -> None:
        self._office, self._profile, self._faces, self._options = office, profile, faces, options
        self._people: dict[str, int] = {}
        self._prints = _PrintsOfList()

    def checked(self, row: TableRow) -> ListedRow:
        number = row.values.get(NUMBER, "")
        failed = ListedRow(row.line, number, RowState.FAILED)
        try:
            if row.error is not None:
                raise row.error
            return self._checked(row, number)
        except EidError as error:
            return replace(failed, error=error)
        except OSError as error:  # of this row's picture alone
            return replace(failed, error=BadInput("portrait-file-unreadable", reason=error.strerror or str(error)))

    def _checked(self, row: TableRow, number: str) -> ListedRow:
        from eid_toolkit.books.register.documents.applications import ApplicationKind

        if not number:
            raise BadInput("application-row-without-number")
        named = row.values.get(KIND, self._options.kind).casefold()
        if named not in tuple(ApplicationKind):
            raise BadInput("application-row-kind", kind=named, known=", ".join(ApplicationKind))
        kind, replaces = ApplicationKind(named), row.values.get(REPLACES)
        file = self._faces.named(row.values[PORTRAIT]) if PORTRAIT in row.values else self._faces.of(number)
        applications = self._office.register.applications
        person = self._office.register.persons.get(number)
        before = self._people.setdefault(person.id, row.line)
        if before != row.line:
            raise BadInput("application-row-twice", line=before)
        done = portraits.accepted(_read(file), self._profile.portrait)
        kept = portraits.print_of(done)
        waiting = applications.has_waiting(person.id, self._profile.name)
        if waiting is not None and (waiting.portrait_sha256, waiting.kind) == (kept.sha256, kind):
            self._prints.add(row.line, kept)
            return ListedRow(row.line, number, RowState.THERE, waiting.id)
        applications.check(person, self._profile, kind, replaces, self._options.evidence)
        try_application(self._office, self._profile, person.data, done.portrait, {})
        like = [each.application for each in applications.alike(kept, person.id)]
        like += [f"line {line}" for line in self._prints.like(kept)]
        self._prints.add(row.line, kept)
        odd = tuple(finding.code for finding in done.measures.findings)
        state = RowState.DOUBTFUL if odd or like else RowState.GOOD
        ready = Ready(person, kind, replaces, done)
        return ListedRow(row.line, number, state, odd=odd, like=tuple(like), ready=ready)


class _PrintsOfList:
    """The prints of the rows so far, found by the parts of their fingerprints."""

    def __init__(self) -> None:
        self._by_part: dict[tuple[int, int], list[tuple[int, PortraitPrint]]] = {}

    def add(self, line: int, kept: PortraitPrint) -> None:
        for part in enumerate(bands_of(kept.fingerprint)):
            self._by_part.setdefault(part, []).append((line, kept))

    def like(self, looked_for: PortraitPrint) -> list[int]:
        """The lines whose portraits are equal or near-equal."""
        candidates = {
            each for part in enumerate(bands_of(looked_for.fingerprint)) for each in self._by_part.get(part, ())
        }
        near = (line for line, kept in candidates if distance(kept.fingerprint, looked_for.fingerprint) <= NEAR)
        return sorted(near)


def _decided(rows: Sequence[ListedRow], options: ListOptions) -> list[ListedRow]:
    """The rows with those whose portraits are doubtful taken, or refused."""
    doubtful = [row for row in rows if row.state is RowState.DOUBTFUL]
    if not doubtful:
        return list(rows)
    taken = options.take(doubtful)

    def decided(row: ListedRow) -> ListedRow:
        if row.state is not RowState.DOUBTFUL:
            return row
        return replace(row, state=RowState.GOOD) if taken else replace(row, state=RowState.FAILED, error=_refusal(row))

    return [decided(row) for row in rows]


def _refusal(row: ListedRow) -> EidError:
    if row.like:
        return NotPermitted("portrait-of-another-person", application=row.like[0])
    return BadInput("portrait-odd", codes=", ".join(row.odd))


def _made(office: Office, profile: DocumentProfile, rows: Sequence[ListedRow], options: ListOptions) -> list[ListedRow]:
    """The rows with the good ones made, if all are, or those that are not do not matter."""
    if not options.keep_going and any(row.state is RowState.FAILED for row in rows):
        return list(rows)
    made: list[ListedRow] = []
    stopped = False
    for done, row in enumerate(rows, start=1):
        made.append(row if stopped or row.state is not RowState.GOOD else _one(office, profile, row, options, made))
        stopped = stopped or (made[-1].error is not None and not options.keep_going)
        options.told((1 + done / len(rows)) / 2)
    return made


def _one(
    office: Office, profile: DocumentProfile, row: ListedRow, options: ListOptions, before: Iterable[ListedRow]
) -> ListedRow:
    ready = row.ready
    assert ready is not None
    numbered = {f"line {each.line}": each.application for each in before}
    like = [numbered.get(each) or each for each in row.like]
    told = portraits.noted_codes(row.odd, [each for each in like if not each.startswith("line ")])
    try:
        record = office.register.applications.create(
            ready.person,
            profile,
            ready.done.portrait,
            office.operator(Permission.APPLY),
            kind=ready.kind,
            replaces=ready.replaces,
            evidence=options.evidence,
            fingerprint=ready.done.fingerprint,
            noted=told,
        )
    except EidError as error:  # what has come meanwhile
        return replace(row, state=RowState.FAILED, error=error)
    return replace(row, state=RowState.MADE, application=record.id, like=tuple(like), ready=None)


def _read(file: Path) -> bytes:
    from eid_toolkit.ground.home.named_files import read_file
    from eid_toolkit.ground.images.portrait import MAX_FILE

    return read_file(file, MAX_FILE)
