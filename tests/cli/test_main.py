"""What holds for every command: common options, errors, exit codes."""

from __future__ import annotations

import os
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from eid_toolkit.doors.cli import main as main_module
from eid_toolkit.doors.cli.context import App, Command, pass_app
from eid_toolkit.doors.cli.main import main
from eid_toolkit.doors.cli.output import table, to_json
from eid_toolkit.ground.errors import BadInput, CardRefused, EidError


@pytest.fixture
def probe(monkeypatch: pytest.MonkeyPatch) -> list[App]:
    """A command ``probe`` that keeps the app it gets."""
    seen: list[App] = []

    @click.command(cls=Command)
    @pass_app
    def command(app: App) -> None:
        """Look at the options."""
        seen.append(app)

    _install(monkeypatch, command)
    return seen


def _install(monkeypatch: pytest.MonkeyPatch, command: click.Command) -> None:
    monkeypatch.setattr(main_module, "_probe", command, raising=False)
    monkeypatch.setitem(main_module.COMMANDS, "probe", "main:_probe")


def run(*arguments: str, **environment: str) -> Result:
    return CliRunner().invoke(main, list(arguments), env=environment)


@pytest.mark.parametrize(
    "arguments", [["--home", "x", "--operator", "an", "probe"], ["probe", "--home", "x", "--operator", "an"]]
)
def test_common_options_may_stand_before_or_behind_the_command(probe: list[App], arguments: list[str]) -> None:
    assert run(*arguments).exit_code == 0
    assert (probe[0].home_path, probe[0].operator) == (Path("x"), "an")


def test_the_environment_gives_home_and_operator_and_the_line_goes_before(probe: list[App]) -> None:
    run("probe", "--operator", "binh", EID_HOME="y", EID_OPERATOR="an")
    assert (probe[0].home_path, probe[0].operator) == (Path("y"), "binh")


def test_the_passphrase_comes_from_a_descriptor_before_the_environment(
    probe: list[App], monkeypatch: pytest.MonkeyPatch
) -> None:
    reading, writing = os.pipe()
    os.write(writing, b"from descriptor\n")
    os.close(writing)
    run("--passphrase-fd", str(reading), "probe")
    run("probe")
    monkeypatch.setenv("EID_PASSPHRASE", "from environment")
    assert [app.passphrase().reveal() for app in probe] == [b"from descriptor", b"from environment"]
    os.close(reading)


@pytest.mark.parametrize(
    ("error", "exit_code"),
    [
        (BadInput("evidence-too-large", limit=5), 9),
        (CardRefused("pace-refused", sw=0x6A80, step="map"), 6),
        (EidError("no-such-code"), 1),
        (KeyboardInterrupt(), 130),
        (ZeroDivisionError(), 1),
    ],
)
def test_an_error_becomes_a_sentence_and_an_exit_code(
    monkeypatch: pytest.MonkeyPatch, error: BaseException, exit_code: int
) -> None:
    @click.command(cls=Command)
    def command() -> None:
        """Look at the options."""
        raise error

    _install(monkeypatch, command)
    result = run("probe")
    assert result.exit_code == exit_code
    assert result.stdout == ""
    assert "Traceback" not in result.stderr
    if exit_code != 130:
        assert "Traceback" in run("probe", "--debug").stderr


def test_an_unknown_command_is_a_usage_error() -> None:
    assert run("nonsense").exit_code == 2


def test_a_declined_question_ends_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    @click.command(cls=Command)
    @pass_app
    def command(app: App) -> None:
        """Look at the options."""
        app.confirm("ask-pin")
        click.echo("done")

    _install(monkeypatch, command)
    assert CliRunner().invoke(main, ["probe"], input="n\n").exit_code == 130
    assert run("probe", "--yes").stdout == "done\n"


def test_json_keeps_letters_and_escapes_what_could_harm_a_terminal() -> None:
    assert to_json({"name": "Nguyễn\x9b\u202e"}) == '{\n  "name": "Nguyễn\\u009b\\u202e"\n}'


def test_a_table_is_aligned_whatever_the_form_of_its_letters() -> None:
    lines = table(("name", "n"), [("Nguye\u0302\u0303n", 1), ("An", None)]).splitlines()
    assert lines == ["NAME    N", "Nguye\u0302\u0303n  1", "An      -"]
