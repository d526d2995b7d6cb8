"""Packs: what one list, directory or bundle brought, with its origin and who decided so: there whole or not at all."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from functools import partial
from hashlib import sha256
from typing import TYPE_CHECKING, Annotated, Any

from eid_toolkit.books.trust.database import FILE, TrustDatabase, fetch, keep, sweep
from eid_toolkit.books.trust.entry import Decision, Item, ListOrigin
from eid_toolkit.ground.errors import BadInput, IntegrityBroken
from eid_toolkit.ground.plain_values import REQUIRED, from_plain, parse_json, to_plain
from eid_toolkit.standards.pki.certificate import Certificate
from eid_toolkit.standards.pki.crl import Crl
from eid_toolkit.standards.pki.deviation_list import DeviationList

if TYPE_CHECKING:
    from eid_toolkit.books.staff.operators import Operator

SCHEMA = "eid-trust-pack/1"


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


PARSERS: dict[str, Callable[[bytes], Item]] = {
    Role.ANCHOR.value: Certificate.parse,
    Role.LINK.value: Certificate.parse,
    Role.CRL.value: Crl.parse,
    Role.DEVIATION_LIST.value: DeviationList.parse,
}
"""What is believed or shown one by one; document signers are not, for there may be very many."""


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
    """One object with its role; its bytes may be in the store only."""

    role: Role
    fingerprint: str
    """SHA-256 in hex."""
    size: int
    load: Callable[[], bytes] = field(compare=False, repr=False)
    item: Item | None = field(default=None, compare=False, repr=False)
    """The object as it was read, where it just was."""

    @classmethod
    def of(cls, role: Role, data: bytes, item: Item | None = None) -> Member:
        """A member whose bytes are at hand."""
        return cls(role, sha256(data).hexdigest(), len(data), lambda: data, item)

    @property
    def data(self) -> bytes:
        """Its bytes; raises :class:`IntegrityBroken` if they are not what they were."""
        return self.load()


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
    signer: Annotated[str | None, REQUIRED] = None
    decisions: Annotated[tuple[Decision, ...], REQUIRED] = ()
    facts: Annotated[dict[str, Any], REQUIRED] = field(default_factory=dict)
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
        counted = Counter(member.role for member in self.members)
        return {role.value: counted[role] for role in Role if role is not Role.SOURCE and counted[role]}

    def statement(self, operator: str | None) -> bytes:
        """What an operator decided: to take these members from this source."""
        members = [[member.role.value, member.size, member.fingerprint] for member in self.members]
        return json.dumps({**self._standing(), "members": members, "operator": operator}, sort_keys=True).encode()

    def signed_by(self, deciders: Iterable[Operator]) -> Pack:
        """The pack with the decisions of these operators."""
        decisions = tuple(Decision(each.name, each.sign(self.statement(each.name))) for each in deciders)
        return replace(self, decisions=decisions)

    def to_json(self) -> dict[str, object]:
        """For `eid trust list --lists` and the audit log."""
        return {**self._header(), "members": self.counts}

    def encode(self) -> bytes:
        """All but the members, as it is kept."""
        return json.dumps(self._header()).encode()

    @classmethod
    def decode(cls, data: bytes | str, members: tuple[Member, ...]) -> Pack:
        """Reads that; raises :class:`ValueError` for another text."""
        return from_plain(cls, parse_json(data), known={"members": members})

    def _header(self) -> dict[str, Any]:
        return {**self._standing(), "decisions": [to_plain(decision) for decision in self.decisions]}

    def _standing(self) -> dict[str, Any]:
        return {"schema": SCHEMA, **to_plain(self, without=("members", "decisions"))}


class PackShelf:
    """The packs of a trust store, each named by the SHA-256 of its source."""

    def __init__(self, database: TrustDatabase) -> None:
        self._database = database

    def write(self, *packs: Pack) -> None:
        """Keep packs, each in place of one from the same source; a bundle in place of all other bundles."""
        with self._database.write() as connection:
            for pack in packs:
                insert(connection, pack)
            sweep(connection)

    def remove(self, pack: Pack) -> None:
        """Believe it no more."""
        with self._database.write() as connection:
            _delete(connection, pack.sha256)
            sweep(connection)

    def all(self) -> tuple[Pack, ...]:
        """Every pack, the oldest first. Raises :class:`IntegrityBroken` for a damaged one."""
        return self._where("1")

    def get(self, source_sha256: str) -> Pack | None:
        """The pack of one source."""
        return next(iter(self._where("sha256 = ?", source_sha256)), None)

    def bundle(self) -> Pack | None:
        """The bundle that is believed now."""
        return next(iter(self._where("kind = 'bundle'")), None)

    def heads(self) -> tuple[Pack, ...]:
        """Every pack without its members, the oldest first."""
        return self._heads("SELECT header FROM pack ORDER BY imported_at, sha256")

    def holding(self, fingerprint: str) -> tuple[Pack, ...]:
        """Likewise those that an object came in."""
        return self._heads(
            "SELECT DISTINCT header FROM pack JOIN member ON member.pack = pack.sha256"
            " JOIN object ON object.id = member.object WHERE object.sha256 = ? ORDER BY imported_at, pack.sha256",
            fingerprint,
        )

    def data_of(self, role: Role) -> tuple[bytes, ...]:
        """The members of one role, of all packs."""
        with self._database.read() as connection:
            rows = connection.execute(
                "SELECT sha256 FROM object WHERE id IN (SELECT object FROM member WHERE role = ?)", (role.value,)
            ).fetchall()
            return tuple(fetch(connection, fingerprint) for (fingerprint,) in rows)

    def names(self) -> frozenset[str]:
        """The SHA-256 of each source."""
        with self._database.read() as connection:
            return frozenset(name for (name,) in connection.execute("SELECT sha256 FROM pack"))

    def _where(self, condition: str, *values: str) -> tuple[Pack, ...]:
        with self._database.read() as connection:
            rows = connection.execute(
                f"SELECT sha256, header FROM pack WHERE {condition} ORDER BY imported_at, sha256",
                values,
            ).fetchall()
            return tuple(self._read(connection, name, header) for name, header in rows)

    def _read(self, connection: sqlite3.Connection, name: str, header: str) -> Pack:
        members = connection.execute(
            "SELECT role, sha256, size FROM member JOIN object ON object.id = member.object WHERE pack = ?"
            " ORDER BY position",
            (name,),
        )
        head = read_head(header)
        if head.sha256 != name:
            raise IntegrityBroken("trust-entry-damaged", fingerprint=name)
        return replace(
            head,
            members=tuple(
                Member(Role(role), fingerprint, size, partial(self._fetch, fingerprint))
                for role, fingerprint, size in members
            ),
        )

    def _heads(self, statement: str, *values: str) -> tuple[Pack, ...]:
        with self._database.read() as connection:
            return tuple(read_head(header) for (header,) in connection.execute(statement, values))

    def _fetch(self, fingerprint: str) -> bytes:
        with self._database.read() as connection:
            return fetch(connection, fingerprint)


def read_head(header: str) -> Pack:
    """A pack without its members, out of what is kept; raises :class:`IntegrityBroken` for a damaged one."""
    try:
        return Pack.decode(header, ())
    except ValueError:
        raise IntegrityBroken("trust-store-damaged", file=FILE) from None


def insert(connection: sqlite3.Connection, pack: Pack) -> None:
    """A pack's rows; its members are kept once, whatever other packs have them."""
    _delete(connection, pack.sha256)
    if pack.kind == "bundle":
        for (other,) in connection.execute("SELECT sha256 FROM pack WHERE kind = 'bundle'").fetchall():
            _delete(connection, other)
    connection.execute(
        "INSERT INTO pack VALUES (?, ?, ?, ?)",
        (pack.sha256, pack.kind, pack.imported_at.isoformat(), pack.encode().decode()),
    )
    listed = [member.data for member in pack.members if member.role is not Role.SOURCE]
    for position, member in enumerate(pack.members):
        number = keep(connection, member.data, listed if member.role is Role.SOURCE else ())
        values = (pack.sha256, position, member.role.value, number)
        connection.execute("INSERT INTO member VALUES (?, ?, ?, ?)", values)
        note_facts(connection, number, member.role.value, member.data, member.item)


def note_facts(connection: sqlite3.Connection, number: int, role: str, data: bytes, item: Item | None = None) -> None:
    """Keep by what an object is found; it is read once in its life for that.

    One that an earlier version took and this one cannot read is kept, and found by nothing: nobody believes it.
    """
    if role not in PARSERS:
        return
    if connection.execute("SELECT 1 FROM fact WHERE object = ? AND role = ?", (number, role)).fetchone():
        return
    try:
        parsed = item if item is not None else PARSERS[role](data)
    except BadInput:
        return
    identifier = name = dated = None
    if isinstance(parsed, Certificate):
        identifier = parsed.extensions.subject_key_identifier
    elif isinstance(parsed, Crl):
        identifier, name, dated = parsed.authority_key_identifier, parsed.issuer.text, parsed.this_update
    else:
        name, dated = parsed.signer.subject.text if parsed.signer else None, parsed.signing_time
    values = (number, role, parsed.country, identifier, name, dated.isoformat() if dated else None)
    connection.execute("INSERT INTO fact VALUES (?, ?, ?, ?, ?, ?)", values)


def _delete(connection: sqlite3.Connection, source_sha256: str) -> None:
    connection.execute("DELETE FROM pack WHERE sha256 = ?", (source_sha256,))
    connection.execute("DELETE FROM member WHERE pack = ?", (source_sha256,))
