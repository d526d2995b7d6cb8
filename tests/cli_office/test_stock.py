"""`eid stock` in an office of several people: two at every count, and nobody without the role."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from eid_toolkit.books.staff.roles import PERMISSIONS, Permission, Role
from eid_toolkit.doors.cli.main import main
from eid_toolkit.ground.home.home import Home
from support.manifests import SigningVendor, manifest, serial_of
from support.offices import CommandLine
from support.staff import acting, staffed_office

S = {number: serial_of(number) for number in range(1, 9)}


@pytest.fixture(scope="module")
def staffed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return staffed_office(tmp_path_factory.mktemp("office") / "home").root


@pytest.fixture
def office(staffed: Path, tmp_path: Path) -> CommandLine:
    return CommandLine(Path(shutil.copytree(staffed, tmp_path / "home")))


def as_role(
    office: CommandLine, role: Role | str, *words: object, code: int = 0, second: str | None = "bert"
) -> Result:
    return acting(office, role, *words, code=code, second=second)


def written(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


def receive(office: CommandLine, folder: Path, *numbers: int) -> Any:
    file = written(folder / "manifest.json", manifest(*numbers, batch=f"B{numbers[0]}"))
    return json.loads(as_role(office, Role.STOCK_KEEPER, "stock", "receive", file, "--format", "json").stdout)


def test_from_the_vendor_to_a_closed_shift(office: CommandLine, tmp_path: Path) -> None:
    vendor, data = SigningVendor(), manifest(1, 2, 3, 4)
    certificate = written(tmp_path / "vendor.der", vendor.der)
    file, proof = written(tmp_path / "m.json", data), written(tmp_path / "m.p7s", vendor.sign(data))
    as_role(office, "anna", "stock", "vendor", "add", "Cards Ltd", "--certificate", certificate)
    listed = json.loads(office.call("stock", "vendor", "list", "--format", "json").stdout)
    assert [each["fingerprint"] for each in listed] == [vendor.certificate.fingerprint]
    assert "is not signed" in as_role(office, "stock-keeper", "stock", "receive", file, code=10).stderr
    receipt = as_role(office, "stock-keeper", "stock", "receive", file, "--signature", proof, "--format", "json")
    assert json.loads(receipt.stdout)["signed"] is True
    as_role(office, "stock-keeper", "stock", "receive", file, "--signature", proof, code=10)

    as_role(office, "stock-keeper", "stock", "issue", "--station", "main", "--count", 3)
    assert "3 expected, 4 counted" in as_role(office, "personalizer", "stock", "open", "--counted", 4, code=12).stderr
    as_role(office, "personalizer", "stock", "open", "--counted", 3)
    as_role(office, "stock-keeper", "stock", "spoil", S[1], "--printed", S[1].lower(), "--reason", "bent")
    scanned = written(tmp_path / "scanned.txt", f"{S[2]}\r\n".encode())
    short = as_role(office, "stock-keeper", "stock", "close", "--counted", 1, "--serials", scanned, code=12)
    assert f"Not found: {S[3]}" in short.stdout
    words = ("--counted", 1, "--serials", scanned, "--missing", S[3], "--format", "json")
    closed = json.loads(as_role(office, "stock-keeper", "stock", "close", *words).stdout)
    assert closed["schema"] == "eid-stock-close/1"
    assert (closed["opening"], closed["spoiled"], closed["missing"], closed["difference"]) == (3, 1, 1, 0)
    assert closed["shift"]["closed_with"] == "bert"

    shown = json.loads(office.call("stock", "show", "--serials", "--format", "json").stdout)
    assert {each["serial"]: each["state"] for each in shown["serials"]} == {
        S[1]: "spoiled",
        S[2]: "at-station",
        S[3]: "missing",
        S[4]: "in-store",
    }
    assert shown["total"] == 4
    told = office.call("stock", "history", S[3]).stdout
    assert "missing at closing" in told
    found = as_role(
        office, "stock-keeper", "stock", "find", S[3], "--printed", S[3], "--reason", "drawer", "--format", "json"
    )
    assert json.loads(found.stdout)["blanks"][0]["state"] == "spoiled"
    as_role(office, "stock-keeper", "stock", "destroy", S[1], S[3], "--reason", "shredded")


def test_both_people_sign_what_they_counted(office: CommandLine) -> None:
    as_role(office, "stock-keeper", "stock", "open", "--counted", 0)
    rows = json.loads(office.one("audit", "show", "--subject", "main", "--format", "json").stdout)
    signed = [row for row in rows if row["action"] == "stock.open.decided"]
    assert [row["operator"] for row in signed] == ["stock-keeper", "bert"]
    assert all(row["detail"]["signature"] and row["detail"]["detail"]["counted"] == 0 for row in signed)


def test_the_second_person_is_another_one_and_there(office: CommandLine, tmp_path: Path) -> None:
    receive(office, tmp_path, 1)
    for words in (
        ("stock", "open", "--counted", 0),
        ("stock", "spoil", S[1], "--printed", S[1], "--reason", "bent"),
        ("stock", "destroy", S[1], "--reason", "shredded"),
        ("stock", "missing", S[1], "--reason", "gone"),
    ):
        assert "second" in as_role(office, "stock-keeper", *words, code=10, second=None).stderr
        as_role(office, "stock-keeper", *words, code=10, second="Stock-Keeper")
    assert office.call("stock", "show", "--state", "in-store", "--serials").stdout.count(S[1]) == 1


def test_the_blank_in_hand_is_the_one_that_is_spoiled(office: CommandLine, tmp_path: Path) -> None:
    receive(office, tmp_path, 1, 2)
    words = ("stock", "spoil", S[1], "--reason", "bent")
    assert "is not" in as_role(office, "stock-keeper", *words, "--printed", S[2], code=9).stderr
    as_role(office, "stock-keeper", *words, code=130)  # nobody typed it


PERMITTED = {
    ("stock", "vendor", "add", "V", "--certificate", "FILE"): {Permission.KEEP_STOCK},
    ("stock", "receive", "MANIFEST"): {Permission.KEEP_STOCK},
    ("stock", "issue", S[1]): {Permission.KEEP_STOCK},
    ("stock", "return", S[1]): {Permission.KEEP_STOCK},
    ("stock", "spoil", S[1], "--printed", S[1], "--reason", "bent"): {Permission.SPOIL},
    ("stock", "destroy", S[1], "--reason", "old"): {Permission.KEEP_STOCK},
    ("stock", "missing", S[1], "--reason", "gone"): {Permission.KEEP_STOCK},
    ("stock", "find", S[1], "--printed", S[1], "--reason", "there"): {Permission.KEEP_STOCK},
    ("stock", "open", "--counted", "0"): {Permission.KEEP_STOCK, Permission.PERSONALIZE},
    ("stock", "close", "--counted", "0"): {Permission.KEEP_STOCK, Permission.PERSONALIZE},
}


def test_what_each_role_may_not_do(office: CommandLine, tmp_path: Path) -> None:
    receive(office, tmp_path, 1)
    files = {
        "FILE": written(tmp_path / "v.der", SigningVendor().der),
        "MANIFEST": written(tmp_path / "other.json", manifest(7)),
    }
    before = office.call("stock", "show", "--serials").stdout
    refused = 0
    for words, permissions in PERMITTED.items():
        for role in Role:
            if not permissions & PERMISSIONS[role]:
                found = as_role(office, role, *(files.get(word, word) for word in words), code=10)
                assert f"{role.value} lacks the permission" in found.stderr
                refused += 1
    assert refused == 47
    assert office.call("stock", "show", "--serials").stdout == before
    rows = json.loads(office.one("audit", "show", "--format", "json").stdout)
    assert {row["operator"] for row in rows if row["action"].startswith("stock.")} == {Role.STOCK_KEEPER}


def test_emulated_blanks_are_received_by_a_manifest(demo_home: Home, tmp_path: Path) -> None:
    def call(*words: object, code: int = 0) -> Result:
        arguments = ["--home", str(demo_home.root), "--operator", "anna", "--yes", *map(str, words)]
        found = CliRunner().invoke(main, arguments, env={"EID_STATION": "window 1"})
        assert found.exit_code == code, (found.output, found.exception)
        return found

    chips = [json.loads(call("emulator", "blank", name, "--format", "json").stdout)["chip"] for name in ("A", "B")]
    file = tmp_path / "manifest.json"
    call("emulator", "manifest", "A", "B", "--batch", "1", "--output", file)
    call("stock", "receive", file)
    moved = json.loads(call("stock", "issue", "--count", 2, "--format", "json").stdout)["blanks"]
    assert {each["chip"].upper() for each in moved} == set(chips)
    assert {each["station"] for each in moved} == {"window 1"}
    assert json.loads(call("stock", "open", "--counted", 2, "--format", "json").stdout)["agrees"] is True
    assert "open since" in call("stock", "show").stdout
    call("stock", "issue", code=2)
