"""What the log tells of one subject, with the proof that it is in the log: verified without the register.

Beside the rows about the subject, and about the operators who wrote them, stand for each chain the hashes of what the
rows from there on tell, up to a checkpoint, so that nothing is shown of them; and the path from each chain's head to
the root that the checkpoint signs (RFC 6962 2.1.1). Rows from before there were several chains have no such proof.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields

from sqlalchemy import Connection, select

from eid_toolkit.books.audit import checkpoints, log
from eid_toolkit.books.audit.endorsed import Standing, chain_rows, standing_in
from eid_toolkit.books.audit.inclusion import leaf, path_to, root_by
from eid_toolkit.books.audit.keeper import chain_of, run_statement
from eid_toolkit.books.audit.log_head import heads_at
from eid_toolkit.books.audit.rows import GENESIS, OFFICE, StoredRow, link
from eid_toolkit.books.audit.sessions import read_voucher, specimen_public_key
from eid_toolkit.books.audit.statements import AuditKey, Checkpoint
from eid_toolkit.books.keys.foundation import Foundation
from eid_toolkit.books.ledger.kinds import OPERATOR
from eid_toolkit.books.ledger.schema import audit, audit_session, audit_signature
from eid_toolkit.ground.errors import BadInput, IntegrityBroken, NotPermitted
from eid_toolkit.ground.plain_values import Hex, read_json, to_plain

SCHEMA = "eid-audit-subject/1"


@dataclass(frozen=True, slots=True)
class ShownRow:
    """A row of the log, whole."""

    position: int
    time: str
    operator: str
    action: str
    subject: str
    detail: str
    """Canonical JSON."""
    previous: str
    hash: str
    kind: str | None
    version: int | None
    state: str | None
    chain: str
    number: int

    @property
    def row(self) -> StoredRow:
        """As it is stored."""
        return StoredRow(*(getattr(self, each.name) for each in fields(self)))


@dataclass(frozen=True, slots=True)
class Stretch:
    """A part of a chain up to its head at the checkpoint, by the hashes of what its rows tell."""

    chain: str
    first: int
    before: str
    contents: tuple[str, ...]
    place: int
    """Of the chain's head among all heads."""
    path: tuple[Hex, ...]


@dataclass(frozen=True, slots=True)
class Run:
    """A signature over rows of a chain, and the session that it was made in."""

    chain: str
    first: int
    last: int
    session: str
    statement: str
    voucher: Hex
    signature: Hex


@dataclass(frozen=True, slots=True)
class SubjectProof:
    """The rows about a subject, and all that proves them."""

    subject: str
    key: str
    """The key of the checkpoints, in PEM."""
    foundation: Foundation
    checkpoint: Checkpoint
    chains: int
    """How many there were at the checkpoint."""
    rows: tuple[ShownRow, ...]
    stretches: tuple[Stretch, ...]
    runs: tuple[Run, ...]
    older: int
    """How many rows about the subject are from before there were several chains, and are not shown."""

    def to_json(self) -> dict[str, object]:
        """The proof as a file."""
        return {"schema": SCHEMA, **to_plain(self)}

    @classmethod
    def read(cls, data: bytes) -> SubjectProof:
        """Read the file; raises :class:`BadInput` for anything else."""
        try:
            return read_json(cls, data, SCHEMA, strict=True)
        except (ValueError, TypeError):
            raise BadInput("audit-export-none") from None


def prove_subject(connection: Connection, subject: str, key: AuditKey, foundation: Foundation) -> SubjectProof:
    """The proof for a subject, up to the first checkpoint behind its newest row.

    Raises :class:`BadInput` for a subject of which the log tells nothing, :class:`NotPermitted` where there is no such
    checkpoint yet.
    """
    told = _rows(connection, audit.c.subject == subject)
    if not told:
        raise BadInput("audit-subject-unknown", subject=subject)
    mine = [row for row in told if row.chain is not None]
    names = sorted({row.operator for row in mine})
    people = _rows(connection, (audit.c.kind == OPERATOR) & audit.c.subject.in_(names))
    shown = sorted({row.position: row for row in (*mine, *people)}.values(), key=lambda row: row.position)
    signed = next(
        (each for each in checkpoints.read(connection) if shown and each.position >= shown[-1].position), None
    )
    if signed is None:
        raise NotPermitted("audit-subject-not-signed", subject=subject)
    heads = heads_at(connection, signed.position)
    return SubjectProof(
        subject,
        key.to_pem().decode(),
        foundation,
        signed,
        len(heads),
        tuple(ShownRow(*row) for row in shown),  # type: ignore[arg-type]
        tuple(_stretch(connection, chain, heads, shown) for chain in sorted({row.place[0] for row in shown})),
        tuple(_runs(connection, (row for row in shown if row.kind != OPERATOR))),
        len(told) - len(mine),
    )


def check_subject(proof: SubjectProof, key: AuditKey | None) -> None:
    """Raises :class:`IntegrityBroken` unless each row is in the log that the key's checkpoint signs, and signed.

    Without a ``key`` by the proof's own, which then is not proved itself.
    """
    own = AuditKey.read(proof.key.encode())
    if not proof.checkpoint.is_signed_by(key or own):
        raise IntegrityBroken("audit-not-signed", row=proof.checkpoint.position)
    hashes: dict[tuple[str, int], tuple[str, str]] = {}
    for stretch in proof.stretches:
        _walk_stretch(proof, stretch, hashes)
    versions: dict[str, list[tuple[int, Standing | None]]] = {}
    for row in (each.row for each in proof.rows):
        if hashes.get(row.place) != (row.content, row.hash) or not row.is_consistent():
            raise IntegrityBroken("audit-subject-row", row=row.position)
        if row.kind == OPERATOR:
            versions.setdefault(row.subject, []).append((chain_rows(row), standing_in(row, proof.foundation)))
    for row in (each.row for each in proof.rows):
        if row.kind != OPERATOR and not _is_signed(proof, row, hashes, versions.get(row.operator, [])):
            raise IntegrityBroken("audit-subject-row", row=row.position)


def _walk_stretch(proof: SubjectProof, stretch: Stretch, hashes: dict[tuple[str, int], tuple[str, str]]) -> None:
    newest, number = stretch.before, stretch.first - 1
    for content in stretch.contents:
        newest, number = link(content, newest), number + 1
        hashes[stretch.chain, number] = (content, newest)
    try:
        if proof.chains == 1:
            reached = newest
        else:
            head = leaf(stretch.chain, number, newest)
            reached = root_by(head, stretch.place, proof.chains, stretch.path).hex()
    except ValueError:
        reached = ""
    if reached != proof.checkpoint.hash or (stretch.first == 1 and stretch.before != GENESIS):
        raise IntegrityBroken("audit-not-signed", row=proof.checkpoint.position)


def _is_signed(
    proof: SubjectProof,
    row: StoredRow,
    hashes: dict[tuple[str, int], tuple[str, str]],
    versions: list[tuple[int, Standing | None]],
) -> bool:
    chain, number = row.place
    home, demo = proof.foundation.home, proof.foundation.demo
    for run in proof.runs:
        if run.chain != chain or not run.first <= number <= run.last:
            continue
        voucher = read_voucher(run.session, run.statement, run.voucher)
        newest = hashes.get((chain, run.last), ("", ""))[1]
        signed = run_statement(home, run.session, chain, run.first, run.last, newest)
        if voucher is None or voucher.record.operator != row.operator or chain != chain_of(row.operator):
            return False
        if voucher.record.home != home or not voucher.record.has_signed(signed, run.signature):
            return False
        if demo:
            return voucher.is_by(specimen_public_key())
        standing = next((each for rows, each in reversed(versions) if rows < number), None)
        return standing is not None and standing.vouches_for(voucher, deciding=row.kind is not None)
    return row.kind is None and chain == OFFICE  # of before anybody acted, or that an act was abandoned


def _rows(connection: Connection, wanted: object) -> list[StoredRow]:
    query = select(*log.STORED).where(wanted).order_by(audit.c.position)  # type: ignore[arg-type]
    with log.any_text(connection):
        return [log.stored_row(row) for row in connection.execute(query).all()]


def _stretch(
    connection: Connection, chain: str, heads: dict[str, tuple[int, str]], shown: Iterable[StoredRow]
) -> Stretch:
    first = min(row.place[1] for row in shown if row.place[0] == chain)
    rows = log.rows_between(connection, chain, first, heads[chain][0])
    place, path = path_to(heads, chain)
    contents = tuple(row.content for row in rows)
    return Stretch(chain, first, rows[0].previous, contents, place, tuple(map(bytes.fromhex, path)))


def _runs(connection: Connection, shown: Iterable[StoredRow]) -> Iterable[Run]:
    columns, known = audit_signature.c, set()
    for row in shown:
        chain, number = row.place
        query = select(audit_signature).where(columns.chain == chain, columns.last >= number, columns.first <= number)
        signed = connection.execute(query.order_by(columns.last).limit(1)).first()
        if signed is None or (chain, signed.last) in known:
            continue
        known.add((chain, signed.last))
        session = connection.execute(select(audit_session).where(audit_session.c.id == signed.session)).one()
        own = (signed.session, session.statement, bytes(session.signature))
        yield Run(chain, signed.first, signed.last, *own, bytes(signed.signature))
