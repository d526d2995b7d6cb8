"""The key store: private keys as encrypted PKCS#8 (RFC 5958), symmetric keys wrapped by AES-GCM, one passphrase."""

from __future__ import annotations

import hmac
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from eid_toolkit.books.keys.signers import RSA_SIZES, EcSigner, RsaScheme, RsaSigner
from eid_toolkit.books.keys.stretching import PassphraseLock, PassphraseProvider, StoredLock, StretchedKey
from eid_toolkit.ground.errors import AccessDenied, BadInput, IntegrityBroken, KeyMissing, NotPermitted
from eid_toolkit.ground.home.atomic import private_directory, remove_durably
from eid_toolkit.ground.home.locks import exclusive
from eid_toolkit.ground.home.undo import change
from eid_toolkit.ground.plain_values import read_json, to_plain
from eid_toolkit.ground.ports import Entropy, Signer
from eid_toolkit.ground.secret import Secret
from eid_toolkit.standards.crypto.domain_parameters import ec_domain_by_name
from eid_toolkit.standards.crypto.ec import EcPrivateKey
from eid_toolkit.standards.crypto.symmetric import aes_cmac, aes_gcm_open, aes_gcm_seal

SCHEMA = "eid-key-store/1"
DATA_KEY = "data"
"""AES-256: seals what the register holds."""
CARD_MASTER_KEY = "card-master"
"""AES-128: each chip's own keys are diversified from it."""
TRANSPORT_KEY = "transport"
"""AES-128: the keys with which blanks are delivered."""
LOOK_UP_KEY = "look-ups"
"""HMAC-SHA256: by its hashes the audit log knows what was looked up."""

_LOCK_FILE = "key-store.json"
_LOOK_UP_KEY_SIZE = 32
_NAME = re.compile(r"[a-z][a-z0-9-]{0,39}")


@dataclass(frozen=True, slots=True)
class _StoreFile:
    passphrase: StoredLock


class KeyStore:
    """The keys of one home; the passphrase is asked for when a key is used for the first time."""

    def __init__(self, directory: Path, lock: PassphraseLock, passphrase: PassphraseProvider, entropy: Entropy) -> None:
        self._directory = directory
        self._lock = lock
        self._passphrase = passphrase
        self._entropy = entropy
        self._opened: StretchedKey | None = None
        self._symmetric: dict[str, Secret] = {}

    @classmethod
    def create(cls, directory: Path, passphrase: Secret, entropy: Entropy, *, random: bool = False) -> KeyStore:
        """An empty store in ``directory``; ``random`` as :meth:`PassphraseLock.create` has it."""
        private_directory(directory)
        lock, opened = PassphraseLock.create(passphrase, entropy, random=random)
        document = {"schema": SCHEMA, **to_plain(_StoreFile(lock))}
        change(directory / _LOCK_FILE, json.dumps(document, indent=1).encode())
        store = cls(directory, lock, lambda: passphrase, entropy)
        store._opened = opened
        return store

    @classmethod
    def open(cls, directory: Path, passphrase: PassphraseProvider, entropy: Entropy) -> KeyStore:
        """The store in ``directory``; raises :class:`IntegrityBroken` if it is broken or not there."""
        try:
            document = read_json(_StoreFile, (directory / _LOCK_FILE).read_bytes(), SCHEMA)
        except FileNotFoundError:
            raise IntegrityBroken("key-store-missing", directory=directory) from None
        except ValueError:
            raise IntegrityBroken("key-store-damaged", file=_LOCK_FILE) from None
        return cls(directory, document.passphrase, passphrase, entropy)

    @property
    def has_random_passphrase(self) -> bool:
        """Whether the passphrase was made by a machine; who changes that in the file opens the store no more."""
        return self._lock.random

    @property
    def is_unlocked(self) -> bool:
        """Whether the passphrase was given, and was right."""
        return self._opened is not None

    @property
    def signs_unasked(self) -> bool:
        """Whether a private key can be used now without asking for anything."""
        return self.is_unlocked

    def unlock(self) -> None:
        """Ask for the passphrase now; raises :class:`AccessDenied` if it is wrong."""
        self._key()

    def names(self) -> tuple[str, ...]:
        """The names of all keys, sorted."""
        return tuple(sorted(path.stem for path in self._directory.iterdir() if path.suffix in {".p8", ".wrapped"}))

    def add_ec(self, name: str, key: EcPrivateKey) -> None:
        """Keep a private key; raises :class:`NotPermitted` if the name is taken."""
        path = self._new_path(name, ".p8")
        change(path, key.pkcs8(self._key().pkcs8_passphrase(name)))

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
        path, passphrase = self._new_path(name, ".p8"), self._key().pkcs8_passphrase(name)
        key = rsa.generate_private_key(65537, bits)
        encryption = serialization.BestAvailableEncryption(passphrase)
        change(path, key.private_bytes(serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, encryption))
        return RsaSigner(key, digest, scheme)

    def signer(self, name: str, digest: str | None = None, scheme: RsaScheme = "rsa-pss") -> Signer:
        """The private key ``name``, to sign with: ECDSA by the digest that fits, RSA by SHA-256, or as wanted."""
        data, passphrase = self._read(name, ".p8"), self._key().pkcs8_passphrase(name)
        try:
            return EcSigner(EcPrivateKey.from_pkcs8(data, passphrase), digest)
        except BadInput:
            return self._rsa_signer(name, data, passphrase, digest or "sha256", scheme)
        except AccessDenied:  # the passphrase is known to be right
            raise IntegrityBroken("key-store-damaged", file=f"{name}.p8") from None

    def _rsa_signer(self, name: str, data: bytes, passphrase: bytes, digest: str, scheme: RsaScheme) -> Signer:
        from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
        from cryptography.hazmat.primitives.serialization import load_der_private_key

        key = load_der_private_key(data, passphrase)
        if not isinstance(key, RSAPrivateKey):
            raise IntegrityBroken("key-store-damaged", file=f"{name}.p8")
        return RsaSigner(key, digest, scheme)

    def create_symmetric(self, name: str, key: Secret) -> None:
        """Keep a symmetric key; raises :class:`NotPermitted` if the name is taken."""
        path = self._new_path(name, ".wrapped")
        wrapping = self._key().for_purpose("wrap")
        change(path, aes_gcm_seal(wrapping, key.reveal(), name.encode(), self._entropy))

    def symmetric(self, name: str) -> Secret:
        """The symmetric key ``name``."""
        if name not in self._symmetric:
            data = self._read(name, ".wrapped")
            wrapping = self._key().for_purpose("wrap")
            self._symmetric[name] = Secret(aes_gcm_open(wrapping, data, name.encode()))
        return self._symmetric[name]

    def create_master(self, name: str, size: int) -> None:
        """A fresh AES key of ``size`` bytes that is used by its CMAC; raises as :meth:`create_symmetric`."""
        self.create_symmetric(name, Secret(self._entropy.take(size)))

    def cmac(self, name: str) -> Callable[[bytes], bytes]:
        """AES-CMAC (16 bytes) by the symmetric key ``name``."""
        key = self.symmetric(name)
        return lambda message: aes_cmac(key.reveal(), message)

    def keyed_hash(self, data: bytes) -> str:
        """HMAC-SHA256 over ``data`` by the look-up key, in hex; the key is made when it is first needed."""
        try:
            key = self.symmetric(LOOK_UP_KEY)
        except IntegrityBroken:
            with exclusive(self._directory / f"{LOOK_UP_KEY}.lock", "the key of look-ups"):
                if not (self._directory / f"{LOOK_UP_KEY}.wrapped").exists():
                    self.create_symmetric(LOOK_UP_KEY, Secret(self._entropy.take(_LOOK_UP_KEY_SIZE)))
            key = self.symmetric(LOOK_UP_KEY)
        return hmac.new(key.reveal(), data, "sha256").hexdigest()

    def seal(self, data: bytes, context: bytes) -> bytes:
        """``data`` encrypted and authenticated under the data key, bound to ``context``."""
        return aes_gcm_seal(self.symmetric(DATA_KEY), data, context, self._entropy)

    def unseal(self, blob: bytes, context: bytes) -> Secret:
        """What was sealed; raises :class:`IntegrityBroken` if the blob, or its context, is another."""
        return Secret(aes_gcm_open(self.symmetric(DATA_KEY), blob, context))

    def destroy(self, name: str) -> None:
        """Remove the key ``name`` for good; recording that is the caller's part."""
        suffix = ".wrapped" if self._is_symmetric(name) else ".p8"
        self._read(name, suffix)
        self._symmetric.pop(name, None)
        remove_durably(self._directory / f"{name}{suffix}")

    def _is_symmetric(self, name: str) -> bool:
        return (self._directory / f"{name}.wrapped").exists()

    def _key(self) -> StretchedKey:
        if self._opened is None:
            self._opened = self._lock.open(self._passphrase())
        return self._opened

    def _read(self, name: str, suffix: str) -> bytes:
        try:
            return (self._directory / f"{name}{suffix}").read_bytes()
        except FileNotFoundError:
            raise KeyMissing("key-missing", name=name) from None

    def _check_name(self, name: str) -> None:
        if not _NAME.fullmatch(name):
            raise BadInput("key-name-malformed", name=name)

    def _new_path(self, name: str, suffix: str) -> Path:
        self._check_name(name)
        path = self._directory / f"{name}{suffix}"
        if path.exists():
            raise NotPermitted("key-exists", name=name)
        return path


def seal_with(key: Secret, data: bytes, context: bytes, entropy: Entropy) -> bytes:
    """``data`` encrypted and authenticated by AES-GCM under ``key`` (16 or 32 bytes), bound to ``context``."""
    return aes_gcm_seal(key, data, context, entropy)


def open_sealed(key: Secret, blob: bytes, context: bytes) -> Secret:
    """What :func:`seal_with` sealed; raises :class:`IntegrityBroken` for anything else."""
    return Secret(aes_gcm_open(key, blob, context))
