"""`eid verify` and `eid read` on a card with fingerprints, in a home with and without a terminal's key."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from eid_toolkit.books.authorities.terminals import TerminalStore
from eid_toolkit.doors.cli.main import main
from eid_toolkit.ground.ports import SystemEntropy
from eid_toolkit.ground.secret import Secret
from eid_toolkit.standards.pki.cv_authorization import Role
from support.cv_chain import CvEcSigner, Holder, cvca
from support.emulated import CAN, card_memory
from support.officer import Officer
from support.terminals import trust_terminals

PASSPHRASE = "a passphrase for tests"
FINGERPRINTS = bytes.fromhex("63067F6103020100")


@pytest.fixture(scope="module")
def root() -> Holder:
    return cvca()


@pytest.fixture
def officer(tmp_path: Path, root: Holder) -> Officer:
    made = Officer(tmp_path / "home")
    made.document.data_groups[3] = FINGERPRINTS
    made.add_card("genuine", trust_terminals(card_memory(made.document), root))
    return made


def provision(officer: Officer, root: Holder) -> None:
    verifier = root.issue("UTDV00001", Role.DV_DOMESTIC, days=3000)
    terminal = verifier.issue("UTIS00001", Role.TERMINAL, days=3000)
    assert isinstance(terminal.signer, CvEcSigner)
    store = TerminalStore.create(officer.home.root, lambda: Secret(PASSPHRASE.encode()), SystemEntropy())
    store.add((root.certificate, verifier.certificate, terminal.certificate), terminal.signer.key)


def run(officer: Officer, *arguments: str, passphrase: str = PASSPHRASE) -> Result:
    environment = {"EID_PASSPHRASE": passphrase}
    command = ["--home", str(officer.home.root), *arguments, "--reader", "emulator:genuine", "--can", CAN]
    return CliRunner().invoke(main, command, env=environment)


def test_without_a_key_the_verdict_names_whom_the_chip_trusts(officer: Officer) -> None:
    data = json.loads(run(officer, "verify", "--format", "json").stdout)
    shown = data["terminal_authentication"]
    assert (data["verdict"], data["data_groups"]["3"]) == ("passed", "needs-terminal-authentication")
    assert (shown["outcome"], shown["trusted"], shown["terminal"]) == ("no-key", ["UTCVCA00001"], None)
    assert "UTCVCA00001" in run(officer, "verify", "--verbose").stdout


def test_with_the_key_of_the_home_fingerprints_are_read(officer: Officer, root: Holder, tmp_path: Path) -> None:
    provision(officer, root)
    data = json.loads(run(officer, "verify", "--format", "json").stdout)
    shown = data["terminal_authentication"]
    assert (data["verdict"], data["data_groups"]["3"]) == ("passed", "read")
    assert (shown["outcome"], shown["terminal"], shown["data_groups"]) == ("done", "UTIS00001", [3, 4])
    assert "UTIS00001 proved its right to read DG3, DG4" in run(officer, "verify", "--verbose").stdout
    assert run(officer, "read", "--output", str(tmp_path / "files")).exit_code == 0
    assert (tmp_path / "files" / "EF_DG3.bin").read_bytes() == FINGERPRINTS
    assert (tmp_path / "files" / "EF_CVCA.bin").read_bytes().startswith(b"\x42\x0bUTCVCA00001")


def test_a_wrong_passphrase_is_told_before_the_card_is_touched(officer: Officer, root: Holder) -> None:
    provision(officer, root)
    result = run(officer, "verify", passphrase="another passphrase")
    assert (result.exit_code, result.stdout) == (7, "")
