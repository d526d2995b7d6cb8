"""Persons in files: CSV with any usual delimiter, and JSON Lines; each row a record or a reasoned refusal.

A spreadsheet runs a cell that begins with ``=``, ``+``, ``-``, ``@``, a tab or a carriage return. In CSV such a cell
is written with an apostrophe before it, and so is one that has apostrophes before such a character; reading takes one
away.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import IO

from eid_toolkit.errors import BadInput
from eid_toolkit.register.person_data import FIELDS, PersonData
from eid_toolkit.register.person_source import LINE_LIMIT, Kind

ALIASES = {"surname": "primary_identifier", "given_names": "secondary_identifier", "id_number": "personal_number"}
"""Everyday column names that are taken for the standard's."""

_DELIMITERS = ",;\t|"
_RUN_BY_SPREADSHEETS = re.compile(r"'*[=+\-@\t\r]")
_MADE_HARMLESS = re.compile(r"'+[=+\-@\t\r]")


@dataclass(frozen=True, slots=True)
class Row:
    """One row: its line in the file, its cells (JSON Lines: the line itself), and the person or why there is none."""

    line: int
    cells: tuple[str, ...]
    person: PersonData | None
    error: BadInput | None = None


def read_rows(lines: Iterable[str], kind: Kind, skip: int = 0) -> Iterator[Row]:
    """The rows of a file, without the first ``skip``, which are not looked at; raises as :func:`read_csv`."""
    return read_csv(lines, skip) if kind == "csv" else read_jsonl(lines, skip)


def read_csv(lines: Iterable[str], skip: int = 0) -> Iterator[Row]:
    """Rows of a CSV file with a header line; raises :class:`BadInput` for a header with unknown columns."""
    source = _Measured(lines)
    columns, delimiter = csv_columns(source.first())
    reader = csv.reader(source, delimiter=delimiter, strict=True)
    try:
        next(reader, None)
        count = 0
        for cells in reader:
            source.record_ended()
            if cells:
                count += 1
                if count > skip:
                    yield _csv_row(reader.line_num, columns, cells)
    except csv.Error as error:
        raise BadInput("import-csv-malformed", line=reader.line_num, reason=str(error)) from None


def csv_columns(header: str) -> tuple[list[str], str]:
    """The columns that a header line names, and its delimiter; raises :class:`BadInput` for unknown ones."""
    delimiter = max(_DELIMITERS, key=header.count)  # no column's name holds one of them
    try:
        columns = [_column(name) for name in next(csv.reader([header], delimiter=delimiter, strict=True), [])]
    except csv.Error as error:
        raise BadInput("import-csv-malformed", line=1, reason=str(error)) from None
    for name in columns:
        if name not in FIELDS:
            raise BadInput("import-column-unknown", column=name or "(empty)", known=", ".join(FIELDS))
        if columns.count(name) > 1:
            raise BadInput("import-column-twice", column=name)
    if "primary_identifier" not in columns:
        raise BadInput("import-column-missing", column="primary_identifier")
    return columns, delimiter


def read_jsonl(lines: Iterable[str], skip: int = 0) -> Iterator[Row]:
    """Rows of JSON Lines: one object of strings (or null) a line."""
    count = 0
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        count += 1
        if count > skip:
            yield _json_row(number, line)


def write_csv(people: Iterable[Mapping[str, str | None]], stream: IO[str], columns: Iterable[str] = FIELDS) -> None:
    """Records as CSV with a header line."""
    columns = tuple(columns)
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(columns)
    for values in people:
        writer.writerow([harmless_cell(values.get(name) or "") for name in columns])


def write_jsonl(people: Iterable[Mapping[str, str | None]], stream: IO[str]) -> None:
    """Records as JSON Lines, without fields that are absent."""
    for values in people:
        present = {name: value for name, value in values.items() if value is not None}
        stream.write(json.dumps(present, ensure_ascii=False) + "\n")


def harmless_cell(text: str) -> str:
    """The cell with an apostrophe before it if a spreadsheet would run it."""
    return f"'{text}" if _RUN_BY_SPREADSHEETS.match(text) else text


def plain_cell(text: str) -> str:
    """What stood there before :func:`harmless_cell`."""
    return text[1:] if _MADE_HARMLESS.match(text) else text


class _Measured:
    """Lines for the CSV reader, which holds a record of many lines in memory: one that is too long ends the reading."""

    def __init__(self, lines: Iterable[str]) -> None:
        self._lines = iter(lines)
        self._first: str | None = None
        self._length = 0

    def first(self) -> str:
        """The first line, which stays to be read."""
        self._first = next(self._lines, "")
        return self._first

    def record_ended(self) -> None:
        self._length = 0

    def __iter__(self) -> _Measured:
        return self

    def __next__(self) -> str:
        line, self._first = (next(self._lines) if self._first is None else self._first), None
        self._length += len(line)
        if self._length > LINE_LIMIT:
            raise csv.Error(f"a record of more than {LINE_LIMIT} characters")
        return line


def _column(name: str) -> str:
    plain = name.strip().casefold().replace(" ", "_")
    return ALIASES.get(plain, plain)


def _csv_row(line: int, columns: list[str], cells: list[str]) -> Row:
    cells = [plain_cell(cell) if cell[:1] == "'" else cell for cell in cells]
    if len(cells) != len(columns):
        error = BadInput("import-cell-count", field=None, found=len(cells), expected=len(columns))
        return Row(line, tuple(cells), None, error)
    return _row(line, tuple(cells), dict(zip(columns, cells, strict=True)))


def _json_row(number: int, line: str) -> Row:
    kept = (line.rstrip("\r\n"),)
    try:
        values = json.loads(line)
    except (ValueError, RecursionError):
        values = None
    if not isinstance(values, dict) or not all(isinstance(v, str | None) for v in values.values()):
        return Row(number, kept, None, BadInput("import-json-malformed", field=None))
    return _row(number, kept, {_column(name): value for name, value in values.items() if value is not None})


def _row(line: int, cells: tuple[str, ...], values: Mapping[str, str]) -> Row:
    try:
        return Row(line, cells, PersonData.from_text(values))
    except BadInput as error:
        return Row(line, cells, None, error)
