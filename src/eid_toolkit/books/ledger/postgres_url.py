"""The URL of a PostgreSQL database, read strictly (PostgreSQL, libpq "Connection URIs"; RFC 3986 section 3).

One reading decides what is connected to: the parts go to the driver one by one, so that no second parser sees the URL.
Besides libpq's form, hosts may stand in the query as ``host=NAME:PORT``, once or several times.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from ipaddress import ip_address

from eid_toolkit.ground.errors import BadInput
from eid_toolkit.ground.messages.catalogue import Sentence
from eid_toolkit.ground.secret import Secret

SCHEMES = ("postgresql", "postgres", "postgresql+psycopg")
MAX_LENGTH = 4096
_MAX_HOSTS = 16

_FORM = re.compile(
    r"(?:(?P<user>[^:/?@]*)(?::(?P<password>[^/?@]*))?@)?"
    r"(?P<hosts>[^/?@]*)"
    r"(?:/(?P<database>[^/?@]*))?"
    r"(?:\?(?P<query>.*))?",
    re.DOTALL,
)
_BRACKETS = re.compile(r"\[([0-9A-Fa-f:.]*:[^\[\]]*)\](?::(.*))?")
_SOCKET = re.compile(r"(/.*?)(?::([0-9]+))?")
_ESCAPE = re.compile(r"%(?P<octet>[0-9A-Fa-f]{2})?")
_NAME = re.compile(r"(?=.{1,253}$)[A-Za-z0-9_-]{1,63}(\.[A-Za-z0-9_-]{1,63})*")

_PLACES = ("host", "hostaddr", "port")
_FILES = ("passfile", "sslcert", "sslcrl", "sslcrldir", "sslkey", "sslrootcert")
_NUMBERS = (
    "connect_timeout",
    "keepalives",
    "keepalives_count",
    "keepalives_idle",
    "keepalives_interval",
    "tcp_user_timeout",
)
_CHOICES = {
    "channel_binding": ("disable", "prefer", "require"),
    "gssencmode": ("disable", "prefer", "require"),
    "load_balance_hosts": ("disable", "random"),
    "ssl_min_protocol_version": ("TLSv1.2", "TLSv1.3"),
    "sslmode": ("disable", "allow", "prefer", "require", "verify-ca", "verify-full"),
    "sslnegotiation": ("postgres", "direct"),
    "target_session_attrs": ("any", "primary", "read-write"),
}
_TEXTS = ("application_name", "krbsrvname", "options", "require_auth", "requirepeer", "user")
OPTIONS = frozenset({*_PLACES, *_FILES, *_NUMBERS, *_CHOICES, *_TEXTS})
"""What may stand in the query. A service, which names another place in a file, is not among them."""


def malformed(reason: str, **facts: object) -> BadInput:
    """The error for a register's URL that cannot be read: the reason, or with facts the code of a part of one."""
    return BadInput("register-url-malformed", reason=Sentence.of(reason, facts) if facts else reason)


def decoded(text: str) -> str:
    """A part of a URL without its percent-encoding; raises :class:`BadInput` if it hides what cannot be shown."""
    if any(escape["octet"] is None for escape in _ESCAPE.finditer(text)):
        raise malformed("a percent sign is not followed by two hexadecimal digits")
    octets = re.sub(rb"%(..)", lambda found: bytes.fromhex(found[1].decode()), text.encode())
    try:
        plain = octets.decode()
    except UnicodeDecodeError:
        raise malformed("a percent-encoded part is not UTF-8") from None
    if not plain.isprintable():
        raise malformed("it contains a control character")
    return plain


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One server to try: each part is empty where the URL does not say it."""

    host: str
    """A name, an IP address, or the folder of a Unix socket."""
    address: str
    """The IP address that is connected to in place of the host's (``hostaddr``)."""
    port: str


@dataclass(frozen=True, slots=True)
class PostgresUrl:
    """A database, the servers that may have it, and the options of the connection."""

    database: str
    endpoints: tuple[Endpoint, ...]
    user: str | None
    password: Secret | None
    options: Mapping[str, str]

    @classmethod
    def parse(cls, rest: str) -> PostgresUrl:
        """Read what stands behind ``postgresql://``.

        Raises :class:`BadInput` for what cannot be read, for a URL without a database and for an unknown option; the
        error shows no part that could be a password.
        """
        matched = _FORM.fullmatch(rest)
        if matched is None:
            raise malformed("a special character in the user, password, host or database is not percent-encoded")
        query = _query(matched["query"])
        user, password = decoded(matched["user"] or ""), decoded(matched["password"] or "")
        if user and "user" in query:
            raise malformed("the user is given twice")
        if not matched["database"]:
            raise BadInput("register-url-no-database")
        return cls(
            database=decoded(matched["database"]),
            endpoints=tuple(_endpoints(matched["hosts"], query)),
            user=user or "".join(query.pop("user", ())) or None,
            password=Secret(password.encode()) if password else None,
            options={name: _checked(name, *values) for name, values in query.items() if name not in _PLACES},
        )


def _query(text: str | None) -> dict[str, list[str]]:
    options: dict[str, list[str]] = {}
    for item in text.split("&") if text is not None else ():
        name, _, value = (decoded(part) for part in item.partition("="))
        if not name:
            raise malformed("one of its options has no name")
        if name not in OPTIONS:
            raise BadInput("register-url-option", option=name, known=", ".join(sorted(OPTIONS)))
        if not value:
            raise malformed("part-option-empty", option=name)
        if name in options and name != "host":
            raise malformed("part-option-twice", option=name)
        options.setdefault(name, []).append(value)
    return options


def _checked(name: str, value: str) -> str:
    if name in _CHOICES and value not in _CHOICES[name]:
        raise malformed("part-option-choice", option=name, choices=", ".join(_CHOICES[name]))
    if name in _NUMBERS and not re.fullmatch(r"[0-9]{1,7}", value):
        raise malformed("part-option-number", option=name)
    if name in _FILES and not value.startswith("/") and (name, value) != ("sslrootcert", "system"):
        # From another folder, another file would be meant: the URL is kept and used from anywhere.
        raise malformed("part-option-path", option=name)
    return value


def _endpoints(authority: str, query: Mapping[str, list[str]]) -> Iterator[Endpoint]:
    """Each server in its order; a single port counts for all of them, as libpq has it."""
    places = [_place(decoded(item), authority=True) for item in authority.split(",")]
    ports = [_listed(query, "port")]
    if named := _listed(query, "host"):
        if any(host for host, _ in places):
            raise malformed("the host is given twice")
        ports.append([port for _, port in places if port])
        places = [_place(item) for item in named]
    addresses = _listed(query, "hostaddr")
    if addresses and places == [("", "")]:
        places *= len(addresses)
    ports.append([port for _, port in places])
    given = [each for each in ports if any(each)] or [[""]]
    if len(given) > 1:
        raise malformed("the port is given twice")
    yield from _matched(
        [host for host, _ in places],
        addresses or [""] * len(places),
        given[0] * len(places) if len(given[0]) == 1 else given[0],
    )


def _matched(hosts: list[str], addresses: list[str], ports: list[str]) -> Iterator[Endpoint]:
    if len(hosts) > _MAX_HOSTS or not len(hosts) == len(addresses) == len(ports):
        raise malformed("part-hosts-differ", limit=_MAX_HOSTS)
    for host, address, port in zip(hosts, addresses, ports, strict=True):
        if not (host == "" or host.startswith("/") or _NAME.fullmatch(host) or _is_ip(host)):
            raise malformed("the host is not a name, an IP address (IPv6 in brackets) or the folder of a socket")
        if address and not _is_ip(address):
            raise malformed("the option hostaddr must be an IP address")
        if port and not (re.fullmatch(r"[0-9]{1,5}", port) and 0 < int(port) < 1 << 16):
            raise malformed("the port is not a number from 1 to 65535")
        yield Endpoint(host, address, port)


def _listed(query: Mapping[str, list[str]], name: str) -> list[str]:
    return [item for value in query.get(name, ()) for item in value.split(",")]


def _place(item: str, *, authority: bool = False) -> tuple[str, str]:
    """Host and port of an item: in an authority, colons divide, and an IPv6 address without brackets is none."""
    if bracketed := _BRACKETS.fullmatch(item):
        return bracketed[1], bracketed[2] or ""
    if authority and (socket := _SOCKET.fullmatch(item)):
        return socket[1], socket[2] or ""
    if not authority and (item.startswith("/") or _is_ip(item)):
        return item, ""
    host, _, port = item.partition(":")
    return host, port


def _is_ip(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True
