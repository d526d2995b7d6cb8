"""`eid person`: changing, looking, importing, exporting and duplicates, as a clerk types it."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import Connection

from eid_toolkit.books.register.people import person_export, person_look_ups
from eid_toolkit.books.register.people.person_batches import CHUNK
from eid_toolkit.books.register.people.person_files import Row
from eid_toolkit.books.register.people.person_record import Person
from eid_toolkit.books.register.people.person_rejects import RejectsFile, Written
from eid_toolkit.doors.cli.main import main
from eid_toolkit.doors.cli.person_commands import files
from eid_toolkit.ground.errors import DatabaseAway
from support.homes import UTOPIAN, VIETNAMESE
from support.waiting import LIMIT, next_line

Run = Callable[..., Result]
ERIKSSON = ("--surname", "Eriksson", "--birth", "1974-08-12", "--sex", "F", "--nationality", "UTO")
HEADER = "surname,date_of_birth,sex,nationality,id_number\n"


@pytest.fixture
def run(demo_home: Any) -> Run:
    def call(*arguments: object, code: int = 0, operator: str | None = "anna", stdin: bytes = b"") -> Result:
        who = () if operator is None else ("--operator", operator)
        result = CliRunner().invoke(main, ["--home", str(demo_home.root), *who, *map(str, arguments)], input=stdin)
        assert result.exit_code == code, (result.output, result.exception)
        assert "Traceback" not in result.output
        return result

    return call


def one(result: Result) -> Any:
    return json.loads(result.stdout)


def test_a_change_keeps_what_was_before(run: Run) -> None:
    added = one(run("person", "add", *ERIKSSON, "--source", "birth certificate", "--format", "json"))
    changed = one(
        run("person", "change", added["id"], "--surname", "Berg", "--guardians", "A; B", "--vital-status", "missing",
            "--source", "marriage certificate", "--version", 1, "--format", "json", operator="bert")
    )  # fmt: skip
    assert (changed["primary_identifier"], changed["version"], changed["guardians"]) == ("Berg", 2, "A; B")
    first, second = one(run("person", "history", added["id"], "--format", "json"))
    assert (first["operator"], first["source"], first["fields"]) == ("anna", "birth certificate", {})
    assert (second["operator"], second["source"]) == ("bert", "marriage certificate")
    assert second["fields"]["primary_identifier"] == {"before": "Eriksson", "after": "Berg"}
    assert "marriage certificate" in run("person", "history", added["id"]).stdout
    cleared = one(run("person", "change", added["id"], "--guardians", "", "--source", "error", "--format", "json"))
    assert cleared["guardians"] is None


def test_a_change_is_refused_if_somebody_was_quicker_or_nothing_changes(run: Run) -> None:
    person = one(run("person", "add", *ERIKSSON, "--format", "json"))["id"]
    run("person", "change", person, "--mother", "A", "--source", "paper")
    run("person", "change", person, "--mother", "B", "--source", "paper", "--version", 1, code=10)
    run("person", "change", person, "--mother", "A", "--source", "paper", code=9)
    run("person", "change", person, "--mother", "B", code=2)
    run("person", "change", "P-UNKNOWN", "--mother", "B", "--source", "paper", code=9)


def test_the_deceased_have_a_date_of_death(run: Run) -> None:
    person = one(run("person", "add", *ERIKSSON, "--format", "json"))["id"]
    run("person", "change", person, "--date-of-death", "2020-01-01", "--source", "paper", code=9)
    death = ("--vital-status", "deceased", "--date-of-death", "2020-01-01", "--source", "paper")
    assert one(run("person", "change", person, *death, "--format", "json"))["date_of_death"] == "2020-01-01"


def test_looking_needs_no_name_in_a_demo_home_and_is_recorded_without_what_was_typed(run: Run) -> None:
    run("person", "add", *ERIKSSON)
    (hit,) = one(run("person", "search", "erikson", "--purpose", "a call", "--format", "json", operator=None))
    assert hit["match"] == "similar"
    assert "similar" in run("person", "search", "erikson", operator=None).stdout
    rows = one(run("audit", "show", "--format", "json"))
    looked = [row for row in rows if row["action"] == "person.looked-up"]
    assert [(row["operator"], row["detail"]["hits"]) for row in looked] == [("unnamed", 1), ("unnamed", 1)]
    assert looked[0]["detail"]["purpose"] == "a call"
    assert "erikson" not in json.dumps(rows).casefold()


def test_a_full_page_says_how_to_go_on(run: Run) -> None:
    for name in ("A", "B", "C"):
        run("person", "add", "--surname", f"Berg {name}", *ERIKSSON[2:])
    first = run("person", "search", "berg", "--limit", 2)
    assert "--offset 2" in first.stderr
    assert "BERG C" not in first.stdout.upper()
    assert "Berg C" in run("person", "search", "berg", "--limit", 2, "--offset", 2).stdout


def test_duplicates_are_listed_and_decided(run: Run) -> None:
    first, second, third = (
        one(run("person", "add", *ERIKSSON, "--given-names", name, "--format", "json"))["id"]
        for name in ("Anna", "Anna", "Anne")
    )
    assert "2 new pairs" in run("person", "duplicates", "--scan").stderr
    listed = one(run("person", "duplicates", "--format", "json"))
    assert {pair["reason"] for pair in listed} == {"same-name-and-birth", "similar-name-same-birth"}
    run("person", "duplicate", first, second, code=2)
    run("person", "duplicate", first, second, "--same", "--different", code=2)
    run("person", "duplicate", first, second, "--same", code=130)  # asked, and standard input says nothing
    run("person", "duplicate", first, second, "--same", "--yes")
    assert one(run("person", "duplicate", first, third, "--different", "--format", "json"))["state"] == "different"
    assert one(run("person", "duplicates", "--format", "json")) == []
    shown = run("person", "show", second)
    assert "merged_into" in shown.stdout and first in shown.stderr
    assert f"same as {first}" in run("person", "search", "eriksson anna").stdout
    run("person", "duplicate", first, third, "--same", "--yes", code=10)


def test_who_adds_a_person_who_may_be_there_already_is_told(run: Run) -> None:
    assert run("person", "add", *ERIKSSON).stderr == ""
    assert "already be registered (1)" in run("person", "add", *ERIKSSON).stderr


@pytest.mark.parametrize("zipped", [False, True])
def test_standard_input_is_imported(run: Run, tmp_path: Path, zipped: bool) -> None:
    data = (HEADER + "A,1990,F,UTO,1\nB,1990,Q,UTO,2\n").encode()
    data = gzip.compress(data) if zipped else data
    run("person", "import", "-", "--keep-going", stdin=data, code=2)
    report = one(
        run("person", "import", "-", "--keep-going", "--rejects", tmp_path / "bad.csv", "--format", "json", stdin=data)
    )
    assert (report["schema"], report["imported"], report["rejected_count"]) == ("eid-person-import/1", 1, 1)
    assert "B,1990,Q,UTO,2" in (tmp_path / "bad.csv").read_text()


def test_progress_is_drawn_beside_the_result(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("eid_toolkit.doors.cli.person_commands.files.is_terminal", lambda: True)
    path = tmp_path / "people.csv"
    path.write_text(HEADER + "A,1990,F,UTO,\n" * 5000)
    imported = run("person", "import", path, "--format", "json")
    assert one(imported)["imported"] == 5000
    assert "Importing" in imported.stderr


def test_the_same_file_is_imported_once(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    path.write_text(HEADER + "A,1990,F,UTO,\n")
    run("person", "import", path)
    assert "--again" in run("person", "import", path, code=10).stderr
    run("person", "import", path, "--again")
    assert len(one(run("person", "search", "--format", "json"))) == 2


def test_a_profile_holds_the_numbers_of_a_file(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "people.csv.gz"
    path.write_bytes(gzip.compress((HEADER + "A,1990,F,VNM,123\nB,1990,F,VNM,099000000017\nC,1990,F,VNM,\n").encode()))
    report = one(run("person", "import", path, "--profile", "vn-cccd", "--format", "json", code=9))
    assert [row["code"] for row in report["rejected"]] == ["identity-number-malformed", "identity-number-missing"]
    run("person", "import", path, "--profile", "vn-cccd", "--keep-going")
    assert (tmp_path / "people.rejects.csv").exists()
    run("person", "import", path, "--profile", "nothing", code=9)


@pytest.mark.parametrize("kind", ["csv", "jsonl"])
@pytest.mark.parametrize("zipped", [False, True])
def test_an_export_is_what_an_import_reads(run: Run, tmp_path: Path, kind: str, zipped: bool) -> None:
    source = tmp_path / "people.jsonl"
    formula = {**UTOPIAN, "secondary_identifier": "=HYPERLINK(1)", "father": "'=x", "mother": "-1"}
    source.write_text("\n".join(json.dumps(each) for each in (VIETNAMESE, formula)))
    run("person", "import", source)
    target = tmp_path / "out"
    options = ("--as", kind, "--output", target, *(["--gzip"] if zipped else []))
    run("person", "export", *options, operator=None)
    data = target.read_bytes()
    text = (gzip.decompress(data) if zipped else data).decode()
    assert target.stat().st_mode & 0o777 == 0o600
    assert ("'=HYPERLINK(1)" in text) == (kind == "csv")
    report = one(run("person", "import", target, "--dry-run", "--format", "json", code=9))
    assert (report["good"], [row["code"] for row in report["rejected"]]) == (1, ["person-number-taken"])


def filled(people: Path, count: int, run: Run) -> None:
    people.write_text(HEADER + "".join(f"P{n},1990,F,UTO,{n}\n" for n in range(count)))
    run("person", "import", people)


@pytest.mark.parametrize("old", [None, "of last week\n"])
@pytest.mark.parametrize("zipped", [False, True])
def test_an_export_that_breaks_off_leaves_what_was_there(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, old: str | None, zipped: bool
) -> None:
    filled(tmp_path / "people.csv", 50, run)
    folder = tmp_path / "out"
    folder.mkdir()
    target = folder / "all"
    if old is not None:
        target.write_text(old)
    stream = person_look_ups.stream_persons

    def breaking(connection: Connection, after: str | None = None) -> Iterator[Person]:
        yield from islice(stream(connection, after), 30)
        raise DatabaseAway("register-away", reason="gone")

    words = ("person", "export", "--output", target, *(["--gzip"] if zipped else []))
    with monkeypatch.context() as patch:
        patch.setattr(person_look_ups, "stream_persons", breaking)
        run(*words, code=11)
    assert [path.name for path in folder.iterdir()] == ([] if old is None else ["all"])
    assert old is None or target.read_text() == old
    states = [row["detail"] for row in one(run("audit", "show", "--action", "persons.exported", "--format", "json"))]
    assert states == [{"state": "begun"}]
    run(*words)
    data = target.read_bytes()
    assert len((gzip.decompress(data) if zipped else data).splitlines()) == 51


def test_an_export_that_was_stopped_is_gone_on_with(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    filled(tmp_path / "people.csv", 50, run)
    monkeypatch.setattr(person_export, "CHUNK", 20)
    stream, target = person_look_ups.stream_persons, tmp_path / "all.csv"

    def breaking(connection: Connection, after: str | None = None) -> Iterator[Person]:
        yield from islice(stream(connection, after), 45)
        raise DatabaseAway("register-away", reason="gone")

    with monkeypatch.context() as patch:
        patch.setattr(person_look_ups, "stream_persons", breaking)
        run("person", "export", "--output", target, code=11)
    assert not target.exists() and (tmp_path / "all.csv.part").stat().st_mode & 0o777 == 0o600
    assert "The first 40 of 50 persons had already been written." in run("person", "export", "--output", target).stderr
    assert len(target.read_text().splitlines()) == 51 and not (tmp_path / "all.csv.part").exists()
    (tmp_path / "all.csv.part").write_text("mine")
    assert "contains something else" in run("person", "export", "--output", target, code=10).stderr


def test_an_export_is_its_owners_alone_also_in_place_of_a_file_that_was_not(run: Run, tmp_path: Path) -> None:
    target = tmp_path / "all.csv"
    target.write_text("old")
    target.chmod(0o644)
    run("person", "add", *ERIKSSON)
    run("person", "export", "--output", target)
    assert target.stat().st_mode & 0o777 == 0o600
    assert "Eriksson" in target.read_text()


def test_a_full_device_is_told(run: Run) -> None:
    run("person", "add", *ERIKSSON)
    assert "No space left" in run("person", "export", "--output", "/dev/full", code=11).stderr


def test_the_progress_of_an_export_is_drawn_beside_the_result(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    filled(tmp_path / "people.csv", 2500, run)
    shown: list[float] = []

    @contextmanager
    def bar(label: str, *, watched: bool | None = None) -> Iterator[Callable[[float], None]]:
        assert (label, watched) == ("Exporting", True)
        yield shown.append

    monkeypatch.setattr(files, "is_terminal", lambda: True)
    assert "Exporting" in run("person", "export", "--output", tmp_path / "all.csv").stderr
    monkeypatch.setattr(files, "_progress", bar)
    assert run("person", "export").stdout.count("\n") == 2501
    assert shown == [0.4, 0.8, 1.0]


def test_without_keep_going_there_is_no_rejects_file_to_name(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    path.write_text(HEADER + "A,1990,F,UTO,1\n")
    for words in (("--rejects", tmp_path / "bad.csv"), ("--new-rejects",), ("--rejects", tmp_path / "b", "--dry-run")):
        assert "--keep-going" in run("person", "import", path, *words, code=2).stderr
    assert one(run("person", "search", "--format", "json")) == []
    assert not (tmp_path / "bad.csv").exists()


def test_bad_rows_are_not_written_over_the_file_they_come_from(run: Run, tmp_path: Path) -> None:
    path, link = tmp_path / "people.csv", tmp_path / "link.csv"
    path.write_text(HEADER + "A,1990,Q,UTO,1\n")
    link.symlink_to(path)
    for rejects in (path, link):
        run("person", "import", path, "--keep-going", "--rejects", rejects, code=2)
    assert path.read_text() == HEADER + "A,1990,Q,UTO,1\n"


def test_bad_rows_are_not_written_over_standard_input(demo_home: Any, tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    path.write_text(HEADER + "A,1990,Q,UTO,1\n")
    words = ("--home", demo_home.root, "--operator", "anna", "person", "import", "-", "--keep-going", "--rejects", path)
    with path.open("rb") as source:
        command = [sys.executable, "-m", "eid_toolkit.doors.cli.main", *words]
        done = subprocess.run(command, stdin=source, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 2 and "the file being imported" in done.stderr
    assert path.read_text() == HEADER + "A,1990,Q,UTO,1\n"


def test_a_second_imports_bad_rows_need_a_file_of_their_own(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    path.write_text(HEADER + "A,1990,Q,UTO,1\n")
    run("person", "import", path, "--keep-going")
    path.write_text(HEADER + "B,1990,Q,UTO,1\n")
    assert "--rejects" in run("person", "import", path, "--keep-going", code=10).stderr
    run("person", "import", path, "--keep-going", "--rejects", tmp_path / "more.csv")
    assert "A,1990" in (tmp_path / "people.rejects.csv").read_text()
    assert "B,1990" in (tmp_path / "more.csv").read_text()


def test_a_lost_rejects_file_is_told_with_the_way_out(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, rejects = tmp_path / "people.csv", tmp_path / "people.rejects.csv"
    path.write_text(HEADER + "".join(f"P{n},1990,Q,UTO,\n" for n in range(CHUNK + 500)))
    write = RejectsFile.write

    def once(file: RejectsFile, rows: Iterable[Row], before: Written) -> Written:
        if before.size:
            raise OSError(28, "No space left on device", str(file.path))
        return write(file, rows, before)

    with monkeypatch.context() as patch:
        patch.setattr(RejectsFile, "write", once)
        assert "No space left" in run("person", "import", path, "--keep-going", code=11).stderr
    first = rejects.read_text()
    rejects.unlink()
    assert "--new-rejects" in run("person", "import", path, "--keep-going", code=10).stderr
    report = one(run("person", "import", path, "--keep-going", "--new-rejects", "--format", "json"))
    assert (report["skipped"], report["rejected_count"]) == (CHUNK, 500)
    assert len(first.splitlines()) + len(rejects.read_text().splitlines()) == CHUNK + 500 + 2  # with two headers


def test_a_file_that_is_no_table_is_told_without_its_content(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    for content, words in (
        (HEADER.encode() + "Müller".encode("latin-1"), "UTF-8"),
        (b"\x1f\x8bdamaged", "gzip"),
        (b"a" * 100_000, "bytes"),
        (HEADER.encode() + b'"unclosed\n', "cannot be read"),
        (b"surname,=cmd()\x1b[2J\n", "is unknown"),
    ):
        path.write_bytes(content)
        refused = run("person", "import", path, code=9)
        assert words in refused.stderr
        assert "ller" not in refused.output and "\x1b" not in refused.output
    assert one(run("person", "search", "--format", "json")) == []


def test_a_closed_pipe_ends_an_export_quietly(demo_home: Any, tmp_path: Path) -> None:
    people = tmp_path / "people.csv"
    people.write_text(HEADER + "".join(f"P{n},1990,F,UTO,{n}\n" for n in range(5000)))
    eid = [sys.executable, "-c", "from eid_toolkit.doors.cli.main import main; main()", "--home", str(demo_home.root)]
    subprocess.run(
        [*eid, "--operator", "anna", "person", "import", str(people)], check=True, capture_output=True, timeout=120
    )
    process = subprocess.Popen([*eid, "person", "export"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    next_line(process)
    process.stdout.close()
    process.stdout = None
    _, said = process.communicate(timeout=LIMIT)
    assert "Traceback" not in said
