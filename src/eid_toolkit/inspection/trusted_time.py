"""The highest time ever learnt from a trusted source: a clock behind it has been set back (TR-03110-1 2.2.2).

Trusted are only signed statements: revocation lists of trusted authorities, and bundles of the authority that is
pinned. This machine's own clock is not, or one wrong setting far ahead would spoil every later verdict.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from eid_toolkit.errors import IntegrityBroken
from eid_toolkit.home.atomic import write_atomic
from eid_toolkit.pki.validation import TrustMaterial

_FILE = "trusted-time"


def trusted_time(directory: Path, trust: TrustMaterial) -> datetime | None:
    """The highest time that lists and bundle of ``trust``, or of an earlier call, tell; kept in its directory."""
    path = directory / _FILE
    kept = _read(path) if path.exists() else None
    told = [crl.this_update for crl in trust.crls]
    if trust.bundle is not None:
        told.append(trust.bundle.issued_at)
    highest = max([*told, *([kept] if kept is not None else [])], default=None)
    if highest is not None and highest != kept:
        write_atomic(path, highest.isoformat().encode())
    return highest


def _read(path: Path) -> datetime:
    try:
        return datetime.fromisoformat(path.read_text("ascii").strip()).astimezone(UTC)
    except ValueError:
        raise IntegrityBroken("trusted-time-damaged", file=path.name) from None
