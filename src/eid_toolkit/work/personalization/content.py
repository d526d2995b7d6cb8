"""What one card gets: its files, access protocols, passwords and private keys."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from eid_toolkit.books.register.documents.documents import DocumentPackage
from eid_toolkit.ground.errors import IntegrityBroken
from eid_toolkit.ground.secret import Secret
from eid_toolkit.standards.codec.dgi import Dgi
from eid_toolkit.standards.crypto.digests import digest
from eid_toolkit.standards.crypto.domain_parameters import EcDomain, domain_by_id
from eid_toolkit.standards.crypto.ec import EcPrivateKey
from eid_toolkit.standards.crypto.rsa import RsaPrivateKey
from eid_toolkit.standards.iso7816.files import ElementaryFile
from eid_toolkit.standards.pki.cv_certificate import KeyReference
from eid_toolkit.standards.profiles import DocumentProfile
from eid_toolkit.standards.profiles.chip_protocols import ActiveAuthenticationProfile
from eid_toolkit.standards.protocols import personalization_data as layout
from eid_toolkit.standards.protocols.passwords import AccessPassword, PasswordKind
from eid_toolkit.standards.protocols.personalization_data import AccessProtocols, ChipKey, RsaSigningKey


@dataclass(frozen=True, slots=True, eq=False)
class SecretItem:
    """One secret grouping: identifier, what it is called in plans and journals, and a check value to show.

    Only public keys have a check value; one of a CAN or an MRZ would tell the CAN or the MRZ.
    """

    grouping: int
    name: str
    value: Secret
    check_value: str | None = None


@dataclass(frozen=True, slots=True, eq=False)
class CardContent:
    """The content of one card."""

    document_id: str
    files: Mapping[ElementaryFile, bytes]
    protocols: AccessProtocols
    can: str
    mrz_information: str
    secrets: tuple[SecretItem, ...]
    terminal_trust: Dgi | None = None
    """Whose terminals the chip is to trust, where fingerprints and irises are held back."""

    @classmethod
    def of(cls, package: DocumentPackage, profile: DocumentProfile) -> CardContent:
        """The content for a prepared document; raises :class:`IntegrityBroken` if the chip's keys are gone."""
        protocols = AccessProtocols.PACE if profile.access.pace else AccessProtocols(0)
        if profile.access.bac:
            protocols |= AccessProtocols.BAC
        can, mrz = package.can.reveal().decode(), package.mrz_information.reveal().decode()
        items = [
            SecretItem(layout.CAN, "can", package.can),
            SecretItem(layout.MRZ_SEED, "mrz-seed", AccessPassword.from_mrz_information(mrz).encoded),
        ]
        chip, active = profile.chip_authentication, profile.active_authentication
        if chip is not None:
            key = _chip_key(chip.parameter_id, profile.chip_key_id or 0, package.chip_authentication_key)
            items.append(_key_item(layout.CHIP_AUTHENTICATION_KEY, "chip-authentication-key", key))
        if active is not None:
            items.append(_signing_key_item(active, package.active_authentication_key))
        trust = None
        if package.terminal_trust is not None:
            trust = Dgi(layout.TERMINAL_TRUST, package.terminal_trust.reveal())
        return cls(package.document_id, package.files, protocols, can, mrz, tuple(items), trust)

    def password(self, kind: PasswordKind) -> AccessPassword:
        """The access password as whoever holds the card would type it."""
        if kind is PasswordKind.CAN:
            return AccessPassword.from_can(self.can)
        return AccessPassword.from_mrz_information(self.mrz_information)

    @property
    def trusted_terminals(self) -> tuple[KeyReference, ...]:
        """The keys whose terminals the chip is to trust."""
        if self.terminal_trust is None:
            return ()
        return layout.parse_terminal_trust(self.terminal_trust.data).references

    @property
    def files_digest(self) -> bytes:
        """The digest over all files by which the card knows that it has everything."""
        return layout.content_digest(self.files.items())


def _signing_key_item(active: ActiveAuthenticationProfile, stored: Secret | None) -> SecretItem:
    reference, name = layout.DIGEST_REFERENCES[active.digest], "active-authentication-key"
    if active.parameter_id is not None:
        return _key_item(layout.ACTIVE_AUTHENTICATION_KEY, name, _chip_key(active.parameter_id, reference, stored))
    if stored is None:
        raise IntegrityBroken("chip-keys-destroyed")
    key = RsaSigningKey(reference, RsaPrivateKey(stored))
    check_value = digest("sha256", key.key.public_key.spki())[:4].hex()
    return SecretItem(layout.RSA_SIGNING_KEY, name, Secret(key.encode()), check_value)


def _chip_key(parameter_id: int, reference: int, scalar: Secret | None) -> ChipKey:
    if scalar is None:
        raise IntegrityBroken("chip-keys-destroyed")
    return ChipKey(parameter_id, reference, scalar)


def _key_item(grouping: int, name: str, key: ChipKey) -> SecretItem:
    domain = domain_by_id(key.parameter_id)
    if not isinstance(domain, EcDomain):
        raise IntegrityBroken("chip-keys-destroyed")
    point = EcPrivateKey(domain, key.scalar).public_key.point
    return SecretItem(grouping, name, Secret(key.encode()), digest("sha256", point)[:4].hex())
