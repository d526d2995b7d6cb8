"""What is told of a vendor's key, in whatever state it is: never the key."""

from __future__ import annotations

from eid_toolkit.books.register.stock.vendor_keys import (
    Batch,
    DestroyedKey,
    KeyRequest,
    Terms,
    UnfinishedImport,
    VendorKey,
    VendorKeys,
)


def row_of(record: VendorKey | KeyRequest | UnfinishedImport | DestroyedKey, records: VendorKeys) -> dict[str, object]:
    """Stable keys for output; ``records`` has the components of an unfinished import."""
    match record:
        case VendorKey():
            known = _of_key(record.terms, len(record.key), record.way, record.operators)
            return _row(record.of, "active", record.imported_at.isoformat(), **known)
        case DestroyedKey():
            known = _of_key(record.terms, record.size, record.way, record.operators)
            known |= {"destroyed_at": record.destroyed_at.isoformat(), "destroyed_by": list(record.destroyed_by)}
            return _row(record.of, "destroyed", record.imported_at.isoformat(), **known)
        case UnfinishedImport():
            parts = records.components_of(record.of)
            known = _of_key(record.terms, None, "components", tuple(part.operator for part in parts))
            known |= {"components": record.components, "typed": [part.number for part in parts]}
            return _row(record.of, "incomplete", record.began_at.isoformat(), **known)
        case KeyRequest():
            known = {"algorithm": record.kind, "fingerprint": record.fingerprint, "operators": [record.operator]}
            return _row(record.of, "requested", record.requested_at.isoformat(), **known)


def _of_key(terms: Terms, size: int | None, way: str, operators: tuple[str, ...]) -> dict[str, object]:
    return {
        "bits": None if size is None else 8 * size,
        "check_value": terms.check_value.hex().upper(),
        "method": str(terms.method),
        "diversification": str(terms.diversification),
        "way": way,
        "operators": list(operators),
    }


def _row(batch: Batch, state: str, since: str, **known: object) -> dict[str, object]:
    empty = (
        "bits",
        "check_value",
        "method",
        "diversification",
        "way",
        "algorithm",
        "fingerprint",
        "components",
        "typed",
    )
    row: dict[str, object] = {"vendor": batch.vendor, "batch": batch.batch, "state": state, "since": since}
    row |= dict.fromkeys((*empty, "operators", "destroyed_at", "destroyed_by"))
    return row | known
