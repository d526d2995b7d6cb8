"""The trust store: the CSCA certificates and revocation lists that inspections believe, each with its origin."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from eid_toolkit.errors import BadInput, IntegrityBroken
from eid_toolkit.home.atomic import private_directory, remove_durably, write_atomic
from eid_toolkit.home.home import CONFIG_NAME, Home
from eid_toolkit.pki.certificate import Certificate, read_pem_or_der
from eid_toolkit.pki.crl import Crl
from eid_toolkit.pki.validation import TrustMaterial
from eid_toolkit.stores.operators import Operator, OperatorStore

SCHEMA = "eid-trust/1"
MAX_FILE = 16 << 20
"""The largest file in bytes that is imported."""


@dataclass(frozen=True, slots=True)
class TrustEntry:
    """One anchor or list, and how it came here."""

    item: Certificate | Crl
    source: str
    imported_at: datetime
    operator: str | None
    signature: bytes | None = None
    """The operator's, over :attr:`statement`; none in a demo home and in an officer's."""

    @property
    def statement(self) -> bytes:
        """What the operator decided: to believe this item, from this source."""
        decided = {
            "schema": SCHEMA,
            "fingerprint": self.item.fingerprint,
            "source": self.source,
            "imported_at": self.imported_at.isoformat(),
            "operator": self.operator,
        }
        return json.dumps(decided, sort_keys=True).encode()

    @property
    def kind(self) -> str:
        """``anchor`` or ``crl``."""
        return "anchor" if isinstance(self.item, Certificate) else "crl"

    def to_json(self) -> dict[str, object]:
        """Stable keys for output and for the file beside the item."""
        origin = {
            "kind": self.kind,
            "fingerprint": self.item.fingerprint,
            "country": self.item.country,
            "source": self.source,
            "imported_at": self.imported_at.isoformat(),
            "operator": self.operator,
            "signature": self.signature.hex() if self.signature else None,
        }
        if isinstance(self.item, Certificate):
            return origin | {
                "subject": self.item.subject.text,
                "not_before": self.item.not_before.isoformat(),
                "not_after": self.item.not_after.isoformat(),
                "specimen": self.item.specimen,
            }
        return origin | {
            "issuer": self.item.issuer.text,
            "number": self.item.number,
            "this_update": self.item.this_update.isoformat(),
            "next_update": self.item.next_update.isoformat() if self.item.next_update else None,
            "revoked": len(self.item.revoked),
        }


class TrustStore:
    """The trust store in ``directory``, which needs no home around it: an officer has nothing else.

    With ``operators``, an anchor is believed on an operator's signature only, unless its fingerprint is among the
    authority's ``own``. Revocation lists need none: an anchor signs them.
    """

    def __init__(
        self, directory: Path, operators: OperatorStore | None = None, own: frozenset[str] = frozenset()
    ) -> None:
        self._directory = directory
        self._operators = operators
        self._own = own

    def import_files(
        self, files: Iterable[tuple[str, bytes]], now: datetime, operator: Operator | None
    ) -> tuple[TrustEntry, ...]:
        """Keep every CSCA certificate and revocation list in PEM or DER files, given by name and content.

        All or nothing. A certificate must be a CA's; a revocation list must be signed by an anchor that is here or
        comes along. Raises :class:`BadInput` otherwise.
        """
        items = [(source, item) for source, data in files for item in _read_items(data)]
        anchors = [item for _, item in items if isinstance(item, Certificate)]
        for anchor in anchors:
            _check_anchor(anchor)
        known = (*self.material().anchors, *anchors)
        for _, item in items:
            if isinstance(item, Crl) and not any(item.is_signed_by(anchor.spki) for anchor in known):
                raise BadInput("trust-crl-of-unknown-authority", issuer=item.issuer.text)
        return tuple(self.add(item, source, now, operator) for source, item in items)

    def add(self, item: Certificate | Crl, source: str, now: datetime, operator: Operator | None) -> TrustEntry:
        """Keep one item; one that is here already keeps its origin."""
        private_directory(self._directory)
        entry = TrustEntry(item, source, now, operator.name if operator else None)
        if operator is not None:
            entry = replace(entry, signature=operator.sign(entry.statement))
        path = self._directory / f"{item.fingerprint}{_SUFFIXES[entry.kind]}"
        if path.exists():
            return self._load(path)
        write_atomic(path.with_suffix(".json"), json.dumps({"schema": SCHEMA, **entry.to_json()}, indent=1).encode())
        write_atomic(path, item.der)
        return entry

    def entries(self) -> tuple[TrustEntry, ...]:
        """Everything that is believed, anchors first, by state."""
        paths = [path for suffix in _SUFFIXES.values() for path in self._directory.glob(f"*{suffix}")]
        found = [self._load(path) for path in paths]
        return tuple(sorted(found, key=lambda entry: (entry.kind, entry.item.country or "", entry.item.fingerprint)))

    def material(self) -> TrustMaterial:
        """What an inspection needs of it; raises :class:`IntegrityBroken` for an anchor that nobody decided on."""
        entries = self.entries()
        for entry in entries:
            self._check_decision(entry)
        items = [entry.item for entry in entries]
        return TrustMaterial(
            tuple(item for item in items if isinstance(item, Certificate)),
            tuple(item for item in items if isinstance(item, Crl)),
        )

    def find(self, fingerprint: str) -> TrustEntry:
        """The entry whose fingerprint begins so; raises :class:`BadInput` unless it is just one."""
        wanted = fingerprint.replace(":", "").lower()
        found = [entry for entry in self.entries() if entry.item.fingerprint.startswith(wanted)]
        if not wanted or len(found) != 1:
            raise BadInput("trust-entry-unknown", fingerprint=fingerprint, matches=len(found))
        return found[0]

    def remove(self, entry: TrustEntry) -> None:
        """Believe it no more."""
        path = self._directory / f"{entry.item.fingerprint}{_SUFFIXES[entry.kind]}"
        remove_durably(path)
        remove_durably(path.with_suffix(".json"))

    def _check_decision(self, entry: TrustEntry) -> None:
        if self._operators is None or entry.kind != "anchor" or entry.item.fingerprint in self._own:
            return
        decided_by = entry.operator or ""
        if not self._operators.verify(decided_by, entry.statement, entry.signature, entry.imported_at):
            raise IntegrityBroken("trust-decision-signature", fingerprint=entry.item.fingerprint)

    def _load(self, path: Path) -> TrustEntry:
        try:
            origin = json.loads(path.with_suffix(".json").read_bytes())
            item = Certificate.parse(path.read_bytes()) if path.suffix == ".cer" else Crl.parse(path.read_bytes())
            if item.fingerprint != path.stem:
                raise IntegrityBroken("trust-entry-damaged", fingerprint=path.stem)
            imported_at = datetime.fromisoformat(origin["imported_at"])
            signature = bytes.fromhex(origin["signature"]) if origin["signature"] else None
            return TrustEntry(item, origin["source"], imported_at, origin["operator"], signature)
        except (OSError, ValueError, KeyError, TypeError, BadInput):
            raise IntegrityBroken("trust-entry-damaged", fingerprint=path.stem) from None


_SUFFIXES = {"anchor": ".cer", "crl": ".crl"}


def open_trust(root: Path) -> TrustStore:
    """The trust store of the home at ``root``, an authority's or an officer's."""
    if not (root / CONFIG_NAME).exists():
        return TrustStore(root / "trust")
    home = Home.open(root)
    if home.config.demo:
        return TrustStore(home.trust)
    own = frozenset(Certificate.parse(path.read_bytes()).fingerprint for path in home.pki.glob("*/csca-*.cer"))
    return TrustStore(home.trust, OperatorStore(home.operators, demo=False), own)


def _read_items(data: bytes) -> list[Certificate | Crl]:
    if len(data) > MAX_FILE:
        raise BadInput("trust-file-too-large", length=len(data), limit=MAX_FILE)
    return [_read_item(label, der) for label, der in read_pem_or_der(data)]


def _read_item(label: str, der: bytes) -> Certificate | Crl:
    """A certificate or a list: as the PEM label says, or by trying."""
    if label == "X509 CRL":
        return Crl.parse(der)
    if label == "CERTIFICATE":
        return Certificate.parse(der)
    try:
        return Certificate.parse(der)
    except BadInput:
        try:
            return Crl.parse(der)
        except BadInput:
            raise BadInput("trust-file-unknown") from None


def _check_anchor(anchor: Certificate) -> None:
    """Real CSCA certificates leave out much, but none is made for signing documents."""
    usage = anchor.extensions.key_usage
    if (usage is not None and "keyCertSign" not in usage) or not (anchor.extensions.is_ca or anchor.self_signed):
        raise BadInput("trust-not-a-csca", subject=anchor.subject.text)
    if anchor.country is None:
        raise BadInput("trust-csca-without-country", subject=anchor.subject.text)
