"""A folder of portraits, each in a file that has the person's number as its name, or that a list names."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from eid_toolkit.ground.errors import BadInput

SUFFIXES = (".jpg", ".jpeg", ".png", ".jp2", ".j2k", ".jpx", ".tif", ".tiff", ".bmp", ".webp")
"""Of image files, in any letter case."""
MOST_FILES = 100_000
"""The most files that a folder is listed with."""


class PortraitFolder:
    """The folder at ``root``, listed once; nothing outside it is read."""

    def __init__(self, root: Path) -> None:
        self._root = root.resolve()
        self._files: dict[str, list[str]] = {}
        count = 0
        for entry in root.iterdir():
            if entry.suffix.casefold() in SUFFIXES:
                count += 1
                if count > MOST_FILES:
                    raise BadInput("portraits-too-many", limit=MOST_FILES)
                self._files.setdefault(entry.stem.upper(), []).append(entry.name)
        self._used: set[Path] = set()

    def of(self, number: str) -> Path:
        """The file with this number as its name; raises :class:`BadInput` if there is none, or more than one."""
        names = self._files.get(number.upper(), [])
        if not names:
            raise BadInput("portrait-file-missing", number=number)
        if len(names) > 1:
            raise BadInput("portrait-files-several", number=number, files=", ".join(sorted(names)))
        return self.named(names[0])

    def named(self, name: str) -> Path:
        """A file that a list names, within the folder; raises :class:`BadInput` for any other."""
        try:
            path = (self._root / name).resolve()
            inside = path.is_relative_to(self._root) and path.is_file()
        except (OSError, ValueError, RuntimeError):  # a name that none can be, or a circle of links
            inside = False
        if not inside:
            raise BadInput("portrait-file-elsewhere", file=name)
        self._used.add(path)
        return path

    def unused(self) -> Sequence[str]:
        """The image files that nobody asked for, by name."""
        names = (name for names in self._files.values() for name in names)
        return sorted(name for name in names if (self._root / name).resolve() not in self._used)
