"""The audit log of one home: shown, verified, signed and exported; its rows are in the register's database."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from sqlalchemy import Connection

from eid_toolkit.books.audit import checkpoints, log
from eid_toolkit.books.audit.export import Exporting, check_kept
from eid_toolkit.books.audit.files import AuditFiles
from eid_toolkit.books.audit.home_notes import HomeNotes, RestoringNote
from eid_toolkit.books.audit.items import ends, items
from eid_toolkit.books.audit.keeper import LogKeeper, SignedRow
from eid_toolkit.books.audit.log import AuditRow, Filter
from eid_toolkit.books.audit.log_head import is_there
from eid_toolkit.books.audit.statements import AuditKey, Checkpoint, audit_key
from eid_toolkit.books.audit.walk import AuditResult, begin, walk
from eid_toolkit.books.keys.compartments import Compartment
from eid_toolkit.books.keys.keys import KeyStore
from eid_toolkit.books.ledger.database import Database
from eid_toolkit.books.staff.operators import Operator, OperatorStore
from eid_toolkit.books.staff.roles import Permission
from eid_toolkit.ground.errors import BadInput, IntegrityBroken, NotPermitted, ServiceAway, UsageError
from eid_toolkit.ground.ports import Clock, Signer

if TYPE_CHECKING:
    from eid_toolkit.books.audit.subject_export import SubjectProof
    from eid_toolkit.books.audit.verifying import Manner
    from eid_toolkit.books.audit.walk_note import WalkNotes

SIGN_AFTER = 100
"""This many rows are signed without being asked, by whoever has the key at hand."""


class AuditTrail:
    """The log of one register, with the files of its home; its methods may be called by several threads."""

    def __init__(
        self,
        database: Database,
        keys: KeyStore,
        operators: OperatorStore,
        files: AuditFiles,
        clock: Clock,
        notes: HomeNotes,
    ) -> None:
        self._database = database
        self._keys = keys
        self._operators = operators
        self._files = files
        self._clock = clock
        self._notes = notes

    def restorings(self) -> tuple[RestoringNote, ...]:
        """Every restoring that the home remembers, whatever became of the log since."""
        return self._notes.restorings(self._files.key())

    def key(self) -> AuditKey | None:
        """The public key in the home, if there is one."""
        return self._files.key()

    def seen(self) -> Checkpoint | None:
        """The last checkpoint that this home has seen."""
        return self._files.seen()

    @contextmanager
    def rows(self, operator: Operator, criteria: Filter | None = None) -> Iterator[Iterator[AuditRow]]:
        """The rows that are wanted, in their order, fetched while they are used."""
        operator.require(Permission.READ_AUDIT)
        with self._database.read() as connection, log.any_text(connection):
            yield log.read(connection, criteria)

    def export(self, operator: Operator, write: Callable[[str], object]) -> AuditResult | IntegrityBroken:
        """Write the lines of an export (see ``books.audit.export``), and judge the very rows that are written.

        It is written to its end whatever is found; what :meth:`verify` would raise is returned, for the caller to raise
        when the file is closed. Raises :class:`IntegrityBroken` if the export cannot be written.
        """
        operator.require(Permission.READ_AUDIT)
        key = self._files.key()
        outcome: AuditResult | IntegrityBroken | None = None
        seen: Checkpoint | None = None
        try:
            if key is not None and self._keys.is_open(Compartment.AUDIT):
                self._check_key(key)
            seen = self._files.seen()  # before the transaction begins, as in verifying
        except IntegrityBroken as error:
            outcome = error
        with self._database.read() as connection, log.any_text(connection):
            exporting = Exporting(items(connection), key, self._keys.foundation, write)
            passing = exporting.items()
            try:
                known = () if seen is None else (seen,)
                judged = walk(passing, lambda: ends(connection), key, self._keys_of, known, self._keys.foundation)
                outcome = outcome or judged
            except IntegrityBroken as error:
                outcome = outcome or error
            for _ in passing:  # what comes behind the first row that is broken
                pass
        if isinstance(outcome, IntegrityBroken):
            if not exporting.whole:
                raise outcome
            return outcome
        self._remember_whole(outcome, key, seen)
        return outcome

    def prove(self, operator: Operator, subject: str) -> SubjectProof:
        """What the log tells of a subject, with its proof; raises as :func:`prove_subject`."""
        from eid_toolkit.books.audit.subject_export import prove_subject

        operator.require(Permission.READ_AUDIT)
        key = self._files.key()
        if key is None:
            raise NotPermitted("audit-subject-not-signed", subject=subject)
        with self._database.read() as connection:
            return prove_subject(connection, subject, key, self._keys.foundation)

    def verify(
        self, key: AuditKey | None = None, kept: Checkpoint | None = None, manner: Manner | None = None
    ) -> AuditResult:
        """Walk the whole log: chain, checkpoints, and what the home has seen signed.

        ``key`` and ``kept`` are a copy of the public key, and a checkpoint, that were kept elsewhere. In one process
        and from the first row on, unless the ``manner`` is another one. What is whole is remembered, if the home can be
        written to. Raises :class:`IntegrityBroken` if the home's files about the log are damaged, or if the key has not
        signed what was kept.
        """
        from eid_toolkit.books.audit.verifying import Manner, Verifying

        own = self._files.key()
        if key is not None and own is not None:
            self._files.check(key)
        key = key or own
        if key is not None and self._keys.is_open(Compartment.AUDIT):
            self._check_key(key)
        seen, newest = self._files.seen(), self._notes.newest_now()  # before the transaction, which can only know more
        if kept is not None:
            check_kept(kept, key)
        known = tuple(each for each in (seen, kept) if each is not None)
        with self._database.read() as connection, log.any_text(connection):
            state = begin(key, self._keys_of, known, self._keys.foundation)
            walking = Verifying(connection, state, key, self._clock, manner or Manner(from_start=True))
            result = walking.result(self._walk_notes())
            if result.reason is None and not is_there(
                connection
            ):  # a head that says of its row where it does not stand
                result = replace(result, reason="audit-head-lost", broken_at=result.newest_position)
            behind = next((each for each in newest() if not _has_row(connection, each)), None)
            if result.reason is None and behind is not None:
                first = min(behind.position, result.newest_position + 1)
                result = replace(result, reason="register-behind", broken_at=first, broken_through=behind.position)
        self._remember_whole(result, key, seen)
        return result

    def _walk_notes(self) -> WalkNotes:
        from eid_toolkit.books.audit.walk_note import WalkNotes

        at_hand = self._keys.is_open(Compartment.AUDIT) and checkpoints.KEY_NAME in self._keys.names()
        return WalkNotes(self._files.folder, self._keys.signer(checkpoints.KEY_NAME) if at_hand else None)

    def _remember_whole(self, result: AuditResult, key: AuditKey | None, seen: Checkpoint | None) -> None:
        """Keep the newest checkpoint of a log that holds together, if the home can be written to."""
        newest = result.newest
        if result.reason is None and newest is not None and newest != seen and key is not None:
            with suppress(OSError, ServiceAway):
                self._remember(newest, key)

    def checkpoint(self, people: Sequence[Operator] = ()) -> Checkpoint:
        """Sign the newest row now, countersigned by the ``people``, and remember that.

        The first of them must be permitted to; without anybody only the first checkpoint of a log is made, at its
        founding. Raises :class:`IntegrityBroken` as :func:`checkpoints.checkpoint`.
        """
        if people:
            people[0].require(Permission.SIGN_AUDIT)
            _check_apart(people)
        elif not self._is_unsigned():
            raise UsageError("operator-not-named")
        signer = self.signer()
        with self._database.write(exclusive=True) as connection:
            signed = self.sign(connection, signer, people)
        self._remember(signed, audit_key(signer))
        return signed

    def signer(self) -> Signer:
        """The key of the log, for :meth:`sign`; asks for the passphrase or a token's PIN, if that was not done yet.

        The key is made if there is none, and nothing is signed. Raises :class:`IntegrityBroken` if it is gone.
        """
        return checkpoints.signer(self._keys, self._files, new=self._is_unsigned())

    def sign(self, connection: Connection, signer: Signer, people: Iterable[Operator]) -> Checkpoint:
        """Sign the newest row within the caller's write transaction, who has seen to it that the ``people`` may.

        To be followed by :meth:`remember`. Raises :class:`IntegrityBroken` if the log is not as it was written, or
        has lost what the home has seen.
        """
        _check_seen(connection, self._files.seen(), audit_key(signer))
        return checkpoints.checkpoint(connection, signer, self._clock, people)

    def remember(self, signed: Checkpoint, signer: Signer) -> None:
        """Keep in the home what :meth:`sign` has made, after the transaction; if it cannot be, :meth:`settle` will."""
        with suppress(OSError, ServiceAway):
            self._remember(signed, audit_key(signer))

    def settle(self) -> None:
        """Sign if much has come since the last time and the key is at hand; remember what others have signed.

        Called at the end of a command, and now and then while a long one works. Nobody is asked for anything. Raises
        :class:`IntegrityBroken` if the log is found to be bent.
        """
        seen, key = self._files.seen(), self._files.key()
        self._remember_newest()
        with self._database.read() as connection:
            _check_seen(connection, seen, key)
            unsigned, newest = _unsigned(connection), checkpoints.newest(connection)
        if unsigned >= SIGN_AFTER and self._keys.is_open(Compartment.AUDIT):
            self._sign_if_due()
        elif newest is not None and newest != seen:
            if key is None and self._keys.is_open(Compartment.AUDIT):
                key = checkpoints.public_key(self._keys)
            if key is not None:
                if not newest.is_signed_by(key):
                    raise IntegrityBroken("audit-not-signed", row=newest.position)
                self._remember(newest, key)

    def _sign_if_due(self) -> None:
        signer = self.signer()
        with self._database.write(exclusive=True) as connection:
            if _unsigned(connection) < SIGN_AFTER:  # another thread, or another process, was quicker
                return
            signed = self.sign(connection, signer, ())
        self._remember(signed, audit_key(signer))

    def _remember(self, signed: Checkpoint, key: AuditKey) -> None:
        """Keep a checkpoint in the home, unless the register has been set back by a restoring meanwhile."""
        self._files.check(key)
        with self._files.locked() as keep, self._database.read() as connection:
            if checkpoints.has(connection, signed):
                seen = self._files.seen()
                lost = None if _holds(connection, seen) or not _is_lost(connection, seen, key) else seen
                keep(signed, key, lost)

    def _remember_newest(self) -> None:
        """Keep the newest row that was written here, if the home can be written to."""
        keeper = self._database.keeper
        if isinstance(keeper, LogKeeper) and keeper.seen:
            with suppress(OSError):
                self._notes.remember(keeper.seen.values())

    def _is_unsigned(self) -> bool:
        with self._database.read() as connection:
            return checkpoints.newest(connection) is None

    def _check_key(self, key: AuditKey) -> None:
        """The key file against the key store, where that is open."""
        if checkpoints.public_key(self._keys).fingerprint != key.fingerprint:
            raise IntegrityBroken("audit-key-changed")

    def _keys_of(self, name: str) -> tuple[bytes, ...]:
        try:
            record = self._operators.get(name)
        except BadInput:  # a name that nobody has here
            return ()
        return (record.public_key, *(former.public_key for former in record.former))


def _check_apart(people: Sequence[Operator]) -> None:
    for person in people[1:]:
        if person.is_same_person_as(people[0].name):
            raise NotPermitted("second-person-same", operator=people[0].name)


def _check_seen(connection: Connection, seen: Checkpoint | None, key: AuditKey | None) -> None:
    """Nothing is signed, or taken for the newest, in a log that has lost what was seen signed, or its signature.

    But for a restoring that has said so: its home may not have come to remember what it has signed.
    """
    if seen is not None and not _holds(connection, seen) and not _is_lost(connection, seen, key):
        raise IntegrityBroken("audit-not-signed", row=seen.position)


def _holds(connection: Connection, seen: Checkpoint | None) -> bool:
    """Whether the log has the very checkpoint, with all its countersignatures, and the row that it signs."""
    if seen is None:
        return True
    return log.has(connection, seen.position, seen.hash) and checkpoints.has(connection, seen)


def _is_lost(connection: Connection, seen: Checkpoint | None, key: AuditKey | None) -> bool:
    return seen is not None and key is not None and checkpoints.is_lost(connection, seen, key)


def _unsigned(connection: Connection) -> int:
    """How many rows have come since the last checkpoint, by the head of the log."""
    head, newest = log.head(connection), checkpoints.newest(connection)
    if head is None or not is_there(connection):
        raise IntegrityBroken("audit-head-lost")
    return head[0] - (newest.position if newest else 0)


def _has_row(connection: Connection, row: SignedRow) -> bool:
    return log.has_row(connection, row.chain, row.last, row.hash)
