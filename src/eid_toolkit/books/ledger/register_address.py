"""Where the register is: a file, or a server and how it is reached. Whoever opens it goes by this reading."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import URL

from eid_toolkit.books.ledger.postgres_url import MAX_LENGTH, SCHEMES, PostgresUrl, decoded, malformed
from eid_toolkit.books.ledger.server_tls import connect_arguments
from eid_toolkit.ground.errors import BadInput
from eid_toolkit.ground.home.config import UNVERIFIED, HomeConfig
from eid_toolkit.ground.home.home import Home

_SERVER, _FILE = "postgresql+psycopg", "sqlite"
_FILE_SCHEMES = ("sqlite", "sqlite+pysqlite")
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://(.*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class RegisterAddress:
    """The address of a register that can be used as far as its text tells."""

    url: URL
    arguments: Mapping[str, str] = field(default_factory=dict)
    """What the driver is told of the server; empty for a file."""

    @classmethod
    def of(cls, home: Home) -> RegisterAddress:
        """Where the home's register is; raises :class:`BadInput` if its URL cannot be used."""
        return cls.configured(home.config) or cls.file(home.register_path)

    @classmethod
    def configured(cls, config: HomeConfig) -> RegisterAddress | None:
        """The address that a configuration names, or None for the file of the home; raises as :meth:`parse`."""
        if config.register_url is None:
            return None
        return cls.parse(config.register_url, unverified=config.register_tls == UNVERIFIED)

    @classmethod
    def file(cls, path: Path) -> RegisterAddress:
        """The address of an SQLite file, whatever characters are in its name."""
        return cls(URL.create(_FILE, database=str(path)))

    @classmethod
    def parse(cls, text: str, *, unverified: bool = False) -> RegisterAddress:
        """Read a register's URL.

        A server on another host is reached by TLS with verification (:mod:`server_tls`), unless it may be
        ``unverified``. Raises :class:`BadInput` for what cannot be read, is not supported, or is less than that.
        """
        matched = _SCHEME.fullmatch(text)
        if matched is None or len(text) > MAX_LENGTH or not text.isprintable():
            raise malformed("it is not of the form SCHEME://…" if matched is None else "it is too long or unprintable")
        scheme, rest = matched.groups()
        if scheme in _FILE_SCHEMES:
            return cls.file(_path(rest))
        if scheme not in SCHEMES:
            raise BadInput("register-url-unsupported", backend=scheme)
        url = PostgresUrl.parse(rest)
        password = url.password.reveal().decode() if url.password is not None else None
        address = URL.create(_SERVER, username=url.user, password=password, database=url.database)
        return cls(address, connect_arguments(url, unverified=unverified))

    @property
    def path(self) -> Path | None:
        """The SQLite file; None for a server."""
        return Path(str(self.url.database)) if self.url.get_backend_name() == _FILE else None


def _path(rest: str) -> Path:
    host, _, path = rest.partition("/")
    path, _, query = path.partition("?")
    if host or query:
        raise malformed("after sqlite:// come a slash and the path of the file, and nothing else")
    if not path:
        raise BadInput("register-url-no-database")
    if path == ":memory:":
        raise BadInput("register-url-unsupported", backend="memory")
    return Path(decoded(path))
