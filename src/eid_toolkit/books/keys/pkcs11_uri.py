"""`pkcs11:` URIs (RFC 7512): which token holds the keys, and which module reaches it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import unquote

from eid_toolkit.ground.display import shortened
from eid_toolkit.ground.errors import BadInput

SCHEME = "pkcs11:"
_PATH = frozenset(
    {"token", "manufacturer", "serial", "model", "slot-id", "object", "type", "id", "library-manufacturer"}
)
_QUERY = frozenset({"module-path", "module-name", "pin-source", "pin-value"})
_MAX_LENGTH = 1024
_ESCAPES = re.compile(r"%(?![0-9A-Fa-f]{2})")


@dataclass(frozen=True, slots=True)
class Pkcs11Uri:
    """A token by what is known of it; None where the URI does not say. Secrets have no place in it."""

    module: str
    """The module's file."""
    token: str | None = None
    serial: str | None = None
    manufacturer: str | None = None
    model: str | None = None

    @classmethod
    def parse(cls, text: str) -> Pkcs11Uri:
        """Reads a URI that names a token and, in ``module-path``, its module.

        Raises :class:`BadInput` for anything else, and for a PIN in the URI: it would stand in the configuration.
        """
        if not text.startswith(SCHEME) or len(text) > _MAX_LENGTH or not text.isascii() or _ESCAPES.search(text):
            raise BadInput("pkcs11-uri-malformed", part="scheme")
        path, _, query = text.removeprefix(SCHEME).partition("?")
        attributes = {**_attributes(path, ";", _PATH), **_attributes(query, "&", _QUERY)}
        for name in ("pin-value", "pin-source"):
            if name in attributes:
                raise BadInput("pkcs11-uri-with-pin")
        if "module-path" not in attributes:
            raise BadInput("pkcs11-uri-malformed", part="module-path")
        if "token" not in attributes and "serial" not in attributes:
            raise BadInput("pkcs11-uri-malformed", part="token")
        return cls(
            attributes["module-path"],
            attributes.get("token"),
            attributes.get("serial"),
            attributes.get("manufacturer"),
            attributes.get("model"),
        )


def _attributes(text: str, separator: str, known: frozenset[str]) -> dict[str, str]:
    attributes: dict[str, str] = {}
    for part in filter(None, text.split(separator)):
        name, equals, value = part.partition("=")
        if not equals or name in attributes or (name not in known and not name.startswith("x-")):
            raise BadInput("pkcs11-uri-malformed", part=shortened(name, 40))
        try:
            attributes[name] = unquote(value, errors="strict")
        except UnicodeDecodeError:
            raise BadInput("pkcs11-uri-malformed", part=shortened(name, 40)) from None
    return attributes
