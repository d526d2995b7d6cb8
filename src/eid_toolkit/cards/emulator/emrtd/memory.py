"""What the eMRTD application remembers without power, with the files of the MF, which its issuer writes with it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, ClassVar, Self

from eid_toolkit.cards.emulator.card_application import CardApplication, Platform
from eid_toolkit.cards.emulator.numbers import natural
from eid_toolkit.cards.emulator.state import StoredFile
from eid_toolkit.ground.secret import Secret
from eid_toolkit.standards.codec import tlv
from eid_toolkit.standards.iso7816.files import EMRTD_AID, ElementaryFile
from eid_toolkit.standards.lds.ef_cvca import EfCvca
from eid_toolkit.standards.pki.cv_authorization import Authorization
from eid_toolkit.standards.pki.cv_certificate import KeyReference
from eid_toolkit.standards.pki.cv_public_key import parse_public_key
from eid_toolkit.standards.pki.cv_trust import CardTrust, CertifiedKey
from eid_toolkit.standards.protocols.globalplatform import ApplicationState
from eid_toolkit.standards.protocols.passwords import AccessPassword, PasswordKind
from eid_toolkit.standards.protocols.personalization_data import AccessProtocols, AccessRule, ChipKey, RsaSigningKey


@dataclass(slots=True, eq=False)
class EmrtdMemory:
    """Files, passwords and keys."""

    aid: ClassVar[bytes] = EMRTD_AID
    state: ApplicationState = ApplicationState.SELECTABLE
    files: dict[ElementaryFile, StoredFile] = field(default_factory=dict)
    passwords: dict[PasswordKind, AccessPassword] = field(default_factory=dict)
    protocols: AccessProtocols = field(default_factory=lambda: AccessProtocols(0))
    chip_authentication_keys: dict[int, ChipKey] = field(default_factory=dict)
    """By reference; 0 is the key without one."""
    active_authentication_key: ChipKey | RsaSigningKey | None = None
    failures: int = 0
    """Failed access attempts in a row."""
    terminal_trust: CardTrust | None = None
    """For Terminal Authentication, if it is offered; to be changed by :meth:`trust_terminals_by`."""

    def trust_terminals_by(self, trust: CardTrust) -> None:
        """Takes ``trust`` over, and names its keys in EF.CVCA."""
        self.terminal_trust = trust
        names = EfCvca(trust.references).encode()
        self.files[ElementaryFile.CVCA] = StoredFile(AccessRule.CHIP_ACCESS, names)

    def start(self, card: Platform, /) -> Sequence[CardApplication]:
        """The master file and the application."""
        from eid_toolkit.cards.emulator.emrtd.application import start

        return start(self, card)

    def encode(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "state": int(self.state),
            "protocols": int(self.protocols),
            "failures": self.failures,
            "files": {
                file.label: {"rule": int(stored.rule), "content": stored.content.hex()}
                for file, stored in self.files.items()
            },
            "passwords": {kind.name: value.encoded.reveal().hex() for kind, value in self.passwords.items()},
            "chip_authentication_keys": {
                str(reference): key.encode().hex() for reference, key in self.chip_authentication_keys.items()
            },
            **_encode_signing_key(self.active_authentication_key),
            "terminal_trust": _encode_trust(self.terminal_trust),
        }

    @classmethod
    def decode(cls, data: dict[str, Any], /) -> Self:
        """The same again."""
        passwords = {PasswordKind[name]: Secret(bytes.fromhex(value)) for name, value in data["passwords"].items()}
        return cls(
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
            natural(data["failures"]),
            _decode_trust(data.get("terminal_trust")),
        )


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
