"""The trust store: the CSCA certificates and lists that inspections believe, each with its origin.

What is given singly lies in two files, the object named by its SHA-256 and its origin beside it; what a list, a
directory or a bundle brought lies in one pack (:mod:`eid_toolkit.stores.trust_packs`).
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from eid_toolkit.errors import BadInput, IntegrityBroken
from eid_toolkit.home.atomic import private_directory, remove_durably, write_atomic
from eid_toolkit.home.home import CONFIG_NAME, Home
from eid_toolkit.pki.certificate import Certificate
from eid_toolkit.pki.crl import Crl
from eid_toolkit.pki.deviation_list import DeviationList
from eid_toolkit.pki.document_status import StatusList, StolenBlanks
from eid_toolkit.pki.trust_material import BundleFacts, TrustMaterial
from eid_toolkit.stores.operators import Operator, OperatorStore
from eid_toolkit.stores.trust_decisions import check_entry, check_packs
from eid_toolkit.stores.trust_entry import SCHEMA, Decision, TrustEntry, kind_of_certificate
from eid_toolkit.stores.trust_import import Plan, Planner
from eid_toolkit.stores.trust_packs import Pack, PackFolder, Role
from eid_toolkit.stores.trust_sources import MAX_FILE, Sources, read_bytes

__all__ = ["MAX_FILE", "SCHEMA", "TrustEntry", "TrustStore", "open_trust"]

_SUFFIXES = {"anchor": ".cer", "link": ".cer", "crl": ".crl"}
_REMOVED = ".removed"
OWN_REPORTS = "own-reports.list"
"""What the register of this very home reports of documents: no pack, for nobody brought it in."""


class TrustStore:
    """The trust store in ``directory``, which needs no home around it: an officer has nothing else.

    With ``operators``, an anchor is believed on two operators' signatures only, unless its fingerprint is among the
    authority's ``own``. Revocation lists and links need none: an anchor signs them.
    """

    def __init__(
        self, directory: Path, operators: OperatorStore | None = None, own: frozenset[str] = frozenset()
    ) -> None:
        self.directory = directory
        self.packs = PackFolder(directory)
        self.own = own
        self._operators = operators

    # Coming in.

    def plan(self, sources: Sources, now: datetime, accepted: frozenset[str] = frozenset()) -> Plan:
        """What importing ``sources`` would come to; ``accepted`` are fingerprints of list signers, or of bare lists."""
        known = {entry.fingerprint for entry in self.entries()} | {pack.sha256 for pack in self.packs.all()}
        planner = Planner(self.material(), frozenset(known), self._removed(), accepted)
        return planner.plan(sources, now)

    def carry_out(
        self, plan: Plan, operator: Operator | None = None, second: Operator | None = None
    ) -> tuple[TrustEntry, ...]:
        """Keep what a plan takes: lists and directories each whole or not at all. Returns what is new here."""
        deciders = [each for each in (operator, second) if each is not None]
        taken = [self._keep(entry, deciders) for entry in plan.entries]
        before = {entry.fingerprint for entry in self.entries()}
        for pack in plan.packs:
            self.packs.write(pack.signed_by(deciders))
        return (*taken, *(entry for entry in self.entries() if entry.fingerprint not in before))

    def import_files(
        self, files: Iterable[tuple[str, bytes]], now: datetime, operator: Operator | None
    ) -> tuple[TrustEntry, ...]:
        """Keep every CSCA certificate, link and list in files, given by name and content.

        Raises :class:`BadInput` for a file of which nothing can be taken: then nothing of any file is.
        """
        sources = Sources()
        for name, data in files:
            read_bytes(sources, name, data)
        plan = self.plan(sources, now)
        plan.check()
        return self.carry_out(plan, operator)

    def add(
        self,
        item: Certificate | Crl,
        source: str,
        now: datetime,
        operator: Operator | None,
        second: Operator | None = None,
    ) -> TrustEntry:
        """Keep one item; one that is here already keeps its origin."""
        kind = "crl" if isinstance(item, Crl) else kind_of_certificate(item) or "anchor"
        deciders = [each for each in (operator, second) if each is not None]
        return self._keep(TrustEntry(item, kind, source, now), deciders)

    def _keep(self, entry: TrustEntry, deciders: Iterable[Operator]) -> TrustEntry:
        private_directory(self.directory)
        decisions = tuple(Decision(each.name, each.sign(entry.statement(each.name))) for each in deciders)
        entry = replace(entry, decisions=decisions)
        path = self.directory / f"{entry.fingerprint}{_SUFFIXES[entry.kind]}"
        if path.exists():
            return self._load(path)
        write_atomic(path.with_suffix(".json"), json.dumps({"schema": SCHEMA, **entry.to_json()}, indent=1).encode())
        write_atomic(path, entry.item.der)
        path.with_suffix(_REMOVED).unlink(missing_ok=True)
        return entry

    # What is here.

    def entries(self) -> tuple[TrustEntry, ...]:
        """Everything that is believed once each, anchors first, by state."""
        return self._entries(self.packs.all())

    def _entries(self, packs: Iterable[Pack]) -> tuple[TrustEntry, ...]:
        removed = self._removed()
        found = {entry.fingerprint: entry for entry in self._singly()}
        for entry in (entry for pack in packs for entry in pack.entries()):
            if entry.fingerprint not in removed:
                found.setdefault(entry.fingerprint, entry)
        order = sorted(found.values(), key=lambda entry: (entry.kind, entry.item.country or "", entry.fingerprint))
        return tuple(order)

    def material(self) -> TrustMaterial:
        """What an inspection needs of it; raises :class:`IntegrityBroken` for an anchor that nobody decided on."""
        packs = self.packs.all()
        entries = self._entries(packs)
        if self._operators is not None:
            singly = [entry for entry in entries if entry.listed_in is None]
            for entry in singly:
                check_entry(entry, self._operators, self.own)
            check_packs(packs, singly, self._operators)
        certificates = [(entry.kind, entry.item) for entry in entries if isinstance(entry.item, Certificate)]
        return TrustMaterial(
            anchors=tuple(item for kind, item in certificates if kind == "anchor"),
            links=tuple(item for kind, item in certificates if kind == "link"),
            crls=tuple(entry.item for entry in entries if isinstance(entry.item, Crl)),
            deviation_lists=tuple(entry.item for entry in entries if isinstance(entry.item, DeviationList)),
            signers=tuple(data for pack in packs for data in pack.data_of(Role.SIGNER)),
            bundle=next((_bundle_facts(pack) for pack in packs if pack.kind == "bundle"), None),
            status_lists=(
                *(StatusList.stored(data) for pack in packs for data in pack.data_of(Role.STATUS_LIST)),
                *self.own_reports(),
            ),
            stolen_blanks=tuple(
                StolenBlanks.parse(data) for pack in packs for data in pack.data_of(Role.STOLEN_BLANKS)
            ),
        )

    def own_reports(self) -> tuple[StatusList, ...]:
        """What the register of this home itself reports; nothing in an officer's home."""
        try:
            return (StatusList.stored((self.directory / OWN_REPORTS).read_bytes()),)
        except FileNotFoundError:
            return ()
        except BadInput:
            raise IntegrityBroken("own-reports-damaged", file=OWN_REPORTS) from None

    def set_own_reports(self, reports: StatusList) -> None:
        """Keep what the register reports, for inspections in this home."""
        write_atomic(private_directory(self.directory) / OWN_REPORTS, reports.encoded)

    def find(self, fingerprint: str) -> TrustEntry:
        """The entry whose fingerprint begins so; raises :class:`BadInput` unless it is just one."""
        wanted = _cleaned(fingerprint)
        found = [entry for entry in self.entries() if entry.fingerprint.startswith(wanted)]
        if not wanted or len(found) != 1:
            raise BadInput("trust-entry-unknown", fingerprint=fingerprint, matches=len(found))
        return found[0]

    def find_list(self, sha256: str) -> Pack | None:
        """The list, directory or bundle whose SHA-256 begins so, if it is just one."""
        wanted = _cleaned(sha256)
        found = [pack for pack in self.packs.all() if wanted and pack.sha256.startswith(wanted)]
        return found[0] if len(found) == 1 else None

    # Going out.

    def remove(self, entry: TrustEntry) -> None:
        """Believe it no more, also if lists hold it, now or later; importing it singly takes it back."""
        path = self.directory / f"{entry.fingerprint}{_SUFFIXES.get(entry.kind, '.none')}"
        if any(entry.fingerprint == member.fingerprint for pack in self.packs.all() for member in pack.members):
            write_atomic(path.with_suffix(_REMOVED), b"")
        if path.exists():
            remove_durably(path)
            remove_durably(path.with_suffix(".json"))

    def remove_list(self, pack: Pack) -> None:
        """Believe nothing any more for this list's sake; what also came otherwise stays."""
        self.packs.remove(pack)

    def _singly(self) -> list[TrustEntry]:
        suffixes = dict.fromkeys(_SUFFIXES.values())
        return [self._load(path) for suffix in suffixes for path in self.directory.glob(f"*{suffix}")]

    def _removed(self) -> frozenset[str]:
        return frozenset(path.stem for path in self.directory.glob(f"*{_REMOVED}"))

    def _load(self, path: Path) -> TrustEntry:
        try:
            origin = json.loads(path.with_suffix(".json").read_bytes())
            item = Certificate.parse(path.read_bytes()) if path.suffix == ".cer" else Crl.parse(path.read_bytes())
            if item.fingerprint != path.stem:
                raise IntegrityBroken("trust-entry-damaged", fingerprint=path.stem)
            imported_at = datetime.fromisoformat(origin["imported_at"])
            # Before two operators had to decide, one decision stood in the file itself.
            decided = origin.get("decisions") or ([origin] if origin["operator"] else [])
            decisions = tuple(map(Decision.from_json, decided))
            return TrustEntry(item, origin["kind"], origin["source"], imported_at, decisions)
        except (OSError, ValueError, KeyError, TypeError, BadInput):
            raise IntegrityBroken("trust-entry-damaged", fingerprint=path.stem) from None


def open_trust(root: Path) -> TrustStore:
    """The trust store of the home at ``root``, an authority's or an officer's."""
    if not (root / CONFIG_NAME).exists():
        return TrustStore(root / "trust")
    home = Home.open(root)
    if home.config.demo:
        return TrustStore(home.trust)
    own = frozenset(Certificate.parse(path.read_bytes()).fingerprint for path in home.pki.glob("*/csca-*.cer"))
    return TrustStore(home.trust, OperatorStore(home.operators, demo=False), own)


def _bundle_facts(pack: Pack) -> BundleFacts:
    try:
        days = pack.facts["max_age_days"]
        return BundleFacts(
            int(pack.facts["version"]),
            datetime.fromisoformat(pack.facts["issued_at"]),
            str(pack.facts["authority"]),
            None if days is None else timedelta(days=days),
            bool(pack.facts["allow_bac"]),
        )
    except (KeyError, ValueError, TypeError):
        raise IntegrityBroken("trust-entry-damaged", fingerprint=pack.sha256) from None


def _cleaned(fingerprint: str) -> str:
    return fingerprint.replace(":", "").replace(" ", "").lower()
