"""Every command and every option has a help in each language, no help is left over, and none stands elsewhere."""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner

import eid_toolkit
from eid_toolkit.doors.cli.click_words import speak
from eid_toolkit.doors.cli.helping import Helps, help_in, option_help, path_of, spoken
from eid_toolkit.doors.cli.main import COMMANDS, main
from eid_toolkit.ground.messages.catalogue import ENGLISH, Speaker, languages, words
from support.command_tree import contexts

ROOT = Path(eid_toolkit.__file__).parent
FOLDER = ROOT / "ground" / "messages"


@pytest.fixture(autouse=True)
def english_afterwards() -> Iterator[None]:
    """Click speaks one language at a time in a process."""
    yield
    speak(ENGLISH)


OTHERS = [language for language in languages() if language != "en"]


def options(ctx: click.Context) -> Iterator[click.Option]:
    yield from (param for param in ctx.command.get_params(ctx) if isinstance(param, click.Option))


def long_name(option: click.Option) -> str:
    return next(name for name in option.opts if name.startswith("--")).removeprefix("--")


def files(language: str) -> dict[str, dict[str, Any]]:
    return {path.stem: tomllib.loads(path.read_text("utf-8")) for path in (FOLDER / language / "help").glob("*.toml")}


def test_every_command_and_option_has_help() -> None:
    for ctx in contexts(main):
        assert Helps("en").text(path_of(ctx)).endswith("."), ctx.command_path
        for option in options(ctx):
            assert (option_help(option, ctx) or "").endswith("."), (ctx.command_path, option.opts)


def test_no_help_is_left_over() -> None:
    known = {path_of(ctx): {long_name(option) for option in options(ctx)} for ctx in contexts(main)}
    assert known.keys() >= {(name,) for name in COMMANDS}
    entries = files("en")
    everywhere = entries["eid"]
    assert everywhere["commands"].keys() == COMMANDS.keys()
    assert everywhere["options"].keys() <= set().union(*known.values())
    assert everywhere.keys() == {"default", "eid", "commands", "options"}
    for name, file in entries.items():
        for path, entry in () if name == "eid" else file.items():
            words_of_path = tuple(path.split())
            assert words_of_path[0] == name and words_of_path in known, path
            assert entry.get("options", {}).keys() <= known[words_of_path], path
            assert entry.keys() <= {"text", "options"}, path


def test_an_option_of_its_own_is_not_told_what_all_are_told() -> None:
    entries = files("en")
    shared = entries["eid"]["options"]
    for name, file in entries.items():
        for path, entry in () if name == "eid" else file.items():
            for option, text in entry.get("options", {}).items():
                assert shared.get(option) != text, (path, option)


@pytest.mark.parametrize("language", OTHERS)
def test_each_language_has_every_help(language: str) -> None:
    theirs, ours = files(language), files("en")
    assert theirs.keys() == ours.keys()
    for name, file in ours.items():
        assert _shape(theirs[name]) == _shape(file), name


def _shape(entry: object) -> object:
    """The keys in their order, and of texts what is typed as it stands."""
    if isinstance(entry, dict):
        return [(key, _shape(value)) for key, value in entry.items()]
    typed = re.findall(r"`[^`]*`|(?<![\w-])--[a-z][a-z-]*|\bEID_[A-Z_]+|\{\w+\}|\x08", str(entry))
    return sorted(set(typed)), str(entry).endswith(".") or str(entry).endswith(".\n")


def test_no_help_stands_in_the_source() -> None:
    """Neither as an argument of an option nor as the docstring of a command."""
    for path in (ROOT / "doors" / "cli").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func).endswith(("option", "command", "group", "Option")):
                assert not {keyword.arg for keyword in node.keywords} & {"help", "short_help", "epilog"}, path.name
            if isinstance(node, ast.FunctionDef) and _is_command(node):
                assert ast.get_docstring(node) is None, f"{path.name}: {node.name}"


def _is_command(node: ast.FunctionDef) -> bool:
    called = [ast.unparse(each.func) for each in node.decorator_list if isinstance(each, ast.Call)]
    return any(name.endswith((".command", ".group")) for name in called)


@pytest.mark.parametrize("language", OTHERS)
def test_each_name_of_a_value_has_one_in_each_language(language: str) -> None:
    names = words(language, "metavars")
    used: set[str] = set()
    for ctx in contexts(main):
        shown = spoken(ctx.command, ctx)
        for param in shown.get_params(ctx):
            if param.metavar and not isinstance(getattr(param, "type", None), click.Choice):
                used.update(re.findall(r"[A-Z]{2,}(?:-[A-Z]+)*", param.metavar))
    assert used | {"OPTIONS", "COMMAND", "ARGS"} == names.keys()


@pytest.mark.parametrize("language", OTHERS)
def test_click_speaks_each_language(language: str) -> None:
    """All that it says to a user, in the version that is installed; developers' complaints stay as they are."""
    known = words(language, "click")
    for text in _said_by_click():
        assert text in known, text
        assert set(_PLACES.findall(known[text])) <= set(_PLACES.findall(text)), text


_PLACES = re.compile(r"\{\w+(?:![rs])?\}|%\(\w+\)s")


def _said_by_click() -> Iterator[str]:
    for module in ("core", "exceptions", "formatting", "parser", "termui", "types"):
        for node in ast.walk(ast.parse((Path(click.__file__).parent / f"{module}.py").read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("_", "ngettext"):
                for text in node.args[: 1 if node.func.id == "_" else 2]:
                    if isinstance(text, ast.Constant) and not _TO_DEVELOPERS.search(text.value):
                        yield text.value


_TO_DEVELOPERS = re.compile(
    "eprecat|declar|iterable|dynamic|same flag|defined twice|UUID|colou?r|Choice|format|any key|start character"
)


@pytest.mark.parametrize("line", ["status --lang vi --frobnicate", "--lang=vi status x", "--lang vi frobnicate"])
def test_complaints_about_a_line_are_in_the_language_of_the_line(line: str) -> None:
    result = CliRunner().invoke(main, line.split())
    assert result.exit_code == 2
    assert "Error" not in result.output and "Usage" not in result.output
    assert "Error" in CliRunner().invoke(main, line.replace("vi", "en").split()).output


def test_a_language_that_is_not_known_is_complained_of_in_the_one_that_was_there_before() -> None:
    result = CliRunner().invoke(main, ["--lang", "xx", "status"], env={"EID_LANG": "vi"})
    assert result.exit_code == 2
    assert "'xx'" in result.output and "Error" not in result.output


def test_complaints_in_json_are_english_whatever_the_language() -> None:
    for line in ("status --frobnicate", "status --lang vi x", "verify --wait x", "verify --wait inf"):
        results = [
            CliRunner().invoke(main, [*line.split(), "--format", "json"], env={"EID_LANG": each}) for each in OTHERS
        ]
        english = CliRunner().invoke(main, [*line.replace("--lang vi ", "").split(), "--format=json"])
        assert {result.output for result in results} == {english.output}, line


def test_help_is_told_in_the_language_wherever_it_stands_on_the_line() -> None:
    runner = CliRunner()
    texts = {runner.invoke(main, line.split()).stdout for line in ("verify --help --lang vi", "--lang=vi verify -h")}
    assert len(texts) == 1
    assert texts != {runner.invoke(main, ["verify", "--help"]).stdout}


def test_what_a_language_lacks_is_told_in_english() -> None:
    ctx = next(contexts(main))
    help_in(ctx, Speaker("eo"))
    speak(Speaker("eo"))
    assert ctx.get_help().startswith("Usage: eid [OPTIONS] COMMAND [ARGS]...\n\n  Issue, emulate and inspect")
