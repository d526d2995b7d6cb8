"""`eid samples`: what it writes is what the other commands take, and it writes over nothing."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from PIL import Image

from eid_toolkit.doors.cli.main import main
from eid_toolkit.ground.errors import NotPermitted
from eid_toolkit.work.cardspec.shipped_specs import shipped_specs


def eid(*arguments: str) -> Result:
    return CliRunner().invoke(main, arguments)


def test_the_files_are_persons_portraits_and_every_shipped_spec(tmp_path: Path) -> None:
    result = eid("samples", str(tmp_path / "new" / "samples"), "--format", "json")
    written = [Path(name).relative_to(tmp_path / "new" / "samples") for name in json.loads(result.stdout)["files"]]
    portraits = {Path("portraits", f"{name}.jpg") for name in ("nguyen", "tan", "eriksson")}
    specs = {Path("card-specs", entry.name) for entry in shipped_specs().values()}
    assert set(written) == {Path("people.csv")} | portraits | specs
    for name in portraits:
        with Image.open(tmp_path / "new" / "samples" / name) as picture:
            assert (picture.format, picture.size) == ("JPEG", (600, 772))


def test_the_samples_are_what_the_office_takes(tmp_path: Path) -> None:
    home, samples = str(tmp_path / "home"), tmp_path / "samples"
    assert eid("samples", str(samples)).exit_code == 0
    assert eid("--home", home, "init", "--demo").exit_code == 0
    imported = eid("--home", home, "--operator", "clerk", "person", "import", str(samples / "people.csv"))
    assert imported.exit_code == 0, imported.stderr
    found = json.loads(
        eid("--home", home, "--operator", "clerk", "person", "search", "nguyen", "--format", "json").stdout
    )
    assert [person["primary_identifier"] for person in found] == ["Nguyễn"]
    created = eid(
        "--home", home, "--operator", "clerk", "application", "create", "--person", found[0]["id"],
        "--profile", "vn-cccd", "--portrait", str(samples / "portraits" / "nguyen.jpg"),
    )  # fmt: skip
    assert created.exit_code == 0, created.stderr


@pytest.mark.parametrize("name", ["people.csv", "card-specs/vietnam.toml"])
def test_no_file_is_written_over_and_then_none_is_written(tmp_path: Path, name: str) -> None:
    theirs = tmp_path / name
    theirs.parent.mkdir(exist_ok=True)
    theirs.write_text("theirs")
    refused = eid("samples", str(tmp_path))
    assert (refused.exit_code, theirs.read_text()) == (NotPermitted.exit_code, "theirs"), refused.stderr
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == [theirs]


def test_a_link_to_nowhere_is_not_written_through(tmp_path: Path) -> None:
    (tmp_path / "people.csv").symlink_to(tmp_path / "elsewhere")
    assert eid("samples", str(tmp_path)).exit_code == NotPermitted.exit_code
    assert not (tmp_path / "elsewhere").exists()


@pytest.mark.parametrize("name", ["utopia-id", "vietnam"])
def test_a_shipped_card_is_read_by_its_name(name: str, tmp_path: Path) -> None:
    made = json.loads(eid("emulator", "check", name, "--format", "json").stdout)
    output = tmp_path / "files"
    read = eid("read", "--reader", f"spec:{name}", "--can", made["can"], "--output", str(output))
    assert read.exit_code == 0, read.stderr
    assert (output / "EF_DG1.bin").read_bytes().endswith("".join(made["mrz"]).encode("ascii"))


@pytest.mark.parametrize(
    "command", [("emulator", "check", "nowhere"), ("verify", "--reader", "spec:nowhere", "--can", "1" * 6)]
)
def test_a_name_that_is_none_is_refused_with_a_hint(command: tuple[str, ...]) -> None:
    refused = eid(*command)
    assert (refused.exit_code, "utopia-id" in refused.stderr, "./card" in refused.stderr) == (9, True, True)
