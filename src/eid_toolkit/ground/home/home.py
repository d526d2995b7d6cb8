"""The home directory: where everything of an authority lives."""

from __future__ import annotations

import re
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from eid_toolkit.ground.bounded_toml import MAX_SIZE
from eid_toolkit.ground.errors import BadInput, NotPermitted
from eid_toolkit.ground.home.atomic import private_directory, write_atomic
from eid_toolkit.ground.home.config import HomeConfig
from eid_toolkit.ground.home.locks import exclusive

CONFIG_NAME = "eid.toml"
DIRECTORIES = ("keys", "pki", "trust", "operators", "profiles", "cards", "evidence", "locks")

_LOCK_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


@dataclass(frozen=True, slots=True)
class Home:
    """An opened home: its directory and its configuration."""

    root: Path
    config: HomeConfig

    @classmethod
    def create(cls, root: Path, config: HomeConfig) -> Home:
        """Make a new home; raises :class:`NotPermitted` if there is one already."""
        if (root / CONFIG_NAME).exists():
            raise NotPermitted("home-exists", home=root)
        private_directory(root)
        root.chmod(0o700)
        for name in DIRECTORIES:
            private_directory(root / name)
        write_atomic(root / CONFIG_NAME, config.encode())
        return cls(root, config)

    @classmethod
    def open(cls, root: Path) -> Home:
        """Open a home; raises :class:`BadInput` if there is none."""
        if (root / CONFIG_NAME).is_fifo():  # it would be waited for, whoever put it there
            raise BadInput("home-missing", home=root)
        try:
            with (root / CONFIG_NAME).open("rb") as stream:
                data = stream.read(MAX_SIZE + 1)
        except (FileNotFoundError, NotADirectoryError):
            raise BadInput("home-missing", home=root) from None
        return cls(root, HomeConfig.parse(data))

    @property
    def register_path(self) -> Path:
        """The register's SQLite file, if the configuration names no other database."""
        return self.root / "register.sqlite"

    @property
    def keys(self) -> Path:
        """The key store."""
        return self.root / "keys"

    @property
    def pki(self) -> Path:
        """The authority's own certificates and revocation lists."""
        return self.root / "pki"

    @property
    def trust(self) -> Path:
        """The trust store: what this home believes when it inspects."""
        return self.root / "trust"

    @property
    def operators(self) -> Path:
        """Operators and their keys."""
        return self.root / "operators"

    @property
    def audit(self) -> Path:
        """What of the audit log lies outside the register: its public key, and the last checkpoint seen."""
        return self.root / "audit"

    @property
    def profiles(self) -> Path:
        """Document profiles beside those of the package."""
        return self.root / "profiles"

    @property
    def cards(self) -> Path:
        """Emulated cards."""
        return self.root / "cards"

    @property
    def evidence(self) -> Path:
        """Saved evidence of inspections."""
        return self.root / "evidence"

    def lock(self, name: str, patience: float = 0.0) -> AbstractContextManager[None]:
        """The exclusive lock ``name`` (``document-…``, ``card-…``), waited for; see :func:`locks.exclusive`."""
        if not _LOCK_NAME.fullmatch(name):
            raise BadInput("lock-name-malformed", name=name)
        return exclusive(self.root / "locks" / f"{name}.lock", name, patience)
