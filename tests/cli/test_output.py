"""What is printed and asked goes through one place: nothing foreign moves the cursor, and nothing is cut silently."""

from __future__ import annotations

import ast
import json
import os
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

import eid_toolkit
from eid_toolkit.doors.cli import output
from eid_toolkit.doors.cli.main import main
from eid_toolkit.doors.cli.output import confirm, emit, forget_typed, note, paint, prompt, say, short, table, to_json
from eid_toolkit.ground.home.home import Home
from eid_toolkit.standards.pki.names import COMMON_NAME, COUNTRY, DistinguishedName
from support.authorities import Authority
from support.odd_certificates import altered

ROOT = Path(eid_toolkit.__file__).parent
GATE = ROOT / "doors" / "cli" / "output.py"
SPEAKING = {"echo", "secho", "echo_via_pager", "confirm", "prompt", "pause", "style", "getchar", "launch", "edit"}
"""What click has to write to a terminal, or to ask at one."""
FOREIGN = "\x1b[2J\x1b[1;1HEvil\x07\u202e\r\x9b31m"


def calls(path: Path) -> list[str]:
    """The calls in a source by which something would reach a terminal."""
    found = []
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module == "click":
            found += [alias.name for alias in node.names if alias.name in SPEAKING]
        if not isinstance(node, ast.Call):
            continue
        match node.func:
            case ast.Name(id="print" | "input" as name):
                found.append(name)
            case ast.Attribute(value=ast.Name(id="click"), attr=name) if name in SPEAKING:
                found.append(f"click.{name}")
            case ast.Attribute(attr="write" | "writelines", value=ast.Attribute(attr="stdout" | "stderr" as name)):
                found.append(f"sys.{name}")
    return found


@pytest.mark.parametrize(
    "path",
    [path for path in sorted(ROOT.rglob("*.py")) if path != GATE],
    ids=lambda path: path.relative_to(ROOT).as_posix(),
)
def test_nothing_else_writes_to_a_terminal_or_asks_at_one(path: Path) -> None:
    assert calls(path) == []


def test_the_walk_finds_what_it_looks_for() -> None:
    assert {"click.echo", "click.confirm", "click.prompt", "click.style"} <= set(calls(GATE))


@pytest.fixture
def spoken() -> dict[str, click.Command]:
    def command(function: object) -> click.Command:
        return click.Command("spoken", callback=function)  # type: ignore[arg-type]

    return {
        "a result": command(lambda: say(FOREIGN)),
        "a note": command(lambda: note(FOREIGN)),
        "a confirmation": command(lambda: confirm(f"Remove {FOREIGN}?")),
        "a prompt": command(lambda: prompt(FOREIGN)),
        "text of a result": command(lambda: emit({}, "text", lambda: f"{paint(FOREIGN, 'red')}\n{FOREIGN}")),
        "JSON": command(lambda: emit({"name": FOREIGN}, "json", str)),
        "progress": command(lambda: output.progress(FOREIGN)),
    }


@pytest.mark.parametrize(
    "kind", ["a result", "a note", "a confirmation", "a prompt", "text of a result", "JSON", "progress"]
)
def test_foreign_characters_are_seen_and_do_nothing(spoken: dict[str, click.Command], kind: str) -> None:
    shown = CliRunner().invoke(spoken[kind], input="y\n", color=True).output
    assert "Evil" in shown
    plain = shown.removeprefix(f"\r{' ' * 30}\r").replace("\x1b[31m", "").replace("\x1b[1m", "").replace("\x1b[0m", "")
    assert all(character.isprintable() or character == "\n" for character in plain)


def test_our_own_colours_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    command = click.Command("spoken", callback=lambda: say(f"{paint('FAILED', 'red')} {paint('x', 'bright_black')}"))
    shown = CliRunner().invoke(command, color=True).output
    assert shown == "\x1b[31m\x1b[1mFAILED\x1b[0m \x1b[90m\x1b[1mx\x1b[0m\n"


def test_json_stays_json_whatever_stands_in_it() -> None:
    data = {"name": FOREIGN, "pile": "e" + "\u0301" * 9, "letters": "Nguyễn Văn Đạt"}
    command = click.Command("spoken", callback=lambda: emit(data, "json", str))
    shown = CliRunner().invoke(command).output
    assert json.loads(shown) == data
    assert "Nguyễn" in shown
    assert json.loads(to_json(data, indent=None)) == data


def test_a_fingerprint_in_a_table_is_marked_where_it_is_cut() -> None:
    assert short("ab" * 32) == "abababababababab…"
    assert short("abab") == "abab"
    assert "x" * 500 in table(("name",), [["x" * 500]])


def test_the_name_of_a_certificate_reaches_no_confirmation_raw(demo_home: Home, tmp_path: Path) -> None:
    authority = Authority("FRA")
    name = DistinguishedName.build((COUNTRY, "FR"), (COMMON_NAME, FOREIGN))
    odd = altered(authority.csca, authority.key, subject=name, issuer=name)
    (tmp_path / "odd.cer").write_bytes(odd.der)
    base = ["--home", str(demo_home.root), "--operator", "anna"]
    for words, typed in (
        (["trust", "import", str(tmp_path / "odd.cer")], None),
        (["trust", "show", odd.fingerprint], None),
        (["trust", "remove", odd.fingerprint], "n\n"),
        (["trust", "remove", f"{odd.fingerprint[:16]}…"], "y\n"),
    ):
        result = CliRunner().invoke(main, [*base, *words], input=typed)
        assert result.exit_code == (130 if typed == "n\n" else 0), result.output
        assert not {"\x1b", "\x07", "\r", "\x9b", "\u202e"} & set(result.output)


def test_an_argument_that_is_repeated_in_a_complaint_does_nothing(tmp_path: Path) -> None:
    result = CliRunner().invoke(main, ["decode", str(tmp_path / FOREIGN.replace("/", ""))])
    assert result.exit_code == 2
    assert "Evil" in result.stderr and "\x1b" not in result.stderr


def test_the_fingerprints_that_are_compared_stand_there_whole(demo_home: Home) -> None:
    base = ["--home", str(demo_home.root), "--operator", "anna", "pki", "csca", "list", "--state", "UTO"]
    listed = json.loads(CliRunner().invoke(main, [*base, "--format", "json"]).stdout)
    text = CliRunner().invoke(main, base).stdout
    assert listed and all(row["fingerprint"] in text and row["subject"] in text for row in listed)


def test_what_was_typed_before_it_was_asked_for_is_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    ours, theirs = os.openpty()
    with os.fdopen(theirs) as terminal:
        monkeypatch.setattr("sys.stdin", terminal)
        os.write(ours, b"123456\n999999\n12")
        forget_typed()
        os.write(ours, b"654321\n")
        assert terminal.readline() == "654321\n"
    os.close(ours)
