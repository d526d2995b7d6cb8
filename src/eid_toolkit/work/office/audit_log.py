"""The audit log: read, verified, signed and exported."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

from eid_toolkit.books.keys.compartments import Compartment
from eid_toolkit.books.staff.roles import Permission
from eid_toolkit.work.office.office import Office

if TYPE_CHECKING:
    from eid_toolkit.books.audit.log import AuditRow, Filter
    from eid_toolkit.books.audit.statements import AuditKey, Checkpoint
    from eid_toolkit.books.audit.subject_export import SubjectProof
    from eid_toolkit.books.audit.verifying import Manner
    from eid_toolkit.books.audit.walk import AuditResult
    from eid_toolkit.ground.errors import IntegrityBroken


def rows(office: Office, criteria: Filter) -> AbstractContextManager[Iterator[AuditRow]]:
    """The rows that fit, in order, fetched as they are needed."""
    return office.register.audit.rows(office.look(Permission.READ_AUDIT), criteria)


def verify(
    office: Office, key: AuditKey | None, kept: Checkpoint | None, manner: Manner, *, resumable: bool = False
) -> tuple[AuditResult, AuditKey | None]:
    """Walk the log, by a ``key`` and up to a checkpoint that were kept elsewhere; with the key that was used.

    The audit key is asked for if the walk is to be ``resumable``: it signs the note by which it can be taken up again.
    """
    if office.home.config.demo or resumable:
        office.keys.unlock(Compartment.AUDIT)  # the key file is checked against the key store
    return office.register.audit.verify(key, kept, manner), office.register.audit.key() or key


def is_resumable(office: Office) -> bool:
    """Whether a walk that is interrupted now is taken up by the next one: the audit key is at hand."""
    return office.keys.is_open(Compartment.AUDIT)


def sign(office: Office) -> Checkpoint:
    """Sign the newest row; the operator, and the second one if there is one, countersign."""
    first = office.operator(Permission.SIGN_AUDIT)
    second = office.second_operator(first)
    return office.register.audit.checkpoint([first] if second is None else [first, second])


def export(office: Office, write: Callable[[str], object]) -> AuditResult | IntegrityBroken:
    """Every row as a line of JSON, with the checkpoints and their key; what is wrong with them is returned."""
    return office.register.audit.export(office.look(Permission.READ_AUDIT), write)


def prove(office: Office, subject: str) -> SubjectProof:
    """The rows about one subject, with the proof that they are in the log."""
    return office.register.audit.prove(office.look(Permission.READ_AUDIT), subject)
