"""Blanks come in: vendors whose signature stands on their manifests, and the manifests that they sent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, insert, select

from eid_toolkit.books.audit.log import AuditEvent, append
from eid_toolkit.books.audit.states import change, create, ever_told, hold
from eid_toolkit.books.ledger.database import Database, lock
from eid_toolkit.books.ledger.identifiers import new_identifier
from eid_toolkit.books.ledger.kinds import BLANKS, MANIFESTS, VENDORS
from eid_toolkit.books.ledger.schema import blank, blank_movement, manifest, vendor
from eid_toolkit.books.ledger.stored import stored
from eid_toolkit.books.ledger.workflow import BLANK
from eid_toolkit.books.register.stock.manifests import Manifest, clean_name, places
from eid_toolkit.books.register.stock.stock_movements import RECEIVE, STORE, Blank, chunks, clean_station, move
from eid_toolkit.books.staff.operators import Operator
from eid_toolkit.books.staff.roles import Permission
from eid_toolkit.books.staff.two_people import require_two
from eid_toolkit.ground.errors import BadInput, IntegrityBroken, NotPermitted
from eid_toolkit.ground.ports import Clock, Entropy
from eid_toolkit.standards.pki.certificate import Certificate
from eid_toolkit.standards.pki.cms import verify_signed_data


@dataclass(frozen=True, slots=True)
class Vendor:
    """Who makes blanks, and by which certificate's key their manifests are signed."""

    name: str
    certificate: Certificate
    added_at: datetime
    operator: str

    def to_json(self) -> dict[str, object]:
        """Stable keys for output."""
        return {
            "name": self.name,
            "subject": self.certificate.subject.text,
            "fingerprint": self.certificate.fingerprint,
            "not_after": self.certificate.not_after.isoformat(),
            "added_at": self.added_at.isoformat(),
            "operator": self.operator,
        }


@dataclass(frozen=True, slots=True)
class Receipt:
    """A delivery that is in the register."""

    id: str
    vendor: str
    batch: str
    sha256: str
    signer: str | None
    """The fingerprint of the vendor's certificate; None where nobody answers for the manifest."""
    blanks: int
    station: str | None

    def to_json(self) -> dict[str, object]:
        """Stable keys for output."""
        return {
            "schema": "eid-stock-receipt/1",
            "manifest": self.id,
            "vendor": self.vendor,
            "batch": self.batch,
            "sha256": self.sha256,
            "signed": self.signer is not None,
            "signer": self.signer,
            "blanks": self.blanks,
            "station": self.station,
        }


class Receiving:
    """The vendors and manifests of one register."""

    def __init__(self, database: Database, clock: Clock, entropy: Entropy) -> None:
        self._database = database
        self._clock = clock
        self._entropy = entropy

    def add_vendor(
        self, name: str, certificate: Certificate, people: Sequence[Operator], *, instead: bool = False
    ) -> Vendor:
        """From now on the vendor signs, with this certificate's key, ``instead`` of an earlier one's.

        Raises :class:`NotPermitted` for a vendor who has a certificate that is not to be replaced.
        """
        require_two(people, "stock.vendor", (Permission.KEEP_STOCK,), Permission.WITNESS_STOCK)
        name, now = clean_name(name, "vendor"), self._clock.now()
        if not certificate.is_valid_at(now):
            raise NotPermitted("vendor-certificate-not-valid", vendor=name)
        row = {"name": name, "certificate": certificate.der, "added_at": now, "operator": people[0].name}
        with self._database.write() as connection:
            lock(connection, "receiving")
            before = _find_vendor(connection, name)
            if before is not None and not instead:
                raise NotPermitted("vendor-exists", vendor=before.name)
            name = name if before is None else before.name
            detail = {"fingerprint": certificate.fingerprint, "instead_of": before and before.certificate.fingerprint}
            append(connection, now, people[0], [AuditEvent("stock.vendor-added", name, detail)])
            if before is None:
                create(connection, VENDORS, [row], "added", people[0], now)
            else:
                change(connection, VENDORS, [name], {**row, "name": name}, "replaced", people[0], now)
        return Vendor(name, certificate, now, people[0].name)

    def vendors(self) -> tuple[Vendor, ...]:
        """All vendors who sign, by name."""
        with self._database.read() as connection:
            return _vendors(connection)

    def receive(self, delivered: Manifest, operator: Operator, station: str | None = None) -> Receipt:
        """Take the blanks of a manifest into the store, or to a station, all or none.

        Raises :class:`NotPermitted` for a manifest that was received before, or that is not signed as its vendor
        signs, :class:`IntegrityBroken` for a wrong signature, :class:`BadInput` with the places of blanks that are in
        the register.
        """
        operator.require(Permission.KEEP_STOCK)
        if station is not None:
            clean_station(station)
        now = self._clock.now()
        identifier = new_identifier("M", self._entropy)
        with self._database.write() as connection:
            lock(connection, "receiving")
            if station is not None:
                lock(connection, "station", STORE, station)
            known = connection.execute(select(manifest.c.id).where(manifest.c.sha256 == delivered.sha256)).scalar()
            if known is not None:
                raise NotPermitted("manifest-received-already", manifest=known)
            by = _find_vendor(connection, delivered.vendor)
            signer = _signer(delivered, by, now)
            _check_new(connection, delivered)
            receipt = Receipt(
                identifier,
                by.name if by is not None else delivered.vendor,
                delivered.batch,
                delivered.sha256,
                signer,
                len(delivered.blanks),
                station,
            )
            blanks = _insert(connection, receipt, delivered, operator, now)
            if station is not None:
                move(connection, blanks, "hand-out", operator, now, station=station)
        return receipt


def _insert(
    connection: Connection, receipt: Receipt, delivered: Manifest, operator: Operator, now: datetime
) -> list[Blank]:
    row = {
        "id": receipt.id,
        "sha256": receipt.sha256,
        "vendor": receipt.vendor,
        "batch": receipt.batch,
        "signer": receipt.signer,
        "blanks": receipt.blanks,
        "received_at": now,
        "operator": operator.name,
    }
    told = {"vendor": receipt.vendor, "batch": receipt.batch, "sha256": receipt.sha256, "signer": receipt.signer}
    create(connection, MANIFESTS, [row], "received", operator, now)
    common = {"manifest_id": receipt.id, "state": BLANK.initial, "moves": 1, "updated_at": now}
    blanks = [{"serial": listed.serial, "chip": listed.chip, **common} for listed in delivered.blanks]
    create(connection, BLANKS, blanks, RECEIVE, operator, now)
    first = {"position": 1, "action": RECEIVE, "after": BLANK.initial, "moved_at": now, "operator": operator.name}
    connection.execute(insert(blank_movement), [{"serial": listed.serial, **first} for listed in delivered.blanks])
    events = [AuditEvent("stock.received", receipt.id, {**told, "blanks": receipt.blanks})]
    serials = (listed.serial for listed in delivered.blanks)
    events += [AuditEvent("stock.receive", receipt.id, {"serials": part}) for part in chunks(serials)]
    append(connection, now, operator, events)
    return [
        Blank(listed.serial, listed.chip, BLANK.initial, None, None, None, receipt.id, now, moves=1)
        for listed in delivered.blanks
    ]


def _signer(delivered: Manifest, by: Vendor | None, now: datetime) -> str | None:
    """Who answers for the manifest; raises if its signature is not as its vendor's should be."""
    if by is None:
        if delivered.signed is not None:
            raise NotPermitted("vendor-unknown", vendor=delivered.vendor)
        return None
    if delivered.signed is None:
        raise NotPermitted("manifest-not-signed", vendor=by.name)
    if not by.certificate.is_valid_at(now):
        raise NotPermitted("vendor-certificate-not-valid", vendor=by.name)
    try:
        good = verify_signed_data(delivered.signed, by.certificate.der)
    except BadInput:  # a key or algorithm that cannot be used
        good = False
    if not good:
        raise IntegrityBroken("manifest-signature-wrong")
    return by.certificate.fingerprint


def _check_new(connection: Connection, delivered: Manifest) -> None:
    """Raises :class:`BadInput` with the places of serials and chips that the register has already."""
    serials: set[str] = set()
    for part in chunks(each.serial for each in delivered.blanks):
        serials |= set(connection.execute(select(blank.c.serial).where(blank.c.serial.in_(part))).scalars())
    chips: set[str] = set()
    for part in chunks(each.chip for each in delivered.blanks):
        chips |= set(connection.execute(select(blank.c.chip).where(blank.c.chip.in_(part))).scalars())
    known = [each.place for each in delivered.blanks if each.serial in serials or each.chip in chips]
    if known:
        raise BadInput("manifest-blanks-known", count=len(known), places=places(known))


def _find_vendor(connection: Connection, name: str) -> Vendor | None:
    """The vendor of that name, whatever the letter case."""
    hold(connection, VENDORS, ever_told(connection, VENDORS))
    return next((each for each in _vendors(connection) if each.name.casefold() == name.casefold()), None)


def _vendors(connection: Connection) -> tuple[Vendor, ...]:
    rows = connection.execute(select(vendor).order_by(vendor.c.name))
    return tuple(
        Vendor(
            row.name,
            stored(Certificate.parse, row.certificate, "the certificate of a vendor"),
            row.added_at,
            row.operator,
        )
        for row in rows
    )
