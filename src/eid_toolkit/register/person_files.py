"""Persons in files: CSV with any usual delimiter, and JSON Lines; each row a record or a reasoned refusal."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import IO

from eid_toolkit.errors import BadInput
from eid_toolkit.register.person_data import FIELDS, PersonData

ALIASES = {"surname": "primary_identifier", "given_names": "secondary_identifier", "id_number": "personal_number"}
"""Everyday column names that are taken for the standard's."""

MAX_FILE = 256 << 20
"""The largest file in bytes that is imported; it is held in memory."""

_DELIMITERS = ",;\t|"


@dataclass(frozen=True, slots=True)
class Row:
    """One row with its line in the file: what stands there, and the person or why there is none."""

    line: int
    raw: Mapping[str, str]
    person: PersonData | None
    error: BadInput | None = None


def decode(data: bytes) -> str:
    """The file's text, with or without a byte order mark; raises :class:`BadInput` if it is not UTF-8."""
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise BadInput("import-not-utf8", line=line) from None


def read_csv(text: str) -> Iterator[Row]:
    """Rows of a CSV file with a header line; raises :class:`BadInput` for a header with unknown columns."""
    header = text.partition("\n")[0]
    delimiter = max(_DELIMITERS, key=header.count)  # no column's name holds one of them
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        columns = [_column(name) for name in next(reader, [])]
        _check_columns(columns)
        for cells in reader:
            if cells:
                yield _csv_row(reader.line_num, columns, cells)
    except csv.Error as error:
        raise BadInput("import-csv-malformed", line=reader.line_num, reason=str(error)) from None


def read_jsonl(text: str) -> Iterator[Row]:
    """Rows of a JSON Lines file: one object of strings (or null) a line."""
    for number, line in enumerate(text.split("\n"), start=1):  # JSON may hold other line separators
        if not line.strip():
            continue
        try:
            values = json.loads(line)
        except (ValueError, RecursionError):
            values = None
        if not isinstance(values, dict) or not all(isinstance(v, str | None) for v in values.values()):
            yield Row(number, {}, None, BadInput("import-json-malformed", field=None))
            continue
        yield _row(number, {_column(name): value for name, value in values.items() if value is not None})


def write_csv(people: Iterable[Mapping[str, str | None]], stream: IO[str], columns: Iterable[str] = FIELDS) -> None:
    """Records as CSV with a header line."""
    writer = csv.DictWriter(stream, list(columns), lineterminator="\n", restval="", extrasaction="ignore")
    writer.writeheader()
    writer.writerows(people)


def write_jsonl(people: Iterable[Mapping[str, str | None]], stream: IO[str]) -> None:
    """Records as JSON Lines, without fields that are absent."""
    for values in people:
        present = {name: value for name, value in values.items() if value is not None}
        stream.write(json.dumps(present, ensure_ascii=False) + "\n")


def _column(name: str) -> str:
    plain = name.strip().casefold().replace(" ", "_")
    return ALIASES.get(plain, plain)


def _check_columns(columns: list[str]) -> None:
    for name in columns:
        if name not in FIELDS:
            raise BadInput("import-column-unknown", column=name or "(empty)", known=", ".join(FIELDS))
        if columns.count(name) > 1:
            raise BadInput("import-column-twice", column=name)
    if "primary_identifier" not in columns:
        raise BadInput("import-column-missing", column="primary_identifier")


def _csv_row(line: int, columns: list[str], cells: list[str]) -> Row:
    raw = dict(zip(columns, cells, strict=False))
    if len(cells) != len(columns):
        error = BadInput("import-cell-count", field=None, found=len(cells), expected=len(columns))
        return Row(line, raw, None, error)
    return _row(line, raw)


def _row(line: int, raw: dict[str, str]) -> Row:
    try:
        return Row(line, raw, PersonData.from_text(raw))
    except BadInput as error:
        return Row(line, raw, None, error)
