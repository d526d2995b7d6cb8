"""Private keys that are made for a compartment by somebody who does not open it: wrapped for its public key."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

from eid_toolkit.books.keys.compartment_files import CompartmentFile
from eid_toolkit.books.keys.compartments import Compartment
from eid_toolkit.books.keys.key_files import PRIVATE
from eid_toolkit.books.keys.sealing_key import SealingKey
from eid_toolkit.books.keys.token_keys import IN_TOKEN
from eid_toolkit.ground.errors import BadInput, IntegrityBroken, SealBroken
from eid_toolkit.ground.home.undo import change
from eid_toolkit.ground.plain_values import Hex, read_json, to_plain
from eid_toolkit.ground.ports import Entropy
from eid_toolkit.ground.secret import Secret
from eid_toolkit.standards.crypto.ec import EcPrivateKey, EcPublicKey
from eid_toolkit.standards.crypto.key_wrapping import WrappedKey, derived_key, unwrap, wrap
from eid_toolkit.standards.crypto.symmetric import aes_gcm_open, aes_gcm_seal

DEPOSIT = ".deposit"
DEPOSITED = frozenset((Compartment.DOCUMENT_SIGNING, Compartment.VERIFYING))
"""Where a private key may be made without opening the compartment: a certificate vouches for each of them."""
SCHEMA = "eid-deposit/1"
_KEY_SIZE = 32
_PURPOSE = "deposits"


@dataclass(frozen=True, slots=True)
class _Deposit:
    ephemeral: Hex
    wrapped: Hex
    sealed: Hex


def deposit_key(key: SealingKey) -> EcPrivateKey:
    """The key pair of a compartment, which follows from its sealing key."""
    return derived_key(lambda attempt: key.for_purpose(f"{_PURPOSE} {attempt}").reveal())


def is_deposited(directory: Path, name: str, compartment: Compartment) -> bool:
    """Whether a key lies here as a deposit.

    Anybody can make one for a compartment's public key. Raises :class:`IntegrityBroken` for one where none are made, or
    one that would take the place of a key that the compartment has.
    """
    if not (directory / f"{name}{DEPOSIT}").exists():
        return False
    if compartment not in DEPOSITED or any((directory / f"{name}{suffix}").exists() for suffix in (PRIVATE, IN_TOKEN)):
        raise IntegrityBroken("key-store-damaged", file=f"{name}{DEPOSIT}")
    return True


def deposit(directory: Path, name: str, key: bytes, file: CompartmentFile, entropy: Entropy) -> None:
    """Keep a private key (PKCS#8) so that those who open the compartment have it, and nobody else."""
    context = _context(name, file)
    secret = Secret(entropy.take(_KEY_SIZE))
    wrapped = wrap(secret, EcPublicKey.from_spki(file.public), context, entropy)
    kept = _Deposit(wrapped.ephemeral, wrapped.wrapped, aes_gcm_seal(secret, key, context, entropy))
    change(directory / f"{name}{DEPOSIT}", json.dumps({"schema": SCHEMA, **to_plain(kept)}, indent=1).encode())


def open_deposit(directory: Path, name: str, key: SealingKey, file: CompartmentFile) -> bytes:
    """The private key (PKCS#8); raises :class:`IntegrityBroken` if the file is damaged."""
    context = _context(name, file)
    try:
        kept = read_json(_Deposit, (directory / f"{name}{DEPOSIT}").read_bytes(), SCHEMA, strict=True)
        secret = unwrap(WrappedKey(kept.ephemeral, kept.wrapped), deposit_key(key), context)
        return aes_gcm_open(secret, kept.sealed, context)
    except (ValueError, BadInput, SealBroken):
        raise IntegrityBroken("key-store-damaged", file=f"{name}{DEPOSIT}") from None


def _context(name: str, file: CompartmentFile) -> bytes:
    return json.dumps([SCHEMA, name, hashlib.sha256(file.public).hexdigest()]).encode()
