"""A deck as one file: signed by its author, and for an exam sealed for the trainer's home.

Sealed, only that home can read it: the content is under AES-256-GCM, and the key is wrapped for the trainer
(:mod:`eid_toolkit.standards.crypto.key_wrapping`). Nothing is parsed before the tag is right, nothing believed before
the signature is.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

from eid_toolkit.ground.errors import BadInput, IntegrityBroken, SealBroken
from eid_toolkit.ground.plain_values import REQUIRED, Base64, Hex, read_json, to_plain
from eid_toolkit.ground.ports import Entropy
from eid_toolkit.ground.secret import Secret
from eid_toolkit.standards.crypto.ec import EcPublicKey
from eid_toolkit.standards.crypto.key_wrapping import WrappedKey, unwrap, wrap
from eid_toolkit.work.training.range_key import RangeKey, fingerprint_of, has_signed

MAX_SIZE = 16 << 20
"""The largest file in bytes."""
SIGNED, SEALED, TRAINER = "eid-training-deck-file/1", "eid-training-sealed-deck/1", "eid-training-trainer/1"
_CONTEXT = b"eid-toolkit training deck"
_KEY_SIZE = 32


@dataclass(frozen=True, slots=True)
class DeckFile:
    """A deck with the files of its folder, signed."""

    name: str
    files: Mapping[str, str]
    author_key: Hex
    """SubjectPublicKeyInfo in DER."""
    signature: Annotated[Hex, REQUIRED] = b""

    @property
    def author(self) -> str:
        """The fingerprint of the author's key."""
        return fingerprint_of(self.author_key)


@dataclass(frozen=True, slots=True)
class TrainerCard:
    """Whom a deck can be sealed for: a trainer's two public keys (SPKI in DER), signed by the first."""

    key: Hex
    wrapping_key: Hex
    signature: Annotated[Hex, REQUIRED] = b""

    @property
    def fingerprint(self) -> str:
        """That of the first key."""
        return fingerprint_of(self.key)


@dataclass(frozen=True, slots=True)
class _Sealed:
    ephemeral: Hex
    wrapped: Hex
    content: Base64


def pack(name: str, files: Mapping[str, bytes], key: RangeKey) -> bytes:
    """The deck in one file, signed; raises :class:`BadInput` for a file that is no text."""
    try:
        texts = {file: data.decode("utf-8") for file, data in sorted(files.items())}
    except UnicodeDecodeError:
        raise BadInput("training-deck-malformed", deck=name, reason="text that is not UTF-8") from None
    plain = to_plain(DeckFile(name, texts, key.public), without=("signature",))
    return _written(SIGNED, {**plain, "signature": key.sign(SIGNED, plain).hex()})


def unpack(data: bytes, name: str) -> DeckFile:
    """A signed deck; raises :class:`BadInput` for what is none, :class:`IntegrityBroken` for a changed one."""
    try:
        read = read_json(DeckFile, data, SIGNED, strict=True)
    except ValueError:
        raise BadInput("training-deck-file-malformed", deck=name) from None
    if not has_signed(read.author_key, SIGNED, to_plain(read, without=("signature",)), read.signature):
        raise IntegrityBroken("training-deck-file-changed", deck=name)
    return read


def seal(data: bytes, to: TrainerCard, entropy: Entropy) -> bytes:
    """A signed deck that only the trainer's home can read."""
    from eid_toolkit.standards.crypto.symmetric import aes_gcm_seal

    key = Secret(entropy.take(_KEY_SIZE))
    wrapped = wrap(key, EcPublicKey.from_spki(to.wrapping_key), _CONTEXT, entropy)
    sealed = _Sealed(wrapped.ephemeral, wrapped.wrapped, aes_gcm_seal(key, data, _CONTEXT, entropy))
    return _written(SEALED, to_plain(sealed))


def is_sealed(data: bytes) -> bool:
    """Whether it says that it is a sealed deck."""
    return f'"schema": "{SEALED}"'.encode() in data[:100]


def unseal(data: bytes, key: RangeKey, name: str) -> bytes:
    """The signed deck in a sealed one; raises :class:`SealBroken` if it is for another home, or was changed."""
    from eid_toolkit.standards.crypto.symmetric import aes_gcm_open

    try:
        sealed = read_json(_Sealed, data, SEALED, strict=True)
        content_key = unwrap(WrappedKey(sealed.ephemeral, sealed.wrapped), key.unwrapping, _CONTEXT)
        return aes_gcm_open(content_key, sealed.content, _CONTEXT)
    except (BadInput, IntegrityBroken, ValueError):
        raise SealBroken("training-deck-sealed", deck=name) from None


def trainer_card(key: RangeKey) -> bytes:
    """What authors seal decks with for this home."""
    plain = to_plain(TrainerCard(key.public, key.wrapping), without=("signature",))
    return _written(TRAINER, {**plain, "signature": key.sign(TRAINER, plain).hex()})


def read_trainer_card(data: bytes) -> TrainerCard:
    """Raises :class:`BadInput` for what is none, :class:`IntegrityBroken` for one that was changed."""
    try:
        card = read_json(TrainerCard, data, TRAINER, strict=True)
        EcPublicKey.from_spki(card.wrapping_key)
    except (ValueError, BadInput):
        raise BadInput("training-trainer-malformed") from None
    if not has_signed(card.key, TRAINER, to_plain(card, without=("signature",)), card.signature):
        raise IntegrityBroken("training-trainer-changed")
    return card


def _written(schema: str, values: Mapping[str, object]) -> bytes:
    return json.dumps({"schema": schema, **values}, ensure_ascii=False, indent=1).encode() + b"\n"
