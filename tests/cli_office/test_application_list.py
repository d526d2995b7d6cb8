"""Applications of many at once: by a list of personal numbers and a folder of portraits, as people have them."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageFilter

from eid_toolkit.ground.home.home import Home
from support.homes import portrait_file
from support.offices import CommandLine

USAGE, BAD_INPUT = 2, 9
NUMBERS = ("U-100", "U-200", "U-300")


class Desk:
    """An office with three persons, and a folder with a portrait of each."""

    def __init__(self, home: Home, folder: Path) -> None:
        self.office = CommandLine(home.root)
        self.faces = folder / "faces"
        self.faces.mkdir()
        self.file = folder / "list.csv"
        for number, personal in enumerate(NUMBERS):
            words = ("--surname", f"P{'ABC'[number]}", "--birth", "1990-01-31", "--sex", "F", "--nationality", "UTO")
            self.office.one("person", "add", *words, "--personal-number", personal)
            (self.faces / f"{personal}.png").write_bytes(portrait_file(number))
        self.listed("personal_number\n" + "\n".join(NUMBERS) + "\n")

    def listed(self, text: str, encoding: str = "utf-8") -> None:
        self.file.write_text(text, encoding)

    def blur(self, number: str) -> None:
        stream = io.BytesIO()
        with Image.open(self.faces / f"{number}.png") as picture:
            picture.filter(ImageFilter.GaussianBlur(14)).save(stream, "PNG")
        (self.faces / f"{number}.png").write_bytes(stream.getvalue())

    def run(self, *more: str, code: int = 0) -> dict[str, Any]:
        words = ("--from", self.file, "--portraits", self.faces, "--profile", "utopia-id", "--format", "json")
        self.result = self.office.one("application", "create", *words, *more, code=code)
        report: dict[str, Any] = json.loads(self.result.stdout)
        assert report["schema"] == "eid-application-list/1"
        return report

    def states(self, report: dict[str, Any]) -> list[str]:
        return [row["state"] for row in report["rows"]]

    def applications(self) -> int:
        return len(json.loads(self.office.one("application", "list", "--format", "json").stdout))


@pytest.fixture
def desk(demo_home: Home, tmp_path: Path) -> Desk:
    return Desk(demo_home, tmp_path)


def test_everybody_in_the_list_has_an_application_and_a_second_run_makes_none(desk: Desk) -> None:
    assert desk.states(desk.run("--dry-run")) == ["good"] * 3
    assert desk.applications() == 0
    report = desk.run()
    assert desk.states(report) == ["made"] * 3
    assert [row["line"] for row in report["rows"]] == [2, 3, 4]
    again = desk.run()
    assert desk.states(again) == ["already-there"] * 3
    assert [row["application"] for row in again["rows"]] == [row["application"] for row in report["rows"]]
    assert desk.applications() == 3


def test_a_run_that_was_stopped_goes_on(desk: Desk) -> None:
    desk.listed("personal_number\nU-200\n")
    desk.run()
    desk.listed("personal_number\n" + "\n".join(NUMBERS) + "\n")
    assert desk.states(desk.run()) == ["made", "already-there", "made"]


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("Personal Number;;\nU-100;;\n;;\nU-200;;\n", "utf-8-sig"),
        ("id_number,primary_identifier,\r\nU-100,PA,\r\n\r\nu-200,PB,,\r\n", "utf-8"),
        ("personal_number\tkind\nU-100\t\n \t \nU-200\tFIRST\n", "utf-8"),
    ],
)
def test_lists_are_read_as_spreadsheets_leave_them(desk: Desk, text: str, encoding: str) -> None:
    desk.listed(text, encoding)
    assert desk.states(desk.run()) == ["made", "made"]
    assert "U-300.png" in desk.result.stderr  # nobody asked for it


def test_nothing_is_made_if_a_row_is_bad_and_the_reason_stands_at_its_line(desk: Desk) -> None:
    desk.listed(
        "personal_number,kind,portrait\n"
        "U-100,,\nU-999,,\nU-200,new,\nU-300,renewal,\n,,U-100.png\nU-100,,\nU-200,,../list.csv\nU-300,,U-300.png,x\n"
    )
    (desk.faces / "U-999.png").write_bytes(portrait_file(9))
    report = desk.run(code=BAD_INPUT)
    assert [row["code"] for row in report["rows"]] == [
        None, "person-unknown", "application-row-kind", "application-replaces-nothing",
        "application-row-without-number", "application-row-twice", "portrait-file-elsewhere", "import-cell-count",
    ]  # fmt: skip
    assert report["counts"]["made"] == 0 and desk.applications() == 0
    assert "not applied for: 7" in desk.result.stderr
    kept = desk.run("--keep-going")
    assert kept["counts"] == {"good": 0, "doubtful": 0, "made": 1, "already_there": 0, "failed": 7}
    assert desk.applications() == 1


def test_a_picture_that_is_missing_or_there_twice_or_refused_fails_its_row(desk: Desk) -> None:
    (desk.faces / "U-100.png").unlink()
    (desk.faces / "U-200.JPG").write_bytes(portrait_file(5))
    (desk.faces / "U-300.png").write_bytes(b"no picture")
    report = desk.run("--keep-going", code=BAD_INPUT)
    codes = ["portrait-file-missing", "portrait-files-several", "portrait-no-image"]
    assert [row["code"] for row in report["rows"]] == codes


def test_a_link_out_of_the_folder_is_not_followed(desk: Desk, tmp_path: Path) -> None:
    (tmp_path / "elsewhere.png").write_bytes(portrait_file(7))
    (desk.faces / "U-100.png").unlink()
    (desk.faces / "U-100.png").symlink_to(tmp_path / "elsewhere.png")
    assert desk.run(code=BAD_INPUT)["rows"][0]["code"] == "portrait-file-elsewhere"


def test_odd_portraits_are_asked_about_once_and_without_an_answer_they_fail(desk: Desk) -> None:
    desk.blur("U-200")
    assert desk.states(desk.run("--dry-run")) == ["good", "doubtful", "good"]
    report = desk.run("--keep-going")
    assert desk.states(report) == ["made", "failed", "made"]
    assert report["rows"][1]["code"] == "portrait-odd"
    taken = desk.run("--yes")
    assert desk.states(taken) == ["already-there", "made", "already-there"]
    shown = desk.office.one("audit", "show", "--subject", taken["rows"][1]["application"], "--format", "json")
    assert json.loads(shown.stdout)[0]["detail"]["portrait_odd"] == ["portrait-blurred"]


def test_one_picture_for_two_persons_is_seen_within_the_list_too(desk: Desk) -> None:
    (desk.faces / "U-300.png").write_bytes(portrait_file(0))
    report = desk.run("--dry-run")
    assert (report["rows"][2]["state"], report["rows"][2]["like"]) == ("doubtful", ["line 2"])
    taken = desk.run("--yes")
    assert taken["rows"][2]["like"] == [taken["rows"][0]["application"]]
    shown = desk.office.one("audit", "show", "--subject", taken["rows"][2]["application"], "--format", "json")
    assert json.loads(shown.stdout)[0]["detail"]["portrait_like"] == [taken["rows"][0]["application"]]


def test_another_portrait_for_an_open_application_is_no_repetition(desk: Desk) -> None:
    desk.run()
    (desk.faces / "U-100.png").write_bytes(portrait_file(8))
    report = desk.run(code=BAD_INPUT)
    assert [row["code"] for row in report["rows"]] == ["application-open", None, None]


def test_the_table_says_what_became_of_each_row(desk: Desk) -> None:
    words = ("--from", desk.file, "--portraits", desk.faces, "--profile", "utopia-id")
    shown = desk.office.one("application", "create", *words).stdout
    assert shown.count("made") == 4 and "U-100" in shown and shown.rstrip().endswith("made: 3.")


@pytest.mark.parametrize(
    ("header", "code"),
    [("kind\nfirst\n", "import-column-missing"), ("personal_number,weight\n", "import-column-unknown")],
)
def test_a_file_that_is_no_such_list_is_refused(desk: Desk, header: str, code: str) -> None:
    desk.listed(header)
    words = ("--from", desk.file, "--portraits", desk.faces, "--profile", "utopia-id", "--format", "json")
    refused = desk.office.one("application", "create", *words, code=BAD_INPUT)
    assert json.loads(refused.stderr)["error"]["code"] == code


@pytest.mark.parametrize(
    "words",
    [
        ("--from", "{list}"),
        ("--from", "{list}", "--portraits", "{faces}", "--person", "U-100"),
        ("--from", "{list}", "--portraits", "{faces}", "--portrait", "{face}"),
        ("--portraits", "{faces}", "--person", "U-100", "--portrait", "{face}"),
        ("--dry-run", "--person", "U-100", "--portrait", "{face}"),
        ("--person", "U-100"),
        ("--portrait", "{face}"),
        (),
    ],
)
def test_one_person_and_a_list_exclude_each_other(desk: Desk, words: tuple[str, ...]) -> None:
    names = {"list": desk.file, "faces": desk.faces, "face": desk.faces / "U-100.png"}
    filled = [word.format(**names) for word in words]
    refused = desk.office.one("application", "create", "--profile", "utopia-id", *filled, code=USAGE)
    assert refused.stderr.startswith("Error: ") and desk.applications() == 0
