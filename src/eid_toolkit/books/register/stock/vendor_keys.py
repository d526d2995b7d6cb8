"""The transport keys of vendors, one for each batch: sealed in the key store together with what is known of them.

A record is JSON in the place of a symmetric key, so whoever lacks the key store can neither read nor change it. Its
name follows from vendor and batch, whatever their letter case; what is left of a destroyed key has a name of its own.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Annotated, TypeVar

from eid_toolkit.books.keys.keys import KeyStore
from eid_toolkit.books.keys.transport_pairs import TransportPair
from eid_toolkit.ground.errors import BadInput, IntegrityBroken, KeyMissing
from eid_toolkit.ground.plain_values import Form, Hex, UtcTime, read_json, to_plain
from eid_toolkit.ground.secret import Secret
from eid_toolkit.standards.crypto.check_values import CheckValue, has_check_value
from eid_toolkit.standards.crypto.key_components import MOST, combine, require_strong
from eid_toolkit.standards.protocols.globalplatform import FACTORY_KEY_VERSION
from eid_toolkit.standards.protocols.key_diversification import DiversificationVector, Scheme, diversify
from eid_toolkit.standards.protocols.scp03 import KeySet

SCHEMA = "eid-vendor-key/1"
_KEY, _IMPORT, _PART, _REQUEST, _GONE = (f"vendor-{kind}-" for kind in ("key", "import", "part", "request", "gone"))
_DIGITS = 24
"""Of the hash in a name: a key's name has 40 characters at the most."""

_Record = TypeVar("_Record")
_Sealed = Annotated[Secret, Form(lambda text: Secret(bytes.fromhex(text)), lambda secret: secret.reveal().hex())]


@dataclass(frozen=True, slots=True)
class Batch:
    """Whose blanks, and which of them: both as in the vendor's manifests."""

    vendor: str
    batch: str

    @property
    def subject(self) -> str:
        """What the audit log calls it; no name has a comma."""
        return f"{self.vendor}, {self.batch}"

    @property
    def digits(self) -> str:
        """What tells its records in the key store from others."""
        named = json.dumps([self.vendor.casefold(), self.batch.casefold()])
        return sha256(named.encode()).hexdigest()[:_DIGITS]


@dataclass(frozen=True, slots=True)
class Terms:
    """What the vendor says of a key: its check value, how it is computed, and how chips' keys follow from it."""

    check_value: Hex
    method: CheckValue = CheckValue.GLOBALPLATFORM
    diversification: Scheme = Scheme.NONE
    vector: DiversificationVector | None = None

    def __post_init__(self) -> None:
        if self.diversification.needs_vector and self.vector is None:
            raise BadInput("key-vector-needed", scheme=str(self.diversification))

    def require(self, key: Secret, *, specimen: bool) -> None:
        """Raises :class:`BadInput` unless ``key`` is the one that the vendor means, and is fit to be used."""
        require_strong(key, specimen=specimen)
        if not has_check_value(key, self.check_value, self.method):
            raise BadInput("card-key-check-value-wrong")
        diversify(key, bytes(10), FACTORY_KEY_VERSION, self.diversification)  # a length that the scheme lacks
        if self.vector is not None:
            self.vector.require(key, self.diversification, FACTORY_KEY_VERSION)


@dataclass(frozen=True, slots=True, eq=False)
class VendorKey:
    """A key that opens the blanks of one batch."""

    of: Batch
    terms: Terms
    key: _Sealed
    way: str
    """How it came: by ``components`` or ``wrapped``."""
    imported_at: UtcTime
    operators: tuple[str, ...]

    def of_chip(self, chip_identity: bytes) -> KeySet:
        """The keys of one blank."""
        return diversify(self.key, chip_identity, FACTORY_KEY_VERSION, self.terms.diversification)


@dataclass(frozen=True, slots=True)
class DestroyedKey:
    """What is kept of a key that was destroyed."""

    of: Batch
    terms: Terms
    size: int
    """Of the key, in bytes."""
    way: str
    imported_at: UtcTime
    operators: tuple[str, ...]
    destroyed_at: UtcTime
    destroyed_by: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class UnfinishedImport:
    """An import by components that lacks some of them."""

    of: Batch
    terms: Terms
    components: int
    began_at: UtcTime
    operator: str


@dataclass(frozen=True, slots=True, eq=False)
class KeptComponent:
    """One component that was typed, and by whom."""

    number: int
    component: _Sealed
    operator: str
    typed_at: UtcTime


@dataclass(frozen=True, slots=True, eq=False)
class KeyRequest:
    """A key pair for whose public half a vendor is to wrap the key of one batch."""

    of: Batch
    kind: str
    private: _Sealed
    public: Hex
    requested_at: UtcTime
    operator: str

    @property
    def fingerprint(self) -> str:
        """SHA-256 over the public half (SubjectPublicKeyInfo in DER), in hex."""
        return sha256(self.public).hexdigest()

    @property
    def pair(self) -> TransportPair:
        """The key pair."""
        return TransportPair(self.private, self.public)


class VendorKeys:
    """The records in a key store. What creates one is called within an act, which alone has a name destroyed.

    A key store remembers what it has opened. But for :meth:`opening`, what is there is asked anew each time, for
    another process may have destroyed it meanwhile.
    """

    def __init__(self, keys: KeyStore) -> None:
        self._keys = keys

    def opening(self, batch: Batch) -> VendorKey | None:
        """The key of a batch for one who opens its blanks, or None."""
        return self._open(VendorKey, _KEY + batch.digits)

    def find(self, batch: Batch) -> VendorKey | None:
        """The key of a batch, or None."""
        return self._read(VendorKey, _KEY + batch.digits)

    def request_of(self, batch: Batch) -> KeyRequest | None:
        """The request that no key has come for, or None."""
        return self._read(KeyRequest, _REQUEST + batch.digits)

    def import_of(self, batch: Batch) -> UnfinishedImport | None:
        """The import by components that is not finished, or None."""
        return self._read(UnfinishedImport, _IMPORT + batch.digits)

    def known_as(self, batch: Batch) -> Batch:
        """The batch as it was named first, in whatever letter case it is named now."""
        records = (self.find(batch), self.request_of(batch), self.import_of(batch))
        return next((record.of for record in records if record is not None), batch)

    def components_of(self, batch: Batch) -> tuple[KeptComponent, ...]:
        """The components that are here, in order."""
        parts = (self._read(KeptComponent, name) for name in _part_names(batch))
        return tuple(part for part in parts if part is not None)

    def keep(self, record: VendorKey | KeyRequest | UnfinishedImport) -> None:
        """A new record; raises :class:`NotPermitted` if the batch has one of that kind."""
        kinds = {VendorKey: _KEY, KeyRequest: _REQUEST, UnfinishedImport: _IMPORT}
        self._keep(kinds[type(record)] + record.of.digits, record)

    def keep_component(self, batch: Batch, part: KeptComponent) -> None:
        """One more component; raises :class:`NotPermitted` if it is there."""
        self._keep(f"{_PART}{batch.digits}-{part.number}", part)

    def keep_destroyed(self, record: DestroyedKey) -> None:
        """What is to be known of a key whose destruction is under way."""
        told = sha256(_encoded(record).reveal()).hexdigest()
        self._keep(_GONE + told[:_DIGITS], record)

    def names_of(self, batch: Batch) -> tuple[str, ...]:
        """What the key store has of a batch, by name: all of this is to go when the key does."""
        possible = (*(kind + batch.digits for kind in (_KEY, _REQUEST, _IMPORT)), *_part_names(batch))
        return tuple(name for name in possible if self._is_there(name))

    def name_of_request(self, batch: Batch) -> str:
        """The name of the request's private key."""
        return _REQUEST + batch.digits

    def names_of_import(self, batch: Batch) -> tuple[str, ...]:
        """The names of an import by components: all of it goes when the key is whole, or is none."""
        return tuple(name for name in (_IMPORT + batch.digits, *_part_names(batch)) if self._is_there(name))

    def all(self) -> Iterator[VendorKey | KeyRequest | UnfinishedImport | DestroyedKey]:
        """Every record but for the single components."""
        kinds: Sequence[tuple[str, type[VendorKey | KeyRequest | UnfinishedImport | DestroyedKey]]] = (
            (_KEY, VendorKey), (_REQUEST, KeyRequest), (_IMPORT, UnfinishedImport), (_GONE, DestroyedKey),
        )  # fmt: skip
        for name in self._keys.names():
            for prefix, kind in kinds:
                if name.startswith(prefix) and (record := self._read(kind, name)) is not None:
                    yield record

    def _is_there(self, name: str) -> bool:
        return name in self._keys.names()

    def _keep(self, name: str, record: object) -> None:
        self._keys.create_symmetric(name, _encoded(record))

    def _read(self, kind: type[_Record], name: str) -> _Record | None:
        return self._open(kind, name) if self._is_there(name) else None

    def _open(self, kind: type[_Record], name: str) -> _Record | None:
        try:
            return read_json(kind, self._keys.symmetric(name).reveal(), SCHEMA)
        except KeyMissing:
            return None
        except ValueError:
            raise IntegrityBroken("key-store-damaged", file=name) from None


def whole_key(parts: Iterable[KeptComponent]) -> Secret:
    """The key of all its components; raises as :func:`combine`."""
    return combine([part.component for part in parts])


def _part_names(batch: Batch) -> tuple[str, ...]:
    return tuple(f"{_PART}{batch.digits}-{number}" for number in range(1, MOST + 1))


def _encoded(record: object) -> Secret:
    return Secret(json.dumps({"schema": SCHEMA, **to_plain(record)}).encode())
