"""The trust store: the CSCA certificates and lists that inspections believe, each with its origin.

Each object lies in the store once, by its SHA-256 (:mod:`eid_toolkit.books.trust.database`), however many lists
brought it; what a list, a directory or a bundle brought is one pack (:mod:`eid_toolkit.books.trust.packs`).
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from eid_toolkit.books.trust.database import TrustDatabase, fetch, sweep
from eid_toolkit.books.trust.entry import SCHEMA, Decision, KeptOrigin, TrustEntry, kind_of_certificate
from eid_toolkit.books.trust.files import TrustFiles, insert_single
from eid_toolkit.books.trust.packs import PARSERS, Pack, PackShelf, Role, insert, read_head
from eid_toolkit.ground.errors import BadInput, IntegrityBroken
from eid_toolkit.ground.home.atomic import private_directory, write_atomic
from eid_toolkit.ground.home.home import Home
from eid_toolkit.ground.plain_values import from_plain, read_json
from eid_toolkit.standards.pki.certificate import Certificate
from eid_toolkit.standards.pki.crl import Crl
from eid_toolkit.standards.pki.document_status import StatusList, StolenBlanks
from eid_toolkit.standards.pki.trust_index import Facts, Later, Stored
from eid_toolkit.standards.pki.trust_material import BundleFacts, TrustMaterial

if TYPE_CHECKING:
    from eid_toolkit.books.staff.operators import Operator, OperatorStore
    from eid_toolkit.books.trust.decisions import DecisionCheck
    from eid_toolkit.books.trust.importing import Plan
    from eid_toolkit.books.trust.sources import Sources
    from eid_toolkit.standards.crypto_policy.floor import StrengthFloor

__all__ = ["SCHEMA", "TrustEntry", "TrustStore", "open_trust"]

OWN_REPORTS = "own-reports.list"
_OWN_REPORTS_COVER = "own-reports.cover"
"""What the register of this very home reports of documents: no pack, for nobody brought it in."""

_BELIEVED = """
SELECT role, sha256, country, key_identifier, name, dated, CASE role WHEN 'crl' THEN coalesce(
    (SELECT imported_at FROM single WHERE single.object = fact.object),
    (SELECT min(imported_at) FROM member JOIN pack ON pack.sha256 = member.pack WHERE member.object = fact.object)
) END
FROM fact JOIN object ON object.id = fact.object
WHERE (
    EXISTS (SELECT 1 FROM single WHERE single.object = fact.object AND single.kind = fact.role)
    OR EXISTS (SELECT 1 FROM member WHERE member.object = fact.object AND member.role = fact.role)
) AND sha256 NOT IN (SELECT sha256 FROM removed)
ORDER BY role, coalesce(country, ''), sha256
"""
_UNREADABLE = """
SELECT sha256 FROM object WHERE id NOT IN (SELECT object FROM fact) AND sha256 NOT IN (SELECT sha256 FROM removed) AND (
    id IN (SELECT object FROM single)
    OR id IN (SELECT object FROM member WHERE role IN ('anchor', 'link', 'crl', 'deviation-list'))
) ORDER BY sha256
"""
_ORIGIN = """
SELECT 1, kind, imported_at, origin FROM single WHERE object = :object AND kind = :role
UNION ALL
SELECT 2, role, imported_at, header FROM member JOIN pack ON pack.sha256 = member.pack
WHERE object = :object AND role = :role
ORDER BY 1, 3 LIMIT 1
"""
"""As given singly, else the first list that brought it."""
_LISTED = 2


class TrustStore:
    """The trust store in ``directory``, which needs no home around it: an officer has nothing else.

    With ``operators``, an anchor is believed on two operators' signatures only, the authority's own CSCA, too.
    Revocation lists and links need none: an anchor signs them. Of ``states`` every CSCA is here. In an ``authority``'s
    home there is no bundle, and nothing that only a bundle brings: it decides itself.
    """

    def __init__(
        self,
        directory: Path,
        operators: OperatorStore | None = None,
        states: frozenset[str] = frozenset(),
        floor: Callable[[], StrengthFloor] | None = None,
        *,
        authority: bool = False,
    ) -> None:
        """``floor`` is that of the home's crypto policy, read when the material is."""
        self.directory = directory
        self._states, self._floor = states, floor
        self._authority = authority
        self._database = TrustDatabase(directory, TrustFiles())
        self.packs = PackShelf(self._database)
        self._operators = operators

    # Coming in.

    def plan(self, sources: Sources, now: datetime, accepted: frozenset[str] = frozenset()) -> Plan:
        """What importing ``sources`` would come to; ``accepted`` are fingerprints of list signers, or of bare lists."""
        from eid_toolkit.books.trust.importing import Planner

        with self._database.read() as connection:
            removed = frozenset(sha for (sha,) in connection.execute("SELECT sha256 FROM removed"))
        planner = Planner(self.material(), self.packs.names() | self._fingerprints(), removed, accepted, self._states)
        plan = planner.plan(sources, now)
        coming = {pack.sha256: pack for pack in plan.packs}
        for master_list in sources.lists:
            if (pack := coming.get(master_list.sha256) or self.packs.get(master_list.sha256)) is not None:
                plan.dropped += [(pack.name, entry) for entry in self._dropped_by(pack)]
        return plan

    def _dropped_by(self, pack: Pack) -> list[TrustEntry]:
        """What is believed only because earlier editions of the list had it."""
        from eid_toolkit.books.trust.editions import dropped

        return [entry for entry in self._entries(set(dropped(pack, self.packs.all()))) if entry.listed_in is not None]

    def carry_out(
        self, plan: Plan, operator: Operator | None = None, second: Operator | None = None
    ) -> tuple[TrustEntry, ...]:
        """Keep what a plan takes: all of it or, after a stop, nothing. Returns what is new here."""
        deciders = [each for each in (operator, second) if each is not None]
        before = self._fingerprints()
        with self._database.write() as connection:
            for entry in plan.entries:
                self._keep(connection, entry, deciders)
            for pack in plan.packs:
                insert(connection, pack.signed_by(deciders))
            sweep(connection)
        return tuple(self._entries(self._fingerprints() - before))

    def add(
        self,
        item: Certificate | Crl,
        source: str,
        now: datetime,
        *deciders: Operator,
    ) -> TrustEntry:
        """Keep one item; one that is here already keeps its origin."""
        kind = "crl" if isinstance(item, Crl) else kind_of_certificate(item) or "anchor"
        with self._database.write() as connection:
            self._keep(connection, TrustEntry(item, kind, source, now), deciders)
        return next(iter(self._entries({item.fingerprint})))

    @staticmethod
    def _keep(connection: sqlite3.Connection, entry: TrustEntry, deciders: Iterable[Operator]) -> None:
        decisions = tuple(Decision(each.name, each.sign(entry.statement(each.name))) for each in deciders)
        insert_single(connection, replace(entry, decisions=decisions))
        connection.execute("DELETE FROM removed WHERE sha256 = ?", (entry.fingerprint,))

    # What is here.

    def entries(self) -> tuple[TrustEntry, ...]:
        """Everything that is believed once each, anchors first, by state."""
        return tuple(self._entries(self._fingerprints()))

    def _fingerprints(self) -> set[str]:
        with self._database.read() as connection:
            return {sha for _, sha, *_ in connection.execute(_BELIEVED)}

    def _entries(self, fingerprints: set[str]) -> list[TrustEntry]:
        """Those of them that are believed, with their origin."""
        with self._database.read() as connection:
            rows = [row[:2] for row in connection.execute(_BELIEVED) if row[1] in fingerprints] if fingerprints else []
            return [_entry(connection, role, fingerprint) for role, fingerprint in rows]

    def material(self) -> TrustMaterial:
        """What an inspection needs of it: an index, by which certificates and lists are read as they are needed.

        Where one of them is read, :class:`IntegrityBroken` is raised for an anchor that nobody decided on.
        """
        facts: dict[str, list[Facts]] = {role: [] for role in PARSERS}
        with self._database.read() as connection:
            for role, sha, country, identifier, name, dated, taken_at in connection.execute(_BELIEVED):
                facts[role].append(Facts(sha, country, identifier, name, _time(dated), _time(taken_at)))
        check = self._decision_check(facts)

        def stored(role: Role) -> Any:
            def read(fingerprints: Sequence[str]) -> list[Any]:
                if role is Role.ANCHOR and check:
                    check.require(fingerprints)
                if role is Role.DEVIATION_LIST and check:
                    check.require_lists(fingerprints)
                return self._read_all(role.value, fingerprints)

            return Stored(facts[role.value], read)

        pack = None if self._authority else self.packs.bundle()
        bundle = _bundle_facts(pack) if pack is not None else None
        return TrustMaterial(
            anchors=stored(Role.ANCHOR),
            links=stored(Role.LINK),
            crls=stored(Role.CRL),
            deviation_lists=stored(Role.DEVIATION_LIST),
            signers=Later(lambda: self.packs.data_of(Role.SIGNER)),
            bundle=bundle,
            status_lists=(*map(StatusList.stored, self._told(Role.STATUS_LIST)), *self.own_reports()),
            stolen_blanks=tuple(map(StolenBlanks.parse, self._told(Role.STOLEN_BLANKS))),
            floor=self._floor() if self._floor is not None else None,
            complete_states=self._states | ({bundle.state} if bundle is not None and bundle.state else set()),
        )

    def _told(self, role: Role) -> tuple[bytes, ...]:
        """What bundles say of documents and blanks."""
        return () if self._authority else self.packs.data_of(role)

    def _decision_check(self, facts: dict[str, list[Facts]]) -> DecisionCheck | None:
        """Checks what is believed against the decisions of people, where there are any who decide."""
        if self._operators is None:
            return None
        from eid_toolkit.books.trust.decisions import DecisionCheck

        return DecisionCheck(facts, self._entries, self.packs, self._operators, self._states)

    def _read_all(self, role: str, fingerprints: Sequence[str]) -> list[Any]:
        with self._database.read() as connection:
            return [_read(connection, role, fingerprint) for fingerprint in fingerprints]

    def own_reports(self) -> tuple[StatusList, ...]:
        """What the register of this home itself reports; nothing in an officer's home."""
        try:
            return (StatusList.stored((self.directory / OWN_REPORTS).read_bytes()),)
        except FileNotFoundError:
            return ()
        except BadInput:
            raise IntegrityBroken("own-reports-damaged", file=OWN_REPORTS) from None

    def set_own_reports(self, reports: StatusList, changes: int) -> None:
        """Keep what the register reports, with how many ``changes`` that covers, for inspections in this home."""
        folder = private_directory(self.directory)
        write_atomic(folder / OWN_REPORTS, reports.encoded)
        write_atomic(folder / _OWN_REPORTS_COVER, str(changes).encode())

    def own_reports_cover(self) -> int:
        """How many changes what is kept covers; -1 if that cannot be read."""
        try:
            return int((self.directory / _OWN_REPORTS_COVER).read_bytes()[:20])
        except FileNotFoundError:
            return 0
        except ValueError:
            return -1

    def find(self, fingerprint: str) -> TrustEntry:
        """The entry whose fingerprint begins so; raises :class:`BadInput` unless it is just one."""
        prefix = _cleaned(fingerprint)
        matches = {each for each in self._fingerprints() if each.startswith(prefix)}
        if not prefix or len(matches) != 1:
            raise BadInput("trust-entry-unknown", fingerprint=fingerprint, matches=len(matches))
        return self._entries(matches)[0]

    def find_list(self, sha256: str) -> Pack | None:
        """The list, directory or bundle whose SHA-256 begins so, if it is just one."""
        prefix = _cleaned(sha256)
        matches = [name for name in self.packs.names() if prefix and name.startswith(prefix)]
        return self.packs.get(matches[0]) if len(matches) == 1 else None

    def unreadable(self) -> tuple[str, ...]:
        """The fingerprints of what an earlier version took and this one cannot read: it is kept, and not believed."""
        with self._database.read() as connection:
            return tuple(sha for (sha,) in connection.execute(_UNREADABLE))

    # Going out.

    def remove(self, fingerprint: str) -> None:
        """Believe the entry no more, also if lists hold it, now or later; importing it singly takes it back."""
        with self._database.write() as connection:
            row = connection.execute("SELECT id FROM object WHERE sha256 = ?", (fingerprint,)).fetchone() or (0,)
            connection.execute("DELETE FROM single WHERE object = ?", row)
            if connection.execute("SELECT 1 FROM member WHERE object = ?", row).fetchone():
                connection.execute("INSERT OR IGNORE INTO removed VALUES (?)", (fingerprint,))
            sweep(connection)

    def remove_list(self, pack: Pack) -> None:
        """Believe nothing any more for this list's sake; what also came otherwise stays."""
        self.packs.remove(pack)


def open_trust(
    root: Path, operators: OperatorStore | None = None, floor: Callable[[], StrengthFloor] | None = None
) -> TrustStore:
    """The trust store of the home at ``root``, an authority's or an officer's.

    An authority's home is known by its key store, whatever other files say, and so is its state; a demo home also has
    authorities of other states. ``operators`` and the ``floor`` of its crypto policy are those that are held to its
    audit log, where that is open.
    """
    from eid_toolkit.books.keys.opening import foundation_of, is_authority

    if not is_authority(root):
        return TrustStore(root / "trust")
    from eid_toolkit.books.staff.operators import OperatorStore

    home = Home.open(root)
    foundation = foundation_of(home)
    people = operators or OperatorStore(home.operators, foundation)

    def own_floor() -> StrengthFloor:
        from eid_toolkit.books.authorities.home_policy import HomePolicy

        return HomePolicy(root, foundation, people).load().policy.floor

    if foundation.demo:
        states = frozenset({foundation.country, *(path.parent.name for path in home.pki.glob("*/csca-*.cer"))})
        return TrustStore(home.trust, None, states, floor or own_floor, authority=True)
    return TrustStore(home.trust, people, frozenset({foundation.country}), floor or own_floor, authority=True)


def _read(connection: sqlite3.Connection, role: str, fingerprint: str) -> Any:
    try:
        return PARSERS[role](fetch(connection, fingerprint))
    except BadInput:
        raise IntegrityBroken("trust-entry-damaged", fingerprint=fingerprint) from None


def _entry(connection: sqlite3.Connection, role: str, fingerprint: str) -> TrustEntry:
    item = _read(connection, role, fingerprint)
    (number,) = connection.execute("SELECT id FROM object WHERE sha256 = ?", (fingerprint,)).fetchone()
    place, kind, imported_at, origin = connection.execute(_ORIGIN, {"object": number, "role": role}).fetchone()
    if place == _LISTED:
        pack = read_head(origin)
        return TrustEntry(item, kind, pack.name, pack.imported_at, pack.decisions, pack.origin)
    try:
        kept = read_json(KeptOrigin, origin)
        return TrustEntry(item, kind, kept.source, datetime.fromisoformat(imported_at), kept.decisions)
    except ValueError:
        raise IntegrityBroken("trust-entry-damaged", fingerprint=fingerprint) from None


def _time(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text is not None else None


def _bundle_facts(pack: Pack) -> BundleFacts:
    try:
        days = pack.facts["max_age_days"]
        known = {
            "max_age": None if days is None else timedelta(days=days),
            "taken_at": pack.imported_at,
            "fingerprint": pack.sha256,
        }
        return from_plain(BundleFacts, pack.facts, known=known)
    except (ValueError, KeyError, TypeError, OverflowError):
        raise IntegrityBroken("trust-entry-damaged", fingerprint=pack.sha256) from None


def _cleaned(fingerprint: str) -> str:
    return fingerprint.replace(":", "").replace(" ", "").removesuffix("\N{HORIZONTAL ELLIPSIS}").lower()
