"""Any picture, any terminal, any name: what was asked for is done and said so, or refused with nothing changed."""

from __future__ import annotations

import encodings.aliases
import io
import json
import os
import subprocess
import sys
from datetime import date, timedelta
from itertools import count
from pathlib import Path
from random import Random
from typing import Any

from click.testing import CliRunner
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st
from PIL import Image

from eid_toolkit.doors.cli.main import main
from eid_toolkit.ground.home.home import Home
from support.homes import portrait_file
from support.offices import ENVIRONMENT, CommandLine

BAD_INPUT, NOT_PERMITTED, MISUSED = 9, 10, 2
FACE = portrait_file()
HALF = FACE[: len(FACE) // 2]
_SHARED = [HealthCheck.function_scoped_fixture]
_NUMBERS = count(1)


def encoded(picture: Image.Image, kind: str) -> bytes:
    stream = io.BytesIO()
    picture.save(stream, kind)
    return stream.getvalue()


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """A good portrait with some bytes that are others, and perhaps its end gone."""
    content = bytearray(FACE)
    for _ in range(draw(st.integers(0, 4))):
        content[draw(st.integers(0, len(content) - 1))] = draw(st.integers(0, 255))
    return bytes(content[: draw(st.integers(0, len(content)) | st.just(len(content)))])


@st.composite
def made(draw: st.DrawFn) -> bytes:
    """A picture of any mode, size and content, or a good one that was changed, in a file of any kind."""
    kinds = {"PNG": ("1", "L", "LA", "P", "RGB", "RGBA", "I;16"), "TIFF": ("1", "L", "I", "F", "RGB", "CMYK", "I;16")}
    kind = draw(st.sampled_from(sorted(kinds)))
    mode = draw(st.sampled_from(kinds[kind]))
    size = draw(st.tuples(st.integers(1, 700), st.integers(1, 900)))
    if draw(st.booleans()):
        shade, spread = draw(st.integers(0, 255)), draw(st.integers(0, 255))
        noise = Random(draw(st.integers(0, 99))).randbytes(size[0] * size[1])
        picture = Image.frombytes("L", size, noise).point(lambda level: shade + (level - 128) * spread // 255)
    else:
        picture = (
            Image.open(io.BytesIO(FACE)).convert("L").resize(size).rotate(draw(st.sampled_from((0, 90, 180, 270))))
        )
    return encoded(picture.convert("I" if mode == "I;16" else mode).convert(mode), kind)


def counted(home: Home) -> tuple[int, int]:
    """How many persons and applications there are."""
    line = CommandLine(home.root)
    told: list[Any] = [json.loads(line.one(*words, "--format", "json").stdout) for words in
                       (("person", "search"), ("application", "list"))]  # fmt: skip
    return len(told[0]), len(told[1])


@settings(max_examples=40, suppress_health_check=_SHARED)
@given(content=st.binary(max_size=200) | damaged() | made())
@example(FACE)
@example(HALF)
@example(b"")
def test_any_picture_is_an_application_or_a_reason(demo_home: Home, tmp_path: Path, content: bytes) -> None:
    """Of somebody new: who is refused for the picture is not in the register, either."""
    path, number = tmp_path / "face", next(_NUMBERS)
    path.write_bytes(content)
    before = counted(demo_home)
    born = date(1950, 1, 1) + timedelta(days=number)
    who = ("--surname", "Berg", "--birth", born.isoformat(), "--sex", "F")
    words = ["--home", str(demo_home.root), "--operator", "anna", "--yes", "application", "new", *who]
    words += ["--profile", "utopia-id", "--portrait", str(path), "--format", "json"]
    result = CliRunner().invoke(main, words, env=ENVIRONMENT)
    assert "Traceback" not in result.output and result.exit_code in (0, BAD_INPUT, NOT_PERMITTED), result.output
    if result.exit_code:
        assert (result.stdout, counted(demo_home)) == ("", before)
        assert json.loads(result.stderr)["error"]["code"].startswith("portrait-")
        return
    assert content != HALF and counted(demo_home) == (before[0] + 1, before[1] + 1)
    line = CommandLine(demo_home.root)
    identifier = json.loads(result.stdout)["id"]
    line.call("--operator", "bert", "--yes", "application", "approve", identifier)
    line.one("document", "prepare", identifier)  # what was taken can be issued


TEXT_ENCODINGS = sorted(set(encodings.aliases.aliases.values()) - {"mbcs", "oem"})


def writes(encoding: str) -> bool:
    """Whether Python can write text in it at all; some are of bytes, some of one label."""
    try:
        io.TextIOWrapper(io.BytesIO(), encoding=encoding).write("a line\n")
    except (LookupError, UnicodeError):
        return False
    return encoding not in ("idna", "punycode")


@settings(max_examples=16, suppress_health_check=_SHARED)
@given(
    encoding=st.sampled_from([each for each in TEXT_ENCODINGS if writes(each)]),
    surname=st.sampled_from(["Đặng", "Süßmühl", "Łukasiewicz", "O’Brien", "Nguyễn", "Ævar"]),
    typed_in_it=st.booleans(),
)
@example("latin_1", "Đặng", False)
@example("cp1258", "Süßmühl", True)
@example("utf_16", "Đặng", False)
@example("cp037", "Ævar", False)
def test_at_any_terminal_a_person_is_added_and_told_or_refused(
    demo_home: Home, encoding: str, surname: str, typed_in_it: bool
) -> None:
    """``typed_in_it``: the argument comes in the terminal's bytes, too, as a shell there would give it."""
    argument = surname.encode(encoding, "replace") if typed_in_it else surname.encode()
    assume(argument and b"\0" not in argument)
    number = f"T{next(_NUMBERS)}"
    command = [sys.executable, "-m", "eid_toolkit.doors.cli.main", "--home", str(demo_home.root), "--operator", "anna"]
    words = [
        "person",
        "add",
        "--birth",
        "1990-01-31",
        "--sex",
        "F",
        "--nationality",
        "UTO",
        "--personal-number",
        number,
    ]
    before = counted(demo_home)[0]
    done = subprocess.run(
        [os.fsencode(word) for word in (*command, "--yes", *words, "--surname")] + [argument],
        stdin=subprocess.DEVNULL, capture_output=True, timeout=60, check=False,
        env={**os.environ, "PYTHONIOENCODING": encoding},
    )  # fmt: skip
    after = counted(demo_home)[0]
    shown_in = "utf-8" if encoding == "ascii" else encoding  # a locale that was never set; click writes UTF-8 there
    told = (done.stdout + done.stderr).decode(shown_in, "replace")
    assert "Traceback" not in told
    if done.returncode:
        assert typed_in_it and done.returncode in (BAD_INPUT, MISUSED) and "Error" in told, (told, done)
        assert after == before
        return
    assert after == before + 1 and number in done.stdout.decode(shown_in)
    (found,) = json.loads(CommandLine(demo_home.root).one("person", "search", number, "--format", "json").stdout)
    assert typed_in_it or found["primary_identifier"] == surname
