"""The example project is run as its reader would run it; its CI recipes name what there is."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from support.pcscd import PrivatePcscd

EXAMPLE = Path(__file__).parents[1] / "examples" / "reader-ci"
SETUP = Path(__file__).parents[1] / "scripts" / "setup"


def run_example(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *arguments, str(EXAMPLE)]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=EXAMPLE, timeout=120)


@pytest.mark.pcsc
def test_the_example_passes_in_process_and_in_a_reader(pcscd: PrivatePcscd) -> None:
    done = run_example("--eid-vpcd-port", str(pcscd.slots[0].port), "--eid-require-reader")
    assert done.returncode == 0, done.stdout
    assert "5 passed" in done.stdout


@pytest.mark.pcsc
def test_without_a_virtual_reader_the_test_is_skipped_or_fails_as_asked(pcscd: PrivatePcscd) -> None:
    nowhere = ("--eid-vpcd-port", "1")
    skipped = run_example(*nowhere)
    assert (skipped.returncode, "4 passed, 1 skipped" in skipped.stdout) == (0, True), skipped.stdout
    failed = run_example(*nowhere, "--eid-require-reader")
    assert (failed.returncode, "no virtual reader here" in failed.stdout) == (1, True), failed.stdout


def test_the_recipes_install_what_the_project_itself_installs() -> None:
    installed = SETUP.read_text("utf-8")
    for recipe in sorted((EXAMPLE / "ci").iterdir()):
        text = recipe.read_text("utf-8")
        for package in ("pcscd", "vsmartcard-vpcd", "libpcsclite-dev", "gcc"):
            assert package in text, recipe.name
            assert package in installed, package
        assert "--eid-require-reader" in text, recipe.name


@pytest.mark.parametrize("name", ["github-actions.yml", "gitlab-ci.yml"])
def test_the_recipes_are_yaml(name: str) -> None:
    assert isinstance(yaml.safe_load((EXAMPLE / "ci" / name).read_text("utf-8")), dict)
