"""pinentry asks where there is a desktop; a script stands for it here, and keeps what it was told."""

from __future__ import annotations

import sys
from pathlib import Path

import click
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from eid_toolkit.doors.cli import pinentry
from eid_toolkit.doors.cli.context import App
from eid_toolkit.ground.errors import ServiceAway
from eid_toolkit.work.office.credentials import Purpose

_SCRIPT = """#!{python}
import sys
told = sys.stdin.buffer.read()
open({told!r}, "wb").write(told)
sys.stdout.buffer.write({answer!r})
"""
OK = b"OK Pleased to meet you\nOK\nOK\nOK\nOK\n"


def script(folder: Path, answer: bytes) -> str:
    path = folder / "pinentry"
    path.write_text(_SCRIPT.format(python=sys.executable, told=str(folder / "told"), answer=answer))
    path.chmod(0o700)
    return str(path)


def test_it_is_the_desktops_or_the_one_that_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda name: f"/usr/bin/{name}")
    assert pinentry.program({}) is None
    assert pinentry.program({"DISPLAY": ":0"}) == pinentry.program({"WAYLAND_DISPLAY": "w"}) == "/usr/bin/pinentry"
    assert pinentry.program({"DISPLAY": ":0", "EID_PINENTRY": "none"}) is None
    assert pinentry.program({"EID_PINENTRY": "/opt/pinentry"}) == "/opt/pinentry"


def test_what_is_typed_comes_back_and_the_question_names_who_and_what_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EID_PINENTRY", script(tmp_path, OK + b"D 100%25 geheim%0A\nOK\n"))
    monkeypatch.delenv("EID_OPERATOR_PASSPHRASE", raising=False)
    app = App(tmp_path, operator="dora")
    assert next(app.passphrases("dora", Purpose("operator.add", "bob"))).matches(b"100% geheim\n")
    assert b"SETDESC Passphrase of dora, to endorse bob" in (tmp_path / "told").read_bytes()


def test_who_gives_up_is_asked_no_more(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EID_PINENTRY", script(tmp_path, OK + b"ERR 83886179 Operation cancelled <Pinentry>\n"))
    monkeypatch.delenv("EID_OPERATOR_PASSPHRASE", raising=False)
    with pytest.raises(click.Abort):
        next(App(tmp_path, operator="dora").passphrases("dora", Purpose("act")))


def test_a_question_cannot_smuggle_a_command(tmp_path: Path) -> None:
    program = script(tmp_path, OK + b"D x\nOK\n")
    pinentry.ask(program, "Passphrase of a\nSETTIMEOUT 1\nD y, to act %0A")
    assert b"\nSETTIMEOUT" not in (tmp_path / "told").read_bytes()


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(answer=st.binary(max_size=80).filter(lambda data: b"D " not in data and b"ERR " not in data))
def test_a_program_that_talks_nonsense_is_told(tmp_path: Path, answer: bytes) -> None:
    with pytest.raises(ServiceAway, match="pinentry-failed"):
        pinentry.ask(script(tmp_path, answer), "Passphrase")


def test_a_program_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(ServiceAway, match="pinentry-failed"):
        pinentry.ask(str(tmp_path / "nothing"), "Passphrase")
