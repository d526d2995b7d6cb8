"""The specs that come with the package, by name, and what a word means where a spec is asked for.

A word without a dot and without a slash is the name of a shipped spec, whatever files there are: it means the same card
in every folder. Anything else is a file (``card.toml``, ``./card``).
"""

from __future__ import annotations

from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path, PurePosixPath

from eid_toolkit.ground.errors import BadInput
from eid_toolkit.work.cardspec.parsing import MAX_SIZE, load_spec, parse_spec
from eid_toolkit.work.cardspec.spec import CardSpec

_SUFFIXES = (".toml", ".yaml")


def shipped_specs() -> dict[str, Traversable]:
    """The files of the shipped specs by their names, in alphabetical order."""
    folder = files("eid_toolkit.work.cardspec").joinpath("shipped")
    entries = ((PurePosixPath(entry.name), entry) for entry in folder.iterdir())
    return {name.stem: entry for name, entry in sorted(entries) if name.suffix in _SUFFIXES}


def is_name(word: str) -> bool:
    """Whether a word is the name of a shipped spec, and no file."""
    return "." not in word and "/" not in word


def find_spec(word: str, folder: Path | None = None) -> tuple[CardSpec, Path]:
    """The spec that a word means, and the folder in which lie the files that it names.

    A file is relative to ``folder``, by default the current one. Raises :class:`BadInput` for a name that no shipped
    spec has, and as :func:`load_spec`; :class:`OSError` for a file that cannot be read.
    """
    folder = folder or Path()
    if not is_name(word):
        path = folder / word
        return load_spec(path), path.parent
    shipped = shipped_specs()
    if word not in shipped:
        raise BadInput("card-spec-unknown", spec=word, known=", ".join(shipped))
    with shipped[word].open("rb") as stream:
        return parse_spec(stream.read(MAX_SIZE + 1), yaml=shipped[word].name.endswith(".yaml")), folder
