"""Signed checkpoints in the register: made on the newest row, after the rows since the last one were looked at.

Whoever signs fetches the key first: its passphrase, or a token's PIN, is not asked for while the register waits.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Select, String, insert, select, type_coerce, update

from eid_toolkit.books.audit import log
from eid_toolkit.books.audit.files import AuditFiles
from eid_toolkit.books.audit.log_head import heads, heads_at, is_there, root
from eid_toolkit.books.audit.rows import GENESIS, is_text, time_text, whole_number
from eid_toolkit.books.audit.statements import AuditKey, Checkpoint, Countersignature, audit_key, countersign, sign
from eid_toolkit.books.audit.walk import RESTORED, restoring
from eid_toolkit.books.keys.compartments import Compartment
from eid_toolkit.books.keys.keys import KeyStore
from eid_toolkit.books.ledger.canonical import canonical
from eid_toolkit.books.ledger.schema import audit_checkpoint as checkpoints
from eid_toolkit.books.ledger.stored import stored
from eid_toolkit.books.staff.operators import Operator
from eid_toolkit.ground.errors import IntegrityBroken, KeyMissing
from eid_toolkit.ground.plain_values import read_json, to_plain
from eid_toolkit.ground.ports import Clock, Signer

KEY_NAME = "audit"
"""The key's name in the key store."""
_CURVE = "secp256r1"


@dataclass(frozen=True, slots=True)
class _People:
    people: tuple[Countersignature, ...]


def checkpoint(
    connection: Connection,
    signer: Signer,
    clock: Clock,
    countersigners: Iterable[Operator] = (),
    *,
    restored: bool = False,
) -> Checkpoint:
    """Sign the newest row, within the caller's write transaction; ``countersigners`` sign the same statement first.

    On a row that is signed already, only new countersigners add to it. Raises :class:`IntegrityBroken` if the rows
    since the last checkpoint, or that one, are not as they were written: what was bent is never signed. ``restored``
    says that the newest row is that of a restoring just done.
    """
    last = newest(connection)
    key = audit_key(signer)
    position, row_hash = _check_since(connection, key, last, restored=restored)
    people = list(countersigners)
    if last is None or last.position != position:
        signed = sign((position, row_hash), last.number + 1 if last else 1, clock.now(), signer, people)
        connection.execute(insert(checkpoints), _columns(signed))
        return signed
    names = {person.operator for person in last.countersigned}
    people = [person for person in people if person.name not in names]
    if not people:
        return last
    signed = countersign(last, signer, people)
    connection.execute(update(checkpoints).where(checkpoints.c.position == position).values(_columns(signed)))
    return signed


def newest(connection: Connection) -> Checkpoint | None:
    """The last checkpoint, unverified."""
    with log.any_text(connection):
        row = connection.execute(_query().order_by(checkpoints.c.position.desc()).limit(1)).first()
    return _read(row) if row is not None else None


def has(connection: Connection, sought: Checkpoint) -> bool:
    """Whether that checkpoint is in the register, with all who have countersigned it, and perhaps more of them."""
    with log.any_text(connection):
        row = connection.execute(_query().where(checkpoints.c.position == sought.position)).first()
    here = _read(row) if row is not None else None
    if here is None or (here.hash, here.number) != (sought.hash, sought.number):
        return False
    return set(sought.countersigned) <= set(here.countersigned)


def is_lost(connection: Connection, seen: Checkpoint, key: AuditKey) -> bool:
    """Whether a restoring, signed by the key, names a checkpoint that had been seen as lost by it."""
    with log.any_text(connection):
        for row in log.stored_rows(connection, action=RESTORED):
            if restoring(row).seen == (seen.position, seen.hash) and row.is_consistent():
                signed = connection.execute(_query().where(checkpoints.c.position == row.position)).first()
                proof = _read(signed) if signed is not None else None
                if proof is not None and log.has(connection, row.position, proof.hash) and proof.is_signed_by(key):
                    return True
    return False


def read(connection: Connection, after: int | None = None) -> Iterator[Checkpoint]:
    """The checkpoints in order, unverified, fetched as they are needed (within :func:`log.any_text`).

    Those behind the position ``after``, if it is given.
    """
    for row in log.pages(connection, _query(), checkpoints.c.position, after):
        yield _read(row)


def public_key(keys: KeyStore) -> AuditKey:
    """The audit key's public half, by the key store; raises :class:`IntegrityBroken` if there is none."""
    return audit_key(keys.signer(KEY_NAME))


def signer(keys: KeyStore, files: AuditFiles, *, new: bool) -> Signer:
    """The audit key, which is made if there is none yet and it may be ``new``; not to be called in a transaction.

    Raises :class:`IntegrityBroken` if there is none, or the home has the public half of another one.
    """
    try:
        audit_signer = keys.signer(KEY_NAME)
    except KeyMissing:
        if not new:
            raise
        keys.unlock(Compartment.AUDIT)
        with files.locked():  # of two processes one makes it
            audit_signer = keys.signer(KEY_NAME) if KEY_NAME in keys.names() else keys.generate_ec(KEY_NAME, _CURVE)
    files.check(audit_key(audit_signer))  # else something would be signed beside it
    files.bring_back(audit_key(audit_signer))
    return audit_signer


def _check_since(connection: Connection, key: AuditKey, last: Checkpoint | None, *, restored: bool) -> tuple[int, str]:
    """Position of the newest row, and the one hash over all heads, which follow from those that were signed last."""
    position, forged = 0, 0
    chains: dict[str, tuple[int, str]] = {}
    if last is not None:
        chains, position = heads_at(connection, last.position), last.position
        if not last.is_signed_by(key) or not log.has(connection, last.position, last.hash):
            raise IntegrityBroken("audit-not-signed", row=last.position)
    with log.any_text(connection):
        for row in log.stored_rows(connection, after=position or None):
            chain, number = row.place
            before, previous = chains.get(chain, (0, GENESIS))
            if (number, row.previous) != (before + 1, previous) or forged or not row.is_consistent():
                raise IntegrityBroken("audit-not-signed", row=row.position)
            forged = row.position if row.action == RESTORED else 0
            chains[chain], position = (number, row.hash), row.position
    if chains != heads(connection) or (forged and not restored) or not is_there(connection):
        raise IntegrityBroken("audit-not-signed", row=forged or position + 1)
    return position, root(chains)


def _query() -> Select[Any]:
    columns = [column if column is not checkpoints.c.time else type_coerce(column, String) for column in checkpoints.c]
    return select(*columns)


def _columns(signed: Checkpoint) -> dict[str, object]:
    return {
        "position": signed.position,
        "hash": signed.hash,
        "number": signed.number,
        "time": signed.time,
        "key": signed.key,
        "countersigned": _people_text(signed),
        "signature": signed.signature,
    }


def _people_text(signed: Checkpoint) -> str:
    return canonical(to_plain(_People(signed.countersigned)))


def _read(row: Sequence[Any]) -> Checkpoint:
    """A checkpoint as it is stored; one that cannot have been written here has a signature that does not hold."""
    position, row_hash, number, time, key, countersigned, signature = row
    position = stored(whole_number, position, "the position of a checkpoint")
    try:
        if not isinstance(number, int) or not isinstance(signature, (bytes, memoryview)):
            raise ValueError("no checkpoint")
        if not all(map(is_text, (row_hash, time, key, countersigned))):
            raise ValueError("no checkpoint")
        moment = datetime.fromisoformat(time)
        people = read_json(_People, countersigned).people
        parsed = Checkpoint(position, row_hash, number, moment, key, people, bytes(signature))
        if _people_text(parsed) == countersigned and time_text(moment).replace("+00:00", "Z") == time:
            return parsed
    except (ValueError, TypeError):
        pass
    return Checkpoint(position, "", 0, datetime.min.replace(tzinfo=UTC), "", (), b"")
