"""The file of a back-up: lines of JSON, compressed, encrypted and authenticated chunk by chunk, of any length.

Layout: the magic; the file's own AES-256 key, wrapped for the home's staff key (docs/key-wrap.md: a point of 65 bytes,
then 40 bytes; in files of version 1 it was sealed by the data key, 60 bytes); then chunks, each a byte that is 1
for the last one and else 0, the length (4 bytes, big-endian), and AES-256-GCM (nonce of 12 bytes, ciphertext, tag of 16
bytes) bound to the wrapped key, to its number and to that byte. So no chunk can be changed, moved, left out or taken
from another file, and a file that was cut off has no last chunk. Nothing that a chunk holds is used before the
chunk was authenticated.

Anybody can wrap a key for the staff, so the last line says who made the file, with a signature over all lines before.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, BinaryIO

from eid_toolkit.books.keys.foundation import Foundation
from eid_toolkit.books.keys.keys import KeyStore, open_sealed, seal_with
from eid_toolkit.books.staff.operators import Operator
from eid_toolkit.ground.errors import BadInput, IntegrityBroken, SealBroken
from eid_toolkit.ground.plain_values import Hex, parse_json, read_json, to_plain
from eid_toolkit.ground.ports import Entropy
from eid_toolkit.ground.secret import Secret
from eid_toolkit.standards.crypto.ec import EcPublicKey
from eid_toolkit.standards.crypto.key_wrapping import POINT_SIZE, WrappedKey, wrap

MAGIC = b"eid-register-backup/2\n"
MAGIC_1 = b"eid-register-backup/1\n"

_KEY_SIZE = 32  # AES-256
_OVERHEAD = 28  # nonce and tag
_SEALED_KEY_SIZE = _KEY_SIZE + _OVERHEAD
_WRAPPED_KEY_SIZE = POINT_SIZE + _KEY_SIZE + 8
_CHUNK = 1 << 16
_COMPRESSION = 3  # most of a register is sealed, and is not made smaller
_PIECE = 1 << 20


IsSigned = Callable[[str, bytes, bytes | None], bool]
"""Whether the operator of that name has signed the statement; None is the signature in a demo home."""


@dataclass(frozen=True, slots=True)
class _Maker:
    """The last line."""

    made_by: str
    signature: Hex | None


class BackupWriter:
    """Writes values as lines; :meth:`finish` ends the file."""

    def __init__(self, stream: BinaryIO, foundation: Foundation, entropy: Entropy) -> None:
        self._stream = stream
        self._entropy = entropy
        self._key = Secret(entropy.take(_KEY_SIZE))
        wrapped = wrap(self._key, EcPublicKey.from_spki(foundation.staff_wrapping), _context(foundation), entropy)
        sealed = wrapped.ephemeral + wrapped.wrapped
        self._context = sha256(MAGIC + sealed).digest()
        self._home, self._lines = foundation.home, sha256()
        self._number = 0
        self._compressor = zlib.compressobj(_COMPRESSION)
        self._waiting = bytearray()
        stream.write(MAGIC + sealed)

    def write(self, value: object) -> None:
        """One line."""
        line = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
        self._lines.update(line)
        self._waiting += self._compressor.compress(line)
        while len(self._waiting) > _CHUNK:
            self._seal(bytes(self._waiting[:_CHUNK]), last=False)
            del self._waiting[:_CHUNK]

    def finish(self, operator: Operator) -> None:
        """The last line, signed by who has made the file, and the last chunks."""
        signature = operator.sign(_statement(self._home, self._lines.digest()))
        self.write(to_plain(_Maker(operator.name, signature)))
        self._waiting += self._compressor.flush()
        while len(self._waiting) > _CHUNK:
            self._seal(bytes(self._waiting[:_CHUNK]), last=False)
            del self._waiting[:_CHUNK]
        self._seal(bytes(self._waiting), last=True)

    def _seal(self, data: bytes, *, last: bool) -> None:
        sealed = seal_with(self._key, data, _bound(self._context, self._number, last=last), self._entropy)
        self._number += 1
        self._stream.write(bytes((last,)) + len(sealed).to_bytes(4, "big") + sealed)


def read_backup(stream: BinaryIO, keys: KeyStore, is_signed: IsSigned) -> Iterator[Any]:
    """The values of a back-up, one by one; the end of the iteration says that the whole file is as it was written.

    Raises :class:`IntegrityBroken` for a file that is damaged, cut off, was made with another key store, or is not
    signed by an operator of the home.
    """
    magic = stream.read(len(MAGIC))
    if magic not in (MAGIC, MAGIC_1):
        raise IntegrityBroken("backup-unreadable")
    sealed = stream.read(_WRAPPED_KEY_SIZE if magic == MAGIC else _SEALED_KEY_SIZE)
    try:
        key = _unwrapped(sealed, keys) if magic == MAGIC else keys.unseal(sealed, MAGIC_1)
    except (SealBroken, BadInput):
        raise IntegrityBroken("backup-of-another-home") from None
    lines = _lines(_inflated(_chunks(stream, key, sha256(magic + sealed).digest())))
    if magic == MAGIC_1:
        yield from map(_value, lines)
        return
    digest, last = sha256(), b""
    for line in lines:
        if last:
            digest.update(last + b"\n")
            yield _value(last)
        last = line
    try:
        maker = read_json(_Maker, last, strict=True)
    except ValueError:
        raise IntegrityBroken("backup-damaged") from None
    if not is_signed(maker.made_by, _statement(keys.foundation.home, digest.digest()), maker.signature):
        raise IntegrityBroken("backup-not-signed", name=maker.made_by)


def _lines(pieces: Iterator[bytes]) -> Iterator[bytes]:
    line = b""
    for piece in pieces:
        *lines, line = (line + piece).split(b"\n")
        yield from lines
    if line:
        raise IntegrityBroken("backup-damaged")


def _statement(home: bytes, digest: bytes) -> bytes:
    return MAGIC + home + digest


def _unwrapped(sealed: bytes, keys: KeyStore) -> Secret:
    wrapped = WrappedKey(sealed[:POINT_SIZE], sealed[POINT_SIZE:])
    return keys.staff.unwrap(wrapped, _context(keys.foundation))


def _context(foundation: Foundation) -> bytes:
    return MAGIC + foundation.home


def _chunks(stream: BinaryIO, key: Secret, context: bytes) -> Iterator[bytes]:
    number, last = 0, False
    while not last:
        head = stream.read(5)
        size = int.from_bytes(head[1:], "big")
        if len(head) != 5 or head[0] > 1 or size > _CHUNK + _OVERHEAD:
            raise IntegrityBroken("backup-damaged")
        last = head[0] == 1
        try:
            yield open_sealed(key, stream.read(size), _bound(context, number, last=last)).reveal()
        except IntegrityBroken:
            raise IntegrityBroken("backup-damaged") from None
        number += 1
    if stream.read(1):
        raise IntegrityBroken("backup-damaged")


def _inflated(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """What was compressed, in pieces of a bounded size."""
    inflater = zlib.decompressobj()
    try:
        for chunk in chunks:
            waiting = chunk
            while waiting:
                yield inflater.decompress(waiting, _PIECE)
                waiting = inflater.unconsumed_tail
        yield inflater.flush()
    except zlib.error:
        raise IntegrityBroken("backup-damaged") from None
    if not inflater.eof or inflater.unused_data:
        raise IntegrityBroken("backup-damaged")


def _value(line: bytes) -> Any:
    try:
        return parse_json(line)
    except ValueError:
        raise IntegrityBroken("backup-damaged") from None


def _bound(context: bytes, number: int, *, last: bool) -> bytes:
    return context + number.to_bytes(8, "big") + bytes((last,))
