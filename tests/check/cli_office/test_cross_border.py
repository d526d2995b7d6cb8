"""docs/cross-border.md, command by command, in two real homes and an officer's."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from support.homes import portrait_file

PAGE = Path(__file__).parents[3] / "docs" / "cross-border.md"
PEOPLE = {"vnm": ("VNM", "vn-cccd", "099000000017"), "sgp": ("SGP", "sgp-id", "S0000000J")}
PASSPHRASES = {
    "EID_OPERATOR_PASSPHRASE": "passphrase of an operator",
    "EID_SECOND_PASSPHRASE": "passphrase of an operator",
}


class Border:
    """A folder with two authorities' homes, and a shell in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.environment = {
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "HOME": str(folder),
            "EID_OPERATOR": "anna",
            "EID_SECOND_OPERATOR": "bert",
            **PASSPHRASES,
        }

    def eid(self, *arguments: str, **environment: str) -> str:
        done = subprocess.run(
            ["eid", *arguments],
            cwd=self.folder,
            env={**self.environment, **environment},
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        assert done.returncode == 0, (arguments, done.stdout, done.stderr)
        return done.stdout

    def shell(self, script: str) -> str:
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-x"],
            input=script,
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        assert done.returncode == 0, (done.stdout[-3000:], done.stderr[-3000:])
        return done.stdout

    def found(self, home: str) -> None:
        """An authority with two operators and one card that it issued."""
        country, profile, number = PEOPLE[home]
        self.eid("--home", home, "init", "--country", country, "--authority", f"Ministry of {country}")
        for operator in ("anna", "bert"):
            self.eid("--home", home, "operator", "roles", operator, "--role", "all")
        holder = ["--surname", "Mau", "--given-names", "An", "--birth", "1990-01-31", "--sex", "F"]
        holder += ["--nationality", country, "--personal-number", number, "--place-of-residence", "1 Street"]
        person = json.loads(self.eid("--home", home, "person", "add", *holder, "--format", "json"))["id"]
        wanted = ["--person", person, "--profile", profile, "--portrait", "face.png", "--format", "json"]
        application = json.loads(self.eid("--home", home, "application", "create", *wanted))["id"]
        self.eid("--home", home, "application", "approve", application, EID_OPERATOR="bert")
        (document,) = re.findall(r"D-\w+", self.eid("--home", home, "document", "prepare", application))[:1]
        self.eid("--home", home, "emulator", "blank", "card")
        self.eid(
            "--home",
            home,
            "--yes",
            "card",
            "personalize",
            "--without-print-check",
            document,
            "--reader",
            "emulator:card",
        )
        printed = json.loads(self.eid("--home", home, "document", "export", document, "--format", "json"))
        (csca,) = json.loads(self.eid("--home", home, "pki", "csca", "list", "--format", "json"))
        self.environment[f"{country}_CAN"] = printed["can"]
        self.environment[f"{country}_CSCA"] = csca["fingerprint"]


def blocks() -> list[str]:
    return re.findall(r"```sh\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)


@pytest.fixture
def border(tmp_path: Path) -> Border:
    made = Border(tmp_path)
    (tmp_path / "face.png").write_bytes(portrait_file())
    for home in PEOPLE:
        made.found(home)
    return made


def test_two_states_verify_each_others_cards_by_the_commands_of_the_page(border: Border) -> None:
    first, *others = blocks()
    border.shell(first)
    alone = border.shell(
        "EID_SECOND_OPERATOR= eid --home sgp trust import from-vnm/csca-VNM-1.cer 2>&1 || echo code $?"
    )
    assert "code 10" in alone
    assert "name the second" in alone
    listed = json.loads(
        border.shell("eid --home vnm pki master-list verify from-sgp/sgp.ml --format json || test $? = 4")
    )
    border.environment["SGP_SIGNER"] = listed["signer_fingerprint"]
    for block in others:
        border.shell(block)

    decided = json.loads(border.eid("--home", "sgp", "audit", "show", "--subject", "trust-store", "--format", "json"))
    assert {row["operator"] for row in decided if row["action"] == "trust.import.decided"} == {"anna", "bert"}
    believed = json.loads(border.eid("--home", "vnm", "trust", "list", "--country", "SG", "--format", "json"))
    (anchor,) = [row for row in believed if row["kind"] == "anchor"]
    assert anchor["list"]["basis"] == "signer-accepted"
    assert {each["operator"] for each in anchor["decisions"]} == {"anna", "bert"}
    verdict = json.loads(border.shell("eid --home officer judge vnm-card.evidence --format json || test $? = 3"))
    assert verdict["trust"]["bundle_version"] == 2
    assert verdict["trust"]["bundle_age_days"] == 0
