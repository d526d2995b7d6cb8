"""Lists of reported documents and stolen blanks: read, found in, and refused where they are not that."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eid_toolkit.ground.errors import BadInput
from eid_toolkit.standards.pki.countries import same_state
from eid_toolkit.standards.pki.document_status import (
    MAX_ENTRIES,
    BlankRange,
    DocumentStatus,
    Report,
    StatusList,
    StolenBlanks,
)

REPORTS = "issuing_state,document_number,status,since\n"
BLANKS = "issuing_state,first,last,since\n"
DAY = date(2026, 11, 1)


def test_a_report_is_found_by_state_and_number() -> None:
    found = StatusList.read_csv(REPORTS + "UTO, U1234567 ,stolen,2026-11-01\n\nD,L01X00T47,lost,2026-11-01\n")
    assert found.find("UTO", "U1234567") == Report("UTO", "U1234567", DocumentStatus.STOLEN, DAY)
    assert found.find("UTO", "U1234567<<") is not None
    assert found.find("SGP", "U1234567") is None
    assert found.find("D", "L01X00T47") == found.find("DEU", "L01X00T47") is not None
    assert found.find("UTO", "U123456") is None


def test_a_final_report_counts_before_a_newer_suspension() -> None:
    for rows in (
        "UTO,U1,stolen,2026-10-01\nUTO,U1,suspended,2026-11-02\n",
        "UTO,U1,suspended,2026-11-02\nUTO,U1,stolen,2026-10-01\n",
    ):
        report = StatusList.read_csv(REPORTS + rows).find("UTO", "U1")
        assert report is not None and report.status is DocumentStatus.STOLEN


def test_a_report_on_one_of_two_cards_with_one_number() -> None:
    header = "issuing_state,document_number,status,since,content_sha256\n"
    found = StatusList.read_csv(f"{header}VNM,990000176,stolen,2026-11-01,{'a' * 64}\nVNM,990000177,lost,2026-11-01,\n")
    assert found.find("VNM", "990000176", "a" * 64) is not None
    assert found.find("VNM", "990000176", "b" * 64) is None is found.find("VNM", "990000176")
    assert found.find("VNM", "990000177", "b" * 64) is not None
    assert StatusList.parse(found.encoded).reports == StatusList.stored(found.encoded).reports


@given(st.lists(st.tuples(st.sampled_from(["UTO", "D", "VNM"]), st.text("AB12", min_size=1, max_size=4)), max_size=12))
def test_a_number_is_found_as_by_reading_all(documents: list[tuple[str, str]]) -> None:
    reports = [Report(state, number, DocumentStatus.LOST, date(2026, 11, 1)) for state, number in documents]
    found = StatusList.stored(StatusList.of(reports).encoded)
    for state, number in [*documents, ("UTO", "A"), ("D", "LOST"), ("UTO", "2026")]:
        wanted = any(each.number == number and same_state(each.state, state) for each in reports)
        assert (found.find(state, number) is not None) == wanted


def test_a_list_that_was_rewritten_in_another_form_is_refused() -> None:
    """A row of another form would not be found."""
    data = StatusList.read_csv(REPORTS + "UTO,U1,lost,2026-11-01\n").encoded
    for changed in (data.replace(b'"U1"', b'"\\u0055\\u0031"'), data.replace(b",", b", "), data + b"\n"):
        with pytest.raises(BadInput, match="status-list-malformed"):
            StatusList.parse(changed)


def test_of_two_reports_the_newest_counts() -> None:
    rows = "UTO,U1,suspended,2026-11-01\nUTO,U1,revoked,2026-11-02\nUTO,U1,lost,2026-10-01\n"
    report = StatusList.read_csv(REPORTS + rows).find("UTO", "U1")
    assert report is not None and report.status is DocumentStatus.REVOKED


def test_a_range_holds_its_ends_and_no_other_length() -> None:
    found = StolenBlanks.read_csv(BLANKS + "UTO,X0000010,X0000019,2026-11-01\n")
    inside = [number for number in range(30) if found.find("UTO", f"X{number:07}") is not None]
    assert inside == list(range(10, 20))
    assert found.find("UTO", "X00000100") is None
    assert found.find("VNM", "X0000010") is None
    assert found.find("UTO", "X0000010") == BlankRange("UTO", "X0000010", "X0000019", DAY)


def test_what_is_written_is_read_and_always_the_same() -> None:
    reports = StatusList.read_csv(REPORTS + "UTO,U2,lost,2026-11-01\nUTO,U1,lost,2026-11-01\n")
    assert set(StatusList.parse(reports.encoded).reports) == set(reports.reports)
    assert StatusList.of(reports.reports[::-1]).encoded == reports.encoded
    blanks = StolenBlanks.read_csv(BLANKS + "UTO,A1,A9,2026-11-01\n")
    assert StolenBlanks.parse(blanks.encode()) == blanks
    assert StatusList.read_csv(REPORTS).reports == ()


@pytest.mark.parametrize(
    ("table", "code"),
    [
        ("", "status-table-columns"),
        ("number,status\n", "status-table-columns"),
        (REPORTS + "UTO,U1,stolen\n", "status-table-row"),
        (REPORTS + "UTO,U1,stolen,2026-11-01,more\n", "status-table-row"),
        (REPORTS + "UTO,U1,eaten,2026-11-01\n", "status-table-row"),
        (REPORTS + "UTO,U1,stolen,yesterday\n", "status-table-row"),
        (REPORTS + "UTO,U-1,stolen,2026-11-01\n", "status-table-row"),
        (REPORTS + "Utopia,U1,stolen,2026-11-01\n", "status-table-row"),
        (REPORTS + '"UTO,U1,stolen,2026-11-01\n', "status-table-row"),
        (REPORTS + "UTO,U\x001,stolen,2026-11-01\n", "status-table-row"),
        (REPORTS + "U" * 200_000, "status-table-row"),
        (REPORTS + "UTO,U1,lost,2026-11-01\n" * (MAX_ENTRIES + 1), "status-table-too-long"),
    ],
)
def test_a_table_that_cannot_be_read_is_told_by_line(table: str, code: str) -> None:
    with pytest.raises(BadInput, match=code):
        StatusList.read_csv(table)


@pytest.mark.parametrize("row", ["UTO,A9,A1,2026-11-01", "UTO,A1,A10,2026-11-01", "UTO,,,2026-11-01"])
def test_a_range_that_is_none_is_refused(row: str) -> None:
    with pytest.raises(BadInput, match="status-table-row"):
        StolenBlanks.read_csv(BLANKS + row)


@pytest.mark.parametrize(
    "data", [b"", b"[]", b"{}", b"[" * 100_000, b'{"schema":"eid-status-list/1","documents":[[1]]}']
)
def test_what_is_no_list_is_refused(data: bytes) -> None:
    for parse in (StatusList.parse, StolenBlanks.parse):
        with pytest.raises(BadInput, match="status-list-malformed"):
            parse(data)


@given(st.text(max_size=200))
def test_any_other_table_is_read_or_refused(text: str) -> None:
    for header, read in ((REPORTS, StatusList.read_csv), (BLANKS, StolenBlanks.read_csv)):
        try:
            read(header + text)
        except BadInput:
            continue
