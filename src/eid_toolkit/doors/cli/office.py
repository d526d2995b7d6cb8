"""How a command opens the issuing office, and what it tells of trouble beside its work."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

from eid_toolkit.doors.cli.context import App
from eid_toolkit.doors.cli.output import tell
from eid_toolkit.ground.errors import EidError
from eid_toolkit.ground.ports import SystemClock, SystemEntropy

if TYPE_CHECKING:
    from eid_toolkit.work.office.office import Office

CLOCK = SystemClock()
ENTROPY = SystemEntropy()


def open_office(app: App) -> AbstractContextManager[Office]:
    """The office of ``--home``, for the time of a command."""
    from eid_toolkit.work.office.at_work import office_at_work

    def trouble(what: str, error: Exception) -> None:
        if what == "log-inconsistent":
            tell("audit-log-inconsistent")
            return
        cause = app.speaker.of(error).text if isinstance(error, EidError) else str(error)
        tell("inspections-not-informed", cause=cause)

    return office_at_work(app.home_path, app, CLOCK, ENTROPY, trouble)
