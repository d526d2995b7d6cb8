"""The officer's quick start names commands and options that there are, and shows the screen as it is."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from eid_toolkit.doors.cli.main import main

PAGE = (Path(__file__).parents[2] / "docs" / "quickstart-officer.md").read_text("utf-8")
COMMANDS = [
    shlex.split(line, comments=True)
    for block in re.findall(r"^```sh\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    for line in block.splitlines()
    if line.startswith("eid ")
]
SCREEN = next(
    block for block in re.findall(r"^```text\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL) if "FAILED" in block
)


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_a_command_of_the_page_is_one(words: list[str]) -> None:
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
    assert ["officer", "init"] in [words[1:3] for words in COMMANDS]
    assert len(COMMANDS) > 12


def test_the_screen_of_the_page_is_what_a_copied_chip_gives(tmp_path: Path) -> None:
    """Apart from whose card it is, and when."""
    command = ["--home", str(tmp_path), "verify", "--reader", "spec:clone", "--can", "123456"]
    shown = CliRunner().invoke(main, command).stdout.splitlines()
    page = SCREEN.splitlines()[2:]
    assert page[0] == page[-1] == shown[0] == shown[-1]
    labels = [line[:20] for line in page if re.match("  [A-Z]", line)]
    assert labels == [line[:20] for line in shown if re.match("  [A-Z]", line)]
    at, behind = page.index(""), [line for line in page if line.startswith("  failed")]
    assert at == 1
    assert [line for line in shown if line.startswith("  failed")][: len(behind)] == behind
    assert page[-3:] == shown[-3:]
