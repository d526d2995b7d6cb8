"""How a command opens the issuing office, and what it leaves in order when it closes it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from eid_toolkit.doors.cli.context import App
from eid_toolkit.doors.cli.output import note
from eid_toolkit.ground.errors import EidError, IntegrityBroken
from eid_toolkit.ground.messages.catalogue import message_of
from eid_toolkit.ground.ports import SystemClock, SystemEntropy
from eid_toolkit.work.office.act import settle
from eid_toolkit.work.office.office import Office
from eid_toolkit.work.office.reporting import tell_inspections

CLOCK = SystemClock()
ENTROPY = SystemEntropy()


@contextmanager
def open_office(app: App) -> Iterator[Office]:
    """Open the home of ``--home`` for the time of a command."""
    office = Office.open(app.home_path, app, CLOCK, ENTROPY)
    try:
        settle(office)
        try:
            yield office
        finally:
            _tell_inspections(office, app.language)
        _settle_audit(office)
    finally:
        office.register.close()


def _tell_inspections(office: Office, language: str) -> None:
    """What stands in the way does not undo what was decided, and is told."""
    try:
        tell_inspections(office)
    except (EidError, OSError) as error:
        reason = message_of(error, language).text if isinstance(error, EidError) else str(error)
        note(f"Inspections in this home have not been informed yet: {reason} Try later: eid document status-list.")


def _settle_audit(office: Office) -> None:
    """Have the audit log signed where it is time; what stands in the way is told, and ends no command."""
    try:
        office.register.audit.settle()
    except IntegrityBroken:
        note("The audit log is inconsistent. Find out where: eid audit verify.")
    except (EidError, OSError):
        pass  # busy, or nothing can be written: the next command tries again
