"""A card's memory as bytes, in a versioned JSON form; whoever stores it encrypts it, for it holds the card's keys."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

from eid_toolkit.cards.emulator.state import ApplicationMemory, CardMemory, DomainMemory, StoredFile
from eid_toolkit.ground.errors import BadInput, IntegrityBroken
from eid_toolkit.ground.secret import Secret
from eid_toolkit.standards.codec import tlv
from eid_toolkit.standards.iso7816.files import ElementaryFile
from eid_toolkit.standards.pki.cv_authorization import Authorization
from eid_toolkit.standards.pki.cv_certificate import KeyReference
from eid_toolkit.standards.pki.cv_public_key import parse_public_key
from eid_toolkit.standards.pki.cv_trust import CardTrust, CertifiedKey
from eid_toolkit.standards.protocols.globalplatform import ApplicationState, DomainState
from eid_toolkit.standards.protocols.passwords import AccessPassword, PasswordKind
from eid_toolkit.standards.protocols.personalization_data import AccessProtocols, AccessRule, ChipKey, RsaSigningKey
from eid_toolkit.standards.protocols.scp03 import KeySet, Options

SCHEMA = "eid-card-memory/1"


def encode(memory: CardMemory) -> bytes:
    """The memory as UTF-8 JSON."""
    domain, application = memory.domain, memory.application
    document = {
        "schema": SCHEMA,
        "atr": memory.atr.hex(),
        "cplc": memory.cplc.hex(),
        "domain": {
            "state": int(domain.state),
            "sequence": domain.sequence,
            "failures": domain.failures,
            "options": int(domain.options),
            "key_version": domain.keys.version,
            "keys": [key.reveal().hex() for key in (domain.keys.enc, domain.keys.mac, domain.keys.dek)],
        },
        "application": {
            "state": int(application.state),
            "protocols": int(application.protocols),
            "failures": application.failures,
            "files": {
                file.label: {"rule": int(stored.rule), "content": stored.content.hex()}
                for file, stored in application.files.items()
            },
            "passwords": {kind.name: value.encoded.reveal().hex() for kind, value in application.passwords.items()},
            "chip_authentication_keys": {
                str(reference): key.encode().hex() for reference, key in application.chip_authentication_keys.items()
            },
            **_encode_signing_key(application.active_authentication_key),
            "terminal_trust": _encode_trust(application.terminal_trust),
        },
    }
    return json.dumps(document, separators=(",", ":")).encode()


def decode(data: bytes) -> CardMemory:
    """The memory again; raises :class:`IntegrityBroken` for anything that :func:`encode` did not write."""
    try:
        document = json.loads(data)
        if document["schema"] != SCHEMA:
            raise IntegrityBroken("card-image-unknown-version", schema=str(document["schema"]))
        return CardMemory(
            bytes.fromhex(document["atr"]),
            bytes.fromhex(document["cplc"]),
            _decode_domain(document["domain"]),
            _decode_application(document["application"]),
        )
    except (ValueError, RecursionError, KeyError, TypeError, AttributeError, BadInput):
        raise IntegrityBroken("card-image-broken") from None


def _decode_domain(data: dict[str, Any]) -> DomainMemory:
    enc, mac, dek = (Secret(bytes.fromhex(key)) for key in data["keys"])
    keys = KeySet(_number(data["key_version"]), enc, mac, dek)
    options = Options(_number(data.get("options", Options.FULL_S8)))  # cards from before the modes were S8
    return DomainMemory(keys, DomainState(data["state"]), _number(data["sequence"]), _number(data["failures"]), options)


def _decode_application(data: dict[str, Any]) -> ApplicationMemory:
    passwords = {PasswordKind[name]: Secret(bytes.fromhex(value)) for name, value in data["passwords"].items()}
    return ApplicationMemory(
        ApplicationState(data["state"]),
        {
            ElementaryFile.by_label(label): StoredFile(AccessRule(entry["rule"]), bytes.fromhex(entry["content"]))
            for label, entry in data["files"].items()
        },
        {kind: AccessPassword(kind, secret) for kind, secret in passwords.items()},
        AccessProtocols(data["protocols"]),
        {
            int(reference): ChipKey.parse(bytes.fromhex(text))
            for reference, text in data["chip_authentication_keys"].items()
        },
        _decode_signing_key(data),
        _number(data["failures"]),
        _decode_trust(data.get("terminal_trust")),
    )


def _number(value: object) -> int:
    if not isinstance(value, int) or value < 0:
        raise ValueError("no number")
    return value


def _encode_signing_key(key: ChipKey | RsaSigningKey | None) -> dict[str, str | None]:
    if isinstance(key, RsaSigningKey):
        return {"active_authentication_key": None, "rsa_signing_key": key.encode().hex()}
    return {"active_authentication_key": None if key is None else key.encode().hex()}


def _decode_signing_key(data: dict[str, Any]) -> ChipKey | RsaSigningKey | None:
    if "rsa_signing_key" in data:
        return RsaSigningKey.parse(bytes.fromhex(data["rsa_signing_key"]))
    text = data["active_authentication_key"]
    return None if text is None else ChipKey.parse(bytes.fromhex(text))


def _encode_trust(trust: CardTrust | None) -> dict[str, Any] | None:
    if trust is None:
        return None
    points = [
        {
            "reference": point.reference.text,
            "public_key": point.public_key.encode().hex(),
            "authorization": point.authorization.encode().hex(),
            "effective": point.effective.isoformat(),
            "expires": point.expires.isoformat(),
        }
        for point in trust.points
    ]
    return {"current_date": trust.current_date.isoformat(), "points": points}


def _decode_trust(data: dict[str, Any] | None) -> CardTrust | None:
    if data is None:
        return None
    points = (
        CertifiedKey(
            KeyReference(point["reference"]),
            parse_public_key(tlv.parse(bytes.fromhex(point["public_key"]))),
            Authorization.parse(tlv.parse(bytes.fromhex(point["authorization"]))),
            date.fromisoformat(point["effective"]),
            date.fromisoformat(point["expires"]),
        )
        for point in data["points"]
    )
    return CardTrust(tuple(points), date.fromisoformat(data["current_date"]))
