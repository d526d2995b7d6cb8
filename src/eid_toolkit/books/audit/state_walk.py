"""All rows with a state, held to the log one after the other, with what was decided on them.

Nothing is changed, and nothing ends at the first that differs: each is named, in which way, and by which row of the
log. What uses a row holds it in the same way (:mod:`eid_toolkit.books.audit.states`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Column, Connection, Select, select

from eid_toolkit.books.audit.log import any_text
from eid_toolkit.books.audit.papers import Paper, check_papers, papers_of
from eid_toolkit.books.audit.proving import Prover
from eid_toolkit.books.audit.rows import StoredRow
from eid_toolkit.books.audit.states import check
from eid_toolkit.books.ledger.bulk import among
from eid_toolkit.books.ledger.kinds import APPLICATIONS, DOCUMENTS, KINDS, Kind
from eid_toolkit.books.ledger.schema import audit, decision, document_status, subject_head
from eid_toolkit.ground.errors import IntegrityBroken
from eid_toolkit.ground.plain_values import to_plain

_PAGE = 400
_DECIDED = (APPLICATIONS, DOCUMENTS)


@dataclass(frozen=True, slots=True)
class Finding:
    """One row that is not what the log says: the kind and key, the reason code, and the row of the log."""

    kind: str
    subject: str
    reason: str
    row: int | None

    to_json = to_plain


@dataclass(frozen=True, slots=True)
class Counted:
    """How many rows of a kind were walked, up to now."""

    kind: str
    rows: int


Task = tuple[str, list[str]]
"""The name of a kind, and keys of it, a page of them; without keys, all of the kind that is there no more.

Without a name, what belongs to no row; other names are for whoever does the tasks.
"""
_OF_NOTHING: Task = ("", [])
Doing = Callable[[Iterable[Task], Callable[[Task], list[Finding]]], Iterable[tuple[Task, list[Finding]]]]
"""Does tasks in their order, in the way that it is given, or as well elsewhere."""


def walk_states(connection: Connection, doing: Doing | None = None) -> Iterator[Finding | Counted]:
    """Walk all rows with a state: what differs, after each page how many rows of its kind are walked, at last all.

    By ``doing`` the tasks go to others, who see the same state of the database. Raises :class:`NotPermitted` for a
    register that was not taken over.
    """
    prover = Prover(connection)
    rows = dict.fromkeys(KINDS, 0)
    for (name, keys), findings in (doing or _here)(_tasks(connection), lambda task: findings_of(prover, task)):
        yield from findings
        if name:
            rows[name] += len(keys)
            yield Counted(name, rows[name])


def findings_of(prover: Prover, task: Task) -> list[Finding]:
    """What differs of what a task asks for."""
    name, keys = task
    if keys:
        return list(_of_page(prover, KINDS[name], keys))
    if name:
        return list(_without_row(prover.connection, KINDS[name]))
    return [*_heads_of_nothing(prover.connection), *_papers_of_nothing(prover.connection)]


def _tasks(connection: Connection) -> Iterator[Task]:
    for kind in KINDS.values():
        yield from ((kind.name, page) for page in _pages(connection, kind))
        yield kind.name, []
    yield _OF_NOTHING


def _here(tasks: Iterable[Task], do: Callable[[Task], list[Finding]]) -> Iterator[tuple[Task, list[Finding]]]:
    for task in tasks:
        yield task, do(task)


def _pages(connection: Connection, kind: Kind) -> Iterator[list[str]]:
    query = select(kind.key).order_by(kind.key).limit(_PAGE)
    after: str | None = None
    while True:
        page = list(connection.execute(query if after is None else query.where(kind.key > after)).scalars())
        if page:
            yield page
        if len(page) < _PAGE:
            return
        after = page[-1]


def _of_page(prover: Prover, kind: Kind, keys: Sequence[str]) -> Iterator[Finding]:
    connection = prover.connection
    told = prover.told(kind.name, keys)
    rows = _rows(connection, kind, keys)
    query = select(subject_head).where(
        subject_head.c.kind == kind.name, among(connection, subject_head.c.subject, keys)
    )
    heads = {row.subject: (row.version, row.position, row.hash) for row in connection.execute(query)}
    papers = _papers(connection, keys) if kind in _DECIDED else {}
    for key in keys:
        history = told.get(key, ())
        try:
            values = rows[key] if rows is not None else _row_of(connection, kind, key)
            check(prover, kind, key, values, history)
            newest = history[-1]
            if heads.get(key) != (newest.version, newest.position, newest.hash):
                raise IntegrityBroken("row-head-differs", row=newest.position)
            if kind in _DECIDED:
                _check_papers(prover, key, history, papers)
        except IntegrityBroken as error:
            yield Finding(kind.name, key, error.code, _position(error))


def _papers(connection: Connection, keys: Sequence[str]) -> dict[str, list[Paper]] | None:
    """The papers on these subjects; None where a value among them is none that this software can have written."""
    try:
        with any_text(connection):
            return papers_of(connection, keys)
    except (IntegrityBroken, TypeError, ValueError):
        return None


def _check_papers(
    prover: Prover, key: str, history: Sequence[StoredRow], papers: dict[str, list[Paper]] | None
) -> None:
    if papers is None:
        papers = _papers(prover.connection, [key])
    try:
        if papers is None:
            raise ValueError("no papers")
        check_papers(prover, key, history, papers.get(key, ()))
    except (AttributeError, TypeError, ValueError):
        raise IntegrityBroken("decision-changed", row=history[-1].position) from None


def _rows(connection: Connection, kind: Kind, keys: Sequence[str]) -> dict[str, dict[str, object]] | None:
    """The rows by their keys; None where a value among them is none that this software can have written."""
    try:
        with any_text(connection):
            rows = connection.execute(select(kind.table).where(among(connection, kind.key, keys))).all()
    except IntegrityBroken:
        return None
    names = [column.name for column in kind.table.columns]
    each = [dict(zip(names, row, strict=True)) for row in rows]
    return {values[kind.key.name]: values for values in each}


def _row_of(connection: Connection, kind: Kind, key: str) -> dict[str, object] | None:
    rows = _rows(connection, kind, [key])
    if rows is None:
        raise IntegrityBroken("row-changed")
    return rows.get(key)


def _without_row(connection: Connection, kind: Kind) -> Iterator[Finding]:
    """What the log tells of and is not there any more."""
    gone = ~select(kind.key).where(kind.key == audit.c.subject).exists()
    query = select(audit.c.subject, audit.c.position).where(audit.c.kind == kind.name, audit.c.version == 1, gone)
    for subject, position in connection.execute(query.order_by(audit.c.position)).all():
        yield Finding(kind.name, subject, "row-missing", position)


def _heads_of_nothing(connection: Connection) -> Iterator[Finding]:
    """Heads of what neither the log nor the register knows; those of the rows are looked at with them."""
    told = select(audit.c.position).where(
        audit.c.kind == subject_head.c.kind,
        audit.c.subject == subject_head.c.subject,
        audit.c.version == subject_head.c.version,
        audit.c.position == subject_head.c.position,
        audit.c.hash == subject_head.c.hash,
    )
    columns = (subject_head.c.kind, subject_head.c.subject, subject_head.c.position)
    for name, subject, position in connection.execute(select(*columns).where(~told.exists())).all():
        kind = KINDS.get(name)
        there = None if kind is None else connection.execute(select(kind.key).where(kind.key == subject)).first()
        if there is None:
            yield Finding(name, subject, "row-head-differs", position)


def _papers_of_nothing(connection: Connection) -> Iterator[Finding]:
    """Decisions and reports on what is not there."""
    for column in (decision.c.subject, document_status.c.document_id):
        for subject in connection.execute(_unknown(column)).scalars():
            yield Finding("decision", subject, "decision-not-told", None)


def _unknown(column: Column[str]) -> Select[Any]:
    known = [~select(kind.key).where(kind.key == column).exists() for kind in _DECIDED]
    return select(column).where(*known).distinct()


def _position(error: IntegrityBroken) -> int | None:
    row = error.facts.get("row")
    return row if isinstance(row, int) else None
