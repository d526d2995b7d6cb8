"""An officer's home: founded by a fingerprint that was told, kept up to date by newer bundles of the same authority."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import strategies as st

from eid_toolkit.books.trust.bundles import bundle_of
from eid_toolkit.doors.cli.main import main
from eid_toolkit.ground.errors import BadInput
from eid_toolkit.ground.fingerprints import grouped, typed_fingerprint
from eid_toolkit.standards.pki.trust_bundle import BUNDLE_SIGNING_KEY, BundlePolicy, build_trust_bundle
from support.authorities import Authority, new_key

NOW = datetime.now(UTC).replace(microsecond=0)
USAGE, BAD_INPUT, NOT_PERMITTED = 2, 9, 10


class Maker:
    """An authority that gives out bundles."""

    def __init__(self) -> None:
        self.authority = Authority(start=NOW - timedelta(days=100))
        self.key = new_key()
        self.signer = self.authority.list_signer(self.key, NOW - timedelta(days=99), BUNDLE_SIGNING_KEY)
        self.fingerprint = self.authority.csca.fingerprint

    def bundle(self, path: Path, version: int) -> Path:
        crl = self.authority.crl(this_update=NOW - timedelta(days=20 - version))
        sections = {"anchors": (self.authority.csca.der,), "crls": (crl.der,)}
        issued = NOW - timedelta(days=10 - version)
        content = bundle_of("Utopia", version, issued, sections, BundlePolicy())
        path.write_bytes(build_trust_bundle(content, self.key, self.signer, (self.authority.csca,), issued))
        return path


@pytest.fixture(scope="module")
def maker() -> Maker:
    return Maker()


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "officer"


def eid(home: Path, *words: object, code: int = 0) -> Result:
    result = CliRunner().invoke(main, ["--home", str(home), *map(str, words)])
    assert result.exit_code == code, (result.output, result.exception)
    return result


def data(home: Path, *words: object) -> Any:
    return json.loads(eid(home, *words, "--format", "json").stdout)


WAYS: dict[str, Callable[[str], str]] = {
    "whole": str,
    "as it is read aloud": grouped,
    "with hyphens, in capitals": lambda told: grouped(told).replace(" ", "-").upper(),
    "with colons": lambda told: ":".join(told[at : at + 2] for at in range(0, 64, 2)),
    "its first 128 bits": lambda told: grouped(told[:32]),
    "with the dashes and spaces of a letter": lambda told: grouped(told).replace(" ", "\u2013").replace("a", "a\u00a0"),
}


@pytest.mark.parametrize("way", WAYS)
def test_a_fingerprint_is_typed_as_it_was_heard(home: Path, tmp_path: Path, maker: Maker, way: str) -> None:
    bundle = maker.bundle(tmp_path / "1.bundle", 1)
    told = WAYS[way](maker.fingerprint)
    shown = eid(home, "officer", "init", bundle, "--fingerprint", told).stdout
    assert grouped(maker.fingerprint) in " ".join(shown.split())
    assert data(home, "trust", "bundle", "show")["pinned"] == maker.fingerprint


def test_the_signers_own_fingerprint_does_as_well(home: Path, tmp_path: Path, maker: Maker) -> None:
    bundle = maker.bundle(tmp_path / "1.bundle", 1)
    shown = data(home, "officer", "init", bundle, "--fingerprint", maker.signer.fingerprint)
    assert shown["authority_fingerprint"] == maker.signer.fingerprint


@pytest.mark.parametrize("told", ["", "9a2d", "x" * 64, "ab" * 15, "ab" * 33, "\x1b[2J", "0" * 9000])
def test_what_is_no_fingerprint_founds_nothing(home: Path, tmp_path: Path, maker: Maker, told: str) -> None:
    bundle = maker.bundle(tmp_path / "1.bundle", 1)
    result = eid(home, "officer", "init", bundle, "--fingerprint", told, code=BAD_INPUT)
    assert "\x1b" not in result.stderr
    assert not home.exists()


def test_a_bundle_of_somebody_else_is_refused_and_does_not_say_what_to_type(
    home: Path, tmp_path: Path, maker: Maker
) -> None:
    stranger = Maker().bundle(tmp_path / "1.bundle", 1)
    result = eid(home, "officer", "init", stranger, "--fingerprint", maker.fingerprint, code=NOT_PERMITTED)
    assert "report it" in result.stderr
    assert not (home / "trust" / "bundle-authority.json").exists()


def test_without_a_fingerprint_nothing_is_believed(home: Path, tmp_path: Path, maker: Maker) -> None:
    eid(home, "officer", "init", maker.bundle(tmp_path / "1.bundle", 1), code=USAGE)
    assert not home.exists()


def test_a_home_is_founded_once(home: Path, tmp_path: Path, maker: Maker) -> None:
    bundle = maker.bundle(tmp_path / "1.bundle", 1)
    eid(home, "officer", "init", bundle, "--fingerprint", maker.fingerprint)
    again = eid(home, "officer", "init", bundle, "--fingerprint", maker.fingerprint, code=NOT_PERMITTED)
    assert "eid officer update" in again.stderr


def test_an_update_takes_newer_bundles_of_the_same_authority_only(home: Path, tmp_path: Path, maker: Maker) -> None:
    first, second, third = (maker.bundle(tmp_path / f"{number}.bundle", number) for number in (1, 2, 3))
    missing = eid(home, "officer", "update", second, code=NOT_PERMITTED)
    assert "eid officer init" in missing.stderr
    assert not home.exists()
    eid(home, "officer", "init", second, "--fingerprint", maker.fingerprint)
    eid(home, "officer", "update", first, code=BAD_INPUT)
    assert data(home, "officer", "update", second)["status"] == "known"
    shown = data(home, "officer", "update", third)
    assert (shown["status"], shown["version_before"], shown["version"]) == ("taken", 2, 3)
    stranger = Maker().bundle(tmp_path / "9.bundle", 9)
    eid(home, "officer", "update", stranger, code=NOT_PERMITTED)
    assert data(home, "trust", "bundle", "show")["version"] == 3


@pytest.mark.parametrize("content", [b"", b"\x30\x80" * 5000, b"no bundle"])
def test_a_file_that_is_no_bundle_ends_in_a_sentence(home: Path, tmp_path: Path, maker: Maker, content: bytes) -> None:
    (tmp_path / "bundle").write_bytes(content)
    result = eid(home, "officer", "init", tmp_path / "bundle", "--fingerprint", maker.fingerprint, code=BAD_INPUT)
    assert "Traceback" not in result.output


def test_a_new_home_has_a_key_for_its_evidence(home: Path, tmp_path: Path, maker: Maker) -> None:
    shown = data(home, "officer", "init", maker.bundle(tmp_path / "1.bundle", 1), "--fingerprint", maker.fingerprint)
    assert shown["evidence_fingerprint"] == data(home, "evidence", "key")["fingerprint"]


def lacks(home: Path) -> list[str]:
    return [each["what"] for each in data(home, "status")["lacking"]]


def test_status_and_doctor_say_what_an_officers_home_lacks(home: Path, tmp_path: Path, maker: Maker) -> None:
    (home / "trust").mkdir(parents=True)
    assert lacks(home) == ["officer-lacks-trust", "officer-lacks-evidence-key", "officer-lacks-terminal"]
    assert "eid officer init BUNDLE" in eid(home, "status").stdout
    (tmp_path / "csca.cer").write_bytes(maker.authority.csca.der)
    eid(home, "trust", "import", tmp_path / "csca.cer")
    assert lacks(home)[:2] == ["officer-lacks-bundle", "officer-lacks-lists"]
    findings = {each["code"]: each["grade"] for each in data(home, "doctor")["findings"] if each["area"] == "officer"}
    assert findings["officer-lacks-bundle"] == findings["officer-lacks-lists"] == "warning"
    eid(home, "officer", "init", maker.bundle(tmp_path / "1.bundle", 1), "--fingerprint", maker.fingerprint)
    assert lacks(home) == ["officer-lacks-terminal"]
    findings = {each["code"]: each["grade"] for each in data(home, "doctor")["findings"] if each["area"] == "officer"}
    assert findings == {"officer-lacks-terminal": "ok"}


def test_an_authority_is_no_officer(demo_home: Any, tmp_path: Path, maker: Maker) -> None:
    bundle = maker.bundle(tmp_path / "1.bundle", 1)
    eid(demo_home.root, "officer", "init", bundle, "--fingerprint", maker.fingerprint, code=NOT_PERMITTED)
    eid(demo_home.root, "officer", "update", bundle, code=NOT_PERMITTED)
    assert data(demo_home.root, "--operator", "anna", "status")["lacking"] == []


def test_an_authority_shows_its_fingerprint_as_it_is_read_aloud(demo_home: Any, tmp_path: Path) -> None:
    output = tmp_path / "1.bundle"
    words = ("--operator", "anna", "trust", "bundle", "export", "--state", "UTO", "--output")
    made = data(demo_home.root, *words, output)
    shown = eid(demo_home.root, *words, tmp_path / "2.bundle").stdout
    assert grouped(made["csca_fingerprint"]) in " ".join(shown.split())
    eid(tmp_path / "officer", "officer", "init", output, "--fingerprint", grouped(made["csca_fingerprint"]))


@given(st.text(max_size=300))
def test_any_text_is_a_fingerprint_or_is_refused(text: str) -> None:
    try:
        digits = typed_fingerprint(text)
    except BadInput:
        return
    assert 32 <= len(digits) <= 64
    assert int(digits, 16) >= 0
