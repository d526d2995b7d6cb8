"""Portraits at the counter: what is refused, what is asked back, and what is known of other persons' pictures."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from PIL import Image, ImageFilter

from eid_toolkit.doors.cli.main import main
from eid_toolkit.ground.home.home import Home
from support.homes import portrait_file
from support.offices import CommandLine, new_office

BAD_INPUT, NOT_PERMITTED = 9, 10
FACE = Path(__file__).parents[2] / "fixtures" / "cases" / "face-gray16.png"


@pytest.fixture
def office(demo_home: Home) -> CommandLine:
    return CommandLine(demo_home.root)


def added(office: CommandLine, surname: str) -> str:
    words = ("--surname", surname, "--birth", "1990-01-31", "--sex", "M", "--nationality", "UTO")
    return str(json.loads(office.one("person", "add", *words, "--format", "json").stdout)["id"])


def apply_for(office: CommandLine, person: str, portrait: Path, *more: str, **how: Any) -> Result:
    words = ("application", "create", "--person", person, "--profile", "utopia-id", "--portrait", portrait)
    return office.call("--operator", "anna", *words, *more, **how)


def changed(path: Path, change: Callable[[Image.Image], Image.Image]) -> Path:
    stream = io.BytesIO()
    change(Image.open(io.BytesIO(portrait_file())).convert("RGB")).save(stream, "PNG")
    path.write_bytes(stream.getvalue())
    return path


def blurred(path: Path) -> Path:
    return changed(path, lambda picture: picture.filter(ImageFilter.GaussianBlur(14)))


def log_of(office: CommandLine, application: str) -> list[dict[str, Any]]:
    shown = office.one("audit", "show", "--subject", application, "--format", "json")
    rows: list[dict[str, Any]] = json.loads(shown.stdout)
    return rows


def checked(*words: object, code: int = 0) -> Result:
    result = CliRunner().invoke(main, ["portrait", "check", *map(str, words)])
    assert result.exit_code == code, (result.output, result.exception)
    return result


def test_files_are_checked_without_a_home_and_by_a_home_s_profile(
    office: CommandLine, portrait: Path, tmp_path: Path
) -> None:
    for words in (("--home", tmp_path / "nowhere"), ("--home", office.root, "--profile", "vn-cccd")):
        (good, grey) = json.loads(checked(*words, portrait, FACE, "--format", "json").stdout)
        assert (good["verdict"], good["findings"], grey["verdict"], grey["measured"]["grey"]) == (
            "good",
            [],
            "good",
            True,
        )
        assert good["portrait"]["width"] == 413 and good["portrait"]["bytes"] <= 18_000


def test_each_file_has_its_reasons_and_one_that_is_refused_the_code_of_bad_input(
    portrait: Path, tmp_path: Path
) -> None:
    white, text = (
        changed(tmp_path / "white.png", lambda picture: Image.new("RGB", picture.size, "white")),
        tmp_path / "t",
    )
    text.write_text("no picture")
    files = (portrait, blurred(tmp_path / "blurred.png"), white, text)
    result = checked(*files, "--format", "jsonl", code=BAD_INPUT)
    rows = [json.loads(line) for line in result.stdout.splitlines()]
    assert [row["verdict"] for row in rows] == ["good", "odd", "refused", "refused"]
    codes = [[finding["code"] for finding in row["findings"]] for row in rows]
    assert codes == [[], ["portrait-blurred"], ["portrait-white"], ["portrait-no-image"]]
    (finding,) = rows[1]["findings"]
    assert finding["value"] < finding["limit"] and str(finding["value"]) in finding["message"]
    shown = checked(*files, code=BAD_INPUT)
    assert "blurred" in shown.stdout and "Portraits refused: 2" in shown.stderr
    assert checked(files[1]).exit_code == 0  # odd is told, not refused


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda picture: Image.new("RGB", picture.size, "white"), "white where the face is"),
        (lambda picture: Image.new("RGB", picture.size, "#777777"), "next to nothing"),
        (lambda picture: picture.transpose(Image.Transpose.ROTATE_90), "wider than high"),
    ],
)
def test_what_nobody_could_be_recognised_in_is_refused_and_yes_does_not_help(
    office: CommandLine, tmp_path: Path, change: Callable[[Image.Image], Image.Image], told: str
) -> None:
    person = added(office, "Eriksson")
    refused = apply_for(office, person, changed(tmp_path / "bad.png", change), "--yes", code=BAD_INPUT)
    assert told in refused.stderr and refused.stdout == ""
    assert json.loads(office.one("application", "list", "--format", "json").stdout) == []


def test_a_refused_portrait_is_told_before_anybody_is_asked_for_a_passphrase(tmp_path: Path) -> None:
    office = new_office(tmp_path / "home")
    bad = changed(tmp_path / "bad.png", lambda picture: Image.new("RGB", picture.size, "black"))
    for person in ("P-000000000000", "Eriksson Anna 1974-08-12"):
        refused = apply_for(office, person, bad, code=BAD_INPUT, EID_OPERATOR_PASSPHRASE=None)
        assert "black where the face is" in refused.stderr and "Passphrase" not in refused.output


def test_what_is_odd_is_asked_back_and_on_record(office: CommandLine, tmp_path: Path) -> None:
    person, picture = added(office, "Eriksson"), blurred(tmp_path / "blurred.png")
    refused = apply_for(office, person, picture, code=BAD_INPUT)
    assert "blurred" in refused.stderr and "nobody could be asked" in refused.stderr
    refused = apply_for(office, person, picture, "--format", "json", code=BAD_INPUT)
    assert json.loads(refused.stderr)["error"]["facts"] == {"codes": "portrait-blurred"}
    made = json.loads(apply_for(office, person, picture, "--format", "json", "--yes").stdout)
    (row,) = [row for row in log_of(office, made["id"]) if row["action"] == "application.created"]
    assert row["detail"]["portrait_odd"] == ["portrait-blurred"]
    assert "portrait_like" not in row["detail"]


def test_an_answer_at_the_terminal_takes_it(office: CommandLine, tmp_path: Path) -> None:
    person, picture = added(office, "Eriksson"), blurred(tmp_path / "blurred.png")
    apply_for(office, person, picture, typed="n\n", code=BAD_INPUT)
    assert "created" in apply_for(office, person, picture, typed="y\n").stdout


def test_a_good_portrait_is_taken_without_a_word_and_nothing_of_it_is_on_record(
    office: CommandLine, portrait: Path
) -> None:
    created = apply_for(office, added(office, "Eriksson"), portrait, "--format", "json")
    assert created.stderr == ""
    (row, *_) = log_of(office, json.loads(created.stdout)["id"])
    assert not {"portrait_odd", "portrait_like"} & row["detail"].keys()


def test_the_picture_of_another_person_is_asked_back_and_on_record_without_a_name(
    office: CommandLine, portrait: Path, tmp_path: Path
) -> None:
    first, second = added(office, "Eriksson"), added(office, "Berg")
    made = json.loads(apply_for(office, first, portrait, "--format", "json").stdout)["id"]
    smaller = changed(tmp_path / "smaller.png", lambda picture: picture.resize((450, 579)))
    for picture, told in ((portrait, "the same portrait"), (smaller, "near-equal")):
        refused = apply_for(office, second, picture, code=NOT_PERMITTED)
        assert told in refused.stderr and made in refused.stderr and "Eriksson" not in refused.output
    again = json.loads(apply_for(office, second, smaller, "--format", "json", "--yes").stdout)["id"]
    assert log_of(office, again)[0]["detail"]["portrait_like"] == [made]


def test_the_same_person_may_have_the_same_picture_again(office: CommandLine, portrait: Path) -> None:
    person = added(office, "Eriksson")
    made = json.loads(apply_for(office, person, portrait, "--format", "json").stdout)["id"]
    office.one("application", "withdraw", made, "--reason", "torn")
    assert apply_for(office, person, portrait, "--format", "json").stderr == ""


def test_a_new_portrait_of_a_reissue_is_measured_and_compared_and_the_old_one_is_not(
    office: CommandLine, portrait: Path, tmp_path: Path
) -> None:
    first, second = added(office, "Eriksson"), added(office, "Berg")
    application = json.loads(apply_for(office, first, portrait, "--format", "json").stdout)["id"]
    other = tmp_path / "other.png"
    other.write_bytes(portrait_file(1))
    apply_for(office, second, other)
    office.call("--operator", "bert", "application", "approve", application)
    (document,) = json.loads(office.one("document", "prepare", application, "--format", "json").stdout)
    office.one("emulator", "blank", "card")
    office.one("--yes", "card", "personalize", "--without-print-check", document["id"], "--reader", "emulator:card")
    office.one("--yes", "document", "report-lost", document["id"])
    reissue = ("document", "reissue", document["id"])
    white = changed(tmp_path / "white.png", lambda picture: Image.new("RGB", picture.size, "white"))
    assert "white" in office.one("--yes", *reissue, "--portrait", white, code=BAD_INPUT).stderr
    assert "blurred" in office.one(*reissue, "--portrait", blurred(tmp_path / "b.png"), code=BAD_INPUT).stderr
    assert "same portrait" in office.one(*reissue, "--portrait", other, code=NOT_PERMITTED).stderr
    made = json.loads(office.one(*reissue, "--format", "json").stdout)["id"]
    assert made != application
