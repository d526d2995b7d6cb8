"""What a store believes, as a sequence that is read when it is looked at: a card needs a handful of nine hundred.

Certificates and lists stand in places, by their state; only the places that an inspection looks into are read.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from threading import RLock
from typing import Protocol, TypeVar, overload

from eid_toolkit.standards.pki.countries import two_letters


class Named(Protocol):
    """A certificate or list: by what it is found."""

    @property
    def fingerprint(self) -> str: ...
    @property
    def country(self) -> str | None: ...


_T = TypeVar("_T", bound=Named)
_K = TypeVar("_K")
_V = TypeVar("_V")


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of an item before it is read."""

    fingerprint: str
    """SHA-256 in hex."""
    country: str | None
    key_identifier: bytes | None = None
    """Of a certificate, its subject's."""
    name: str | None = None
    """Of a list, who made it."""
    dated: datetime | None = None
    """Of a list, when it says that it was made."""
    taken_at: datetime | None = None
    """When it came here."""


class Stored(Sequence[_T]):
    """Items of a store in the order of their facts; ``read`` takes fingerprints and returns their items."""

    def __init__(self, facts: Sequence[Facts], read: Callable[[Sequence[str]], Sequence[_T]]) -> None:
        self.facts = tuple(facts)
        self._read = read
        self._items: dict[int, _T] = {}
        self._lock = RLock()  # several readers' threads may share what is believed

    def at(self, positions: Iterable[int]) -> tuple[_T, ...]:
        """The items at these positions; those that were not read before are read together."""
        wanted_positions = tuple(positions)
        with self._lock:
            missing = [position for position in wanted_positions if position not in self._items]
            if missing:
                items = self._read([self.facts[position].fingerprint for position in missing])
                self._items.update(zip(missing, items, strict=True))
            return tuple(self._items[position] for position in wanted_positions)

    @overload
    def __getitem__(self, index: int) -> _T: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[_T, ...]: ...
    def __getitem__(self, index: int | slice) -> _T | tuple[_T, ...]:
        if isinstance(index, slice):
            return self.at(range(len(self.facts))[index])
        return self.at([range(len(self.facts))[index]])[0]

    def __iter__(self) -> Iterator[_T]:
        return iter(self.at(range(len(self.facts))))

    def __len__(self) -> int:
        return len(self.facts)


class Later(Sequence[_V]):
    """Values that are fetched when the first of them is looked at."""

    def __init__(self, fetch: Callable[[], Sequence[_V]]) -> None:
        self._fetch = fetch
        self._values: Sequence[_V] | None = None

    def _all(self) -> Sequence[_V]:
        if self._values is None:
            self._values = self._fetch()
        return self._values

    @overload
    def __getitem__(self, index: int) -> _V: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[_V]: ...
    def __getitem__(self, index: int | slice) -> _V | Sequence[_V]:
        return self._all()[index]

    def __len__(self) -> int:
        return len(self._all())


class Places:
    """Where the items of each state stand in a sequence."""

    def __init__(self, items: Sequence[Named]) -> None:
        self._positions: dict[str | None, list[int]] = {}
        countries = (item.country for item in (items.facts if isinstance(items, Stored) else items))
        for position, country in enumerate(countries):
            self._positions.setdefault(place_of(country), []).append(position)

    def __iter__(self) -> Iterator[str | None]:
        return iter(self._positions)

    def pick(self, items: Sequence[_T], place: str | None) -> tuple[_T, ...]:
        """The items of one place, in their order."""
        positions = self._positions.get(place, ())
        return items.at(positions) if isinstance(items, Stored) else tuple(items[position] for position in positions)


class Found(Mapping[_K, _V]):
    """A mapping that works a value out when it is asked for; iterating works out all of them."""

    def __init__(self, find: Callable[[_K], _V | None], keys: Callable[[], Iterable[_K]]) -> None:
        self._find = find
        self._keys = keys
        self._known: dict[_K, _V | None] = {}

    def __getitem__(self, key: _K) -> _V:
        if key not in self._known:
            self._known[key] = self._find(key)
        value = self._known[key]
        if value is None:
            raise KeyError(key)
        return value

    def __iter__(self) -> Iterator[_K]:
        return iter(dict.fromkeys(self._keys()))

    def __len__(self) -> int:
        return len(dict.fromkeys(self._keys()))


def place_of(country: str | None) -> str | None:
    """Where a state's items stand: codes of one state always give one place."""
    if country is None:
        return None
    code = unicodedata.normalize("NFKC", country).strip().rstrip("<").upper()
    place = two_letters(code) or code
    return "KS" if place == "XK" else place  # Kosovo's certificates have either
