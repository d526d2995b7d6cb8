"""Packs: what one list, directory or bundle brought, in one file that is there whole or not at all.

The file's first line names the format, the second is a JSON header with each member's role, length and SHA-256, and
behind it stand the members in DER. Six hundred certificates cost one write instead of twelve hundred.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from pathlib import Path
from typing import Any

from eid_toolkit.errors import BadInput, IntegrityBroken
from eid_toolkit.home.atomic import private_directory, remove_durably, write_atomic
from eid_toolkit.pki.certificate import Certificate
from eid_toolkit.pki.crl import Crl
from eid_toolkit.pki.deviation_list import DeviationList
from eid_toolkit.stores.operators import Operator
from eid_toolkit.stores.trust_entry import Decision, ListOrigin, TrustEntry

SCHEMA = "eid-trust-pack/1"
_MAGIC = SCHEMA.encode() + b"\n"
SUFFIX = ".pack"


class Role(StrEnum):
    """What a member is."""

    ANCHOR = "anchor"
    LINK = "link"
    CRL = "crl"
    DEVIATION_LIST = "deviation-list"
    SIGNER = "document-signer"
    TERMINAL = "terminal-certificate"
    STATUS_LIST = "status-list"
    STOLEN_BLANKS = "stolen-blanks"
    SOURCE = "source"
    """The signed list itself, as the proof of where the others come from."""


class Basis(StrEnum):
    """Why a list is believed."""

    CHAIN = "signer-chain"
    """Its signer's certificate comes from a CSCA that is believed."""
    SIGNER = "signer-accepted"
    """Its signer's fingerprint was accepted."""
    LIST = "list-accepted"
    """Its own SHA-256 was accepted."""
    NONE = "each-proved"
    """It brings nothing that is believed for its own sake."""


@dataclass(frozen=True, slots=True)
class Member:
    """One object with its role."""

    role: Role
    data: bytes

    @property
    def fingerprint(self) -> str:
        """SHA-256 in hex."""
        return sha256(self.data).hexdigest()


@dataclass(frozen=True, slots=True)
class Pack:
    """What one source brought, how it came here, and who decided so."""

    kind: str
    """``master-list``, ``deviation-list``, ``directory`` or ``bundle``."""
    name: str
    sha256: str
    """Of the source."""
    basis: Basis
    imported_at: datetime
    members: tuple[Member, ...]
    signer: str | None = None
    decisions: tuple[Decision, ...] = ()
    facts: dict[str, Any] = field(default_factory=dict)
    """Of a bundle: its version, time and authority."""

    @property
    def origin(self) -> ListOrigin:
        """What an entry tells of it."""
        return ListOrigin(self.kind, self.sha256, self.signer, self.basis.value)

    def data_of(self, role: Role) -> tuple[bytes, ...]:
        """The members of one role."""
        return tuple(member.data for member in self.members if member.role is role)

    @property
    def counts(self) -> dict[str, int]:
        """How many members there are of each role, but for the source."""
        return {role.value: len(found) for role in Role if role is not Role.SOURCE and (found := self.data_of(role))}

    def statement(self, operator: str | None) -> bytes:
        """What an operator decided: to take these members from this source."""
        return json.dumps({**self._standing(), "operator": operator}, sort_keys=True).encode()

    def signed_by(self, deciders: Iterable[Operator]) -> Pack:
        """The pack with the decisions of these operators."""
        decisions = tuple(Decision(each.name, each.sign(self.statement(each.name))) for each in deciders)
        return replace(self, decisions=decisions)

    def entries(self) -> Iterator[TrustEntry]:
        """What it holds that is believed or shown; document signers are left out, for there may be very many."""
        for member in self.members:
            item: Certificate | Crl | DeviationList
            if member.role in (Role.ANCHOR, Role.LINK):
                item = Certificate.parse(member.data)
            elif member.role is Role.CRL:
                item = Crl.parse(member.data)
            elif member.role is Role.DEVIATION_LIST:
                item = DeviationList.parse(member.data)
            else:
                continue
            yield TrustEntry(item, member.role.value, self.name, self.imported_at, self.decisions, self.origin)

    def to_json(self) -> dict[str, object]:
        """For `eid trust list --lists` and the audit log."""
        standing = {name: value for name, value in self._standing().items() if name != "members"}
        return {**standing, "decisions": [each.to_json() for each in self.decisions], "members": self.counts}

    def encode(self) -> bytes:
        """The file."""
        header = {**self._standing(), "decisions": [decision.to_json() for decision in self.decisions]}
        content = b"".join(member.data for member in self.members)
        return b"".join((_MAGIC, json.dumps(header).encode(), b"\n", content))

    @classmethod
    def parse(cls, data: bytes) -> Pack:
        """Reads the file; raises :class:`ValueError`, :class:`KeyError` or :class:`TypeError` for a damaged one."""
        if not data.startswith(_MAGIC):
            raise ValueError(SCHEMA)
        head, _, content = data[len(_MAGIC) :].partition(b"\n")
        header = json.loads(head)
        members, offset = [], 0
        for role, length, fingerprint in header["members"]:
            member = Member(Role(role), content[offset : offset + length])
            offset += length
            if member.fingerprint != fingerprint:
                raise ValueError(fingerprint)
            members.append(member)
        if offset != len(content):
            raise ValueError(len(content))
        return cls(
            kind=header["kind"],
            name=header["name"],
            sha256=header["sha256"],
            basis=Basis(header["basis"]),
            imported_at=datetime.fromisoformat(header["imported_at"]),
            members=tuple(members),
            signer=header["signer"],
            decisions=tuple(map(Decision.from_json, header["decisions"])),
            facts=dict(header["facts"]),
        )

    def _standing(self) -> dict[str, Any]:
        return {
            "schema": SCHEMA,
            "kind": self.kind,
            "name": self.name,
            "sha256": self.sha256,
            "basis": self.basis.value,
            "imported_at": self.imported_at.isoformat(),
            "signer": self.signer,
            "facts": self.facts,
            "members": [[member.role.value, len(member.data), member.fingerprint] for member in self.members],
        }


class PackFolder:
    """The packs in a trust store's directory, each named by the SHA-256 of its source."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def write(self, pack: Pack) -> None:
        """Keep a pack, in place of one from the same source."""
        private_directory(self._directory)
        write_atomic(self._path(pack.sha256), pack.encode())

    def remove(self, pack: Pack) -> None:
        """Believe it no more."""
        remove_durably(self._path(pack.sha256))

    def all(self) -> tuple[Pack, ...]:
        """Every pack, the oldest first; of bundles only the one that was taken last.

        Raises :class:`IntegrityBroken` for a damaged one.
        """
        found = sorted(map(self._load, self._directory.glob(f"*{SUFFIX}")), key=lambda pack: pack.imported_at)
        bundles = [pack for pack in found if pack.kind == "bundle"]
        newest = max(bundles, key=lambda pack: int(pack.facts["sequence"]), default=None)
        return tuple(pack for pack in found if pack.kind != "bundle" or pack is newest)

    def old_bundles(self) -> tuple[Pack, ...]:
        """Bundles that a newer one has replaced, if a stop kept them from being removed."""
        kept = self.all()
        every = map(self._load, self._directory.glob(f"*{SUFFIX}"))
        return tuple(pack for pack in every if pack.sha256 not in {each.sha256 for each in kept})

    def _load(self, path: Path) -> Pack:
        try:
            pack = Pack.parse(path.read_bytes())
            if pack.sha256 != path.stem:
                raise ValueError(path.stem)
            return pack
        except (OSError, ValueError, KeyError, TypeError, BadInput):
            raise IntegrityBroken("trust-entry-damaged", fingerprint=path.stem) from None

    def _path(self, source_sha256: str) -> Path:
        return self._directory / f"{source_sha256}{SUFFIX}"
