"""What officers are told of single documents: reported ones by their numbers, and stolen blanks by theirs.

Both lists travel in a trust bundle, which signs and dates them. A blank's number is that which is printed on it before
anybody's data are: as police forces report stolen blanks to each other.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import cached_property
from typing import Any, TypeVar

from eid_toolkit.ground.errors import BadInput
from eid_toolkit.ground.plain_values import parse_json
from eid_toolkit.standards.pki.countries import same_state

STATUS_SCHEMA, STATUS_SCHEMA_BY_NUMBER = "eid-status-list/2", "eid-status-list/1"
BLANKS_SCHEMA = "eid-stolen-blanks/1"
MAX_ENTRIES = 1_000_000
"""Entries of one list."""
_COLUMNS = ("issuing_state", "document_number", "status", "since", "content_sha256")
_PLAIN = 4
_BEGINNINGS = tuple(
    f'{{"schema":"{schema}","documents":['.encode() for schema in (STATUS_SCHEMA, STATUS_SCHEMA_BY_NUMBER)
)
_STATE, _NUMBER, _SHA256 = re.compile(r"[A-Z]{1,3}"), re.compile(r"[A-Z0-9]{1,30}"), re.compile(r"[0-9a-f]{64}")
_List = TypeVar("_List", bound="StatusList | StolenBlanks")


class DocumentStatus(StrEnum):
    """Why a document is on the list."""

    LOST = "lost"
    STOLEN = "stolen"
    SUSPENDED = "suspended"
    REVOKED = "revoked"


@dataclass(frozen=True, slots=True)
class Report:
    """One document that is reported: state and number as in its MRZ.

    Some states keep a number over a reissue: then ``content_sha256``, of what EF.SOD signs, says which card is meant.
    """

    state: str
    number: str
    status: DocumentStatus
    since: date
    content_sha256: str | None = None

    @property
    def weight(self) -> tuple[bool, date]:
        """Of several reports on one document, the one that weighs most counts."""
        return self.status is not DocumentStatus.SUSPENDED, self.since

    def row(self) -> list[str]:
        """As it stands in a list."""
        plain = [self.state, self.number, self.status.value, self.since.isoformat()]
        return plain if self.content_sha256 is None else [*plain, self.content_sha256]


@dataclass(frozen=True, slots=True)
class BlankRange:
    """Blanks with the numbers ``first`` to ``last``, which are of one length and compare as text."""

    state: str
    first: str
    last: str
    since: date

    def holds(self, number: str) -> bool:
        """Whether a blank of the range has this number."""
        return len(number) == len(self.first) and self.first <= number <= self.last


@dataclass(frozen=True)
class StatusList:
    """Documents that are not good, whatever their chips say.

    Encoded, a row is found by its number without reading the others: a state's list may be long, and a reading at the
    road-side asks for one document.
    """

    encoded: bytes
    """JSON, always the same for the same reports."""

    @classmethod
    def of(cls, reports: Iterable[Report]) -> StatusList:
        """The list of these reports; raises :class:`BadInput` for more than :data:`MAX_ENTRIES`."""
        rows = sorted(report.row() for report in reports)
        if len(rows) > MAX_ENTRIES:
            raise BadInput("status-table-too-long", limit=MAX_ENTRIES)
        precise = any(len(row) > _PLAIN for row in rows)
        schema = STATUS_SCHEMA if precise else STATUS_SCHEMA_BY_NUMBER
        return cls(json.dumps({"schema": schema, "documents": rows}, separators=(",", ":")).encode())

    @cached_property
    def reports(self) -> tuple[Report, ...]:
        """All of them; raises :class:`BadInput` if this is no list."""
        reports: tuple[Report, ...] = _parse(
            self.encoded, (STATUS_SCHEMA, STATUS_SCHEMA_BY_NUMBER), "documents", _report
        )
        return reports

    def find(self, state: str, number: str, content_sha256: str | None = None) -> Report | None:
        """The report on a document whose EF.SOD signs this.

        If there are several, the newest; one that is final counts before a suspension.
        """
        matches = [
            report
            for report in self._with_number(_clean(number))
            if same_state(report.state, state) and report.content_sha256 in (None, content_sha256)
        ]
        return max(matches, key=lambda report: report.weight, default=None)

    @classmethod
    def parse(cls, data: bytes) -> StatusList:
        """Reads a list, each row of it; raises :class:`BadInput` for anything that :meth:`of` does not make."""
        status_list = cls(data)
        if cls.of(status_list.reports).encoded != data:
            raise BadInput("status-list-malformed")
        return status_list

    @classmethod
    def stored(cls, data: bytes) -> StatusList:
        """A list that was parsed before it was stored; rows are read when they are asked for."""
        if not data.startswith(_BEGINNINGS):
            raise BadInput("status-list-malformed")
        return cls(data)

    @classmethod
    def read_csv(cls, text: str) -> StatusList:
        """A table with the columns ``issuing_state``, ``document_number``, ``status``, ``since``.

        A fifth one may be there, ``content_sha256``: of what the document's EF.SOD signs.
        """
        header = tuple(name.strip() for name in text.partition("\n")[0].split(","))
        columns = _COLUMNS if header == _COLUMNS else _COLUMNS[:_PLAIN]
        return _read_csv(text, columns, _report, cls.of)

    def _with_number(self, number: str) -> Iterator[Report]:
        if not _NUMBER.fullmatch(number):
            return
        sought, at = f',"{number}",'.encode(), -1
        while (at := self.encoded.find(sought, at + 1)) >= 0:
            begin, end = self.encoded.rfind(b"[", 0, at), self.encoded.find(b"]", at)
            row = self.encoded[begin : end + 1]
            try:
                yield _report(tuple(map(str, parse_json(row))))
            except ValueError:
                raise BadInput("status-list-malformed") from None


@dataclass(frozen=True)
class StolenBlanks:
    """Blanks that were stolen: whoever's data are on them now, nobody entitled has put them there."""

    ranges: tuple[BlankRange, ...]

    def find(self, state: str, number: str) -> BlankRange | None:
        """The range that a document's number is in."""
        cleaned_number = _clean(number)
        return next(
            (
                blank_range
                for blank_range in self.ranges
                if blank_range.holds(cleaned_number) and same_state(blank_range.state, state)
            ),
            None,
        )

    def encode(self) -> bytes:
        """JSON, always the same for the same ranges."""
        rows = sorted(
            [blank_range.state, blank_range.first, blank_range.last, blank_range.since.isoformat()]
            for blank_range in self.ranges
        )
        return json.dumps({"schema": BLANKS_SCHEMA, "ranges": rows}, separators=(",", ":")).encode()

    @classmethod
    def parse(cls, data: bytes) -> StolenBlanks:
        """Reads :meth:`encode`; raises :class:`BadInput` for anything else."""
        return cls(_parse(data, (BLANKS_SCHEMA,), "ranges", _range))

    @classmethod
    def read_csv(cls, text: str) -> StolenBlanks:
        """A table with the columns ``issuing_state``, ``first``, ``last`` and ``since``."""
        return _read_csv(text, ("issuing_state", "first", "last", "since"), _range, lambda rows: cls(tuple(rows)))


def _report(row: tuple[str, ...]) -> Report:
    state, number, status, since, *more = row
    if len(more) > 1:
        raise ValueError(row)
    return Report(
        _matching(_STATE, state),
        _matching(_NUMBER, number),
        DocumentStatus(status),
        date.fromisoformat(since),
        _matching(_SHA256, more[0]) if more else None,
    )


def _range(row: tuple[str, ...]) -> BlankRange:
    state, first, last, since = row
    first, last = _matching(_NUMBER, first), _matching(_NUMBER, last)
    if len(first) != len(last) or first > last:
        raise ValueError(first)
    return BlankRange(_matching(_STATE, state), first, last, date.fromisoformat(since))


def _matching(pattern: re.Pattern[str], text: str) -> str:
    if not pattern.fullmatch(text):
        raise ValueError(text)
    return text


def _parse(data: bytes, schemas: tuple[str, ...], name: str, read: Callable[[tuple[str, ...]], Any]) -> tuple[Any, ...]:
    try:
        content = parse_json(data)
        if content["schema"] not in schemas or len(content[name]) > MAX_ENTRIES:
            raise ValueError(schemas)
        return tuple(read(tuple(map(str, row))) for row in content[name])
    except (ValueError, KeyError, TypeError):
        raise BadInput("status-list-malformed") from None


def _read_csv(
    text: str,
    columns: tuple[str, ...],
    read: Callable[[tuple[str, ...]], Any],
    build: Callable[[Iterable[Any]], _List],
) -> _List:
    lines = csv.reader(io.StringIO(text), strict=True)
    entries: list[Any] = []
    try:
        if tuple(name.strip() for name in next(lines, ())) != columns:
            raise BadInput("status-table-columns", columns=",".join(columns))
        for row in lines:
            if len(entries) >= MAX_ENTRIES:
                raise BadInput("status-table-too-long", limit=MAX_ENTRIES)
            if row:
                cells = [field.strip() for field in row]
                if len(cells) != len(columns):
                    raise ValueError(row)
                entries.append(read(tuple(cells if cells[-1] else cells[:-1])))
    except (ValueError, csv.Error):
        raise BadInput("status-table-row", line=lines.line_num) from None
    return build(entries)


def _clean(number: str) -> str:
    return number.replace("<", "").upper()
