"""The home's configuration file ``eid.toml``: versioned, strictly read."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import datetime

from eid_toolkit.ground.bounded_toml import read_toml
from eid_toolkit.ground.errors import BadInput, IntegrityBroken
from eid_toolkit.ground.zones import zone_named

SCHEMA = "eid-home/1"
UNVERIFIED = "unverified"
"""The value of ``register_tls`` with which a server's certificate need not be verified."""

_COUNTRY = re.compile(r"[A-Z]{1,3}")
_OPTIONAL = ("register_url", "register_tls", "key_store", "signature_limit", "time_zone")
_AUTHORITY_LIMIT = 48  # the CSCA's common name is built from it and holds 64 characters (RFC 5280 A.1)


@dataclass(frozen=True, slots=True)
class HomeConfig:
    """Who the authority is, and where its register lives.

    ``country`` is the code of the MRZ (one to three capital letters), ``register_url`` the database's URL as it was
    given, or None for the SQLite file of the home. A ``demo`` home asks for no keys and marks all that it makes
    SPECIMEN.
    """

    country: str
    authority: str
    demo: bool
    created: datetime
    register_url: str | None = None
    key_store: str | None = None
    """Of a home of before: the `pkcs11:` URI of the token that holds all its keys."""
    signature_limit: int | None = None
    """How often a document signer signs before a new one is needed; None for the usual number."""
    register_tls: str | None = None
    """``unverified`` if a register on another host may be reached without verified TLS, else None."""
    time_zone: str | None = None
    """The office's time zone (``America/New_York``), where its state has several; else None."""

    def __post_init__(self) -> None:
        if not _COUNTRY.fullmatch(self.country):
            raise BadInput("country-code-malformed", country=self.country)
        if not self.authority.strip() or len(self.authority) > _AUTHORITY_LIMIT or not self.authority.isprintable():
            raise BadInput("authority-name-malformed", limit=_AUTHORITY_LIMIT)
        if self.signature_limit is not None and self.signature_limit < 1:
            raise BadInput("signature-limit-malformed", limit=self.signature_limit)
        if self.time_zone is not None:
            zone_named(self.time_zone)
        if self.register_tls not in (None, UNVERIFIED):
            raise BadInput("register-tls-unknown", value=self.register_tls, known=UNVERIFIED)

    def encode(self) -> bytes:
        """The file's bytes."""
        values: dict[str, object] = {
            "schema": SCHEMA,
            "country": self.country,
            "authority": self.authority,
            "demo": self.demo,
            "created": self.created.isoformat(timespec="seconds"),
        }
        optional = {name: getattr(self, name) for name in _OPTIONAL}
        values |= {name: value for name, value in optional.items() if value is not None}
        # For printable text, JSON's strings and booleans are TOML's.
        lines = (f"{name} = {json.dumps(value, ensure_ascii=False)}\n" for name, value in values.items())
        return "".join(lines).encode()

    @classmethod
    def parse(cls, data: bytes) -> HomeConfig:
        """Read the file; raises :class:`BadInput` on another schema, :class:`IntegrityBroken` if it is damaged."""
        try:
            values = read_toml(data)
        except ValueError as error:
            raise IntegrityBroken("home-config-unreadable", reason=str(error)) from None
        schema = values.pop("schema", None)
        if schema is None:
            raise IntegrityBroken("home-config-key", keys="schema")
        if schema != SCHEMA:
            raise BadInput("home-config-schema", schema=schema, supported=SCHEMA)
        texts = ("country", "authority", "created", "register_url", "register_tls", "key_store", "time_zone")
        types: dict[str, type] = {**dict.fromkeys(texts, str), "demo": bool, "signature_limit": int}
        required = types.keys() - set(_OPTIONAL)
        wrong = (values.keys() - types.keys()) | (required - values.keys())
        wrong |= {name for name, value in values.items() if name in types and not isinstance(value, types[name])}
        if wrong:
            raise IntegrityBroken("home-config-key", keys=", ".join(sorted(wrong)))
        try:
            created = datetime.fromisoformat(values.pop("created"))
        except ValueError:
            raise IntegrityBroken("home-config-key", keys="created") from None
        return cls(created=created, **values)
