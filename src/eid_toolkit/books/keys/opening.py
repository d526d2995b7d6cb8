"""How a home's key store is opened; and the one key of a demo home, which lies beside what it opens."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from eid_toolkit.books.keys.foundation import FILE as FOUNDATION_FILE
from eid_toolkit.books.keys.foundation import Foundation
from eid_toolkit.books.keys.holding import KeyPair
from eid_toolkit.books.keys.keys import KeyStore
from eid_toolkit.books.keys.passphrase_keys import LOCK_FILE
from eid_toolkit.ground.errors import AccessDenied, BadInput, IntegrityBroken, NotPermitted
from eid_toolkit.ground.home.home import CONFIG_NAME, Home
from eid_toolkit.ground.home.undo import change
from eid_toolkit.ground.plain_values import Hex, read_json, to_plain
from eid_toolkit.ground.ports import Entropy
from eid_toolkit.ground.secret import Secret
from eid_toolkit.standards.crypto.domain_parameters import ec_domain_by_name
from eid_toolkit.standards.crypto.ec import EcPrivateKey
from eid_toolkit.standards.crypto.key_wrapping import CURVE

DEVELOPER_CARD_KEY = Secret(bytes(range(0x40, 0x50)))
"""The key 40..4F of developer cards on the open market: opens no national blank."""
DEMO_OPERATOR = "#specimen"
"""For whom the compartments of a demo home are wrapped."""

OLD_SPECIMEN_FILE = "SPECIMEN-PASSPHRASE"
"""Where a demo home of before kept the passphrase of its key store."""

_FILE = "SPECIMEN-OPERATOR-KEY"
_SCHEMA = "eid-specimen-operator/1"


@dataclass(frozen=True, slots=True)
class _SpecimenKeys:
    signing: Hex
    unwrapping: Hex


def create_demo_operator(directory: Path, entropy: Entropy) -> KeyPair:
    """The keys of a demo home's one operator, kept where every command finds them."""
    domain = ec_domain_by_name(CURVE)
    pair = KeyPair(EcPrivateKey.generate(domain, entropy), EcPrivateKey.generate(domain, entropy))
    kept = _SpecimenKeys(pair.signing.pkcs8(None), pair.unwrapping.pkcs8(None))
    change(directory / _FILE, json.dumps({"schema": _SCHEMA, **to_plain(kept)}, indent=1).encode())
    return pair


def open_key_store(home: Home, entropy: Entropy) -> KeyStore:
    """The home's key store.

    Raises :class:`NotPermitted` for a store of before, and :class:`IntegrityBroken` for a real home that was marked as
    demo later, or the other way round.
    """
    keys = KeyStore(home.keys, foundation_of(home), entropy)
    if home.config.demo:
        keys.admit(DEMO_OPERATOR, _demo_operator(home.keys))
    return keys


def is_authority(root: Path) -> bool:
    """Whether the home in the folder ``root`` is an authority's, or lacks its configuration only."""
    files = (CONFIG_NAME, f"keys/{FOUNDATION_FILE}", f"keys/{LOCK_FILE}")
    return any((root / name).exists() for name in files)


def foundation_of(home: Home) -> Foundation:
    """What the home is; raises as :func:`open_key_store`."""
    if not (home.keys / FOUNDATION_FILE).exists() and (home.keys / LOCK_FILE).exists():
        raise NotPermitted("key-store-old")
    foundation = Foundation.read(home.keys)
    if foundation.demo is not home.config.demo:  # else a line in eid.toml would do away with all operators
        raise IntegrityBroken("home-demo-mark-changed")
    if foundation.country != home.config.country:  # else a line in eid.toml would make it another state's home
        raise IntegrityBroken("home-country-changed", country=foundation.country)
    return foundation


def _demo_operator(directory: Path) -> KeyPair:
    try:
        kept = read_json(_SpecimenKeys, (directory / _FILE).read_bytes(), _SCHEMA)
        return KeyPair(*(EcPrivateKey.from_pkcs8(key, None) for key in (kept.signing, kept.unwrapping)))
    except (FileNotFoundError, ValueError, BadInput, AccessDenied):
        raise IntegrityBroken("key-store-damaged", file=_FILE) from None
