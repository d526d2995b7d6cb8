"""What is wrong around a home: the disk, the terminal, the time zone, the agent, certificates that end, back-ups."""

from __future__ import annotations

import codecs
import shutil
import sys
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

from eid_toolkit.work.office.findings import Finding, Grade
from eid_toolkit.work.office.office import Office

_LITTLE, _TOO_LITTLE = 2 << 30, 200 << 20
"""Bytes of the disk below which it is time to make room, and below which work stops soon."""
_SOON = timedelta(days=90)
_OLD_BACKUP = timedelta(days=7)


def disk(root: Path) -> Iterator[Finding]:
    """How much room there is where the home is."""
    there = next(path for path in (root, *root.absolute().parents) if path.exists())
    free = shutil.disk_usage(there).free
    grade = Grade.FAILED if free < _TOO_LITTLE else Grade.WARNING if free < _LITTLE else Grade.OK
    code = "doctor-disk" if grade is Grade.OK else "doctor-disk-full"
    yield Finding("disk", grade, code, {"megabytes": free >> 20})


def terminal() -> Iterator[Finding]:
    """Whether names can be shown as they are."""
    encoding = codecs.lookup(sys.stdout.encoding or "ascii").name
    if encoding == "utf-8":
        yield Finding("terminal", Grade.OK, "doctor-terminal", {"encoding": encoding})
    else:
        yield Finding("terminal", Grade.WARNING, "doctor-terminal-narrow", {"encoding": encoding})


def zone(office: Office, now: datetime) -> Iterator[Finding]:
    """Which day it is at the office."""
    from eid_toolkit.ground.zones import zones_of as zones_there
    from eid_toolkit.standards.lds.issuer_time import zones_of

    zones = zones_of(office.home.config)
    facts: dict[str, object] = {"day": zones.today(now).isoformat(), "state": office.home.config.country}
    if zones.configured is None and len(zones_there(zones.state)) != 1:
        yield Finding("zone", Grade.WARNING, "doctor-zone-open", facts)
    else:
        yield Finding("zone", Grade.OK, "doctor-zone", facts)


def agent(office: Office) -> Iterator[Finding]:
    """Whose keys are unlocked, and for how long."""
    from eid_toolkit.books.keys.agent.client import agent_status
    from eid_toolkit.books.keys.agent.place import KeyHolder

    if office.home.config.demo:
        return
    home = office.keys.foundation.digest.hex()
    for record in office.operators.active():
        status = agent_status(KeyHolder(office.home.root, home, record.name.casefold()))
        if status is not None:
            facts = {"name": record.name, "minutes": status.remaining // 60}
            yield Finding("agent", Grade.OK, "doctor-agent", facts)


def certificates(office: Office, now: datetime) -> Iterator[Finding]:
    """The authority's newest certificates that have ended, or end soon."""
    from eid_toolkit.books.authorities.authority_files import BUNDLE_SIGNER, CSCA, LIST_SIGNER, SIGNER

    files = office.authorities.files
    for state in office.authorities.states():
        for kind in (CSCA, SIGNER, LIST_SIGNER, BUNDLE_SIGNER):
            if not files.generations(state, kind):
                continue
            end = files.certificate(state, kind).not_after
            facts: dict[str, object] = {"kind": kind, "state": state, "until": end.date().isoformat()}
            if end < now:
                yield Finding("pki", Grade.FAILED, "doctor-certificate-ended", facts)
            elif end < now + _SOON:
                yield Finding("pki", Grade.WARNING, "doctor-certificate-ends", facts)


def backups(office: Office, now: datetime) -> Iterator[Finding]:
    """When the register was last backed up, by the audit log."""
    from eid_toolkit.books.audit.log import Filter
    from eid_toolkit.books.register.keeping.backup import DONE

    if office.home.config.demo:
        return
    rows = office.register.audit_rows(Filter(action=DONE, limit=1))
    if not rows:
        yield Finding("backup", Grade.WARNING, "doctor-backup-missing")
        return
    age = now - rows[-1].time
    grade, code = (Grade.OK, "doctor-backup") if age <= _OLD_BACKUP else (Grade.WARNING, "doctor-backup-old")
    yield Finding("backup", grade, code, {"days": age.days})
