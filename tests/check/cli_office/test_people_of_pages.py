"""What pages show of a home's people, run as it stands: keys.md and office.md with screens, and quickstart-pki.md.

Days, fingerprints and recovery shares are not the same each time.
"""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner

from eid_toolkit.doors.cli.main import main

DOCS = Path(__file__).parents[3] / "docs"
FOUNDING = '--operator dora --second-operator emil init --country UTO --authority "Ministry of Utopia"'
SECTIONS = {
    "keys.md": ("The people of a home", "Somebody leaves", "A passphrase is forgotten"),
    "office.md": ("Who may do what",),
}
SHARE = re.compile(r"[A-Z2-7]{4}(-[A-Z2-7]{4}){7}")
MASKS = (
    (re.compile(r"\d{4}-\d{2}-\d{2}( \d{2}:\d{2} UTC)?"), "DAY"),
    (re.compile(r"\b[0-9a-f]{64}\b"), "HASH"),
    (SHARE, "SHARE"),
    (re.compile(r"^Home .*$", re.MULTILINE), "HOME"),
)


def steps(page: str) -> list[tuple[str, str]]:
    """Each command of the sections, and what is on the screen then."""
    text, found = (DOCS / page).read_text("utf-8"), []
    for title in SECTIONS[page]:
        section = re.search(rf"^## {title}\n(.*?)^## ", text, re.MULTILINE | re.DOTALL)
        assert section is not None, title
        for block in re.findall(r"^```text\n(.*?)^```$", section[1], re.MULTILINE | re.DOTALL):
            for step in re.split(r"^\$ eid ", block, flags=re.MULTILINE)[1:]:
                words, _, screen = step.partition("\n")
                found.append((words, screen))
    return found


def masked(screen: str) -> str:
    for pattern, name in MASKS:
        screen = pattern.sub(name, screen)
    return "\n".join(line.rstrip() for line in screen.strip().split("\n"))


class Home:
    """People who type what is theirs: a passphrase each, and the shares that the screen has shown."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.shares: dict[str, str] = {}

    def run(self, line: str) -> tuple[int, str]:
        words = shlex.split(line)
        given = {
            "EID_OPERATOR_PASSPHRASE": words_of(behind(words, "--operator")),
            "EID_SECOND_PASSPHRASE": words_of(behind(words, "--second-operator")),
            "EID_NEW_PASSPHRASE": words_of(behind(words, "add") or behind(words, "re-enrol")),
            "EID_RECOVERY_SHARE": self.shares.get(behind(words, "--recovery"), ""),
        }
        done = CliRunner().invoke(main, ["--home", str(self.root), *words], env={"NO_COLOR": "1", **given})
        for name, share in re.findall(r"^Recovery share of (\w+) +(\S+)$", done.output, re.MULTILINE):
            self.shares[name] = share
        return done.exit_code, done.output


def behind(words: list[str], word: str) -> str:
    return words[words.index(word) + 1] if word in words else ""


def words_of(name: str) -> str:
    return f"the words of {name}"


@pytest.mark.parametrize("page", SECTIONS)
def test_each_command_shows_what_the_page_says(page: str, tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    told = steps(page)
    assert len(told) >= 3
    if not any(" init " in line for line, _ in told):
        assert home.run(FOUNDING)[0] == 0
    for line, expected in told:
        code, screen = home.run(line)
        assert masked(screen) == masked(expected), line
        assert code == (10 if "Error:" in expected else 0), line


def test_the_first_commands_of_the_pki_operator_found_a_home_of_three_officers(tmp_path: Path) -> None:
    first = re.search(r"^```sh\n(.*?)^```$", (DOCS / "quickstart-pki.md").read_text("utf-8"), re.MULTILINE | re.DOTALL)
    assert first is not None
    export, *commands = (line.partition("  ")[0] for line in first[1].splitlines())
    one, two = re.findall(r"OPERATOR=(\w+)", export)
    home = Home(tmp_path / "home")
    for line in commands:
        code, screen = home.run(f"--operator {one} --second-operator {two} {line.removeprefix('eid ')}")
        assert code == 0, screen
    assert "CARLA" in home.run("keys show")[1]
    assert set(home.shares) == {one, two}
