"""Wheel and source distribution: nothing is missing, and `eid` runs where there is no checkout."""

from __future__ import annotations

import json
import re
import shutil
import zipfile
from email.parser import HeaderParser
from pathlib import Path

import pytest

import eid_toolkit
from support.clean_environment import NAME, ROOT, Built, Clean, Containerfile

PACKAGE = Path(eid_toolkit.__file__).parent
CONTAINERFILE = Containerfile.read(ROOT / "Containerfile")


def names_of_package(*, of: Path = PACKAGE) -> set[str]:
    files = (path.relative_to(of.parent) for path in of.rglob("*") if path.is_file())
    return {path.as_posix() for path in files if "__pycache__" not in path.parts}


def test_the_wheel_made_of_the_source_distribution_has_every_file_of_the_package(built: Built) -> None:
    with zipfile.ZipFile(built.wheel) as wheel:
        packed = {name for name in wheel.namelist() if ".dist-info/" not in name}
    assert packed == names_of_package()
    assert len({name for name in packed if "/cardspec/shipped/" in name}) > 10


@pytest.mark.parametrize("folder", ["tests", "fixtures", "docs", "examples", "benchmarks", "fuzz", "scripts", ".ci"])
def test_the_source_distribution_has_the_folders_of_the_project(built: Built, folder: str) -> None:
    passing = ("__pycache__", "findings", ".pytest_cache", "card-specs")
    files = {path.relative_to(ROOT) for path in (ROOT / folder).rglob("*") if path.is_file()}
    missing = {path for path in files if not (built.source / path).is_file()}
    assert not {path for path in missing if not set(passing) & set(path.parts)}


@pytest.mark.parametrize("name", ["LICENSE", "README.md", "CHANGELOG.md", "SECURITY.md", "CONTRIBUTING.md", "Makefile"])
def test_the_source_distribution_has_the_pages_of_the_project(built: Built, name: str) -> None:
    assert (built.source / name).read_bytes() == (ROOT / name).read_bytes()


def test_the_metadata_say_what_it_is_and_what_can_be_chosen(built: Built) -> None:
    with zipfile.ZipFile(built.wheel) as wheel:
        metadata = HeaderParser().parsestr(wheel.read(f"{NAME}.dist-info/METADATA").decode("utf-8"))
    assert (metadata["Version"], metadata["License-Expression"]) == (eid_toolkit.__version__, "Apache-2.0")
    assert metadata["Author"] == "The eid-toolkit founders"
    assert {"server", "token", "all"} <= set(metadata.get_all("Provides-Extra", ()))
    needed = [line for line in metadata.get_all("Requires-Dist", ()) if "extra ==" not in line]
    assert not [line for line in needed if line.startswith(("psycopg", "python-pkcs11"))]


def test_the_clean_environment_has_nothing_of_the_checkout(clean: Clean) -> None:
    script = "import eid_toolkit, json, sys; print(json.dumps([eid_toolkit.__file__, sys.path]))"
    module, path = json.loads(clean.run("python", "-c", script).stdout)
    assert Path(module).is_relative_to(clean.environment)
    assert str(PACKAGE.parent) not in path


def test_the_demo_runs_from_the_package(clean: Clean) -> None:
    """What the container starts by itself: the entry point and its command."""
    (entry,), (command,) = (json.loads(CONTAINERFILE.of(name)[0]) for name in ("ENTRYPOINT", "CMD"))
    done = clean.run(entry, command)
    assert done.returncode == 0, done.stderr
    assert "All verdicts are as expected" in done.stdout


def test_a_card_spec_goes_by_its_name_from_the_package(clean: Clean) -> None:
    made = json.loads(clean.run("eid", "emulator", "check", "vietnam", "--format", "json").stdout)
    done = clean.run("eid", "read", "--reader", "spec:vietnam", "--can", made["can"], "--output", "files")
    assert done.returncode == 0, done.stderr
    assert (clean.folder / "files" / "EF_SOD.bin").is_file()


def test_the_samples_come_out_of_the_package(clean: Clean) -> None:
    done = clean.run("eid", "samples", "samples", "--format", "json")
    assert done.returncode == 0, done.stderr
    assert all((clean.folder / name).stat().st_size for name in json.loads(done.stdout)["files"])


def test_the_pytest_plugin_is_found_and_the_example_runs(clean: Clean) -> None:
    example = clean.folder / "reader-ci"
    shutil.copytree(ROOT / "examples" / "reader-ci", example)
    done = clean.run("python", "-m", "pytest", "-q", "-p", "no:cacheprovider", "--eid-vpcd-port", "1", str(example))
    assert (done.returncode, "4 passed, 1 skipped" in done.stdout) == (0, True), done.stdout + done.stderr


def test_the_container_needs_of_the_system_what_the_demo_needs() -> None:
    (command,) = (command for command in CONTAINERFILE.commands if command.startswith("apt-get install"))
    wanted = {word for word in command.split()[2:] if not word.startswith("-")}
    assert wanted == {"python3-venv", "python3-dev", "gcc", "libpcsclite-dev"}


def test_nothing_says_to_install_by_name_what_no_index_has() -> None:
    pages = [
        *ROOT.glob("*.md"),
        ROOT / "Containerfile",
        *(ROOT / "docs").rglob("*.md"),
        *(ROOT / "examples").rglob("*"),
    ]
    named = re.compile(r"(pip|pipx|uv)\b[^\n`]*\binstall\b[^\n`]*(?<![/\w.-])eid-toolkit(?![\w.-]*\.whl)")
    assert not [path.name for path in pages if path.is_file() and named.search(path.read_text("utf-8"))]
