"""`eid judge` and `eid evidence`: whose word is taken, and files that another tool has dumped."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from eid_toolkit.doors.cli.main import main
from eid_toolkit.standards.iso7816.files import ElementaryFile
from support.authorities import new_key
from support.emulated import CAN, card_memory
from support.officer import Officer


@pytest.fixture(scope="module")
def officer(tmp_path_factory: pytest.TempPathFactory) -> Officer:
    made = Officer(tmp_path_factory.mktemp("officer") / "home")
    made.add_card("genuine", card_memory(made.document))
    made.add_card("copy", card_memory(made.document, chip_key=new_key(), aa_key=new_key()))
    return made


@pytest.fixture
def elsewhere(officer: Officer, tmp_path: Path) -> Path:
    """Another officer's home that believes the same authorities."""
    shutil.copytree(officer.home.trust, tmp_path / "elsewhere" / "trust")
    return tmp_path / "elsewhere"


def run(home: Path, *arguments: str) -> Result:
    return CliRunner().invoke(main, ["--home", str(home), *arguments])


def saved(officer: Officer, folder: Path, card: str = "genuine") -> Path:
    path = folder / f"{card}.json"
    run(officer.home.root, "verify", "--reader", f"emulator:{card}", "--can", CAN, "--evidence", str(path))
    return path


def judged(home: Path, *arguments: str) -> dict[str, object]:
    result = run(home, "judge", *arguments, "--format", "json")
    data: dict[str, object] = json.loads(result.stdout)
    assert result.exit_code == {"passed": 0, "failed": 3, "undetermined": 4}[str(data["verdict"])]
    return data


def reasons(data: dict[str, object]) -> dict[str, str | None]:
    return {check["id"]: check["reason"] for check in data["checks"]}  # type: ignore[attr-defined]


def test_the_home_that_read_the_card_believes_itself(officer: Officer, tmp_path: Path) -> None:
    data = judged(officer.home.root, str(saved(officer, tmp_path)))
    assert (data["verdict"], data["evidence"]["standing"]) == ("passed", "this-home")  # type: ignore[index]


def test_a_copys_evidence_that_is_edited_into_a_success_does_not_pass(officer: Officer, tmp_path: Path) -> None:
    path = saved(officer, tmp_path, "copy")
    data = json.loads(path.read_bytes())
    assert data["chip_authentication"]["outcome"] == "wrong"
    data["chip_authentication"]["outcome"] = "done"
    data["active_authentication"] = {"outcome": "not-attempted", "challenge": None, "signature": None, "cause": None}
    for signature in (data["signature"], None):
        path.write_text(json.dumps(data | {"signature": signature}))
        found = judged(officer.home.root, str(path))
        assert found["verdict"] == "undetermined"
        assert reasons(found)["chip.ca"] == "told-by-reader"
        assert found["evidence"]["standing"] == ("changed" if signature else "unsigned")  # type: ignore[index]
    text = run(officer.home.root, "judge", str(path)).stdout
    assert "The evidence is not signed." in text


def test_evidence_of_another_home_counts_once_its_key_is_enrolled(
    officer: Officer, elsewhere: Path, tmp_path: Path
) -> None:
    path = saved(officer, tmp_path)
    stranger = judged(elsewhere, str(path))
    assert (reasons(stranger)["chip.ca"], stranger["evidence"]["standing"]) == ("told-by-reader", "stranger")  # type: ignore[index]
    key = json.loads(run(officer.home.root, "evidence", "key", "--format", "json").stdout)["fingerprint"]
    assert stranger["evidence"]["fingerprint"] == key  # type: ignore[index]
    assert run(elsewhere, "evidence", "enrol", key, "--name", "Gate 4", "--yes").exit_code == 0
    enrolled = judged(elsewhere, str(path))
    assert (enrolled["verdict"], enrolled["evidence"]["name"]) == ("passed", "Gate 4")  # type: ignore[index]
    assert f"Evidence from Gate 4 (key {key})." in run(elsewhere, "judge", str(path), "--verbose").stdout
    assert key in run(elsewhere, "evidence", "list").stdout
    assert run(elsewhere, "evidence", "forget", key[:10], "--yes").exit_code == 0
    assert judged(elsewhere, str(path))["verdict"] == "passed"  # the challenge is verified again, by anybody
    assert reasons(judged(elsewhere, str(path)))["chip.ca"] == "told-by-reader"


def test_enrolling_asks_first(elsewhere: Path) -> None:
    asked = CliRunner().invoke(
        main, ["--home", str(elsewhere), "evidence", "enrol", "ab" * 32, "--name", "Gate"], input="n\n"
    )
    assert asked.exit_code == 130
    assert json.loads(run(elsewhere, "evidence", "list", "--format", "json").stdout) == []


def test_a_home_that_keeps_no_key_makes_evidence_without_a_signature_and_says_so(
    officer: Officer, elsewhere: Path, tmp_path: Path
) -> None:
    (elsewhere / "evidence").write_text("in the way")
    card = tmp_path / "spec.toml"
    card.write_text('schema = "eid-card-spec/1"\nseed = "a"\n')
    path = tmp_path / "evidence.json"
    result = run(elsewhere, "verify", "--reader", f"spec:{card}", "--can", "123456", "--evidence", str(path))
    assert "The evidence is not signed." in result.stderr
    assert json.loads(path.read_bytes()).get("signature") is None


class TestDumpedFiles:
    @pytest.fixture
    def folder(self, officer: Officer, tmp_path: Path) -> Path:
        folder = tmp_path / "dump"
        folder.mkdir()
        for file, content in officer.document.files.items():
            (folder / f"{file.label.replace('/', '_')}.dat").write_bytes(content)
        (folder / "notes.txt").write_text("read at the counter")
        return folder

    def test_the_document_of_a_folder_is_judged_and_no_chip(self, officer: Officer, folder: Path) -> None:
        result = run(officer.home.root, "judge", str(folder), "--format", "json")
        data = json.loads(result.stdout)
        assert (result.exit_code, data["verdict"]) == (4, "undetermined")
        assert data["layers"] == {"document": "passed", "chip": "undetermined", "status": "passed"}
        assert data["access"]["protocol"] == "files"
        assert "notes.txt" in result.stderr

    def test_files_may_be_named_one_by_one(self, officer: Officer, folder: Path) -> None:
        groups = [part for number in (1, 2, 11, 12, 14, 15) for part in ("--dg", str(folder / f"EF.DG{number}.dat"))]
        files = ["--sod", str(folder / "EF.SOD.dat"), *groups, "--dg", str(folder / "EF.COM.dat")]
        assert judged(officer.home.root, *files)["layers"]["document"] == "passed"  # type: ignore[index]

    def test_what_fills_a_file_up_is_no_part_of_it(self, officer: Officer, folder: Path) -> None:
        before = judged(officer.home.root, str(folder))
        for number, file in enumerate(folder.iterdir()):
            file.write_bytes(file.read_bytes() + (b"\x00", b"\xff")[number % 2] * 100)
        after = judged(officer.home.root, str(folder))
        assert (after["verdict"], reasons(after)) == (before["verdict"], reasons(before))

    @pytest.mark.parametrize(
        "content",
        [b"junk", b"notes of the officer " * 40, b"notes", b"w\x05", b"\x75" * 70_000, b""],
    )
    def test_a_text_that_begins_like_a_file_of_a_chip_is_left_aside(
        self, officer: Officer, folder: Path, content: bytes
    ) -> None:
        before = judged(officer.home.root, str(folder))
        (folder / "zettel\x1b[31m").write_bytes(content)
        result = run(officer.home.root, "judge", str(folder), "--format", "json")
        assert reasons(json.loads(result.stdout)) == reasons(before)
        assert "zettel\\u{1B}[31m" in result.stderr

    def test_a_file_that_was_cut_off_is_not_called_changed(self, officer: Officer, folder: Path) -> None:
        picture = next(file for file in folder.iterdir() if file.read_bytes()[:1] == b"\x75")
        picture.write_bytes(picture.read_bytes()[:-1])
        data = judged(officer.home.root, str(folder))
        assert (data["verdict"], reasons(data)["pa.data-group-hashes"]) == ("undetermined", "data-group-not-read")

    def test_a_changed_file_is_found(self, officer: Officer, folder: Path) -> None:
        (folder / "EF.DG2.dat").write_bytes(b"\x75\x00")
        assert reasons(judged(officer.home.root, str(folder)))["pa.data-group-hashes"] == "data-group-hash-wrong"

    def test_what_is_not_among_the_files_is_not_called_missing_from_the_card(
        self, officer: Officer, folder: Path
    ) -> None:
        (folder / "EF.DG2.dat").unlink()
        assert reasons(judged(officer.home.root, str(folder)))["pa.data-group-hashes"] == "data-group-not-read"

    def test_the_names_of_the_files_do_not_matter(self, officer: Officer, folder: Path) -> None:
        for number, path in enumerate(sorted(folder.glob("EF.[SDC]*.dat"))):
            if "Card" not in path.name:
                path.rename(folder / f"{number}.bin")
        assert judged(officer.home.root, str(folder))["layers"]["document"] == "passed"  # type: ignore[index]

    @pytest.mark.parametrize(
        ("change", "exit_code"),
        [
            (lambda folder: (folder / "EF.SOD.dat").unlink(), 9),
            (lambda folder: (folder / "again.bin").write_bytes(b"\x75\x01\x00"), 9),
            (lambda folder: [(folder / f"{number}.txt").write_text("") for number in range(80)], 9),
        ],
    )
    def test_a_folder_that_is_no_chips_is_refused(
        self, officer: Officer, folder: Path, change: object, exit_code: int
    ) -> None:
        change(folder)  # type: ignore[operator]
        result = run(officer.home.root, "judge", str(folder))
        assert (result.exit_code, result.stdout) == (exit_code, "")

    @pytest.mark.parametrize("arguments", [[], ["--dg"]])
    def test_nothing_or_both_is_a_mistake(self, officer: Officer, folder: Path, arguments: list[str]) -> None:
        given = [*arguments, str(folder / "EF.DG1.dat"), str(folder)] if arguments else []
        assert run(officer.home.root, "judge", *given).exit_code == 2


def test_every_file_that_has_a_tag_is_told_by_it() -> None:
    from eid_toolkit.work.inspection.dumped_files import recognized

    for file in ElementaryFile:
        if file.tag is not None:
            assert recognized("x", bytes((file.tag, 2, 0x5F, 0x1F))) is file
        assert recognized(file.file_name, bytes((file.tag or 0x30, 2, 0x5F, 0x1F))) is file
    assert recognized("EF_CardAccess.bin", b"\x31\x00") is ElementaryFile.CARD_ACCESS
    assert recognized("cardsecurity", b"\x30\x00") is ElementaryFile.CARD_SECURITY
    assert recognized("EF_DIR.bin", bytes.fromhex("61094F07A0000002471001")) is ElementaryFile.DIR
    assert recognized("011E", bytes.fromhex("61094F07A0000002471001")) is None
    assert recognized("EF_DG1.bin", b"") is None


def test_what_eid_read_has_saved_is_judged(officer: Officer, tmp_path: Path) -> None:
    saved_files = ("read", "--reader", "emulator:genuine", "--can", CAN, "--output", str(tmp_path / "files"))
    assert run(officer.home.root, *saved_files).exit_code == 0
    assert judged(officer.home.root, str(tmp_path / "files"))["layers"]["document"] == "passed"  # type: ignore[index]
