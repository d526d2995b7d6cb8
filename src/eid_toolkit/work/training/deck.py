"""A deck: cases with a share of forgeries that is told to nobody, and what it costs to be wrong.

Its form is a folder with ``deck.toml`` and a file for each case, or all of it in one signed file. Two decks come with
the package.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from hashlib import sha256
from importlib.resources import files
from importlib.resources.abc import Traversable
from itertools import cycle, islice
from pathlib import Path, PurePosixPath

from eid_toolkit.books.ledger.canonical import digest
from eid_toolkit.ground.bounded_toml import read_toml
from eid_toolkit.ground.errors import BadInput, SealBroken
from eid_toolkit.ground.home.named_files import read_file
from eid_toolkit.ground.plain_values import Misfit, from_plain
from eid_toolkit.ground.ports import SystemEntropy
from eid_toolkit.work.training.case import FALLBACK, MAX_SIZE, Case, parse_case
from eid_toolkit.work.training.deck_file import MAX_SIZE as MAX_DECK_FILE
from eid_toolkit.work.training.deck_file import is_sealed, unpack, unseal
from eid_toolkit.work.training.range_key import RangeKey

SCHEMA = "eid-training-deck/1"
_FILE, _SUFFIX = "deck.toml", ".toml"
_MAX_CASES, _MAX_DRAWN, _MOST_COST = 500, 200, 10_000
LEAST_SHARE, MOST_SHARE = 5, 30
"""Percent of forgeries between which a deck's share lies: who is trained on more sees them everywhere."""
_UNCLEAR_SHARE = 0.25
"""Of the cases that are no forgeries, about how many are to be passed on."""


@dataclass(frozen=True, slots=True)
class Costs:
    """What each kind of mistake costs, in points."""

    threat_accepted: int
    holder_refused: int
    holder_delayed: int
    unclear_accepted: int
    unclear_refused: int
    reason_wrong: int


@dataclass(frozen=True, slots=True)
class PassMark:
    """What it takes to pass, in percent."""

    caught: int
    """Of the forgeries, at least."""
    refused_or_delayed: int
    """Of the good holders, at most."""


@dataclass(frozen=True, slots=True)
class _Head:
    """``deck.toml``."""

    version: int
    title: Mapping[str, str]
    drawn: int
    share: tuple[int, int]
    costs: Costs
    pass_mark: PassMark


@dataclass(frozen=True, slots=True)
class Drawn:
    """One case of an attempt: of several with one name, each is another card."""

    case: str
    seed: str


@dataclass(frozen=True)
class Deck:
    """Cases, and how they are drawn and counted."""

    name: str
    version: int
    title: Mapping[str, str]
    """In a few words, by the language."""
    drawn: int
    """How many cases an attempt has."""
    share: tuple[int, int]
    """Between how many percent of these are forgeries."""
    costs: Costs
    pass_mark: PassMark
    cases: tuple[Case, ...]
    digest: str
    """SHA-256 in hex over all files: which deck an attempt was made with."""
    author: str | None = None
    """The fingerprint of who has signed the file that it came in; None for a folder."""

    def __post_init__(self) -> None:
        low, high = self.share
        costs = [getattr(self.costs, name) for name in Costs.__slots__]
        marks = (self.pass_mark.caught, self.pass_mark.refused_or_delayed)
        rules = {
            "version": self.version >= 1,
            "title": FALLBACK in self.title,
            "drawn": 1 <= self.drawn <= _MAX_DRAWN,
            "share": LEAST_SHARE <= low <= high <= MOST_SHARE,
            "costs": all(0 <= cost <= _MOST_COST for cost in costs),
            "pass_mark": all(0 <= mark <= 100 for mark in marks),
            "cases": len(self.cases) <= _MAX_CASES and bool(self._threats) and bool(self._clear),
        }
        for name, kept in rules.items():
            if not kept:
                raise BadInput("training-deck-wrong-value", deck=self.name, field=name)

    @cached_property
    def by_name(self) -> Mapping[str, Case]:
        """Its cases by their names."""
        return {case.name: case for case in self.cases}

    @property
    def _threats(self) -> list[str]:
        return [case.name for case in self.cases if case.threat]

    @property
    def _clear(self) -> list[str]:
        return [case.name for case in self.cases if "accept" in case.answers]

    @property
    def _unclear(self) -> list[str]:
        return [case.name for case in self.cases if not case.threat and "accept" not in case.answers]

    def draw(self, seed: str, seen: Iterable[str] = ()) -> tuple[Drawn, ...]:
        """The cases of an attempt in their order; those that were ``seen`` before come only where others run out."""
        chance, before = random.Random(seed), frozenset(seen)
        low, high = (self.drawn * share / 100 for share in self.share)
        threats = max(chance.randint(math.ceil(low), max(math.floor(high), math.ceil(low))), 1)
        unclear = round((self.drawn - threats) * _UNCLEAR_SHARE) if self._unclear else 0
        wanted = ((self._threats, threats), (self._unclear, unclear), (self._clear, self.drawn - threats - unclear))
        names = [name for kind, count in wanted for name in _some(kind, count, before, chance)]
        chance.shuffle(names)
        return tuple(Drawn(name, f"{seed} {number}") for number, name in enumerate(names, start=1))


def _some(names: Sequence[str], count: int, seen: frozenset[str], chance: random.Random) -> list[str]:
    """That many of the names, new ones first, each as often as the others at the most once more."""
    shuffled = chance.sample(names, len(names))
    return list(islice(cycle(sorted(shuffled, key=lambda name: name in seen)), count)) if names else []


def shipped_decks() -> tuple[str, ...]:
    """The names of the decks that come with the package."""
    folder = files("eid_toolkit.work.training").joinpath("decks")
    return tuple(sorted(entry.name for entry in folder.iterdir() if entry.is_dir() and not entry.name.startswith("_")))


def find_deck(word: str, root: Path | None = None) -> Deck:
    """The deck that a word means: a shipped one by its name, or a folder or file (with a dot or a slash in it).

    A file is signed, and may be sealed for the home at ``root``. Raises :class:`BadInput` for a name that no shipped
    deck has, and as :func:`read_deck`, :class:`IntegrityBroken` for a changed file, :class:`SealBroken` for one that is
    sealed for another home.
    """
    if "." in word or "/" in word:
        path = Path(word)
        return read_deck(path.name, path) if path.is_dir() else _of_file(path, root)
    if word not in shipped_decks():
        raise BadInput("training-deck-unknown", deck=word, known=", ".join(shipped_decks()))
    return read_deck(word, files("eid_toolkit.work.training").joinpath("decks", word))


def _of_file(path: Path, root: Path | None) -> Deck:
    if not path.is_file():
        raise BadInput("training-deck-missing", deck=path.name, file=_FILE)
    data = read_file(path, MAX_DECK_FILE)
    if is_sealed(data):
        if root is None:
            raise SealBroken("training-deck-sealed", deck=path.name)
        data = unseal(data, RangeKey.at(root, SystemEntropy()), path.name)
    packed = unpack(data, path.name)
    return replace(
        _deck(packed.name, {name: text.encode() for name, text in packed.files.items()}), author=packed.author
    )


def read_deck(name: str, folder: Traversable) -> Deck:
    """The deck in a folder; raises :class:`BadInput` that names the file and the field that is not right."""
    return _deck(name, dict(contents_of(name, folder)))


def _deck(name: str, contents: dict[str, bytes]) -> Deck:
    head = contents.pop(_FILE, None)
    if head is None:
        raise BadInput("training-deck-missing", deck=name, file=_FILE)
    try:
        fields = read_toml(head, MAX_SIZE)
        if fields.pop("schema", None) != SCHEMA:
            raise BadInput("training-deck-schema", deck=name, supported=SCHEMA)
        read = from_plain(_Head, fields, strict=True)
    except Misfit as error:
        raise BadInput("training-deck-wrong-value", deck=name, field=error.field) from None
    except ValueError as error:
        raise BadInput("training-deck-malformed", deck=name, reason=str(error).partition("\n")[0]) from None
    cases = tuple(parse_case(file.removesuffix(_SUFFIX), data) for file, data in sorted(contents.items()))
    told = digest({file: sha256(data).hexdigest() for file, data in {**contents, _FILE: head}.items()})
    return Deck(name, read.version, read.title, read.drawn, read.share, read.costs, read.pass_mark, cases, told)


def contents_of(name: str, folder: Traversable) -> Iterable[tuple[str, bytes]]:
    """The files of a deck's folder by their names; raises :class:`BadInput` where there is no folder."""
    if not folder.is_dir():
        raise BadInput("training-deck-missing", deck=name, file=_FILE)
    entries = [entry for entry in folder.iterdir() if PurePosixPath(entry.name).suffix == _SUFFIX]
    if len(entries) > _MAX_CASES + 1:
        raise BadInput("training-deck-wrong-value", deck=name, field="cases")
    for entry in entries:
        with entry.open("rb") as stream:
            yield entry.name, stream.read(MAX_SIZE + 1)
