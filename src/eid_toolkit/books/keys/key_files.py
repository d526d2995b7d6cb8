"""Keys as files under one sealing key: private keys as encrypted PKCS#8 (RFC 5958), symmetric keys under AES-GCM."""

from __future__ import annotations

import re
from pathlib import Path

from eid_toolkit.books.keys.pkcs8 import encoded, encrypted_anew, new_rsa, signer_from
from eid_toolkit.books.keys.sealing_key import SealingKey
from eid_toolkit.books.keys.signers import EcSigner, RsaScheme, RsaSigner
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
        path, key = new_path(self._directory, name, PRIVATE), new_rsa(bits)
        change(path, encoded(key, self._key.pkcs8_passphrase(name)))
        return RsaSigner(key, digest, scheme)

    def add_plain(self, name: str, plain: bytes) -> None:
        """Keep a private key that is plain PKCS#8; raises as :meth:`add_ec`."""
        path = new_path(self._directory, name, PRIVATE)
        change(path, encrypted_anew(plain, None, self._key.pkcs8_passphrase(name)))

    def signer(self, name: str, digest: str | None = None, scheme: RsaScheme = "rsa-pss") -> Signer:
        """The private key ``name``, to sign with: ECDSA by the digest that fits, RSA by SHA-256, or as wanted."""
        try:
            return signer_from(self.read(name, PRIVATE), self._key.pkcs8_passphrase(name), digest, scheme)
        except (AccessDenied, BadInput):  # the sealing key is known to be right
            raise IntegrityBroken("key-store-damaged", file=f"{name}{PRIVATE}") from None

    def private_ec(self, name: str) -> EcPrivateKey:
        """The private key ``name`` itself; raises :class:`BadInput` if it is an RSA key."""
        try:
            return EcPrivateKey.from_pkcs8(self.read(name, PRIVATE), self._key.pkcs8_passphrase(name))
        except AccessDenied:
            raise IntegrityBroken("key-store-damaged", file=f"{name}{PRIVATE}") from None

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
        try:
            data = encrypted_anew(
                self.read(name, PRIVATE), self._key.pkcs8_passphrase(name), key.pkcs8_passphrase(name)
            )
        except AccessDenied:
            raise IntegrityBroken("key-store-damaged", file=f"{name}{PRIVATE}") from None
        change(self._directory / f"{name}{PRIVATE}", data)

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
