"""Files into a trust store at once, with nobody who looks at the plan first."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from eid_toolkit.books.staff.operators import Operator
from eid_toolkit.books.trust.entry import TrustEntry
from eid_toolkit.books.trust.sources import Sources, read_bytes
from eid_toolkit.books.trust.store import TrustStore


def import_files(
    store: TrustStore, files: Iterable[tuple[str, bytes]], now: datetime, operator: Operator | None = None
) -> tuple[TrustEntry, ...]:
    """Every CSCA certificate, link and list in files, given by name and content; all of them or none."""
    sources = Sources()
    for name, data in files:
        read_bytes(sources, name, data)
    plan = store.plan(sources, now)
    plan.check()
    return store.carry_out(plan, operator)
