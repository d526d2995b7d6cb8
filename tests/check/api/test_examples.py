"""The five examples of docs/api.md are run as their readers would run them, on specimen cards."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from eid_toolkit import Trust, emulate, judge, read
from eid_toolkit.books.keys.foreign import ForeignEcSigner
from support.authorities import Authority
from support.clean_environment import Clean

EXAMPLES = Path(__file__).parents[3] / "examples" / "library"


@dataclass
class Desk:
    """A card spec, a folder of what believes its card, and a folder for files; and the package as it is installed."""

    spec: Path
    csca: Path
    files: Path
    can: str
    installed: Clean

    def run(self, name: str, *arguments: object, typed: str = "", home: Path | None = None) -> str:
        """What an example prints in an environment that knows nothing of the checkout."""
        environment = {"PATH": f"{self.installed.environment}/bin:/usr/bin:/bin", "PYTHONDONTWRITEBYTECODE": "1"}
        done = subprocess.run(
            ["python", str(EXAMPLES / name), *map(str, arguments)], input=typed, capture_output=True, text=True,
            check=True, timeout=120, env=environment | {"HOME": str(home or self.installed.folder)}, cwd=home,
        )  # fmt: skip
        return done.stdout


@pytest.fixture
def desk(clean: Clean, tmp_path: Path) -> Desk:
    csca, files = tmp_path / "csca", tmp_path / "files"
    csca.mkdir()
    files.mkdir()
    spec = tmp_path / "card.toml"
    now = datetime.now(UTC).isoformat(timespec="seconds")
    spec.write_text(f'schema = "eid-card-spec/1"\nseed = "examples"\nat = {now}\n[document]\ncan = "482913"\n')
    with emulate(spec) as card:
        (csca / "csca.cer").write_bytes(card.trust._material.anchors[0].der)
        (csca / "csca.crl").write_bytes(card.trust._material.crls[0].der)
    return Desk(spec, csca, files, "482913", clean)


def test_a_card_is_verified(desk: Desk) -> None:
    printed = desk.run("verify_card.py", desk.spec, desk.csca, typed=f"{desk.can}\n")
    assert printed.startswith("CAN: passed Holder(")
    assert "ERIKSSON" in printed


def test_no_home_is_needed_and_nothing_is_written(desk: Desk, tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    before = sorted(tmp_path.rglob("*"))
    assert "passed" in desk.run("verify_card.py", desk.spec, desk.csca, typed=f"{desk.can}\n", home=home)
    assert sorted(tmp_path.rglob("*")) == before


def test_a_card_of_an_unknown_authority_is_undetermined_and_the_sentence_says_why(desk: Desk, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    printed = desk.run("verify_card.py", desk.spec, tmp_path / "empty", typed=f"{desk.can}\n")
    assert printed.startswith("CAN: undetermined Holder(")
    assert "The CSCA that issued the signer's certificate is not in the trust store" in printed


def test_the_files_of_a_card_are_dumped_and_parsed(desk: Desk) -> None:
    printed = desk.run("dump_and_parse.py", desk.spec, desk.files, typed=f"{desk.can}\n")
    assert "ERIKSSON<<ANNA<MARIA<<<<<<<<<<\nimage/j" in printed
    assert {"EF_COM.bin", "EF_SOD.bin", "EF_DG1.bin", "EF_DG2.bin"} <= {path.name for path in desk.files.iterdir()}


def test_the_files_of_another_tool_are_judged(desk: Desk) -> None:
    with emulate(desk.spec) as card:
        for name, content in read(card, card.can).files.items():
            (desk.files / f"{name}.bin").write_bytes(content)
    printed = desk.run("judge_files.py", desk.files, desk.csca)
    assert "pa.sod-signature passed " in printed
    assert "pa.data-group-hashes passed " in printed
    (desk.files / "EF.DG1.bin").write_bytes((desk.files / "EF.DG1.bin").read_bytes().replace(b"ANNA", b"ANNE"))
    assert "pa.data-group-hashes failed " in desk.run("judge_files.py", desk.files, desk.csca)


def test_an_ef_sod_is_signed_with_a_key_of_ones_own(desk: Desk) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    authority = Authority(start=datetime.now(UTC))
    certificate = authority.signer(ForeignEcSigner(key), start=datetime.now(UTC))
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (desk.files / "signer.key").write_bytes(pem)
    (desk.files / "signer.cer").write_bytes(certificate.der)
    with emulate(desk.spec) as card:
        groups = read(card, card.can).files
    for number in (1, 2):
        (desk.files / f"EF_DG{number}.bin").write_bytes(groups[f"EF.DG{number}"])
    desk.run("sign_records.py", desk.files)
    signed = {path.name: path.read_bytes() for path in desk.files.glob("EF_*.bin")}
    verdict = judge(signed, Trust.of([authority.csca.der], [authority.crl(this_update=datetime.now(UTC)).der]))
    statuses = {check.id: check.status for check in verdict.checks}
    assert verdict.layers["document"] == "passed", verdict.causes
    assert statuses["pa.sod-signature"] == statuses["pa.dsc-chain"] == statuses["pa.data-group-hashes"] == "passed"


def test_an_emulated_card_serves_a_test(clean: Clean) -> None:
    command = [
        f"{clean.environment}/bin/python",
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        str(EXAMPLES / "test_emulated_card.py"),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=EXAMPLES, timeout=120)
    assert (done.returncode, "2 passed" in done.stdout) == (0, True), done.stdout
