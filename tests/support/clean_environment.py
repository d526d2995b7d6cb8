"""An environment with the built package and nothing of the checkout, and recipes whose steps are run in it.

Nothing is downloaded: what the package depends on is taken from this environment's packages, without their link to the
checkout, and what a recipe has pip install comes from the unpacked source distribution.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import sysconfig
import tarfile
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

import eid_toolkit

ROOT = Path(__file__).parents[2]
NAME = f"eid_toolkit-{eid_toolkit.__version__}"
LIMIT = 300
"""Seconds for a command of a recipe."""
NEEDS_ROOT = ("apt-get", "rm -rf /var/lib/apt/", "useradd")
_BORROWED = sorted({sysconfig.get_path("purelib"), sysconfig.get_path("platlib")})


@dataclass(frozen=True, slots=True)
class Built:
    """Where the source distribution is unpacked, and the wheel that was made of it."""

    source: Path
    wheel: Path


@dataclass(frozen=True, slots=True)
class Clean:
    """A virtual environment and a folder that is home and current folder."""

    environment: Path
    folder: Path

    def run(self, *command: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """Runs a command, with the variables that a user has and these."""
        path = f"{self.environment}/bin:/usr/bin:/bin"
        known = {"HOME": str(self.folder), "PATH": path, "LANG": "C.UTF-8", **variables}
        return subprocess.run(
            command, cwd=self.folder, env=known, capture_output=True, text=True, check=False, timeout=LIMIT
        )


@dataclass(frozen=True, slots=True)
class Containerfile:
    """The instructions of a Containerfile in their order, continued lines joined."""

    instructions: tuple[tuple[str, str], ...]

    @classmethod
    def read(cls, path: Path) -> Containerfile:
        text = "\n".join(line for line in path.read_text("utf-8").splitlines() if line and not line.startswith("#"))
        lines = (line.partition(" ") for line in re.sub(r"\\\n\s*", "", text).splitlines())
        return cls(tuple((name, rest) for name, _, rest in lines))

    def of(self, instruction: str) -> list[str]:
        """What stands behind each such instruction."""
        return [rest for name, rest in self.instructions if name == instruction]

    @property
    def commands(self) -> list[str]:
        """The single commands of every RUN."""
        return [command.strip() for line in self.of("RUN") for command in line.split("&&")]


def run_step(command: str, folder: Path, variables: Mapping[str, str]) -> None:
    """Runs one command of a recipe by the shell: the Python is this one, and pip downloads nothing."""
    offline = "pip install --no-index --no-deps --no-build-isolation"
    here = command.replace("pip install", offline).replace("python3 -m venv", f"{sys.executable} -m venv")
    with tempfile.TemporaryFile("w+") as output:  # a pipe would be held open by what runs in the background
        process = subprocess.Popen(
            ["bash", "-ec", here], cwd=folder, env={**os.environ, **variables}, stdin=subprocess.DEVNULL,
            stdout=output, stderr=output, start_new_session=True,
        )  # fmt: skip
        try:
            code = process.wait(LIMIT)
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
        output.seek(0)
        assert code == 0, f"{command}\n{output.read()}"
    if made := re.search(r"python3 -m venv (\S+)", command):
        (packages,) = (folder / made[1]).glob("lib/python*/site-packages")
        (packages / "borrowed.pth").write_text("\n".join(_BORROWED))  # whose own .pth files are not read


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """A source distribution of the checkout, and a wheel of that."""
    folder = tmp_path_factory.mktemp("built")
    build = (sys.executable, "-m", "hatchling", "build", "-d", str(folder))
    subprocess.run([*build, "-t", "sdist"], cwd=ROOT, check=True, capture_output=True, timeout=LIMIT)
    with tarfile.open(folder / f"{NAME}.tar.gz") as archive:
        archive.extractall(folder, filter="data")
    subprocess.run([*build, "-t", "wheel"], cwd=folder / NAME, check=True, capture_output=True, timeout=LIMIT)
    return Built(folder / NAME, folder / f"{NAME}-py3-none-any.whl")


@pytest.fixture(scope="session")
def clean(built: Built, tmp_path_factory: pytest.TempPathFactory) -> Clean:
    """What the steps of the project's Containerfile make that do not need root, in other places."""
    folder = tmp_path_factory.mktemp("clean")
    for command in Containerfile.read(ROOT / "Containerfile").commands:
        if not command.startswith(NEEDS_ROOT):
            run_step(command.replace("/opt/eid", f"{folder}/eid").replace("/src", str(built.source)), folder, {})
    (folder / "home").mkdir()
    return Clean(folder / "eid", folder / "home")
