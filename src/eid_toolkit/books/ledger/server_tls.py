"""How a PostgreSQL server is connected to: on another host by TLS whose certificate and name are verified.

RFC 9525 section 6; PostgreSQL, libpq, "SSL Support": only ``sslmode=verify-full`` withstands whoever can divert the
connection. What decides that is told to the driver explicitly, for libpq takes what is missing from the environment
(``PGHOSTADDR``, ``PGSSLMODE``, …) and from a service file (``PGSERVICE``); and where GSSAPI encryption is possible, it
takes the place of TLS without any certificate.
"""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import ip_address, ip_network
from pathlib import Path

from eid_toolkit.books.ledger.postgres_url import PostgresUrl
from eid_toolkit.ground.errors import BadInput, DatabaseAway

VERIFIED = "verify-full"

_LOOPBACK = (ip_network("127.0.0.0/8"), ip_network("::1/128"))
_OWN_ROOTS = "~/.postgresql/root.crt"
"""Where libpq looks for a user's roots."""
_SYSTEM = "system"
_REQUIRED = {"sslmode": VERIFIED, "gssencmode": "disable"}


def connect_arguments(url: PostgresUrl, *, unverified: bool) -> dict[str, str]:
    """What the driver is told besides user, password and database.

    Raises :class:`BadInput` for a server on another host if the URL asks for less than verified TLS, unless the
    configuration allows an ``unverified`` one. Of several servers, one on another host makes all of them count as such.
    """
    arguments = dict(url.options)
    if arguments.get("sslrootcert") == _SYSTEM:
        arguments["sslrootcert"] = _system_roots()
    # An empty value stands for none as well, but the environment does not replace it.
    arguments["host"] = ",".join(end.host or end.address for end in url.endpoints)
    arguments["hostaddr"] = _joined(end.address for end in url.endpoints)
    if ports := _joined(end.port for end in url.endpoints):
        arguments["port"] = ports
    elsewhere = [place for end in url.endpoints for place in (end.host, end.address) if not _is_here(place)]
    if not elsewhere:
        return arguments
    if unverified:
        return {"sslmode": "prefer", **arguments}
    for name, value in _REQUIRED.items():
        if arguments.get(name, value) != value:
            raise BadInput("register-tls-weak", host=elsewhere[0], option=f"{name}={arguments[name]}")
    arguments.setdefault("sslrootcert", _roots())
    arguments.setdefault("ssl_min_protocol_version", "TLSv1.2")
    return {**arguments, **_REQUIRED}


def _joined(values: Iterable[str]) -> str:
    """A list as libpq has it; nothing if all are empty."""
    listed = ",".join(values)
    return listed if listed.strip(",") else ""


def tls_refusal(message: str) -> DatabaseAway | None:
    """The error for what libpq says when TLS was the reason not to connect; None for any other reason.

    Python leaves ``LC_MESSAGES`` alone, so libpq speaks English. OpenSSL has many words for a certificate that another
    key has signed. Where several servers were tried, each has its line.
    """
    for line in message.splitlines():
        if "does not match host name" in line or "host name from server certificate" in line:
            return DatabaseAway("register-tls-name", reason=line.strip())
        if "SSL error: " in line or "root certificate" in line:
            return DatabaseAway("register-tls-failed", reason=line.strip())
        if "server does not support SSL" in line:
            return DatabaseAway("register-tls-missing", reason=line.strip())
    return None


def _is_here(place: str) -> bool:
    """Whether it is this machine: nothing at all, the folder of a socket, or loopback (RFC 1122 3.2.1.3, RFC 4291)."""
    if not place or place.startswith("/") or place.lower() == "localhost":
        return True
    try:
        address = ip_address(place)
    except ValueError:
        return False
    return any(address in network for network in _LOOPBACK)


def _roots() -> str:
    """The roots that count where the URL names none: libpq's file of this user, else those of the system."""
    try:
        own = Path(_OWN_ROOTS).expanduser()
    except RuntimeError:  # a user without a home
        return _system_roots()
    return str(own) if own.is_file() else _system_roots()


def _system_roots() -> str:
    """The file with the system's roots.

    Python knows it. libpq's own ``system`` is the fallback: libraries before PostgreSQL 16 have none, and the OpenSSL
    that comes with the driver's wheel looks in a folder that no system has.
    """
    import ssl

    return ssl.get_default_verify_paths().cafile or _SYSTEM
