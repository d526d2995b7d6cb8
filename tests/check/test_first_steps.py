"""What stands in the README and the tutorial runs, from the built package."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

from support.clean_environment import ROOT, Clean

README = (ROOT / "README.md").read_text("utf-8")
TUTORIAL = (ROOT / "docs" / "tutorial.md").read_text("utf-8")


def blocks(language: str, page: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)


def run(clean: Clean, folder: Path, *command: str, script: str) -> str:
    environment = {"PATH": f"{clean.environment}/bin:/usr/bin:/bin", "HOME": str(folder), "NO_COLOR": "1"}
    done = subprocess.run(
        command, input=script, cwd=folder, env=environment, capture_output=True, text=True, timeout=240, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_session_of_the_readme_ends_with_a_card_that_passes(clean: Clean, tmp_path: Path) -> None:
    (session,) = [block for block in blocks("sh", README) if "eid init" in block]
    printed = run(clean, tmp_path, "bash", "-euo", "pipefail", script=session)
    assert re.search(r"^PASSED  \(specimen\)$", printed, re.MULTILINE)


def test_the_program_of_the_readme_verifies_a_card(clean: Clean, tmp_path: Path) -> None:
    (program,) = blocks("python", README)
    assert run(clean, tmp_path, "python", "-", script=program) == "passed Eriksson, Anna Maria\n"


def test_the_tutorial_tells_what_happens(clean: Clean, tmp_path: Path) -> None:
    printed = run(clean, tmp_path, "bash", "-euo", "pipefail", script="".join(blocks("sh", TUTORIAL)))
    # Each verdict stands in its first line and in its last.
    verdicts = re.findall(r"^(PASSED|FAILED|UNDETERMINED)\b(?:: ([a-z ]+[a-z]))?", printed, re.MULTILINE)
    assert [decision for decision, _ in verdicts[::2]] == ["PASSED", "PASSED", "PASSED", "FAILED", "FAILED"]
    assert verdicts[::2] == verdicts[1::2]
    assert printed.count("Reported by the reader") == 1
    assert "13 of 13 checks" in printed
    assert "23 of 23" in printed
    assert (tmp_path / "seen.html").exists()
