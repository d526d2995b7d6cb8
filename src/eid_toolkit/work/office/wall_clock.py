"""What the clock on the office's wall shows: the zone of the home, in which people read and write times."""

from __future__ import annotations

from datetime import tzinfo
from pathlib import Path

from eid_toolkit.ground.errors import EidError
from eid_toolkit.ground.home.home import Home


def zone_at(root: Path) -> tzinfo | None:
    """The zone of the authority's home in the folder ``root``; None where there is none, as in an officer's home."""
    from eid_toolkit.standards.lds.issuer_time import zones_of

    try:
        return zones_of(Home.open(root).config).zone
    except (EidError, OSError):
        return None
