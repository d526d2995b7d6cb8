"""The key store of a home: compartments, each opened by those whose work needs it (docs/keys.md).

A compartment's sealing key is wrapped for operators, and opened by those who act now (:meth:`KeyStore.admit`). A key's
name says where it lies; private keys are in files or, where the compartment has one, in a token.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable
from itertools import permutations
from pathlib import Path
from typing import TypeVar

from eid_toolkit.books.keys.compartment_files import STAFF, CompartmentFile
from eid_toolkit.books.keys.compartments import Compartment, compartment_of, lies_in
from eid_toolkit.books.keys.deposits import DEPOSIT, DEPOSITED, deposit, is_deposited, open_deposit
from eid_toolkit.books.keys.foundation import Foundation
from eid_toolkit.books.keys.holding import HeldKeys
from eid_toolkit.books.keys.key_files import PRIVATE, SYMMETRIC, KeyFiles, check_name, names_in
from eid_toolkit.books.keys.pkcs8 import encoded, new_rsa, signer_from
from eid_toolkit.books.keys.sealing_key import SealingKey
from eid_toolkit.books.keys.signers import EcSigner, RsaScheme, RsaSigner
from eid_toolkit.books.keys.token_keys import IN_TOKEN, TokenKeys
from eid_toolkit.ground.errors import BadInput, IntegrityBroken, KeyMissing, NotPermitted, SealBroken
from eid_toolkit.ground.home.atomic import remove_durably
from eid_toolkit.ground.ports import Entropy, Signer
from eid_toolkit.ground.secret import Secret
from eid_toolkit.standards.crypto.domain_parameters import ec_domain_by_name
from eid_toolkit.standards.crypto.ec import EcPrivateKey
from eid_toolkit.standards.crypto.symmetric import aes_cmac, aes_gcm_open, aes_gcm_seal

DATA_KEY = "data"
"""AES-256: seals what the register holds; the next ones, of later generations, are called data-2 and so on."""
CARD_MASTER_KEY = "card-master"
"""AES-128: each chip's own keys are diversified from it."""
TRANSPORT_KEY = "transport"
"""AES-128: the keys with which blanks are delivered."""
LOOK_UP_KEY = "look-ups"
"""HMAC-SHA256: by its hashes the audit log knows what was looked up."""
STAFF_KEY, STAFF_UNWRAPPING_KEY = "staff", "staff-unwrapping"
"""ECDSA and ECDH on P-256: what endorses operators, and what the working compartments are sealed for."""

_Key = TypeVar("_Key")
Ask = Callable[[Compartment], None]
"""Has somebody act who opens a compartment: they are admitted; nobody is where nobody can be asked."""


class KeyStore:
    """The keys of one home."""

    def __init__(self, directory: Path, foundation: Foundation, entropy: Entropy, ask: Ask | None = None) -> None:
        self.directory = directory
        self.foundation = foundation
        self._entropy = entropy
        self._ask = ask
        self._holders: dict[str, HeldKeys] = {}
        self._opened: dict[Compartment, SealingKey] = {}
        self._symmetric: dict[str, Secret] = {}
        self._generations: tuple[int, ...] | None = None
        self._newest: Callable[[Compartment], int] = lambda _: 0

    @classmethod
    def open(cls, directory: Path, entropy: Entropy, ask: Ask | None = None) -> KeyStore:
        """The store in ``directory``; raises :class:`IntegrityBroken` if it is broken or not there."""
        return cls(directory, Foundation.read(directory), entropy, ask)

    # Opening.

    def admit(self, name: str, keys: HeldKeys) -> None:
        """Somebody acts now: their keys open what is wrapped for them."""
        self._holders[name] = keys

    def ask_by(self, ask: Ask) -> None:
        """Who is asked for a compartment that nobody opens who acts already."""
        self._ask = ask

    def hold_to(self, newest: Callable[[Compartment], int]) -> None:
        """Have an older generation of a compartment refused than the one that is on record."""
        self._newest = newest

    def is_open(self, compartment: Compartment) -> bool:
        """Whether its keys can be used now without asking anybody."""
        return compartment in self._opened

    def unlock(self, *compartments: Compartment) -> None:
        """Open compartments now.

        Raises :class:`NotPermitted` if those who act do not open it, :class:`IntegrityBroken` if it is damaged.
        """
        for compartment in compartments:
            self.sealing_key(compartment)

    def sealing_key(self, compartment: Compartment) -> SealingKey:
        """The key of a compartment, opened as :meth:`unlock` does."""
        if compartment not in self._opened:
            file = self.file(compartment)
            key = self._open(file)
            if key is None and self._ask is not None:
                self._ask(compartment)
                key = self._open(file)
            if key is None:
                holders = ", ".join(name for name in file.recipients() if "#" not in name) or "-"
                code = "compartment-needs-two" if file.by_two else "compartment-closed"
                raise NotPermitted(code, compartment=str(compartment), holders=holders)
            self._opened[compartment] = key
        return self._opened[compartment]

    def opened(self, compartment: Compartment, key: SealingKey) -> None:
        """A compartment was made, or has a new key."""
        self._opened[compartment] = key
        for name in [name for name in self._symmetric if compartment_of(name) is compartment]:
            del self._symmetric[name]

    def has(self, compartment: Compartment) -> bool:
        """Whether the home has the compartment."""
        return CompartmentFile.path(self.directory, compartment).exists()

    def file(self, compartment: Compartment) -> CompartmentFile:
        """A compartment as it lies on the disk; raises :class:`IntegrityBroken` if it is not there or is an old one."""
        file = CompartmentFile.read(self.directory, compartment, self.foundation)
        if file is None:
            raise IntegrityBroken("compartment-missing", compartment=str(compartment))
        if file.generation < self._newest(compartment):
            raise IntegrityBroken("compartment-rolled-back", compartment=str(compartment))
        return file

    def _open(self, file: CompartmentFile) -> SealingKey | None:
        if file.by_two:
            pairs = permutations(self._holders.items(), 2)
            keys = (file.open_by_two(self.foundation, first, second) for first, second in pairs)
        else:
            keys = (file.open_by(self.foundation, name, held) for name, held in self._holders.items())
        return next((key for key in keys if key is not None), None) or self._open_by_staff(file)

    def _open_by_staff(self, file: CompartmentFile) -> SealingKey | None:
        """By two who hold the staff compartment, for which the working ones are sealed."""
        if not file.compartment.for_staff:
            return None
        if not self.is_open(Compartment.STAFF):
            staff = self._open(self.file(Compartment.STAFF)) if self._holders else None
            if staff is None:
                return None
            self._opened[Compartment.STAFF] = staff
        return file.open_by(self.foundation, STAFF, self.staff)

    @property
    def staff(self) -> HeldKeys:
        """The staff keys themselves; their compartment is opened for it."""
        from eid_toolkit.books.keys.holding import KeyPair

        files = self._files(Compartment.STAFF)
        pair = KeyPair(files.private_ec(STAFF_KEY), files.private_ec(STAFF_UNWRAPPING_KEY))
        pair.require(self.foundation.staff, self.foundation.staff_wrapping, "staff")
        return pair

    # Private keys.

    def names(self) -> tuple[str, ...]:
        """The names of all keys, sorted; nothing is opened for it."""
        return names_in(self.directory, PRIVATE, SYMMETRIC, DEPOSIT, IN_TOKEN)

    def names_of(self, compartment: Compartment) -> tuple[str, ...]:
        """The names of a compartment's keys, sorted."""
        return tuple(name for name in self.names() if lies_in(name, compartment))

    def add_ec(self, name: str, key: EcPrivateKey) -> None:
        """Keep a private key; raises :class:`NotPermitted` if the name is taken, or a token makes such keys."""
        compartment = self._new(name)
        if self._token(compartment) is not None:
            raise NotPermitted("token-takes-no-key", name=name)
        self._files(compartment).add_ec(name, key)

    def generate_ec(self, name: str, curve: str) -> Signer:
        """A fresh key on a named curve, to sign with by the digest that fits; raises as :meth:`add_ec`."""
        compartment = self._new(name)
        if self._may_deposit(compartment):
            key = EcPrivateKey.generate(ec_domain_by_name(curve), self._entropy)
            deposit(self.directory, name, key.pkcs8(None), self.file(compartment), self._entropy)
            return EcSigner(key)
        return (self._token(compartment) or self._files(compartment)).generate_ec(name, curve)

    def generate_rsa(self, name: str, bits: int, digest: str = "sha256", scheme: RsaScheme = "rsa-pss") -> Signer:
        """A fresh RSA key of 2048, 3072, 4096 or 6144 bits, to sign with; raises as :meth:`add_ec`."""
        compartment = self._new(name)
        if self._may_deposit(compartment):
            key = new_rsa(bits)
            deposit(self.directory, name, encoded(key, None), self.file(compartment), self._entropy)
            return RsaSigner(key, digest, scheme)
        return (self._token(compartment) or self._files(compartment)).generate_rsa(name, bits, digest, scheme)

    def signer(self, name: str, digest: str | None = None, scheme: RsaScheme = "rsa-pss") -> Signer:
        """The private key ``name``, to sign with: ECDSA by the digest that fits, RSA by SHA-256, or as wanted."""
        compartment = self._there(name)
        deposited = is_deposited(self.directory, name, compartment)
        if (self.directory / f"{name}{IN_TOKEN}").exists():
            token = self._token(compartment)
            if token is None:
                raise IntegrityBroken("key-store-damaged", file=f"{name}{IN_TOKEN}")
            return token.signer(name, digest, scheme)
        if deposited:
            key = open_deposit(self.directory, name, self.sealing_key(compartment), self.file(compartment))
            return signer_from(key, None, digest, scheme)
        return self._read(compartment, lambda files: files.signer(name, digest, scheme))

    def private_ec(self, name: str) -> EcPrivateKey:
        """The private key ``name`` itself; raises :class:`BadInput` for one of another kind, and for one in a token."""
        return self._read(self._there(name), lambda files: files.private_ec(name))

    def destroy(self, name: str) -> None:
        """Remove the key ``name`` for good; recording that is the caller's part."""
        compartment = self._there(name)
        if (self.directory / f"{name}{IN_TOKEN}").exists() and (token := self._token(compartment)) is not None:
            token.destroy(name)
        for suffix in (PRIVATE, SYMMETRIC, DEPOSIT, IN_TOKEN):
            if (path := self.directory / f"{name}{suffix}").exists():
                remove_durably(path)
        self._symmetric.pop(name, None)

    # Symmetric keys.

    def create_symmetric(self, name: str, key: Secret) -> None:
        """Keep a symmetric key; raises :class:`NotPermitted` if the name is taken."""
        self._generations = None
        self._files(self._new(name)).create_symmetric(name, key)

    def symmetric(self, name: str) -> Secret:
        """The symmetric key ``name``."""
        if name not in self._symmetric:
            self._symmetric[name] = self._read(self._there(name), lambda files: files.symmetric(name))
        return self._symmetric[name]

    def create_master(self, name: str, size: int) -> None:
        """A fresh AES key of ``size`` bytes that is used by its CMAC; raises as :meth:`create_symmetric`."""
        compartment = self._new(name)
        if (token := self._token(compartment)) is not None:
            token.create_master(name, size)
        else:
            self.create_symmetric(name, Secret(self._entropy.take(size)))

    def cmac(self, name: str) -> Callable[[bytes], bytes]:
        """AES-CMAC (16 bytes) by the symmetric key ``name``."""
        if (self.directory / f"{name}{IN_TOKEN}").exists():
            token = self._token(self._there(name))
            if token is not None:
                return token.cmac(name)
        key = self.symmetric(name)
        return lambda message: aes_cmac(key.reveal(), message)

    def keyed_hash(self, data: bytes) -> str:
        """HMAC-SHA256 over ``data`` by the look-up key, in hex."""
        return hmac.new(self.symmetric(LOOK_UP_KEY).reveal(), data, "sha256").hexdigest()

    # What the register seals.

    def data_generations(self) -> tuple[int, ...]:
        """The generations of the data key that there are, the newest first."""
        names = (name for name in names_in(self.directory, SYMMETRIC) if name.partition("-")[0] == DATA_KEY)
        return tuple(sorted((int(name.partition("-")[2] or 1) for name in names), reverse=True))

    @property
    def data_generation(self) -> int:
        """The generation of the data key that seals now."""
        if self._generations is None:
            self._generations = self.data_generations()
        return next(iter(self._generations), 1)

    def seal(self, data: bytes, context: bytes) -> bytes:
        """``data`` encrypted and authenticated under the newest data key, bound to ``context``."""
        return aes_gcm_seal(self._data_key(self.data_generation), data, context, self._entropy)

    def unseal(self, blob: bytes, context: bytes) -> Secret:
        """What was sealed; raises :class:`IntegrityBroken` if the blob, or its context, is another."""
        *others, oldest = self._generations or self.data_generations() or (1,)
        for generation in others:
            try:
                return Secret(aes_gcm_open(self._data_key(generation), blob, context))
            except SealBroken:  # perhaps sealed with an earlier one
                pass
        return Secret(aes_gcm_open(self._data_key(oldest), blob, context))

    def _data_key(self, generation: int) -> Secret:
        return self.symmetric(data_key_name(generation))

    # Where things are.

    def _files(self, compartment: Compartment) -> KeyFiles:
        return KeyFiles(self.directory, self.sealing_key(compartment), self._entropy)

    def _read(self, compartment: Compartment, use: Callable[[KeyFiles], _Key]) -> _Key:
        """Use a key of a compartment, which may have got another sealing key since it was opened."""
        try:
            return use(self._files(compartment))
        except IntegrityBroken:
            if self.sealing_key(compartment).is_checked_by(self.file(compartment).check):
                raise
            del self._opened[compartment]
            return use(self._files(compartment))

    def _token(self, compartment: Compartment) -> TokenKeys | None:
        """The token that holds a compartment's keys, if it has one; the compartment is opened for its PIN."""
        return TokenKeys.of(self.directory, compartment, lambda: self.sealing_key(compartment))

    def _may_deposit(self, compartment: Compartment) -> bool:
        """Whether a key is made here for a compartment that those who act do not open."""
        if compartment not in DEPOSITED or self.is_open(compartment) or TokenKeys.is_used(self.directory, compartment):
            return False
        key = self._open(self.file(compartment)) if self._holders else None
        if key is not None:
            self._opened[compartment] = key
        return key is None and bool(self._holders)

    def _new(self, name: str) -> Compartment:
        check_name(name)
        if name in self.names():
            raise NotPermitted("key-exists", name=name)
        return self._place(name)

    def _there(self, name: str) -> Compartment:
        if not any((self.directory / f"{name}{suffix}").exists() for suffix in (PRIVATE, SYMMETRIC, DEPOSIT, IN_TOKEN)):
            raise KeyMissing("key-missing", name=name)
        return self._place(name)

    @staticmethod
    def _place(name: str) -> Compartment:
        try:
            return compartment_of(name)
        except KeyError:
            raise BadInput("key-name-malformed", name=name) from None


def data_key_name(generation: int) -> str:
    """What the data key of a generation is called."""
    return DATA_KEY if generation == 1 else f"{DATA_KEY}-{generation}"


def seal_with(key: Secret, data: bytes, context: bytes, entropy: Entropy) -> bytes:
    """``data`` encrypted and authenticated by AES-GCM under ``key`` (16 or 32 bytes), bound to ``context``."""
    return aes_gcm_seal(key, data, context, entropy)


def open_sealed(key: Secret, blob: bytes, context: bytes) -> Secret:
    """What :func:`seal_with` sealed; raises :class:`IntegrityBroken` for anything else."""
    return Secret(aes_gcm_open(key, blob, context))
