"""What the register reports of documents, told to the inspections of its home: whoever reported it, and however."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from eid_toolkit.work.office.office import Office

if TYPE_CHECKING:
    from eid_toolkit.books.register.documents.document_status import Listed
    from eid_toolkit.standards.pki.document_status import StatusList

_PATIENCE = 30.0
"""Seconds to wait for another process that publishes."""


def tell_inspections(office: Office) -> None:
    """Publish if a document's status has changed since that was last done, in this run or in one that was stopped."""
    if office.register.statuses.changes() != office.trust.own_reports_cover():
        publish_reports(office)


def publish_reports(office: Office) -> StatusList:
    """Have the inspections of this home know what the register reports; returns the list."""
    with office.home.lock("own-reports", _PATIENCE):  # of two at once, the later list stays
        changes, reports = office.register.statuses.changes(), reports_of(office)
        office.trust.set_own_reports(reports, changes)
    return reports


def reports_of(office: Office) -> StatusList:
    """What the register reports of the documents of the home's states."""
    from eid_toolkit.standards.pki.document_status import DocumentStatus, Report, StatusList

    def report(document: Listed) -> Report:
        content = document.content_sha256 or office.register.documents.content_sha256(document.id)
        return Report(
            document.issuing_state, document.document_number, DocumentStatus(document.status), document.since, content
        )

    listed = [
        document
        for state, today in issuing_states(office)
        for document in office.register.statuses.listed(state, today)
    ]
    return StatusList.of(map(report, listed))


def issuing_states(office: Office) -> list[tuple[str, date]]:
    """The states that the home's profiles issue for, and which day it is there."""
    from eid_toolkit.standards.lds.issuer_time import issuer_date, zones_of
    from eid_toolkit.standards.profiles import list_profiles, load_profile

    folders, now = [office.home.profiles], office.clock.now()
    states = {load_profile(name, folders).issuing_state for name in list_profiles(folders)}
    return [(state, issuer_date(now, state, zones_of(office.home.config))) for state in sorted(states)]
