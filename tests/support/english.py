"""English words in what people are told in another language, but for names and what is typed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

from eid_toolkit.ground.messages import catalogue

_FOLDER = Path(catalogue.__file__).parent
_WORD = re.compile(r"(?<![\w.\-/@])[A-Za-z][a-z]+(?![\w\-/@]|\.\w)")
"""A word as it stands in a sentence: no part of a code, an option, a path or an identifier, and no abbreviation."""
_TYPED = re.compile(r"`[^`]*`|\[[^\]]*\]|\([^)]*\)|\{[^}]*\}|\beid [a-z][\w -]*|https?://\S+")
"""What stands as it is typed, in brackets, or for something else."""
_UNITS = "bit byte"
_PRODUCTS = "bash brainpool eid excel fish gzip linux pcscd postgresql python sqlite unicode vpcd web windows zsh"
_STANDARDS = "access base basic binary chip control doc elliptic emv iris json lines mac part token triple"
_TYPED_VALUES = "alive deceased emulator kind missing none notices replaces replay right secrets spec"
_COLUMNS = "created first last portrait serial since status"
_FOR_SHELLS = "autoload compinit fpath"
_SPECIMENS = "anna eriksson maria"
_NAMES = (_UNITS, _PRODUCTS, _STANDARDS, _TYPED_VALUES, _COLUMNS, _FOR_SHELLS, _SPECIMENS)
NAMES = frozenset(name for names in _NAMES for name in names.split())
"""English that a text in another language has all the same."""


def texts(language: str) -> Iterator[str]:
    """All that stands in the catalogue and the helps of a language."""
    import tomllib

    def within(entry: object) -> Iterator[str]:
        if isinstance(entry, Mapping):
            for value in entry.values():
                yield from within(value)
        elif isinstance(entry, str):
            yield entry

    for path in (_FOLDER / language).rglob("*.toml"):
        yield from within(tomllib.loads(path.read_text("utf-8")))


@cache
def english() -> frozenset[str]:
    """The words of three letters and more of all our English texts, but for names."""
    ours = {word for text in texts("en") for word in words_of(text)}
    return frozenset(word for word in ours - NAMES if len(word) > 2)


def left_in(text: str) -> set[str]:
    """The English words in a text."""
    return english() & set(words_of(" ".join(text.split())))


def words_of(text: str) -> list[str]:
    """The words of a text, without what is typed."""
    return [word.lower() for word in _WORD.findall(_TYPED.sub(" ", text))]
