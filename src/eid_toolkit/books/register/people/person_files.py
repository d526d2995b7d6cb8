"""Persons in files: CSV with any usual delimiter, and JSON Lines; each row a record or a reasoned refusal.

A spreadsheet runs a cell that begins with ``=``, ``+``, ``-``, ``@``, one of these in full width, a tab or a line end.
In CSV such a character is written with an apostrophe before it, at the beginning of a cell and behind whatever some
spreadsheet takes for the end of one (``;``, ``,``, ``|``, a tab, a line end), whether quotation marks and apostrophes
come in between or not; reading takes one apostrophe away there.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

from eid_toolkit.books.register.people.person_data import FIELDS, PersonData
from eid_toolkit.books.register.people.person_source import LINE_LIMIT, Kind
from eid_toolkit.ground.errors import BadInput

ALIASES = {"surname": "primary_identifier", "given_names": "secondary_identifier", "id_number": "personal_number"}
"""Everyday column names that are taken for the standard's."""

_CRLF = "\r\n"
_DELIMITERS = ",;\t|"
_CELL_BEGINS = r"(?:\A|(?<=[;,|\t\r\n]))"
_RUNS = r"(?=[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20])"
_RUN_BY_SPREADSHEETS = re.compile(f"{_CELL_BEGINS}([\"']*){_RUNS}")
_MADE_HARMLESS = re.compile(f"{_CELL_BEGINS}([\"']*)'{_RUNS}")


class TextSink(Protocol):
    """Where text goes."""

    def write(self, text: str, /) -> object: ...


class CsvWriter(Protocol):
    """Writes rows of cells."""

    def writerow(self, row: Iterable[str], /) -> object: ...

    def writerows(self, rows: Iterable[Iterable[str]], /) -> object: ...


@dataclass(frozen=True, slots=True)
class Row:
    """One row: its line in the file, its cells (JSON Lines: the line itself), and the person or why there is none."""

    line: int
    cells: tuple[str, ...]
    person: PersonData | None
    error: BadInput | None = None


Record = tuple[int, tuple[str, ...]]
"""The line of a row and its cells (JSON Lines: the line itself), which were not held to any rule yet."""


def read_rows(lines: Iterable[str], kind: Kind, skip: int = 0) -> Iterator[Row]:
    """The rows of a file, without the first ``skip``, which are not looked at; raises as :func:`read_csv`."""
    return read_csv(lines, skip) if kind == "csv" else read_jsonl(lines, skip)


def read_csv(lines: Iterable[str], skip: int = 0) -> Iterator[Row]:
    """Rows of a CSV file with a header line; raises :class:`BadInput` for a header with unknown columns."""
    source = _Measured(lines)
    columns, delimiter = csv_columns(source.first())
    yield from map(row_reader("csv", columns), _csv_records(source, delimiter, skip))


def read_jsonl(lines: Iterable[str], skip: int = 0) -> Iterator[Row]:
    """Rows of JSON Lines: one object of strings (or null) a line."""
    return map(row_reader("jsonl", ()), _json_records(lines, skip))


def read_records(lines: Iterable[str], kind: Kind, skip: int = 0) -> Iterator[Record]:
    """The records of which :func:`row_reader` makes what :func:`read_rows` gives."""
    if kind == "jsonl":
        return _json_records(lines, skip)
    source = _Measured(lines)
    return _csv_records(source, csv_columns(source.first())[1], skip)


def row_reader(kind: Kind, columns: Sequence[str]) -> Callable[[Record], Row]:
    """What makes rows of the records of a file with these columns."""
    return partial(_csv_row, tuple(columns)) if kind == "csv" else _json_row


@dataclass(frozen=True, slots=True)
class TableRow:
    """One row of another table about persons: its line, and its cells by column, or why they cannot be told apart."""

    line: int
    values: Mapping[str, str]
    """Without the spaces around them, and without cells that are empty."""
    error: BadInput | None = None


def read_table(lines: Iterable[str], known: Sequence[str], required: str) -> Iterator[TableRow]:
    """The rows of a CSV file with a header line that names other columns than a person's, read as :func:`read_csv`."""
    source = _Measured(lines)
    columns, delimiter = csv_columns(source.first(), known, required)
    for line, cells in _csv_records(source, delimiter, 0):
        fitting = _without_left_over(cells, len(columns))
        if len(fitting) != len(columns):
            error = BadInput("import-cell-count", field=None, found=len(fitting), expected=len(columns))
            yield TableRow(line, {}, error)
            continue
        stripped = zip(columns, (cell.strip() for cell in fitting), strict=True)
        yield TableRow(line, {name: cell for name, cell in stripped if cell})


def csv_columns(
    header: str, known: Sequence[str] = FIELDS, required: str = "primary_identifier"
) -> tuple[list[str], str]:
    """The columns that a header line names, and its delimiter; raises :class:`BadInput` for unknown ones."""
    delimiter = max(_DELIMITERS, key=header.count)  # no column's name holds one of them
    try:
        columns = [_column(name) for name in next(csv.reader([header], delimiter=delimiter, strict=True), [])]
    except csv.Error as error:
        raise BadInput("import-csv-malformed", line=1, reason=str(error)) from None
    while columns and not columns[-1]:  # what a spreadsheet leaves behind
        columns.pop()
    for name in columns:
        if name not in known:
            raise BadInput("import-column-unknown", column=name or "(empty)", known=", ".join(known))
        if columns.count(name) > 1:
            raise BadInput("import-column-twice", column=name)
    if required not in columns:
        raise BadInput("import-column-missing", column=required)
    return columns, delimiter


def write_csv(
    people: Iterable[Mapping[str, str | None]],
    stream: TextSink,
    columns: Iterable[str] = FIELDS,
    *,
    header: bool = True,
) -> None:
    """Records as CSV, with a ``header`` line at the beginning of a file."""
    columns = tuple(columns)
    writer = csv_writer(stream)
    if header:
        writer.writerow(columns)
    for values in people:
        writer.writerow([harmless_cell(values.get(name) or "") for name in columns])


def write_jsonl(people: Iterable[Mapping[str, str | None]], stream: TextSink) -> None:
    """Records as JSON Lines, without fields that are absent."""
    for values in people:
        present = {name: value for name, value in values.items() if value is not None}
        stream.write(json.dumps(present, ensure_ascii=False) + "\n")


def csv_writer(stream: TextSink) -> CsvWriter:
    """A writer of CSV with line feeds, which puts a cell with either character of a line end into quotation marks."""
    return csv.writer(_LineFeeds(stream), lineterminator=_CRLF)  # it looks for the characters of its own line end alone


def harmless_cell(text: str) -> str:
    """The cell with an apostrophe before whatever a spreadsheet would run."""
    return _RUN_BY_SPREADSHEETS.sub(r"\1'", text)


def plain_cell(text: str) -> str:
    """What stood there before :func:`harmless_cell`."""
    return _MADE_HARMLESS.sub(r"\1", text)


class _LineFeeds:
    """Takes rows as the CSV writer gives them, one at a time, and ends them with a line feed alone."""

    def __init__(self, stream: TextSink) -> None:
        self._stream = stream

    def write(self, row: str, /) -> object:
        return self._stream.write(row.removesuffix(_CRLF) + "\n")


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


class _Object(list[tuple[str, Any]]):
    """A JSON object with all of its keys, also those that stand there twice."""


def _column(name: str) -> str:
    plain = name.strip().casefold().replace(" ", "_")
    return ALIASES.get(plain, plain)


def _csv_records(source: _Measured, delimiter: str, skip: int) -> Iterator[Record]:
    reader = csv.reader(source, delimiter=delimiter, strict=True)
    try:
        next(reader, None)
        count = 0
        for cells in reader:
            source.record_ended()
            if any(cells) and not "".join(cells).isspace():  # a spreadsheet leaves rows of empty cells behind
                count += 1
                if count > skip:
                    if "'" in "".join(cells):
                        cells = list(map(plain_cell, cells))
                    yield reader.line_num, tuple(cells)
    except csv.Error as error:
        raise BadInput("import-csv-malformed", line=reader.line_num, reason=str(error)) from None


def _json_records(lines: Iterable[str], skip: int) -> Iterator[Record]:
    count = 0
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        count += 1
        if count > skip:
            yield number, (line.rstrip("\r\n"),)


def _csv_row(columns: tuple[str, ...], record: Record) -> Row:
    line, cells = record
    cells = _without_left_over(cells, len(columns))
    if len(cells) != len(columns):
        error = BadInput("import-cell-count", field=None, found=len(cells), expected=len(columns))
        return Row(line, cells, None, error)
    return _row(line, cells, dict(zip(columns, cells, strict=True)))


def _without_left_over(cells: tuple[str, ...], count: int) -> tuple[str, ...]:
    """A row without the empty cells behind its columns that a spreadsheet leaves."""
    left_over = len(cells) > count and not "".join(cells[count:]).strip()
    return cells[:count] if left_over else cells


def _json_row(record: Record) -> Row:
    number, cells = record
    try:
        parsed = json.loads(cells[0], object_pairs_hook=_Object)
    except (ValueError, RecursionError):
        parsed = None
    if not isinstance(parsed, _Object) or not all(isinstance(value, str | None) for _, value in parsed):
        return Row(number, cells, None, BadInput("import-json-malformed", field=None))
    columns = [_column(name) for name, _ in parsed]
    twice = next((name for name in FIELDS if columns.count(name) > 1), None)
    if twice is not None:
        return Row(number, cells, None, BadInput("person-field-twice", field=twice))
    values = {name: value for name, (_, value) in zip(columns, parsed, strict=True) if value is not None}
    return _row(number, cells, values)


def _row(line: int, cells: tuple[str, ...], values: Mapping[str, str]) -> Row:
    try:
        return Row(line, cells, PersonData.from_text(values))
    except BadInput as error:
        return Row(line, cells, None, error)
