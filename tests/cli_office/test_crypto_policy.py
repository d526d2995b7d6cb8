"""`eid crypto-policy`: shown, set by two security officers, checked, obeyed, and given to officers."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from eid_toolkit.books.trust.store import open_trust
from eid_toolkit.standards.crypto_policy import CryptoPolicy, Use, shipped_policy
from support.crypto_policies import changed, file_of, with_floor
from support.offices import CommandLine, new_application, new_office


@pytest.fixture
def office(tmp_path: Path) -> CommandLine:
    return new_office(tmp_path / "home")


def written(folder: Path, policy: CryptoPolicy) -> Path:
    path = folder / "policy.toml"
    path.write_bytes(file_of(policy))
    return path


STRICTER = replace(
    changed(Use.DOCUMENT_SIGNER, curves=frozenset({"brainpoolP384r1", "secp384r1"}), least_rsa_bits=None),
    inspection=with_floor(least_ec_bits=256).inspection,
)


def test_a_policy_is_shown_set_checked_obeyed_and_given_to_officers(office: CommandLine, tmp_path: Path) -> None:
    shown = json.loads(office.call("crypto-policy", "show", "--format", "json").stdout)
    assert (shown["version"], shown["origin"], shown["decided_by"]) == (0, "shipped", [])
    assert "9303-12" in shown["limits"]["uses.csca"]["longest_usage_days"]["source"]
    assert "comply with version 0" in office.call("crypto-policy", "check").stdout
    application = new_application(office, tmp_path)

    file = written(tmp_path, STRICTER)
    people = ("--operator", "anna", "--second-operator", "bert")
    declined = office.call(*people, "crypto-policy", "set", file, typed="n\n", code=130)
    assert "inspection.least_ec_bits: 224 -> 256" in declined.stderr
    assert "uses.document-signer.least_rsa_bits: 2048 -> (none)" in declined.stderr
    assert json.loads(office.call("crypto-policy", "show", "--format", "json").stdout)["version"] == 0
    found = office.two("crypto-policy", "set", file)
    assert (found["version"], found["origin"], found["decided_by"]) == (1, "home", ["anna", "bert"])
    log = office.one("audit", "show", "--format", "jsonl").stdout
    assert found["sha256"] in log

    checked = office.call("crypto-policy", "check", "--format", "json", code=1)
    (refused,) = json.loads(checked.stdout)["refused"]
    assert (refused["what"], refused["value"]) == ("document-signer UTO 1", "brainpoolP256r1")
    told = office.one("document", "prepare", application, code=10)
    assert "crypto policy (version 1) refuses brainpoolP256r1 for document-signer" in told.stderr
    assert "refuses RSA-2048" in office.both("--yes", "pki", "ds", "create", "--key", "rsa-pss", code=10).stderr
    office.both("--yes", "pki", "ds", "create")
    office.one("document", "prepare", application)

    exported = office.two("trust", "bundle", "export", "--output", tmp_path / "one.bundle")
    officer = CommandLine(tmp_path / "officer")
    accept = ("--accept", exported["csca_fingerprint"])
    taken = officer.call("trust", "bundle", "import", tmp_path / "one.bundle", *accept, "--format", "json")
    assert json.loads(taken.stdout)["floor"]["least_ec_bits"] == 256
    assert open_trust(officer.root).material().bundle.floor == replace(STRICTER, version=1).floor
    assert open_trust(office.root).material().floor == replace(STRICTER, version=1).floor

    kept = office.root / "crypto-policy.json"
    first = kept.read_bytes()
    office.two("crypto-policy", "set", written(tmp_path, shipped_policy()))
    kept.write_bytes(first)
    assert "version 1, but the audit log knows version 2" in office.call("crypto-policy", "show", code=12).stderr
    assert "version 2" in office.both("--yes", "pki", "ds", "create", code=12).stderr
    mended = office.two("crypto-policy", "set", written(tmp_path, STRICTER))
    assert mended["version"] == 3


def test_setting_takes_two_security_officers(office: CommandLine, tmp_path: Path) -> None:
    file = written(tmp_path, STRICTER)
    assert "second" in office.one("--yes", "crypto-policy", "set", file, code=10).stderr
    office.two("operator", "add", "carl", "--role", "clerk", EID_NEW_PASSPHRASE="the third one's words")
    people = ("--operator", "anna", "--second-operator", "carl", "--yes")
    told = office.call(*people, "crypto-policy", "set", file, code=10, EID_SECOND_PASSPHRASE="the third one's words")
    assert "manage-keys" in told.stderr or "security-officer" in told.stderr
    assert not (office.root / "crypto-policy.json").exists()


def test_a_floor_below_the_shipped_one_and_a_broken_file_are_refused(office: CommandLine, tmp_path: Path) -> None:
    people = ("--operator", "anna", "--second-operator", "bert", "--yes")
    low = written(tmp_path, with_floor(least_rsa_bits=1024))
    assert "weaker than the shipped one" in office.call(*people, "crypto-policy", "set", low, code=9).stderr
    low.write_bytes(b"schema = ")
    assert "not valid TOML" in office.call(*people, "crypto-policy", "set", low, code=9).stderr
    low.write_bytes(b"#" * (1 << 17))
    office.call(*people, "crypto-policy", "set", low, code=9)


def test_what_is_shown_can_be_set_and_changes_nothing(office: CommandLine, tmp_path: Path) -> None:
    office.call("crypto-policy", "show", "--output", tmp_path / "shown.toml")
    people = ("--operator", "anna", "--second-operator", "bert", "--yes")
    told = office.call(*people, "crypto-policy", "set", tmp_path / "shown.toml")
    assert "nothing was changed" in told.stderr
    assert not (office.root / "crypto-policy.json").exists()


def test_a_home_is_founded_within_the_limit_of_signatures(tmp_path: Path) -> None:
    home = CommandLine(tmp_path / "home")
    told = home.call("init", "--demo", "--signature-limit", "100001", code=10)
    assert "refuses 100001 signatures for document-signer" in told.stderr
    assert not home.root.exists()
