"""What signs the evidence of a home: in an authority's home a key of the key store, which an operator opens.

An officer's home has no key store, and nobody who types a passphrase at a road-side: its key lies in a file that only
its owner can read (:mod:`eid_toolkit.work.inspection.evidence_keys`). So it is in a demo home.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from eid_toolkit.books.keys.opening import foundation_of, is_authority
from eid_toolkit.ground.errors import NotPermitted
from eid_toolkit.ground.home.home import Home
from eid_toolkit.ground.ports import Entropy
from eid_toolkit.work.inspection.evidence_keys import EvidenceKeys
from eid_toolkit.work.office.acting import Acting
from eid_toolkit.work.office.credentials import Credentials, Purpose

if TYPE_CHECKING:
    from eid_toolkit.standards.crypto.ec import EcPrivateKey

_NAME, _CURVE = "evidence", "secp256r1"
_PATIENCE = 30.0


def evidence_key(root: Path, credentials: Credentials, entropy: Entropy) -> EcPrivateKey:
    """The key of the home in the folder ``root``, made at its first use.

    In an authority's home the operator who acts opens it. Raises :class:`NotPermitted` there where nobody is named, and
    :class:`ServiceAway` where a home cannot keep a key.
    """
    files = EvidenceKeys(root)
    if not is_authority(root) or foundation_of(home := Home.open(root)).demo:
        return files.own_or_new(entropy)
    if credentials.operator is None:
        raise NotPermitted("evidence-without-operator")
    acting = Acting.at(home, credentials, entropy)
    acting.first((), Purpose("evidence.sign"))
    keys = acting.keys
    if _NAME not in keys.names():
        with home.lock("evidence-key", _PATIENCE):
            if _NAME not in keys.names():
                _make(files, acting, entropy)
    key = keys.private_ec(_NAME)
    files.announce(key.public_key)
    return key


def _make(files: EvidenceKeys, acting: Acting, entropy: Entropy) -> None:
    """The home's key goes on if it has one in a file, from before there were compartments."""
    from eid_toolkit.standards.crypto.domain_parameters import ec_domain_by_name
    from eid_toolkit.standards.crypto.ec import EcPrivateKey

    key = files.own() or EcPrivateKey.generate(ec_domain_by_name(_CURVE), entropy)
    acting.keys.add_ec(_NAME, key)
    files.announce(key.public_key)
    files.give_up()
