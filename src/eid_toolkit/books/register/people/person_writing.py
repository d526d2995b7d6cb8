"""The second reading of an import: its chunks into the register, each a transaction with how far the import is.

On a server, where nobody else is met who writes the same numbers, the persons of a chunk go to the server in a
transaction of their own while the chunk before is brought to its end; the names, the import's row and the log's follow
only then. So chunks come to the disk in the order of the file, whenever the import is stopped.
"""

from __future__ import annotations

from collections.abc import Collection, Generator, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from hashlib import sha256

from sqlalchemy import Connection, insert, select, update

from eid_toolkit.books.audit.log import AuditEvent, append
from eid_toolkit.books.ledger.database import Database, lock
from eid_toolkit.books.ledger.identifiers import new_identifiers
from eid_toolkit.books.ledger.name_index import write_names
from eid_toolkit.books.ledger.schema import person_import
from eid_toolkit.books.register.people.person_batches import Batch, Outcome, Values, drawn_ahead
from eid_toolkit.books.register.people.person_files import Row
from eid_toolkit.books.register.people.person_record import insert_unfindable, taken_numbers
from eid_toolkit.books.register.people.person_rejects import NOTHING, RejectsFile, Written
from eid_toolkit.books.register.people.seen_numbers import SeenNumbers
from eid_toolkit.books.staff.operators import Operator
from eid_toolkit.ground.errors import BadInput, EidError, NotPermitted, ValueRefused
from eid_toolkit.ground.ports import Clock, Entropy

_ATTEMPTS = 4
"""For a chunk of which others have written numbers meanwhile."""
_OPEN, _DONE = "open", "done"


@dataclass(frozen=True, slots=True)
class ImportState:
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
class Chunk:
    """Rows of one transaction."""

    batch: Batch
    outcomes: Sequence[Outcome]


@dataclass(frozen=True, slots=True)
class _Added:
    """Persons of a chunk who are in a transaction, where their names are not found yet."""

    connection: Connection
    identifiers: Sequence[str]
    names: set[str]
    """Their folded names."""
    unknown: set[str]
    """Those of them that nobody bore."""


class _GivenUp(Exception):
    """A transaction that was begun ahead is not wanted."""


def find_import(connection: Connection, content: str, *, again: bool) -> ImportState | None:
    """An import of this content (its SHA-256 in hexadecimal) that was stopped; None if there is none.

    Raises :class:`NotPermitted` if one came to its end, unless it may come in ``again``.
    """
    query = select(person_import).where(person_import.c.file_sha256 == content)
    rows = connection.execute(query.order_by(person_import.c.started_at)).all()
    for row in rows:
        if row.state == _OPEN:
            written = Written(row.rejects_size, row.rejects_sha256)
            return ImportState(row.id, row.row, row.imported, row.rejected, written, known=True)
    if rows and not again:
        last = rows[-1]
        raise NotPermitted("import-done-already", import_id=last.id, date=last.updated_at.date().isoformat())
    return None


def persons_in(outcomes: Iterable[Outcome]) -> list[Values]:
    """Those of a chunk's rows that are persons."""
    return [each for each in outcomes if not isinstance(each, BadInput)]


def sort_out(
    connection: Connection, chunk: Chunk, seen: SeenNumbers | None = None, *, alone: bool = False
) -> tuple[list[Values], list[Row]]:
    """The persons of a chunk that may come in, and the rows refused; ``seen`` are the numbers of chunks before.

    ``alone`` says that none of the numbers is in the register.
    """
    people = persons_in(chunk.outcomes)
    numbers = [each[0] for each in people if each[0] is not None]
    in_use = set() if alone else taken_numbers(connection, numbers)
    if seen is not None:
        in_use |= seen.add(numbers)
    distinct = set(numbers)
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


class ImportWriter:
    """Writes one import; ``content`` is the SHA-256 of its file, and ``state`` how far it is.

    ``alone`` says that none of the numbers was in the register when all were looked at.
    """

    def __init__(
        self,
        database: Database,
        clock: Clock,
        entropy: Entropy,
        operator: Operator,
        content: str,
        state: ImportState,
        *,
        keep_going: bool,
        rejects: RejectsFile | None,
        alone: bool,
    ) -> None:
        self._database = database
        self._clock = clock
        self._entropy = entropy
        self._operator = operator
        self._content = content
        self._keep_going = keep_going
        self._rejects = rejects
        self._alone = alone
        self._names: Collection[str] = ()
        """Folded names of the chunk that was written last: a transaction that was begun meanwhile does not see them."""
        self._ahead: dict[int, ExitStack] = {}
        """The open transactions that were begun ahead, by the numbers of their chunks."""
        self.state = state

    def write(self, read: Iterable[tuple[Batch, list[Outcome]]]) -> Generator[list[Row]]:
        """Write all batches; after each, the rows of it that were refused.

        Raises :class:`NotPermitted` if the import goes on elsewhere, :class:`BadInput` for a row that has become bad
        meanwhile if such rows may not be left out, and as :meth:`RejectsFile.write`.
        """
        try:
            with drawn_ahead(self._begun(read)) as coming:
                for number, (chunk, added) in enumerate(coming):
                    transaction = self._ahead.pop(number, None)
                    if added is not None and transaction is not None and self._end(chunk, added, transaction):
                        yield []
                    else:
                        yield self._write(chunk)
        finally:
            self._give_up()

    def _begun(self, read: Iterable[tuple[Batch, list[Outcome]]]) -> Iterator[tuple[Chunk, _Added | None]]:
        """The chunks, each in a transaction where that may be; the first tells whether the import goes on here."""
        for number, (batch, outcomes) in enumerate(read):
            chunk, people = Chunk(batch, outcomes), persons_in(outcomes)
            added = None
            if number and self._alone and len(people) == len(outcomes) and not self._database.is_file:
                with suppress(ValueRefused):
                    added = self._begin(number, people)
            yield chunk, added

    def _begin(self, number: int, people: list[Values]) -> _Added:
        with ExitStack() as transaction:
            added = self._add(transaction.enter_context(self._database.write()), people)
            self._ahead[number] = transaction.pop_all()
        return added

    def _end(self, chunk: Chunk, added: _Added, transaction: ExitStack) -> bool:
        """Bring to its end what was begun; False if it is to be done anew, because others have written the same."""
        try:
            with transaction:
                after = self._go_on(added.connection, chunk, [])
                self._finish(added, after, chunk, [], added.unknown.difference(self._names))
        except ValueRefused:
            self._alone = False
            self._give_up()
            return False
        self.state, self._names = after, added.names
        return True

    def _write(self, chunk: Chunk) -> list[Row]:
        """Write a chunk in one go; the rows that were refused."""
        for _ in range(_ATTEMPTS - 1):
            with suppress(ValueRefused):
                return self._write_once(chunk)
            self._alone = False  # a number that another import has just written is refused as taken next time
        return self._write_once(chunk)

    def _write_once(self, chunk: Chunk) -> list[Row]:
        with self._database.write() as connection:
            if not self.state.known:
                lock(connection, "import", self._content)
            people, refused = sort_out(connection, chunk, alone=self._alone)
            if refused and not self._keep_going:  # somebody else was quicker with a number
                raise BadInput("import-row-bad-meanwhile", line=refused[0].line, imported=self.state.imported)
            with self._taken_back():
                after = self._go_on(connection, chunk, refused)
                added = self._add(connection, people)
                self._finish(added, after, chunk, refused, added.unknown)
        self.state, self._names = after, added.names
        return refused

    def _add(self, connection: Connection, people: list[Values]) -> _Added:
        now, identifiers = self._clock.now(), new_identifiers("P", len(people), self._entropy)
        rows = [(name, now, self.state.id, *values) for name, values in zip(identifiers, people, strict=True)]
        names = {str(values[-1]) for values in people}
        unknown = insert_unfindable(connection, rows, lines=not self._database.is_file)
        return _Added(connection, identifiers, names, unknown)

    def _go_on(self, connection: Connection, chunk: Chunk, refused: list[Row]) -> ImportState:
        """Put down how far the import is behind a chunk.

        The rejects file is touched only by whoever has the import: its row in the register is written first.
        """
        state, now = self.state, self._clock.now()
        good = chunk.batch.count - len(refused)
        after = replace(
            state,
            row=state.row + chunk.batch.count,
            imported=state.imported + good,
            rejected=state.rejected + len(refused),
            known=True,
        )
        values = {
            "row": after.row,
            "imported": after.imported,
            "rejected": after.rejected,
            **_written(state.rejects),
            "updated_at": now,
            "state": _DONE if chunk.batch.is_last else _OPEN,
        }
        if state.known:
            here = (person_import.c.id == state.id, person_import.c.row == state.row, person_import.c.state == _OPEN)
            if connection.execute(update(person_import).where(*here).values(values)).rowcount != 1:
                raise NotPermitted("import-goes-on-elsewhere", import_id=state.id)
        else:
            if find_import(connection, self._content, again=state.again) is not None:
                raise NotPermitted("import-goes-on-elsewhere", import_id=state.id)
            new = {"id": state.id, "file_sha256": self._content, "operator": self._operator.name, "started_at": now}
            connection.execute(insert(person_import), {**new, **values})
        if self._rejects is not None:
            after = replace(after, rejects=self._rejects.write(refused, state.rejects))
            if after.rejects != state.rejects:
                here_too = update(person_import).where(person_import.c.id == state.id)
                connection.execute(here_too.values(_written(after.rejects)))
        return after

    def _finish(
        self, added: _Added, after: ImportState, chunk: Chunk, refused: list[Row], unknown: Collection[str]
    ) -> None:
        """Have persons found by their names, and the chunk on record."""
        write_names(added.connection, sorted(unknown), alone=self._alone)
        detail = {
            "rows": [after.row - chunk.batch.count + 1, after.row],
            "count": len(added.identifiers),
            "rejected": len(refused),
            "digest": sha256("\n".join(added.identifiers).encode()).hexdigest(),
            "done": chunk.batch.is_last,
        }
        append(added.connection, self._clock.now(), self._operator, [AuditEvent("persons.imported", after.id, detail)])

    def _give_up(self) -> None:
        """Roll back what was begun ahead; a server that cannot be reached any more has done so."""
        while self._ahead:
            with suppress(_GivenUp, EidError), self._ahead.popitem()[1]:
                raise _GivenUp

    @contextmanager
    def _taken_back(self) -> Iterator[None]:
        """If the transaction fails before its end, its bad rows leave the file again."""
        try:
            yield
        except BaseException:
            if self._rejects is not None:
                self._rejects.take_back(self.state.rejects)
            raise


def _written(rejects: Written) -> dict[str, object]:
    return {"rejects_size": rejects.size, "rejects_sha256": rejects.sha256}
