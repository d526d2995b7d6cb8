"""The example project is run as its reader would run it; its CI recipes name what there is."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from support.clean_environment import NEEDS_ROOT, Built, Clean, Containerfile, run_step
from support.pcscd import PrivatePcscd

EXAMPLE = Path(__file__).parents[2] / "examples" / "reader-ci"
WORKFLOWS = ("github-actions.yml", "gitlab-ci.yml")
RECIPES = sorted((EXAMPLE / "ci").iterdir())
SETUP = Path(__file__).parents[2] / "scripts" / "setup"


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
    for recipe in RECIPES:
        text = recipe.read_text("utf-8")
        for package in ("pcscd", "vsmartcard-vpcd", "libpcsclite-dev", "gcc"):
            assert package in text, recipe.name
            assert package in installed, package
        assert "--eid-require-reader" in text, recipe.name


def steps_of(recipe: Path) -> list[str]:
    """The commands of a recipe in their order, as its runner or builder would have a shell run them."""
    if recipe.name == "Containerfile":
        container = Containerfile.read(recipe)
        *shell, command = json.loads(container.of("CMD")[0])
        assert shell == ["sh", "-c"]
        return [*container.commands, *command.split("; exec ")]
    content = yaml.safe_load(recipe.read_text("utf-8"))
    if recipe.name == "gitlab-ci.yml":
        return [*content["reader"]["before_script"], *content["reader"]["script"]]
    return [step["run"] for step in content["jobs"]["test"]["steps"] if "run" in step]


@pytest.mark.pcsc
@pytest.mark.parametrize("recipe", RECIPES, ids=lambda path: path.name)
def test_a_recipe_runs(recipe: Path, built: Built, clean: Clean, pcscd: PrivatePcscd, tmp_path: Path) -> None:
    """Step by step, but for those that need root: the reader's service is the test's own, on another port."""
    folder, slot = tmp_path / "reader", pcscd.slots[0]
    shutil.copytree(EXAMPLE, folder, ignore=shutil.ignore_patterns("__pycache__"))
    variables = {
        "EID_TOOLKIT": str(built.source),
        "PATH": f"{clean.environment}/bin:/usr/bin:/bin",  # as the runner's own Python, of actions/setup-python
        "PYTEST_ADDOPTS": f"-p no:cacheprovider --eid-vpcd-port {slot.port}",
    }
    ran = []
    for step in steps_of(recipe):
        if not step.startswith(("sudo", "pcscd", *NEEDS_ROOT)):
            here = step.replace("Virtual PCD 00 00", slot.reader).replace(" attach ", f" attach --port {slot.port} ")
            run_step(re.sub(r"(?<!\S)/venv\b", f"{tmp_path}/venv", here), folder, variables)
            ran.append(step)
    assert any("pip install" in step for step in ran)
    assert any("pytest --eid-require-reader" in step for step in ran)


def test_no_recipe_waits_without_a_limit() -> None:
    github, gitlab = (yaml.safe_load((EXAMPLE / "ci" / name).read_text("utf-8")) for name in WORKFLOWS)
    assert [job["timeout-minutes"] for job in github["jobs"].values()] == [15]
    assert gitlab["reader"]["timeout"] == "15 minutes"
    assert all("timeout" in step for step in steps_of(EXAMPLE / "ci" / WORKFLOWS[0]) if "until" in step)
