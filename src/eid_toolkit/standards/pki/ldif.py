"""LDIF as the public key directory of the ICAO gives it out (RFC 2849): the signed values in it, one after another.

Files of this kind have a hundred megabytes; they are read line by line, and nothing but the value at hand is kept.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import IO

from eid_toolkit.ground.errors import BadInput

MAX_SIZE = 512 << 20
"""The largest file in bytes that is read."""
_MAX_VALUE = 24 << 20
"""Characters of one value with its base64: a master list has a megabyte."""
_MAX_LINE = 1 << 20
_MAX_VALUES = 200_000


class Kind(StrEnum):
    """What a value is."""

    MASTER_LIST = "master-list"
    CERTIFICATE = "certificate"
    CRL = "crl"
    DEVIATION_LIST = "deviation-list"


_KINDS = {
    "pkdmasterlistcontent": Kind.MASTER_LIST,
    "cscamasterlistdata": Kind.MASTER_LIST,
    "usercertificate": Kind.CERTIFICATE,
    "cacertificate": Kind.CERTIFICATE,
    "certificaterevocationlist": Kind.CRL,
    "deviationlist": Kind.DEVIATION_LIST,
    "pkddeviationlistcontent": Kind.DEVIATION_LIST,
}


@dataclass(frozen=True, slots=True)
class LdifValue:
    """One value, in DER if the file is sound; ``line`` is where it begins, from 1."""

    kind: Kind
    data: bytes
    line: int


def looks_like_ldif(head: bytes) -> bool:
    """Whether a file that begins so is LDIF: its first line that says something names a version or an entry."""
    for line in head.splitlines():
        if line.strip() and not line.startswith(b"#"):
            return line.lower().startswith((b"version:", b"dn:"))
    return False


def directory_lines(stream: IO[bytes], watch: Callable[[bytes], object] = len) -> Iterator[bytes]:
    """Line by line, each passed to ``watch``; raises :class:`BadInput` beyond the largest size."""
    size = 0
    while line := stream.readline(_MAX_LINE + 2):
        size += len(line)
        if size > MAX_SIZE:
            raise BadInput("trust-file-too-large", length=size, limit=MAX_SIZE)
        watch(line)
        yield line


def read_ldif(lines: Iterable[bytes]) -> Iterator[LdifValue]:
    """The certificates and lists in a file, given line by line; other attributes are passed over.

    A value that is not base64 comes as it stands, for its reader to refuse. Raises :class:`BadInput` for a line, a
    value or a number of values beyond the limits.
    """
    count = 0
    for number, attribute, value in _attributes(lines):
        kind = _KINDS.get(attribute)
        if kind is None:
            continue
        count += 1
        if count > _MAX_VALUES:
            raise BadInput("ldif-too-long", limit=_MAX_VALUES)
        yield LdifValue(kind, value, number)


def _attributes(lines: Iterable[bytes]) -> Iterator[tuple[int, str, bytes]]:
    """Line number, name in lower case without options, and value of each attribute, unfolded (RFC 2849)."""
    parts: list[bytes] = []
    began = size = 0
    for number, raw in enumerate(lines, start=1):
        line = raw.rstrip(b"\r\n")
        size += len(line)
        if len(line) > _MAX_LINE or size > _MAX_VALUE:
            raise BadInput("ldif-value-too-large", line=number, limit=_MAX_VALUE)
        if line.startswith(b" "):
            parts.append(line[1:])
            continue
        yield from _attribute(began, parts)
        parts, began, size = [line], number, len(line)
    yield from _attribute(began, parts)


def _attribute(number: int, parts: list[bytes]) -> Iterator[tuple[int, str, bytes]]:
    if not parts or parts[0].startswith(b"#") or b":" not in parts[0]:
        return
    name, _, value = b"".join(parts).partition(b":")
    attribute = name.partition(b";")[0].decode("latin-1").strip().lower()
    if value.startswith(b":"):
        try:
            yield number, attribute, base64.b64decode(value[1:].strip(), validate=True)
        except binascii.Error:
            yield number, attribute, value
    else:
        yield number, attribute, value.strip()
