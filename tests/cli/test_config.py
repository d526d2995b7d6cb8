"""Defaults: the line before the environment, that before one's own file, that before the home's, that before ours."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import strategies as st

from eid_toolkit.doors.cli.main import main
from eid_toolkit.ground.errors import BadInput
from eid_toolkit.ground.home.defaults import HOME_FILE, LONGEST, NAMES, Defaults
from eid_toolkit.ground.messages.catalogue import Speaker
from support.homes import WorkingOffice

FILE = Path("config.toml")


@pytest.fixture
def backend() -> str:
    return "sqlite"


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """Where the user's own defaults lie."""
    return tmp_path / "config" / "eid-toolkit" / "config.toml"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A folder that a home may be in."""
    (tmp_path / "home").mkdir()
    return tmp_path / "home"


def run(home: Path, *words: str, code: int = 0, **environment: str) -> Result:
    result = CliRunner().invoke(main, ["--home", str(home), *words], env=environment)
    assert result.exit_code == code, (result.output, result.exception)
    assert "Traceback" not in result.output
    return result


def shown(home: Path, *words: str, **environment: str) -> dict[str, tuple[str | None, str]]:
    data: Any = json.loads(run(home, *words, "config", "show", "--format", "json", **environment).stdout)
    return {row["name"]: (row["value"], row["from"]) for row in data["defaults"]}


def test_without_any_there_are_those_that_are_built_in(home: Path, own: Path) -> None:
    assert shown(home) == {
        "reader": (None, "none"),
        "operator": (None, "none"),
        "profile": (None, "none"),
        "station": ("main", "built-in"),
        "policy": ("officer", "built-in"),
        "language": ("en", "built-in"),
    }
    assert not own.exists()


@pytest.mark.parametrize(
    ("environment", "found"),
    [
        ({"LANG": "vi_VN.UTF-8"}, ("vi", "locale")),
        ({"LANG": "vi"}, ("vi", "locale")),
        ({"LANG": "C.UTF-8", "LC_MESSAGES": "vi_VN"}, ("vi", "locale")),
        ({"LANG": "vi_VN.UTF-8", "LC_ALL": "en_GB.UTF-8"}, ("en", "locale")),
        ({"LANG": "vi_VN.UTF-8", "LC_ALL": "C.UTF-8"}, ("vi", "home")),
        ({"LANG": "POSIX"}, ("vi", "home")),
        ({"LANG": "xx_XX.UTF-8"}, ("vi", "home")),
        ({"LANG": "../en"}, ("vi", "home")),
        ({"LANG": "vi_VN.UTF-8", "EID_LANG": "en"}, ("en", "environment")),
    ],
)
def test_a_locale_comes_before_the_language_of_the_home(
    home: Path, environment: dict[str, str], found: tuple[str, str]
) -> None:
    run(home, "config", "set", "--for-home", "language", "vi")
    assert shown(home, **environment)["language"] == found
    told = run(home, "config", "set", "profile", "no-such-profile", code=9, **environment).stderr
    expected = Speaker(found[0]).message("profile-unknown", {"profile": "no-such-profile"})
    assert expected is not None and expected.text.split("no-such-profile")[0] in told
    run(home, "config", "set", "language", "en")
    if "EID_LANG" not in environment:
        assert shown(home, **environment)["language"] == ("en", "user")


def test_each_source_comes_before_the_next(home: Path) -> None:
    run(home, "config", "set", "--for-home", "station", "hall")
    assert shown(home)["station"] == ("hall", "home")
    run(home, "config", "set", "station", "counter")
    assert shown(home)["station"] == ("counter", "user")
    assert shown(home, EID_STATION="desk")["station"] == ("desk", "environment")
    run(home, "config", "set", "operator", "anna")
    assert shown(home)["operator"] == ("anna", "user")
    assert shown(home, EID_OPERATOR="bert")["operator"] == ("bert", "environment")
    assert shown(home, "--operator", "carl", EID_OPERATOR="bert")["operator"] == ("carl", "option")
    run(home, "config", "unset", "station")
    assert shown(home)["station"] == ("hall", "home")
    run(home, "config", "unset", "--for-home", "station")
    assert shown(home)["station"] == ("main", "built-in")


def test_where_a_value_comes_from_is_told_with_its_place(home: Path, own: Path) -> None:
    run(home, "config", "set", "reader", "emulator:front desk")
    text = run(home, "config", "show").stdout
    assert "emulator:front desk" in text and str(own) in text
    told = run(home, "config", "set", "reader", "2", EID_READER="3").stderr
    assert "EID_READER" in told


def test_two_people_on_one_machine_have_each_their_own(home: Path, tmp_path: Path) -> None:
    mine, yours = ({"XDG_CONFIG_HOME": str(tmp_path / name)} for name in ("mine", "yours"))
    run(home, "config", "set", "operator", "anna", **mine)
    run(home, "config", "set", "operator", "bert", **yours)
    assert [shown(home, **each)["operator"][0] for each in (mine, yours)] == ["anna", "bert"]
    kept = tmp_path / "mine" / "eid-toolkit" / "config.toml"
    assert kept.stat().st_mode & 0o077 == 0 and kept.parent.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    ("name", "value", "code"),
    [
        ("operator", "two words", 9),
        ("operator", "a/../b", 9),
        ("profile", "no-such-profile", 9),
        ("station", "store", 9),
        ("station", "\u202e", 9),
        ("policy", "lenient", 2),
        ("language", "xx", 2),
        ("reader", "", 9),
        ("reader", "x" * (LONGEST + 1), 9),
        ("reader", "a\x1b[2Jb", 9),
        ("yes", "true", 2),
        ("passphrase", "secret", 2),
    ],
)
def test_a_value_that_no_command_would_take_is_not_kept(
    home: Path, own: Path, name: str, value: str, code: int
) -> None:
    refused = run(home, "config", "set", name, value, code=code)
    assert "\x1b" not in refused.stderr and refused.stderr
    assert not own.exists()


def test_who_acts_is_not_set_for_a_whole_home(home: Path) -> None:
    assert "for yourself" in run(home, "config", "set", "--for-home", "operator", "anna", code=2).stderr
    (home / HOME_FILE).write_text('operator = "anna"\n')
    assert "everybody" in run(home, "doctor", code=9).stderr


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (b"station", "cannot be read"),
        (b"\xff\xfe", "cannot be read"),
        (b"a." * 20 + b"b = 1", "cannot be read"),
        (b'station = "' + b"x" * 9000 + b'"', "bytes"),
        (b"station = 7", "station"),
        (b'station = ""', "station"),
        (b'reader = "a\\u001b[2Jb"', "reader"),
        (b'color = "red"', "color"),
        (b'"\\u001b[2J" = "x"', "unknown name"),
        (b'[station]\nname = "x"', "station"),
        (b'language = "xx"', "xx"),
    ],
)
def test_a_file_that_cannot_be_used_is_told_with_what_to_do(home: Path, own: Path, content: bytes, word: str) -> None:
    own.parent.mkdir(parents=True)
    own.write_bytes(content)
    for words in (["reader", "list"], ["trust", "list"]):
        told = run(home, *words, code=2 if b"language" in content else 9).stderr
        assert word in told and "Hint:" in told and "\x1b" not in told
    run(home, "--help")


def test_a_language_that_is_no_longer_there_can_be_taken_out_again(home: Path, own: Path) -> None:
    own.parent.mkdir(parents=True)
    own.write_text('language = "xx"\nstation = "desk"\n')
    run(home, "config", "unset", "language")
    assert own.read_text() == 'station = "desk"\n'


def test_what_is_no_file_is_not_waited_for(home: Path, own: Path) -> None:
    own.parent.mkdir(parents=True)
    os.mkfifo(own)
    assert "pipe" in run(home, "trust", "list", code=9).stderr


def test_a_link_stays_one(home: Path, own: Path, tmp_path: Path) -> None:
    own.parent.mkdir(parents=True)
    own.symlink_to(tmp_path / "kept-elsewhere.toml")
    run(home, "config", "set", "station", "desk")
    assert own.is_symlink() and (tmp_path / "kept-elsewhere.toml").read_text() == 'station = "desk"\n'


def test_a_value_that_cannot_be_written_leaves_the_old_file(
    home: Path, own: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(home, "config", "set", "station", "desk")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device", str(own))

    with monkeypatch.context() as patched:
        patched.setattr("os.fsync", full)
        run(home, "config", "set", "station", "hall", code=11)
    assert own.read_text() == 'station = "desk"\n'
    assert [path.name for path in own.parent.iterdir()] == ["config.toml"]


@given(st.dictionaries(st.sampled_from(NAMES), st.text(min_size=1, max_size=LONGEST)))
def test_what_is_written_is_what_is_read(values: dict[str, str]) -> None:
    try:
        defaults = Defaults(**values)
    except BadInput:
        return
    assert Defaults.parse(defaults.encode(), FILE) == defaults
    assert dict(defaults) == values


def test_the_reader_and_the_policy_of_a_reading_may_be_defaults(home: Path, tmp_path: Path) -> None:
    run(home, "config", "set", "reader", "spec:passport-bac")
    words = ["verify", "--can", "123456", "--format", "json"]
    away = {"EID_READER": "emulator:away"}
    assert "no home" in run(home, *words, code=9, **away).stderr  # the variable came first
    told = json.loads(run(home, *words, "--policy", "no-such", code=2).stderr)
    assert told["error"]["code"] == "policy-unknown"
    told = json.loads(run(home, *words, code=2, EID_POLICY="from-variable").stderr)
    assert told["error"]["facts"]["name"] == "from-variable"


@pytest.mark.parametrize("command", ["verify", "read", "card personalize", "card status", "conformance"])
def test_the_help_tells_of_the_default(command: str, home: Path) -> None:
    assert "EID_READER, or `eid config`" in " ".join(run(home, *command.split(), "--help").stdout.split())


def test_a_reader_that_is_named_nowhere_is_asked_for(home: Path) -> None:
    assert "--reader" in run(home, "read", "--can", "1", "--output", str(home / "out"), code=2).stderr


def test_an_operator_by_default_acts_and_still_confirms(office: WorkingOffice, tmp_path: Path) -> None:
    application = office.application()
    office.register.close()
    root = office.home.root
    shutil.copy(root / "eid.toml", tmp_path / "before.toml")
    run(root, "config", "set", "operator", "bert")
    batch = CliRunner().invoke(main, ["--home", str(root), "application", "approve", "--all"], input="n\n")
    assert batch.exit_code == 130  # the question is still asked
    approved = run(root, "application", "approve", application.id, "--format", "json")
    assert json.loads(approved.stdout)["decided_by"] == "bert"
    assert (root / "eid.toml").read_bytes() == (tmp_path / "before.toml").read_bytes()


def test_the_profile_of_an_application_may_be_a_default(office: WorkingOffice, tmp_path: Path) -> None:
    from support.homes import UTOPIAN, portrait_file

    person = office.person(UTOPIAN)
    office.register.close()
    (tmp_path / "face.png").write_bytes(portrait_file())
    words = [
        "--operator",
        "anna",
        "application",
        "create",
        "--person",
        person.id,
        "--portrait",
        str(tmp_path / "face.png"),
    ]
    run(office.home.root, *words, code=2)
    run(office.home.root, "config", "set", "--for-home", "profile", "utopia-id")
    made = run(office.home.root, *words, "--format", "json")
    assert json.loads(made.stdout)["profile"] == "utopia-id"
