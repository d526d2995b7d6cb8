"""A trust store as versions before the database wrote it: two files for a single item, one file for a list."""

from __future__ import annotations

import json
from pathlib import Path

from eid_toolkit.books.trust.database import FILE
from eid_toolkit.books.trust.entry import TrustEntry
from eid_toolkit.books.trust.packs import Pack
from eid_toolkit.books.trust.store import TrustStore
from eid_toolkit.standards.pki.certificate import Certificate


def write_as_before(store: TrustStore, target: Path) -> None:
    """What ``store`` holds, in the files of an earlier version."""
    target.mkdir()
    for entry in store.entries():
        if entry.listed_in is None:
            _write_single(target, entry)
    for pack in store.packs.all():
        _write_pack(target, pack)
    assert not (target / FILE).exists()


def _write_single(target: Path, entry: TrustEntry) -> None:
    suffix = ".cer" if isinstance(entry.item, Certificate) else ".crl"
    (target / f"{entry.fingerprint}{suffix}").write_bytes(entry.item.der)
    origin = {"schema": "eid-trust/1", **entry.to_json()}
    (target / f"{entry.fingerprint}.json").write_text(json.dumps(origin, indent=1))


def _write_pack(target: Path, pack: Pack) -> None:
    members = [[member.role.value, member.size, member.fingerprint] for member in pack.members]
    header = {**json.loads(pack.encode()), "members": members}
    content = b"".join(member.data for member in pack.members)
    data = b"eid-trust-pack/1\n" + json.dumps(header).encode() + b"\n" + content
    (target / f"{pack.sha256}.pack").write_bytes(data)
