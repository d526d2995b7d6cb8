"""What an acceptance tester has: an officer with cards, an office in a demo home, and the command as a real process."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from eid_toolkit.doors.cli.main import main
from eid_toolkit.ground.home.home import Home
from support.emulated import card_memory
from support.homes import WorkingOffice
from support.officer import Officer

Run = Callable[..., Result]
Process = Callable[..., "subprocess.CompletedProcess[str]"]
_ENVIRONMENT = {name: value for name, value in os.environ.items() if not name.startswith("EID_")}


@pytest.fixture(scope="session")
def officer(tmp_path_factory: pytest.TempPathFactory) -> Officer:
    """An officer's home with a genuine card in it."""
    made = Officer(tmp_path_factory.mktemp("officer") / "home")
    made.add_card("genuine", card_memory(made.document))
    return made


@pytest.fixture
def run() -> Run:
    """Runs a command in this process; the exit code must be ``code`` and no traceback may show."""

    def call(home: Path, *arguments: object, code: int = 0, stdin: str | None = None, operator: str = "anna") -> Result:
        words = ["--home", str(home), "--operator", operator, *map(str, arguments)]
        result = CliRunner().invoke(main, words, input=stdin)
        assert result.exit_code == code, (result.output, result.exception)
        assert "Traceback" not in result.output
        return result

    return call


@pytest.fixture
def process() -> Process:
    """Runs a command as a process of its own, with nothing to read; ``through`` are redirections of the shell."""

    def call(home: Path, *arguments: object, through: str = "", **options: object) -> subprocess.CompletedProcess[str]:
        words = [sys.executable, "-m", "eid_toolkit.doors.cli.main", "--home", str(home), *map(str, arguments)]
        if through:
            words = ["sh", "-c", f'exec "$@" {through}', "sh", *words]
        settings: dict[str, object] = {
            "env": _ENVIRONMENT,
            "stdin": subprocess.DEVNULL,
            "stdout": subprocess.PIPE,
            "stderr": subprocess.PIPE,
        }
        return subprocess.run(words, text=True, timeout=60, check=False, **{**settings, **options})  # type: ignore[call-overload]

    return call


@pytest.fixture
def home(office: WorkingOffice) -> Home:
    """A fresh demo home."""
    return office.home
