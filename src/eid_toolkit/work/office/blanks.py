"""Blanks: received, handed out and back, and what two people answer for: vendors, shifts, and the end of single ones.

What takes two is an act on rows alone: their decision is on record, then one transaction does the work with its row.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from typing import TYPE_CHECKING

from eid_toolkit.books.keys.compartments import Compartment
from eid_toolkit.books.staff.roles import Permission
from eid_toolkit.work.office.act import by_two, decide
from eid_toolkit.work.office.office import Office

if TYPE_CHECKING:
    from eid_toolkit.books.register.stock.manifests import Manifest
    from eid_toolkit.books.register.stock.stock_movements import Blank
    from eid_toolkit.books.register.stock.stock_receiving import Receipt, Vendor
    from eid_toolkit.books.register.stock.stock_shifts import Account
    from eid_toolkit.books.staff.operators import Operator
    from eid_toolkit.standards.pki.certificate import Certificate


def accept_vendor(office: Office, name: str, certificate: Certificate, *, instead: bool) -> Vendor:
    """Accept a vendor's manifests if they are signed with this key, ``instead`` of an earlier one."""
    right = by_two(Permission.KEEP_STOCK, second=Permission.WITNESS_STOCK)
    detail = {"fingerprint": certificate.fingerprint, "replace": instead}
    people = decide(office, right, "stock.vendor", name, detail)
    return office.register.stock.receiving.add_vendor(name, certificate, people, instead=instead)


def open_shift(office: Office, station: str, counted: int, scanned: Sequence[str] | None) -> Account:
    """Open a station's shift with the blanks counted, whose serials were ``scanned``."""
    people = _who_counted(office, "open", station, counted, scanned, {})
    return office.register.stock.shifts.open(station, counted, people, scanned)


def close_shift(
    office: Office, station: str, counted: int, scanned: Sequence[str] | None, missing: Sequence[str]
) -> Account:
    """Close a station's shift, with the serials recorded as ``missing``."""
    people = _who_counted(office, "close", station, counted, scanned, {"missing": list(missing)})
    office.keys.unlock(Compartment.AUDIT)  # signs the audit log's head; nobody is asked while the register waits
    return office.register.stock.shifts.close(station, counted, people, scanned, missing)


def receive(office: Office, manifest: Manifest, station: str | None) -> Receipt:
    """The blanks of a vendor's manifest come into the store, and on to a ``station`` if one is named."""
    return office.register.stock.receiving.receive(manifest, office.operator(Permission.KEEP_STOCK), station)


def hand_out(office: Office, station: str, serials: Sequence[str], count: int) -> Sequence[Blank]:
    """Blanks go to a station: those named, or ``count`` of the store's."""
    return office.register.stock.hand_out(station, office.operator(Permission.KEEP_STOCK), serials, count)


def hand_back(office: Office, serials: Sequence[str]) -> Sequence[Blank]:
    """Blanks go back to the store."""
    return office.register.stock.hand_back(serials, office.operator(Permission.KEEP_STOCK))


def spoil(office: Office, serial: str, reason: str) -> Blank:
    """A blank is spoiled."""
    return office.register.stock.spoil(serial, reason, _who_saw(office, "spoil", [serial], reason, Permission.SPOIL))


def destroy(office: Office, serials: Sequence[str], reason: str) -> Sequence[Blank]:
    """Two people have destroyed blanks."""
    return office.register.stock.destroy(serials, reason, _who_saw(office, "destroy", serials, reason))


def miss(office: Office, serials: Sequence[str], reason: str) -> Sequence[Blank]:
    """Blanks are missing."""
    return office.register.stock.miss(serials, reason, _who_saw(office, "miss", serials, reason))


def find(office: Office, serial: str, reason: str) -> Blank:
    """A missing blank was found; it counts as spoiled."""
    return office.register.stock.find(serial, reason, _who_saw(office, "find", [serial], reason))


def _who_counted(
    office: Office,
    action: str,
    station: str,
    counted: int,
    scanned: Sequence[str] | None,
    more: dict[str, list[str]],
) -> tuple[Operator, ...]:
    from eid_toolkit.books.register.stock.stock_movements import clean_station
    from eid_toolkit.books.register.stock.stock_shifts import FIRST

    listed = "\n".join(sorted(scanned)).encode() if scanned is not None else None
    detail = {"counted": counted, "serials_sha256": sha256(listed).hexdigest() if listed is not None else None, **more}
    right = by_two(*FIRST, second=Permission.WITNESS_STOCK)
    return decide(office, right, f"stock.{action}", clean_station(station), detail)


def _who_saw(
    office: Office, action: str, serials: Sequence[str], reason: str, first: Permission = Permission.KEEP_STOCK
) -> tuple[Operator, ...]:
    from eid_toolkit.books.ledger.reasons import clean_reason

    detail = {"serials": list(serials), "reason": clean_reason(reason)}
    subject = serials[0] if len(serials) == 1 else f"{len(serials)} blanks"
    return decide(office, by_two(first, second=Permission.WITNESS_STOCK), f"stock.{action}", subject, detail)
