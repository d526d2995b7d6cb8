"""A vendor's manifest of blanks: each serial as it is printed, with the identity of the chip behind it.

JSON (``eid-blank-manifest/1``) or CSV with the columns serial and chip; signed by CMS SignedData (RFC 5652) around it
or beside it, with content type data.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from eid_toolkit.ground.errors import BadInput, IntegrityBroken
from eid_toolkit.ground.plain_values import parse_json
from eid_toolkit.standards.pki.certificate import read_pem_or_der
from eid_toolkit.standards.pki.cms import SignedData
from eid_toolkit.standards.pki.master_list import is_signed

SCHEMA = "eid-blank-manifest/1"
MAX_FILE = 32 << 20
"""The largest manifest in bytes that is read."""
MAX_BLANKS = 50_000
"""The most blanks of one manifest."""
NAMED = 10
"""This many places are named where many are wrong."""

_DATA = "1.2.840.113549.1.7.1"
_SERIAL = re.compile(r"[A-Z0-9][A-Z0-9-]{2,31}")
_CHIP = re.compile(r"(?:[0-9a-f]{2}){4,32}")
_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9 ._/-]{0,38}[A-Za-z0-9])?")


@dataclass(frozen=True, slots=True)
class ListedBlank:
    """One blank of a manifest; ``chip`` is the identity in hex, ``place`` where in the file it stands."""

    serial: str
    chip: str
    place: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """The blanks of one delivery, no serial and no chip twice."""

    vendor: str
    batch: str
    blanks: tuple[ListedBlank, ...]
    sha256: str
    """Of the manifest itself, without the signature."""
    signed: SignedData | None = None

    @classmethod
    def read(
        cls, data: bytes, *, signature: bytes | None = None, vendor: str | None = None, batch: str | None = None
    ) -> Manifest:
        """Read a manifest; its signature is not verified here. A CSV file lacks ``vendor`` and ``batch``.

        Raises :class:`BadInput` with the place of what is wrong, :class:`IntegrityBroken` for a signature that is
        around another content.
        """
        content, signed = _unwrap(data, signature)
        if len(content) > MAX_FILE:
            raise BadInput("manifest-too-large", limit=MAX_FILE)
        try:
            text = content.decode("utf-8-sig")
        except UnicodeDecodeError:
            raise BadInput("manifest-not-utf8") from None
        named: tuple[str | None, str | None] = (None, None)
        if text.lstrip().startswith("{"):
            named, blanks = _read_json(text)
        else:
            blanks = _read_csv(text)
        return cls(
            _agreed("vendor", named[0], vendor),
            _agreed("batch", named[1], batch),
            _checked(blanks),
            sha256(content).hexdigest(),
            signed,
        )


def encode_manifest(vendor: str, batch: str, blanks: Iterable[tuple[str, str]]) -> bytes:
    """A manifest in JSON of blanks by serial and chip."""
    listed = [{"serial": serial, "chip": chip} for serial, chip in blanks]
    content = {"schema": SCHEMA, "vendor": vendor, "batch": batch, "blanks": listed}
    return json.dumps(content, indent=1).encode() + b"\n"


def read_serials(data: bytes) -> tuple[str, ...]:
    """The serials of a scanner's file, one a line; raises :class:`BadInput` for one that stands twice."""
    if len(data) > MAX_FILE:
        raise BadInput("manifest-too-large", limit=MAX_FILE)
    try:
        lines = data.decode("utf-8-sig").splitlines()
    except UnicodeDecodeError:
        raise BadInput("manifest-not-utf8") from None
    line_of: dict[str, int] = {}
    for number, line in enumerate(lines, start=1):
        if line.strip():
            serial = clean_serial(line, f"line {number}")
            if serial in line_of:
                raise BadInput("manifest-duplicates", count=1, places=f"line {number} (as line {line_of[serial]})")
            line_of[serial] = number
    if len(line_of) > MAX_BLANKS:
        raise BadInput("manifest-too-long", limit=MAX_BLANKS)
    return tuple(line_of)


def clean_serial(text: str, place: str = "the command line") -> str:
    """A serial as it is kept, in capitals; raises :class:`BadInput` naming the ``place`` of what is none."""
    serial = text.strip().upper()
    if not _SERIAL.fullmatch(serial):
        raise BadInput("blank-serial-malformed", place=place)
    return serial


def clean_name(text: str, what: str) -> str:
    """The name of a vendor, a batch or a station; raises :class:`BadInput` for what is none."""
    if not _NAME.fullmatch(text):
        raise BadInput("stock-name-malformed", what=what)
    return text


def places(every: list[str]) -> str:
    """The first of many places, for a message."""
    return ", ".join(every[:NAMED]) + (", …" if len(every) > NAMED else "")


def _unwrap(data: bytes, signature: bytes | None) -> tuple[bytes, SignedData | None]:
    """The manifest and the signature around or beside it."""
    if signature is not None:
        signed = SignedData.parse(_der(signature), data)
        if signed.content != data:
            raise IntegrityBroken("manifest-signature-wrong")
    elif is_signed(_der(data)):
        signed = SignedData.parse(_der(data))
    else:
        return data, None
    if signed.content_type != _DATA:
        raise BadInput("manifest-wrong-content", oid=signed.content_type)
    return signed.content, signed


def _der(data: bytes) -> bytes:
    (_, block), *_ = read_pem_or_der(data)
    return block


def _read_json(text: str) -> tuple[tuple[str, str], Iterator[ListedBlank]]:
    try:
        content = parse_json(text)
    except ValueError:
        raise BadInput("manifest-malformed") from None
    match content:
        case {"schema": "eid-blank-manifest/1", "vendor": str(vendor), "batch": str(batch), "blanks": list(blanks)}:
            return (vendor, batch), (_blank_of(item, number) for number, item in enumerate(blanks, start=1))
    raise BadInput("manifest-malformed")


def _blank_of(item: Any, number: int) -> ListedBlank:
    place = f"blank {number}"
    match item:
        case {"serial": str(serial), "chip": str(chip)}:
            return _listed(serial, chip, place)
    raise BadInput("manifest-row-malformed", place=place)


def _read_csv(text: str) -> Iterator[ListedBlank]:
    reader = csv.reader(io.StringIO(text), strict=True)
    try:
        header = [cell.strip().lower() for cell in next(reader, [])]
        if header != ["serial", "chip"]:
            raise BadInput("manifest-malformed")
        for row in reader:
            if not row:
                continue
            place = f"line {reader.line_num}"
            match row:
                case [serial, chip]:
                    yield _listed(serial, chip, place)
                case _:
                    raise BadInput("manifest-row-malformed", place=place)
    except csv.Error:
        raise BadInput("manifest-row-malformed", place=f"line {reader.line_num}") from None


def _listed(serial: str, chip: str, place: str) -> ListedBlank:
    identity = chip.strip().lower()
    if not _CHIP.fullmatch(identity):
        raise BadInput("blank-chip-malformed", place=place)
    return ListedBlank(clean_serial(serial, place), identity, place)


def _checked(blanks: Iterable[ListedBlank]) -> tuple[ListedBlank, ...]:
    """All of them, if no serial and no chip stands twice."""
    listed: list[ListedBlank] = []
    serials: dict[str, str] = {}
    chips: dict[str, str] = {}
    twice: list[str] = []
    for blank in blanks:
        first = serials.setdefault(blank.serial, blank.place), chips.setdefault(blank.chip, blank.place)
        if first != (blank.place, blank.place):
            twice.append(f"{blank.place} (as {next(place for place in first if place != blank.place)})")
        listed.append(blank)
        if len(listed) > MAX_BLANKS:
            raise BadInput("manifest-too-long", limit=MAX_BLANKS)
    if twice:
        raise BadInput("manifest-duplicates", count=len(twice), places=places(twice))
    if not listed:
        raise BadInput("manifest-empty")
    return tuple(listed)


def _agreed(what: str, named: str | None, given: str | None) -> str:
    """The name in the file, or the one given for it, if they are not two."""
    if named is not None and given is not None and named.casefold() != given.casefold():
        raise BadInput("manifest-of-another", what=what)
    name = named or given
    if name is None:
        raise BadInput("manifest-without", what=what)
    return clean_name(name, what)
