"""Which keys open a card's security domain: the transport keys of blanks, or those diversified for one chip."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from eid_toolkit.books.keys.card_masters import master_name, master_versions
from eid_toolkit.books.keys.keys import TRANSPORT_KEY, KeyStore
from eid_toolkit.books.register.stock.stock import Stock
from eid_toolkit.books.register.stock.vendor_keys import Batch, VendorKeys
from eid_toolkit.ground.errors import AccessDenied
from eid_toolkit.ground.secret import Secret
from eid_toolkit.standards.protocols.globalplatform import FACTORY_KEY_VERSION
from eid_toolkit.standards.protocols.key_diversification import Scheme, diversify, diversify_by
from eid_toolkit.standards.protocols.scp03 import KeySet

KEY_SIZE = 16
"""Bytes of a chip's own keys."""


class TransportKeys(Protocol):
    """Opens blanks."""

    def of_blank(self, chip_identity: bytes, /) -> KeySet:
        """The keys with which the blank was delivered."""
        ...

    def refused(self, chip_identity: bytes, /) -> AccessDenied | None:
        """What to tell of a blank that has other keys, where more is known than that."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class StockTransportKeys:
    """By the manifest that a blank came with: its vendor's key for the batch, else the home's own transport key."""

    own: Secret
    vendors: VendorKeys
    stock: Stock

    def of_blank(self, chip_identity: bytes, /) -> KeySet:
        """The keys of the blank by its vendor's diversification, or the home's own one as ENC, MAC and DEK."""
        origin = self._origin(chip_identity)
        key = None if origin is None else self.vendors.opening(origin)
        if key is not None:
            return key.of_chip(chip_identity)
        return diversify(self.own, chip_identity, FACTORY_KEY_VERSION, Scheme.NONE)

    def refused(self, chip_identity: bytes, /) -> AccessDenied | None:
        """Whose key is missing, or does not fit."""
        origin = self._origin(chip_identity)
        if origin is None:
            return None
        key = self.vendors.opening(origin)
        if key is None:
            return AccessDenied("vendor-key-missing", vendor=origin.vendor, batch=origin.batch)
        scheme = str(key.terms.diversification)
        return AccessDenied("vendor-key-not-of-blank", vendor=origin.vendor, batch=origin.batch, scheme=scheme)

    def _origin(self, chip_identity: bytes) -> Batch | None:
        return self.stock.origin_of(chip_identity.hex())


@dataclass(frozen=True, slots=True, eq=False)
class CardKeys:
    """The keys by which a bureau opens cards."""

    transport: TransportKeys
    masters: Mapping[int, Callable[[bytes], bytes]]
    """AES-CMAC by each card-master key, from which chips' own keys follow; in a token they stay there."""
    version: int
    """The key version that a new card gets."""

    @classmethod
    def of(cls, store: KeyStore, stock: Stock, version: int | None = None) -> CardKeys:
        """The keys in a key store; new cards get the newest card-master key's version unless another is given."""
        transport = StockTransportKeys(store.symmetric(TRANSPORT_KEY), VendorKeys(store), stock)
        versions = master_versions(store)
        masters = {known: store.cmac(master_name(known)) for known in versions}
        return cls(transport, masters, versions[-1] if version is None else version)

    def of_chip(self, chip_identity: bytes) -> KeySet:
        """The chip's own keys, as a new card gets them."""
        return self._of_version(self.version, chip_identity)

    def for_version(self, version: int, chip_identity: bytes) -> KeySet:
        """The keys that the card asks for; raises :class:`AccessDenied` for a version that is not ours."""
        if version == FACTORY_KEY_VERSION:
            return self.transport.of_blank(chip_identity)
        return self._of_version(version, chip_identity)

    def _of_version(self, version: int, chip_identity: bytes) -> KeySet:
        if version not in self.masters:
            raise AccessDenied("card-key-version-unknown", key_version=f"{version:02X}")
        return diversify_by(self.masters[version], KEY_SIZE, chip_identity, version)
