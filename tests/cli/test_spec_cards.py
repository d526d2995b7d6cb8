"""`--reader spec:FILE`, `eid emulator check` and `attach --spec`: cards that need no home, and who believes them."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from eid_toolkit.books.authorities.terminals import TerminalStore
from eid_toolkit.cards.transport.pcsc import list_readers
from eid_toolkit.doors.cli.main import main
from eid_toolkit.ground.ports import SystemEntropy
from eid_toolkit.ground.secret import Secret
from eid_toolkit.standards.crypto.ec import EcPrivateKey
from eid_toolkit.standards.pki.cv_certificate import CvCertificate
from support.pcscd import PrivatePcscd
from support.waiting import LIMIT, wait_for

ISSUED = datetime.now(UTC).replace(microsecond=0).isoformat()
HEAD = 'schema = "eid-card-spec/1"\nseed = "cli"\n'
PASSPHRASE = "a passphrase for tests"


class Desk:
    """A folder with a spec, and an officer's home that believes its authority."""

    def __init__(self, folder: Path) -> None:
        self.home, self.spec, self.trust = folder / "home", folder / "card.toml", folder / "trust"

    def write(self, text: str = "") -> None:
        self.spec.write_text(f"{HEAD}at = {ISSUED}\n{text}", "utf-8")

    def run(self, *arguments: str, passphrase: str | None = None) -> Result:
        environment = {} if passphrase is None else {"EID_PASSPHRASE": passphrase}
        return CliRunner().invoke(main, ["--home", str(self.home), *arguments], env=environment)

    def believe(self) -> None:
        assert self.run("emulator", "check", str(self.spec), "--trust-out", str(self.trust)).exit_code == 0
        files = [str(path) for path in sorted(self.trust.glob("csca*"))]
        assert self.run("trust", "import", *files).exit_code == 0

    def verify(self, *arguments: str, **options: str) -> Result:
        return self.run("verify", "--reader", f"spec:{self.spec}", "--can", "123456", *arguments, **options)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    made = Desk(tmp_path)
    made.write()
    return made


def test_a_card_of_a_spec_is_verified_in_this_process_by_who_believes_its_authority(desk: Desk) -> None:
    unknown = json.loads(desk.verify("--format", "json").stdout)
    assert unknown["verdict"] == "undetermined"
    desk.believe()
    result = desk.verify("--format", "json")
    data = json.loads(result.stdout)
    assert (result.exit_code, data["verdict"], data["specimen"]) == (0, "passed", True)


def test_its_mrz_opens_it_as_well_and_its_files_are_read(desk: Desk, tmp_path: Path) -> None:
    shown = json.loads(desk.run("emulator", "check", str(desk.spec), "--format", "json").stdout)
    reader, mrz = f"spec:{desk.spec}", "".join(shown["mrz"])
    result = desk.run("read", "--reader", reader, "--mrz", mrz, "--output", str(tmp_path / "files"))
    assert result.exit_code == 0
    sizes = {path.name: path.stat().st_size for path in (tmp_path / "files").glob("EF_DG*.bin")}
    assert sizes == {f"EF_{label[3:]}.bin": size for label, size in shown["files"].items() if label.startswith("EF.DG")}


def test_check_tells_what_a_spec_makes(desk: Desk) -> None:
    desk.write('forgery = "clone"\nquirks = ["fci"]\n[[faults]]\nfault = "slow"\nat = 3\n')
    text = desk.run("emulator", "check", str(desk.spec)).stdout
    for told in (
        "CAN        123456",
        "MRZ 1      IDUTO",
        "clone without the chip's keys; detected by chip.aa, chip.ca",
        "slow at 3",
    ):
        assert told in text
    data = json.loads(desk.run("emulator", "check", str(desk.spec), "--format", "json").stdout)
    assert data["schema"] == "eid-spec-card/1"
    assert data["forgery"]["failed_checks"] == ["chip.aa", "chip.ca"]
    assert (data["quirks"], data["faults"]) == (["fci"], [{"fault": "slow", "at": 3, "repeat": False}])


def test_check_tells_of_a_blank_and_of_a_forgery_that_does_not_open(desk: Desk) -> None:
    desk.write("blank = true\n")
    assert desk.run("emulator", "check", str(desk.spec)).stdout.startswith("Card       blank")
    assert list(desk.trust.glob("*")) == []
    desk.write('forgery = "replayed"\n')
    assert "detected by pace-card-token-wrong" in desk.run("emulator", "check", str(desk.spec)).stdout


@pytest.mark.parametrize(
    ("text", "exit_code", "told"),
    [
        ("quirks = ['mars']", 9, "no card quirk mars"),
        ("quirks = ['vietnam', 'select-anywhere']", 9, "contradict each other"),
        ("forgery = 'mars'", 9, "no forgery mars"),
        ("mars = 1", 9, "the unknown field mars"),
        ("[chip]\nwithout = ['mars']", 9, "chip.without[0]"),
        ("[access]\nfailures = -1", 9, "access.failures"),
        ("profile = 'mars'", 9, "mars"),
        ("[document]\nportrait = 'absent.jpg'", 11, "absent.jpg"),
        ("[document]\ncan = 'abc'", 9, "CAN"),
        ("[person]\nsurname = 'X'", 9, "primary_identifier"),
        ("[", 9, "cannot be read"),
    ],
)
def test_a_wrong_spec_is_explained(desk: Desk, text: str, exit_code: int, told: str) -> None:
    desk.write(text)
    for command in (
        ["emulator", "check", str(desk.spec)],
        ["verify", "--reader", f"spec:{desk.spec}", "--can", "123456"],
    ):
        result = desk.run(*command)
        assert (result.exit_code, told in result.stderr, "Traceback" in result.output) == (exit_code, True, False), (
            result.stderr
        )


def test_a_spec_that_is_not_there_is_a_file_that_is_away(desk: Desk) -> None:
    assert desk.run("verify", "--reader", "spec:absent.toml", "--can", "123456").exit_code == 11
    assert desk.run("emulator", "check", "absent.toml").exit_code == 2


@pytest.mark.parametrize(
    ("fault", "exit_code"),
    [
        ('fault = "power-lost"\nat = 5', 5),
        ('fault = "power-lost"\nat = 15\nwhen = "after"', 4),
        ('fault = "answer"\nat = 4\nanswer = "6F00"', 6),
        ('fault = "bit-error"\nat = 18\nbit = 60', 4),
        ('fault = "session-lost"\nat = 12', 4),
        ('fault = "memory-stuck"', 6),
        ('fault = "slow"\nseconds = 5\nrepeat = true', 0),
    ],
)
def test_what_goes_wrong_has_the_exit_code_of_its_kind(desk: Desk, fault: str, exit_code: int) -> None:
    desk.believe()
    desk.write(f"[[faults]]\n{fault}\n")
    result = desk.verify()
    assert (result.exit_code, "Traceback" in result.output) == (exit_code, False), result.output


def test_a_forged_card_fails_before_who_believes_the_genuine_authority(desk: Desk) -> None:
    desk.believe()
    desk.write('forgery = "own-key"\n')
    result = desk.verify("--format", "json")
    failed = {check["id"] for check in json.loads(result.stdout)["checks"] if check["status"] == "failed"}
    assert (result.exit_code, failed) == (3, {"pa.data-group-hashes", "chip.aa"})


def test_a_quirky_card_takes_its_profile(desk: Desk) -> None:
    desk.believe()
    desk.write('quirks = ["vietnam"]\n')
    assert [desk.verify(*more).exit_code for more in ((), ("--quirks", "vietnam"))] == [0, 0]


def test_the_terminals_key_that_is_written_reads_the_fingerprints(desk: Desk) -> None:
    desk.write("[chip]\nterminal_authentication = true\n")
    desk.believe()
    assert sorted(path.name for path in desk.trust.iterdir()) == [
        "csca.cer", "csca.crl", "cvca.cvcert", "dv.cvcert", "terminal.cvcert", "terminal.pk8",
    ]  # fmt: skip
    assert (desk.trust / "terminal.pk8").stat().st_mode & 0o777 == 0o600
    store = TerminalStore.create(desk.home, lambda: Secret(PASSPHRASE.encode()), SystemEntropy())
    certificates = [CvCertificate.parse(path.read_bytes()) for path in sorted(desk.trust.glob("*.cvcert"))]
    store.add(certificates, EcPrivateKey.from_pkcs8((desk.trust / "terminal.pk8").read_bytes(), None))
    data = json.loads(desk.verify("--format", "json", passphrase=PASSPHRASE).stdout)
    assert (data["verdict"], data["data_groups"]["3"], data["data_groups"]["4"]) == ("passed", "read", "read")


def test_a_foreign_signers_authority_is_written_too(desk: Desk) -> None:
    desk.write('forgery = "foreign-signer"\n')
    desk.believe()
    assert sorted(path.name for path in desk.trust.iterdir()) == ["csca-2.cer", "csca-2.crl", "csca.cer", "csca.crl"]
    assert desk.verify().exit_code == 3


def test_cards_in_this_process_cannot_be_watched(desk: Desk) -> None:
    assert desk.verify("--watch").exit_code == 2


@pytest.mark.parametrize(
    "arguments", [(), ("demo-1", "--spec"), ("demo-1", "--trust-out", "trust")], ids=["none", "both", "trust of a name"]
)
def test_attach_takes_a_name_or_a_spec(desk: Desk, arguments: tuple[str, ...]) -> None:
    more = [str(desk.spec)] if "--spec" in arguments else []
    assert desk.run("emulator", "attach", *arguments, *more).exit_code == 2


def test_attach_without_a_reader_says_so(desk: Desk) -> None:
    result = desk.run("emulator", "attach", "--spec", str(desk.spec), "--port", "1")
    assert (result.exit_code, "No virtual reader" in result.stderr) == (11, True)


@pytest.mark.pcsc
def test_a_card_that_loses_its_power_comes_back_into_the_reader(pcscd: PrivatePcscd, desk: Desk) -> None:
    slot = pcscd.slots[0]
    desk.believe()
    desk.write('[[faults]]\nfault = "power-lost"\nat = 5\n')
    command = [sys.executable, "-m", "eid_toolkit.doors.cli.main", "emulator", "attach", "--spec", str(desk.spec)]
    process = subprocess.Popen([*command, "--port", str(slot.port)], stderr=subprocess.PIPE, text=True)
    try:
        wait_for(lambda: list_readers()[0].atr is not None, "the attached card does not appear")
        assert desk.run("verify", "--reader", slot.reader, "--can", "123456").exit_code == 5
        wait_for(lambda: list_readers()[0].atr is None, "the card without power stays")
        second = desk.run("verify", "--reader", slot.reader, "--can", "123456", "--wait", "10")
    finally:
        process.kill()
        _, told = process.communicate(timeout=LIMIT)
    assert second.exit_code == 0
    assert "lost power" in told
    pcscd.wait_until_empty()


@pytest.mark.pcsc
def test_a_card_of_a_spec_stays_in_the_reader_until_it_is_interrupted(pcscd: PrivatePcscd, desk: Desk) -> None:
    slot = pcscd.slots[0]
    command = [sys.executable, "-m", "eid_toolkit.doors.cli.main", "--home", "/nonexistent", "emulator", "attach"]
    command += ["--spec", str(desk.spec), "--port", str(slot.port), "--trust-out", str(desk.trust)]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    try:
        wait_for(lambda: list_readers()[0].atr is not None, "the attached card does not appear")
        desk.run("trust", "import", str(desk.trust / "csca.cer"), str(desk.trust / "csca.crl"))
        result = desk.run("verify", "--reader", slot.reader, "--can", "123456")
        process.send_signal(signal.SIGINT)
        assert process.wait(LIMIT) == 130
    finally:
        process.kill()
        _, told = process.communicate(timeout=LIMIT)
    assert result.exit_code == 0
    for words in ("CAN        123456", "MRZ 3      ERIKSSON<<ANNA", f"Wrote {desk.trust / 'csca.cer'}", "Ctrl-C"):
        assert words in told
    pcscd.wait_until_empty()


def read_with_fault(desk: Desk, folder: Path, fault: str) -> Result:
    desk.write(f"[[faults]]\n{fault}")
    return desk.run("read", "--reader", f"spec:{desk.spec}", "--can", "123456", "--output", str(folder))


def test_a_card_of_which_nothing_can_be_read_is_no_card_that_was_read(desk: Desk, tmp_path: Path) -> None:
    result = read_with_fault(desk, tmp_path / "files", 'fault = "answer"\nat = 13\nanswer = "6982"\nrepeat = true')
    assert (result.exit_code, "none of its files could be read" in result.stderr) == (7, True), result.stderr
    assert (tmp_path / "files" / "manifest.json").exists()


@pytest.mark.parametrize("sw", ["6985", "6988"])
def test_a_card_that_ends_the_channel_was_not_taken_away(desk: Desk, tmp_path: Path, sw: str) -> None:
    result = read_with_fault(desk, tmp_path / "files", f'fault = "answer"\nat = 15\nanswer = "{sw}"')
    assert result.exit_code == 6
    assert "closed the secure channel" in result.stderr and "in place" not in result.stderr
    assert (tmp_path / "files" / "EF_COM.bin").exists()


def test_a_card_that_is_taken_away_while_it_is_read_has_to_stay_in_its_place(desk: Desk, tmp_path: Path) -> None:
    result = read_with_fault(desk, tmp_path / "files", 'fault = "power-lost"\nat = 15')
    assert (result.exit_code, "in place" in result.stderr) == (5, True)
