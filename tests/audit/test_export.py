"""An export says of each row what the register says, and is judged while it is written."""

from __future__ import annotations

import io
import json

import pytest

from audit.logs import LogBook
from eid_toolkit.books.audit.export import verify_export
from eid_toolkit.books.audit.walk import AuditResult
from eid_toolkit.ground.errors import IntegrityBroken
from support.homes import ANNA


def judged(lines: list[str]) -> AuditResult:
    return verify_export(io.BytesIO("".join(lines).encode()))[0]


@pytest.mark.parametrize(
    "detail",
    [
        '{"note":"x","note":"tên","number":2}',
        '{"note": "tên", "number": 2}',
        '{"number":2,"note":"tên"}',
        '{"note":"t\\u00ean","number":2}',
    ],
)
def test_a_detail_that_is_written_in_another_way_is_changed_in_the_export_too(book: LogBook, detail: str) -> None:
    book.begin(4, (3,))
    assert json.loads(detail) == json.loads(book.rows()[1].detail)
    book.run("UPDATE audit SET detail = :detail WHERE position = 2", detail=detail)
    lines: list[str] = []
    own = book.trail.export(ANNA, lines.append)
    assert isinstance(own, AuditResult)
    for result in (book.trail.verify(), own, judged(lines)):
        assert (result.broken_at, result.reason) == (2, "audit-row-changed")
    assert json.loads(lines[-1])["rows"] == 4


def test_what_is_judged_is_what_is_exported(book: LogBook) -> None:
    """Somebody changes a row while the export is written: it is neither in it, nor said of it."""
    book.begin(4, (3,))
    lines: list[str] = []

    def write(line: str) -> None:
        lines.append(line)
        if len(lines) == 2:
            book.run("UPDATE audit SET operator = 'x' WHERE position = 1")

    own = book.trail.export(ANNA, write)
    assert isinstance(own, AuditResult)
    assert (own.reason, own.rows, judged(lines).reason) == (None, 4, None)
    assert book.trail.verify().broken_at == 1


def test_an_export_is_held_against_what_the_home_has_seen_and_is_remembered(book: LogBook) -> None:
    book.begin(4, (2, 4))
    head = book.folder / "audit" / "head.json"
    newest = head.read_bytes()
    head.unlink()
    assert isinstance(book.trail.export(ANNA, lambda line: None), AuditResult)
    assert head.read_bytes() == newest
    book.run("DELETE FROM audit_checkpoint WHERE position = 4")
    lines: list[str] = []
    own = book.trail.export(ANNA, lines.append)
    assert isinstance(own, AuditResult)
    assert own.reason == "audit-checkpoint-missing"
    assert judged(lines).reason is None  # an export alone cannot tell


@pytest.mark.parametrize(
    ("name", "code"), [("audit-key.pem", "audit-key-missing"), ("head.json", "audit-file-damaged")]
)
def test_an_export_is_written_whole_though_it_cannot_be_judged(book: LogBook, name: str, code: str) -> None:
    book.begin(4, (2,))
    path = book.folder / "audit" / name
    path.unlink() if name == "audit-key.pem" else path.write_bytes(b"x")
    lines: list[str] = []
    own = book.trail.export(ANNA, lines.append)
    assert isinstance(own, IntegrityBroken)
    assert own.code == code
    assert json.loads(lines[-1])["rows"] == 4
