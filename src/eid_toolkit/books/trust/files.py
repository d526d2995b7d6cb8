"""The trust store as earlier versions kept it: single items as two files each, and a file for each list.

Only read, once, to be taken over into the database (:mod:`eid_toolkit.books.trust.database`).
"""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

from eid_toolkit.books.trust.database import keep
from eid_toolkit.books.trust.entry import Decision, TrustEntry
from eid_toolkit.books.trust.packs import SCHEMA, Member, Pack, Role, insert, note_facts
from eid_toolkit.ground.errors import BadInput, IntegrityBroken
from eid_toolkit.ground.plain_values import Hex, read_json
from eid_toolkit.standards.pki.certificate import Certificate
from eid_toolkit.standards.pki.crl import Crl

_MAGIC = SCHEMA.encode() + b"\n"
_NAME = re.compile(r"[0-9a-f]{64}\.(cer|crl|json|pack|removed)")


class TrustFiles:
    """What earlier versions left in a directory."""

    def files(self, directory: Path) -> list[Path]:
        """Their files: each is named by a SHA-256."""
        try:
            return sorted(path for path in directory.iterdir() if _NAME.fullmatch(path.name))
        except FileNotFoundError:
            return []

    def take_over(self, connection: sqlite3.Connection, files: list[Path]) -> None:
        """Their content as rows; what is there already stays. Raises :class:`IntegrityBroken` for a damaged file."""
        packs = [_pack(path) for path in files if path.suffix == ".pack"]
        bundles = sorted(
            (pack for pack in packs if pack.kind == "bundle"), key=lambda pack: int(pack.facts["sequence"])
        )
        for pack in [pack for pack in packs if pack.kind != "bundle"] + bundles[-1:]:  # of bundles the one taken last
            if not connection.execute("SELECT 1 FROM pack WHERE sha256 = ?", (pack.sha256,)).fetchone():
                insert(connection, pack)
        for path in files:
            if path.suffix in (".cer", ".crl"):
                _insert(connection, path)
            elif path.suffix == ".removed":
                connection.execute("INSERT OR IGNORE INTO removed VALUES (?)", (path.stem,))
        connection.execute(  # given singly is meant, whatever was removed before
            "DELETE FROM removed WHERE sha256 IN (SELECT sha256 FROM single JOIN object ON object.id = single.object)"
        )


def insert_single(connection: sqlite3.Connection, entry: TrustEntry) -> None:
    """An entry's rows; one that is here already keeps its origin."""
    _insert_row(connection, entry.item.der, entry.kind, entry.imported_at, entry.origin())
    note_facts(connection, keep(connection, entry.item.der), entry.kind, entry.item.der, entry.item)


def _insert_row(
    connection: sqlite3.Connection, data: bytes, kind: str, imported_at: datetime, origin: Mapping[str, Any]
) -> None:
    values = (keep(connection, data), kind, imported_at.isoformat(), json.dumps(origin))
    connection.execute("INSERT OR IGNORE INTO single VALUES (?, ?, ?, ?)", values)


def _insert(connection: sqlite3.Connection, path: Path) -> None:
    """One item; what an earlier version took and this one cannot read is kept, so that it is told and not lost."""
    data = path.read_bytes()
    if sha256(data).hexdigest() != path.stem:
        raise IntegrityBroken("trust-entry-damaged", fingerprint=path.stem)
    try:
        item = Certificate.parse(data) if path.suffix == ".cer" else Crl.parse(data)
    except BadInput:
        origin = {"source": path.name, "decisions": []}
        _insert_row(connection, data, "unreadable", datetime.fromtimestamp(path.stat().st_mtime, UTC), origin)
    else:
        insert_single(connection, _entry(path, item))


@dataclass(frozen=True, slots=True)
class _Origin:
    kind: str
    source: str
    imported_at: datetime
    decisions: tuple[Decision, ...] = ()
    operator: str | None = None
    signature: Hex | None = None


@dataclass(frozen=True, slots=True)
class _Listing:
    members: tuple[tuple[Role, int, str], ...]


def _entry(path: Path, item: Certificate | Crl) -> TrustEntry:
    try:
        origin = read_json(_Origin, path.with_suffix(".json").read_bytes())
        # Before two operators had to decide, one decision stood in the file itself.
        first = (Decision(origin.operator, origin.signature),) if origin.operator else ()
        return TrustEntry(item, origin.kind, origin.source, origin.imported_at, origin.decisions or first)
    except (OSError, ValueError, BadInput):
        raise IntegrityBroken("trust-entry-damaged", fingerprint=path.stem) from None


def _pack(path: Path) -> Pack:
    """One file: its format, a JSON header with each member's role, length and SHA-256, and the members in DER."""
    try:
        data = path.read_bytes()
        if not data.startswith(_MAGIC):
            raise ValueError(SCHEMA)
        head, _, content = data[len(_MAGIC) :].partition(b"\n")
        pack = Pack.decode(head.decode(), _members(read_json(_Listing, head).members, content))
        if pack.sha256 != path.stem:
            raise ValueError(path.stem)
        return pack
    except (OSError, ValueError, BadInput):
        raise IntegrityBroken("trust-entry-damaged", fingerprint=path.stem) from None


def _members(listed: Iterable[tuple[Role, int, str]], content: bytes) -> tuple[Member, ...]:
    members, offset = [], 0
    for role, length, fingerprint in listed:
        data = content[offset : offset + length]
        offset += length
        if sha256(data).hexdigest() != fingerprint:
            raise ValueError(fingerprint)
        members.append(Member.of(role, data))
    if offset != len(content):
        raise ValueError(len(content))
    return tuple(members)
