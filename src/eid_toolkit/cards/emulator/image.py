"""A card's memory as bytes, in a versioned JSON form; whoever stores it encrypts it, for it holds the card's keys.

Beside what is the chip's own there is a part for each application, under its AID and in its own coding.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from eid_toolkit.cards.emulator.card_application import ApplicationMemory
from eid_toolkit.cards.emulator.issued import ISSUED
from eid_toolkit.cards.emulator.state import CardMemory
from eid_toolkit.ground.errors import BadInput, IntegrityBroken
from eid_toolkit.standards.iso7816.files import EMRTD_AID
from eid_toolkit.standards.protocols.globalplatform import ISD_AID, DomainState

SCHEMA = "eid-card-memory/2"
_FIRST_SCHEMA = "eid-card-memory/1"


def encode(memory: CardMemory) -> bytes:
    """The memory as UTF-8 JSON."""
    document = {
        "schema": SCHEMA,
        "atr": memory.atr.hex(),
        "cplc": memory.cplc.hex(),
        "state": int(memory.state),
        "applications": {aid.hex().upper(): part.encode() for aid, part in memory.parts.items()},
    }
    return json.dumps(document, separators=(",", ":")).encode()


def decode(data: bytes, applications: Sequence[type[ApplicationMemory]] = ISSUED) -> CardMemory:
    """The memory again, of a card that has some of ``applications``.

    Raises :class:`IntegrityBroken` for anything that :func:`encode` did not write, in this version or an earlier one.
    """
    known = {application.aid: application for application in applications}
    try:
        document = json.loads(data)
        if document["schema"] == _FIRST_SCHEMA:
            document = _migrated(document)
        elif document["schema"] != SCHEMA:
            raise IntegrityBroken("card-image-unknown-version", schema=str(document["schema"]))
        parts = {bytes.fromhex(aid): part for aid, part in document["applications"].items()}
        if strange := next((aid for aid in parts if aid not in known), None):
            raise IntegrityBroken("card-image-unknown-application", aid=strange.hex().upper())
        if not parts:
            raise IntegrityBroken("card-image-broken")
        return CardMemory(
            bytes.fromhex(document["atr"]),
            bytes.fromhex(document["cplc"]),
            DomainState(document["state"]),
            {aid: known[aid].decode(part) for aid, part in parts.items()},
        )
    except (ValueError, RecursionError, KeyError, TypeError, AttributeError, BadInput):
        raise IntegrityBroken("card-image-broken") from None


def copied(memory: CardMemory) -> CardMemory:
    """The same card once more, sharing nothing with the first."""
    return decode(encode(memory), [type(part) for part in memory.parts.values()])


def _migrated(document: dict[str, Any]) -> dict[str, Any]:
    """Version 1 knew two applications by name, and the card's state as the security domain's."""
    domain = dict(document["domain"])
    state = domain.pop("state")
    parts = {EMRTD_AID.hex(): document["application"], ISD_AID.hex(): domain}
    return {"atr": document["atr"], "cplc": document["cplc"], "state": state, "applications": parts}
