"""The officer's quick start, in each language, names commands that there are, and shows the screen as it is."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from eid_toolkit.doors.cli.main import main
from eid_toolkit.ground.messages.catalogue import Speaker

PAGES = {"en": "quickstart-officer.md", "vi": "vi/quickstart-officer.md"}


def blocks(language: str, kind: str) -> list[str]:
    """What is typed (sh) or shown (text)."""
    page = (Path(__file__).parents[2] / "docs" / PAGES[language]).read_text("utf-8")
    return re.findall(rf"^```{kind}\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)


COMMANDS = {
    language: [
        shlex.split(line, comments=True)
        for block in blocks(language, "sh")
        for line in block.splitlines()
        if line.startswith("eid ")
    ]
    for language in PAGES
}


@pytest.mark.parametrize("words", [words for commands in COMMANDS.values() for words in commands], ids=" ".join)
def test_a_command_of_a_page_is_one(words: list[str]) -> None:
    command: click.Command = main
    context = click.Context(main, **main.context_settings)  # a command remembers its option --help as first asked for
    rest = words[1:]
    while isinstance(command, click.Group):
        name, *rest = rest
        found = command.get_command(context, name)
        assert found is not None, name
        command, context = found, click.Context(found, parent=context)
    options = {option for param in command.get_params(context) for option in (*param.opts, *param.secondary_opts)}
    assert {word for word in rest if word.startswith("--")} <= options


def test_the_page_has_commands() -> None:
    assert ["officer", "init"] in [words[1:3] for words in COMMANDS["en"]]
    assert len(COMMANDS["en"]) > 12


def test_the_pages_have_the_same_commands_in_the_same_order() -> None:
    """Apart from what stands in quotes: a fingerprint, a name."""
    english, vietnamese = (
        [[word for word in words if " " not in word] for words in COMMANDS[language]] for language in ("en", "vi")
    )
    assert vietnamese == english


@pytest.mark.parametrize("language", PAGES)
def test_the_screen_of_a_page_is_what_a_copied_chip_gives(language: str, tmp_path: Path) -> None:
    """Apart from whose card it is, and when."""
    speaker = Speaker(language)
    verdict, failed = speaker.in_short("verdict-failed"), f"  {speaker.in_short('status-failed')}"
    command = ["--home", str(tmp_path), "verify", "--reader", "spec:clone", "--can", "123456"]
    shown = CliRunner().invoke(main, command, env={"EID_LANG": language}).stdout.splitlines()
    page = next(block for block in blocks(language, "text") if verdict in block).splitlines()[2:]
    assert page[0] == page[-1] == shown[0] == shown[-1]
    labels = [line[:20] for line in page if re.match("  [A-Z]", line)]
    assert labels == [line[:20] for line in shown if re.match("  [A-Z]", line)]
    at, behind = page.index(""), [line for line in page if line.startswith(failed)]
    assert at == 1
    assert [line for line in shown if line.startswith(failed)][: len(behind)] == behind
    assert page[-3:] == shown[-3:]
