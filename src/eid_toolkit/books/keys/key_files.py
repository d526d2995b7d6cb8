"""Keys as files under one sealing key: private keys as encrypted PKCS#8 (RFC 5958), symmetric keys under AES-GCM."""

from __future__ import annotations

import re
from pathlib import Path

from eid_toolkit.books.keys.sealing_key import SealingKey
from eid_toolkit.books.keys.signers import RSA_SIZES, EcSigner, RsaScheme, RsaSigner
from eid_toolkit.ground.errors import AccessDenied, BadInput, IntegrityBroken, KeyMissing, NotPermitted
from eid_toolkit.ground.home.atomic import remove_durably
from eid_toolkit.ground.home.undo import change
from eid_toolkit.ground.ports import Entropy, Signer
from eid_toolkit.ground.secret import Secret
from eid_toolkit.standards.crypto.domain_parameters import ec_domain_by_name
from eid_toolkit.standards.crypto.ec import EcPrivateKey
from eid_toolkit.standards.crypto.symmetric import aes_gcm_open, aes_gcm_seal

PRIVATE, SYMMETRIC = ".p8", ".wrapped"
_NAME = re.compile(r"[a-z][a-z0-9-]{0,79}")
_WRAP_PURPOSE = "wrap"


class KeyFiles:
    """The keys in ``directory`` that lie under ``key``; what is asked for by name may be somebody else's."""

    def __init__(self, directory: Path, key: SealingKey, entropy: Entropy) -> None:
        self._directory = directory
        self._key = key
        self._entropy = entropy

    def add_ec(self, name: str, key: EcPrivateKey) -> None:
        """Keep a private key; raises :class:`NotPermitted` if the name is taken."""
        change(new_path(self._directory, name, PRIVATE), key.pkcs8(self._key.pkcs8_passphrase(name)))

    def generate_ec(self, name: str, curve: str) -> Signer:
        """A fresh key on a named curve, to sign with by the digest that fits; raises as :meth:`add_ec`."""
        key = EcPrivateKey.generate(ec_domain_by_name(curve), self._entropy)
        self.add_ec(name, key)
        return EcSigner(key)

    def generate_rsa(self, name: str, bits: int, digest: str = "sha256", scheme: RsaScheme = "rsa-pss") -> Signer:
        """A fresh RSA key of 2048, 3072, 4096 or 6144 bits, to sign with; raises as :meth:`add_ec`."""
        from cryptography.hazmat.primitives import serialization
        from cryptography.hazmat.primitives.asymmetric import rsa

        if bits not in RSA_SIZES:
            raise BadInput("rsa-size-unsupported", bits=bits)
        path, passphrase = new_path(self._directory, name, PRIVATE), self._key.pkcs8_passphrase(name)
        key = rsa.generate_private_key(65537, bits)
        encryption = serialization.BestAvailableEncryption(passphrase)
        change(path, key.private_bytes(serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, encryption))
        return RsaSigner(key, digest, scheme)

    def signer(self, name: str, digest: str | None = None, scheme: RsaScheme = "rsa-pss") -> Signer:
        """The private key ``name``, to sign with: ECDSA by the digest that fits, RSA by SHA-256, or as wanted."""
        try:
            return EcSigner(self.private_ec(name), digest)
        except BadInput:
            return self._rsa_signer(name, digest or "sha256", scheme)

    def private_ec(self, name: str) -> EcPrivateKey:
        """The private key ``name`` itself; raises :class:`BadInput` if it is an RSA key."""
        try:
            return EcPrivateKey.from_pkcs8(self.read(name, PRIVATE), self._key.pkcs8_passphrase(name))
        except AccessDenied:  # the sealing key is known to be right
            raise IntegrityBroken("key-store-damaged", file=f"{name}{PRIVATE}") from None

    def _rsa_signer(self, name: str, digest: str, scheme: RsaScheme) -> Signer:
        from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
        from cryptography.hazmat.primitives.serialization import load_der_private_key

        key = load_der_private_key(self.read(name, PRIVATE), self._key.pkcs8_passphrase(name))
        if not isinstance(key, RSAPrivateKey):
            raise IntegrityBroken("key-store-damaged", file=f"{name}{PRIVATE}")
        return RsaSigner(key, digest, scheme)

    def create_symmetric(self, name: str, key: Secret) -> None:
        """Keep a symmetric key; raises :class:`NotPermitted` if the name is taken."""
        path = new_path(self._directory, name, SYMMETRIC)
        change(path, aes_gcm_seal(self._wrapping, key.reveal(), name.encode(), self._entropy))

    def symmetric(self, name: str) -> Secret:
        """The symmetric key ``name``."""
        return Secret(aes_gcm_open(self._wrapping, self.read(name, SYMMETRIC), name.encode()))

    def destroy(self, name: str) -> None:
        """Remove the key ``name`` for good; recording that is the caller's part."""
        paths = [path for suffix in (PRIVATE, SYMMETRIC) if (path := self._directory / f"{name}{suffix}").exists()]
        if not paths:
            raise KeyMissing("key-missing", name=name)
        for path in paths:
            remove_durably(path)

    def reseal(self, name: str, key: SealingKey) -> None:
        """Have the key ``name`` lie under another sealing key."""
        if (self._directory / f"{name}{SYMMETRIC}").exists():
            wrapping, plain = key.for_purpose(_WRAP_PURPOSE), self.symmetric(name).reveal()
            change(self._directory / f"{name}{SYMMETRIC}", aes_gcm_seal(wrapping, plain, name.encode(), self._entropy))
            return
        from cryptography.hazmat.primitives import serialization

        try:
            private = serialization.load_der_private_key(self.read(name, PRIVATE), self._key.pkcs8_passphrase(name))
        except (ValueError, TypeError):
            raise IntegrityBroken("key-store-damaged", file=f"{name}{PRIVATE}") from None
        encryption = serialization.BestAvailableEncryption(key.pkcs8_passphrase(name))
        form = serialization.PrivateFormat.PKCS8
        change(
            self._directory / f"{name}{PRIVATE}", private.private_bytes(serialization.Encoding.DER, form, encryption)
        )

    def read(self, name: str, suffix: str) -> bytes:
        """A key's file; raises :class:`KeyMissing` if it is not there."""
        try:
            return (self._directory / f"{name}{suffix}").read_bytes()
        except FileNotFoundError:
            raise KeyMissing("key-missing", name=name) from None

    @property
    def _wrapping(self) -> Secret:
        return self._key.for_purpose(_WRAP_PURPOSE)


def names_in(directory: Path, *suffixes: str) -> tuple[str, ...]:
    """The names of the keys in a folder, sorted."""
    return tuple(sorted({path.stem for path in directory.iterdir() if path.suffix in suffixes}))


def check_name(name: str) -> None:
    """Raises :class:`BadInput` unless a key can be called so."""
    if not _NAME.fullmatch(name):
        raise BadInput("key-name-malformed", name=name)


def new_path(directory: Path, name: str, suffix: str) -> Path:
    """Where a new key goes; raises :class:`NotPermitted` if the name is taken."""
    check_name(name)
    path = directory / f"{name}{suffix}"
    if path.exists():
        raise NotPermitted("key-exists", name=name)
    return path
