"""The card-master keys: the first, and one more for each roll-over, by the key version that its cards have.

The record of a roll-over makes the key count, not its being there: a token may keep one whose act came to nothing.
"""

from __future__ import annotations

import json

from eid_toolkit.books.keys.keys import CARD_MASTER_KEY, KeyStore
from eid_toolkit.ground.errors import KeyMissing, NotPermitted
from eid_toolkit.ground.secret import Secret

FIRST_VERSION, LAST_VERSION = 0x30, 0x3F
"""Key versions of SCP03 keys."""
KEY_SIZE = 16
"""Bytes of a card-master key."""
_SCHEMA = "eid-card-master/1"


def master_name(version: int) -> str:
    """What the key store calls the card-master key of a key version."""
    return CARD_MASTER_KEY if version == FIRST_VERSION else f"{CARD_MASTER_KEY}-{version:02x}"


def master_versions(keys: KeyStore) -> tuple[int, ...]:
    """The key versions that have a card-master key, the newest last."""
    rolled = (version for version in range(FIRST_VERSION + 1, LAST_VERSION + 1) if _is_on_record(keys, version))
    return (FIRST_VERSION, *rolled)


def roll_master(keys: KeyStore, told: dict[str, object]) -> int:
    """A fresh card-master key under the next version, which is returned; called within an act.

    Raises :class:`NotPermitted` where all versions are used.
    """
    names = keys.names()
    newest = master_versions(keys)[-1]
    free = (version for version in range(newest + 1, LAST_VERSION + 1) if master_name(version) not in names)
    version = next(free, None)
    if version is None:
        raise NotPermitted("card-master-versions-used-up", last=f"{LAST_VERSION:02X}")
    keys.create_master(master_name(version), KEY_SIZE)
    record = {"schema": _SCHEMA, "version": version, **told}
    keys.create_symmetric(_record_name(version), Secret(json.dumps(record).encode()))
    return version


def _record_name(version: int) -> str:
    return f"{master_name(version)}-record"


def _is_on_record(keys: KeyStore, version: int) -> bool:
    try:
        keys.symmetric(_record_name(version))
    except KeyMissing:
        return False
    return True
