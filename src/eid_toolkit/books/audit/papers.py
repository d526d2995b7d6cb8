"""Decisions and reports beside the rows that they are about: each is what the log says was signed.

A row of the log about a decision names the SHA-256 of its statement; of what was decided before a register was taken
over, it names one digest over all. The papers of somebody who was erased say nothing any more.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from hashlib import sha256
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, select

from eid_toolkit.books.audit.proving import Prover
from eid_toolkit.books.audit.rows import StoredRow, read_detail
from eid_toolkit.books.ledger.bulk import among
from eid_toolkit.books.ledger.canonical import canonical, digest
from eid_toolkit.books.ledger.decisions import SCHEMA
from eid_toolkit.books.ledger.kinds import TAKEN_OVER
from eid_toolkit.books.ledger.schema import decision, document_status
from eid_toolkit.ground.errors import IntegrityBroken
from eid_toolkit.ground.plain_values import parse_json

STATEMENT, PAPERS = "statement_sha256", "papers"
"""In the detail of a row of the log: of the one statement that it tells of; of all from before a take-over."""


class Paper(NamedTuple):
    """One decision or report, as it is stored."""

    action: str
    operator: str
    at: datetime
    statement: str
    signature: bytes | None
    state: str | None = None
    """The state that a report has led to, and its reason: they stand beside the statement, too."""
    reason: str | None = None
    place: int | None = None
    """Of a report, among those on its document."""

    @property
    def digest(self) -> str:
        """SHA-256 over all of it, in hex."""
        signature = None if self.signature is None else self.signature.hex()
        return digest({**self._asdict(), "at": self.at.isoformat(), "signature": signature})


def papers_of(connection: Connection, subjects: Sequence[str]) -> dict[str, list[Paper]]:
    """The decisions and reports on each of the subjects, oldest first."""
    papers: dict[str, list[Paper]] = {}
    rows = connection.execute(
        select(decision).where(among(connection, decision.c.subject, subjects)).order_by(decision.c.decided_at)
    )
    for row in rows:
        papers.setdefault(row.subject, []).append(
            Paper(row.action, row.operator, row.decided_at, row.statement, _bytes(row))
        )
    columns = document_status.c
    reports = select(document_status).where(among(connection, columns.document_id, subjects)).order_by(columns.position)
    for row in connection.execute(reports):
        papers.setdefault(row.document_id, []).append(
            Paper(row.action, row.operator, row.since, row.statement, _bytes(row), row.state, row.reason, row.position)
        )
    return papers


def digest_of(papers: Sequence[Paper]) -> str:
    """One digest over papers, for a take-over."""
    return sha256("".join(paper.digest for paper in papers).encode()).hexdigest()


_NO_PAPERS: list[Any] = [0, digest_of([])]
"""What a subject has on which nothing was ever decided."""


def told_papers(papers: Sequence[Paper]) -> dict[str, object]:
    """For the detail of a row of the log that holds papers which no row of their own tells of."""
    return {PAPERS: [len(papers), digest_of(papers)]}


def check_papers(prover: Prover, subject: str, history: Sequence[StoredRow], papers: Sequence[Paper]) -> None:
    """Raises :class:`IntegrityBroken` unless the papers on a subject are those that the log tells of.

    All up to the newest row that holds them by one digest (of a take-over, or an erasure) by that, each later one by
    the row that tells of it.
    """
    details = [(row, read_detail(row.detail)) for row in history]
    if not papers and not any(PAPERS in detail or STATEMENT in detail for _, detail in details):
        return
    sums: list[tuple[int, Any]] = [(row.position, detail[PAPERS]) for row, detail in details if PAPERS in detail]
    since, held_by_one = sums[-1] if sums else (0, _NO_PAPERS)
    count, digest_of_all = int(held_by_one[0]), str(held_by_one[1])
    told = [(row, statement) for row, statement in _told(details) if row.position > since]
    if len(papers) < count + len(told):
        raise IntegrityBroken("decision-removed", row=told[0][0].position if told else since)
    places = [paper.place for paper in papers if paper.place is not None]
    held = len(papers) == count + len(told) and places == list(range(1, len(places) + 1))
    if not held or digest_of(papers[:count]) != digest_of_all:
        raise IntegrityBroken("decision-changed", row=since or history[-1].position)
    for paper, (row, statement) in zip(papers[count:], told, strict=True):
        if sha256(paper.statement.encode()).hexdigest() != statement or not _is_whole(prover, subject, paper, row):
            raise IntegrityBroken("decision-changed", row=row.position)


def _is_whole(prover: Prover, subject: str, paper: Paper, row: StoredRow) -> bool:
    """Whether what stands beside a statement is what it says, and the signature is the operator's of then."""
    try:
        stated = parse_json(paper.statement)
        state = stated["state"]
    except (ValueError, TypeError, KeyError):
        return False
    decided = {"action": paper.action, "decided_at": paper.at, "operator": paper.operator, "subject": subject}
    fits = canonical({**stated, **_plain(decided), "schema": SCHEMA}) == paper.statement
    if paper.state is not None:
        fits = fits and (paper.state, paper.reason) == (state.get("to"), state.get("reason"))
    if not fits or paper.operator != row.operator or prover.demo:
        return fits and paper.operator == row.operator and paper.signature is None
    standing = prover.standing_of(row)
    if standing is None or paper.signature is None:
        return False
    return standing.has_signed(paper.statement.encode(), paper.signature)


def _plain(values: Mapping[str, object]) -> dict[str, object]:
    return {name: value.isoformat() if isinstance(value, datetime) else value for name, value in values.items()}


def _told(details: Sequence[tuple[StoredRow, Mapping[str, object]]]) -> Iterator[tuple[StoredRow, str]]:
    for row, detail in details:
        statement = detail.get(STATEMENT)
        if isinstance(statement, str) and not row.action.endswith(TAKEN_OVER):
            yield row, statement


def _bytes(row: Row[tuple[object, ...]]) -> bytes | None:
    return None if row.signature is None else bytes(row.signature)
