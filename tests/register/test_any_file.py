"""Whatever bytes are given for a list of persons, they are imported, or refused with a reason and nothing changed."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from eid_toolkit.books.register.people.person_import import ImportOptions
from eid_toolkit.books.register.people.person_source import PersonSource
from eid_toolkit.books.register.people.person_workbook import write_workbook
from eid_toolkit.ground.errors import BadInput, NotPermitted
from support.homes import ANNA, WorkingOffice

HEAD = b"primary_identifier,date_of_birth,sex,nationality"
GOOD = b"Berg,1990-01-31,F,UTO"
_PIECES = st.sampled_from(
    [HEAD, GOOD, b"\n", b"\r\n", b",", b";", b"\t", b'"', b"\xef\xbb\xbf", b"\xff\xfe", b"\x00", b"=1", b"Berg"]
)


@settings(max_examples=120, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.binary(max_size=300) | st.lists(_PIECES | st.binary(max_size=6), max_size=12).map(b"".join))
@example(HEAD + b"\n" + GOOD + b",,,\n\n,,,\n")
@example((HEAD + b"\n" + GOOD).decode().encode("utf-16"))
@example(b"\x1f\x8b" + bytes(40))
@example(b"PK\x03\x04" + bytes(40))
def test_any_bytes_are_a_list_or_a_reason(office: WorkingOffice, tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "people.csv"
    path.write_bytes(content)
    before = len(office.register.persons.search())
    try:
        with PersonSource.open(path) as source:
            report = office.register.persons.imports.run(source, ANNA, ImportOptions(again=True))
    except (BadInput, NotPermitted) as error:
        assert error.code
        assert len(office.register.persons.search()) == before
        return
    assert report.written is not bool(report.rejected_count)
    grown = len(office.register.persons.search()) - before
    assert grown == (report.imported if report.written else 0)


def test_a_workbook_is_told_from_a_list(office: WorkingOffice, tmp_path: Path) -> None:
    path = tmp_path / "people.xlsx"
    write_workbook([], path)
    with pytest.raises(BadInput, match="import-workbook"), PersonSource.open(path, kind="csv") as source:
        office.register.persons.imports.run(source, ANNA, ImportOptions())
