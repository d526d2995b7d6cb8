"""Keys under one passphrase: those of the terminals in an officer's home, and of authorities' homes of before."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from eid_toolkit.books.keys.key_files import PRIVATE, SYMMETRIC, KeyFiles, names_in
from eid_toolkit.books.keys.signers import RsaScheme
from eid_toolkit.books.keys.stretching import PassphraseLock, PassphraseProvider, StoredLock
from eid_toolkit.ground.errors import IntegrityBroken
from eid_toolkit.ground.home.atomic import private_directory
from eid_toolkit.ground.home.undo import change
from eid_toolkit.ground.plain_values import read_json, to_plain
from eid_toolkit.ground.ports import Entropy, Signer
from eid_toolkit.ground.secret import Secret
from eid_toolkit.standards.crypto.ec import EcPrivateKey

SCHEMA = "eid-key-store/1"
LOCK_FILE = "key-store.json"


@dataclass(frozen=True, slots=True)
class _StoreFile:
    passphrase: StoredLock


class PassphraseKeys:
    """The keys in one folder; the passphrase is asked for when a key is used for the first time."""

    def __init__(self, directory: Path, lock: PassphraseLock, passphrase: PassphraseProvider, entropy: Entropy) -> None:
        self._directory = directory
        self._lock = lock
        self._passphrase = passphrase
        self._entropy = entropy

    @classmethod
    def create(cls, directory: Path, passphrase: Secret, entropy: Entropy) -> PassphraseKeys:
        """A folder without keys; raises :class:`BadInput` for a passphrase that is too short."""
        private_directory(directory)
        lock, _ = PassphraseLock.create(passphrase, entropy)
        change(directory / LOCK_FILE, json.dumps({"schema": SCHEMA, **to_plain(_StoreFile(lock))}, indent=1).encode())
        return cls(directory, lock, lambda: passphrase, entropy)

    @classmethod
    def open(cls, directory: Path, passphrase: PassphraseProvider, entropy: Entropy) -> PassphraseKeys:
        """The keys in ``directory``; raises :class:`IntegrityBroken` if they are damaged or not there."""
        try:
            document = read_json(_StoreFile, (directory / LOCK_FILE).read_bytes(), SCHEMA)
        except FileNotFoundError:
            raise IntegrityBroken("key-store-missing", directory=directory) from None
        except ValueError:
            raise IntegrityBroken("key-store-damaged", file=LOCK_FILE) from None
        return cls(directory, document.passphrase, passphrase, entropy)

    @cached_property
    def files(self) -> KeyFiles:
        """The keys, opened: asks for the passphrase, and raises :class:`AccessDenied` if it is wrong."""
        return KeyFiles(self._directory, self._lock.open(self._passphrase()), self._entropy)

    def names(self) -> tuple[str, ...]:
        """The names of all keys, sorted."""
        return names_in(self._directory, PRIVATE, SYMMETRIC)

    def add_ec(self, name: str, key: EcPrivateKey) -> None:
        """Keep a private key; raises :class:`NotPermitted` if the name is taken."""
        self.files.add_ec(name, key)

    def signer(self, name: str, digest: str | None = None, scheme: RsaScheme = "rsa-pss") -> Signer:
        """The private key ``name``, to sign with."""
        return self.files.signer(name, digest, scheme)
