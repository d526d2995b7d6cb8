"""Disks that are full, read-only or damaged, and a home that goes away: told, and nothing half-written."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from eid_toolkit.doors.cli.main import main
from eid_toolkit.ground.home.home import Home
from support.acceptance import Run
from support.homes import WorkingOffice, build_home, portrait_file
from support.isolation import namespace

EXAMPLES = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
ENVIRONMENT = {name: value for name, value in os.environ.items() if not name.startswith("EID_")}
PERSON = "person add --surname X --birth 1990 --sex F --nationality UTO"
DENIED, AWAY, BROKEN = 7, 11, 12


@dataclass
class Prepared:
    """A home with a prepared document, an approved application and a blank, as a template to copy."""

    root: Path
    document: str
    application: str


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    folder = tmp_path_factory.mktemp("prepared")
    office = WorkingOffice.at(build_home(folder / "home"))
    document, application = office.document(), office.approved()
    office.blank("card")
    office.register.close()
    (folder / "portrait.png").write_bytes(portrait_file(1))
    return Prepared(folder / "home", document.id, application.id)


@dataclass
class Answer:
    """What one command came to."""

    command: str
    code: int
    stdout: str
    stderr: str

    def told(self, *codes: int) -> None:
        """It ended with one of these codes, said why, and has no fault of its own."""
        assert self.code in codes, (self.command, self.code, self.stdout, self.stderr)
        assert "Traceback" not in self.stderr, self.stderr
        assert "internal error" not in self.stderr, self.stderr
        if self.code:
            assert self.stderr.startswith("Error: "), (self.command, self.stderr)


Place = Callable[..., list[Answer]]


@pytest.fixture
def place(prepared: Prepared, tmp_path: Path) -> Place:
    """Runs commands on a copy of the home in a mount namespace of its own, where ``set_up`` may spoil the disk."""
    words = namespace()
    if words is None:
        pytest.skip("no mount namespace here")

    def run(commands: list[str], set_up: str, between: str = "true", after: tuple[str, ...] = ()) -> list[Answer]:
        disk = tmp_path / "disk"
        disk.mkdir(exist_ok=True)
        lines = [f"cd {tmp_path}", f"export DISK={disk} HOME_FROM={prepared.root}", set_up]
        eid = f"{sys.executable} -m eid_toolkit.doors.cli.main --home {disk}/home --operator anna --yes"
        for number, command in enumerate([*commands, None, *after]):
            if command is None:
                lines.append(between)
            else:
                lines.append(f"{eid} {command} >{number}.out 2>{number}.err </dev/null; echo $? >{number}.code")
        script = tmp_path / "script"
        script.write_text("\n".join(lines))
        done = subprocess.run(
            [*words, "bash", script], env=ENVIRONMENT, capture_output=True, text=True, timeout=300, check=False
        )
        assert done.stderr == "", done.stderr
        numbered = [(number, command) for number, command in enumerate([*commands, None, *after]) if command]
        return [
            Answer(
                command,
                int((tmp_path / f"{number}.code").read_text()),
                (tmp_path / f"{number}.out").read_text(),
                (tmp_path / f"{number}.err").read_text(),
            )
            for number, command in numbered
        ]

    return run


WRITING = (
    PERSON,
    "application create --person 1 --profile utopia-id --portrait {portrait}",
    "document prepare {application}",
    "card personalize {document} --reader emulator:card --without-print-check",
    "emulator blank second",
    "audit checkpoint",
    "audit export --output $DISK/home/log.jsonl",
    "register backup $DISK/home/register.backup",
)
READING = ("person search X", "audit verify", "trust list", "pki show", "audit show", "register stats")


def named(command: str) -> str:
    """A name for the test of a command."""
    return "-".join(command.split()[:2])


def filled(command: str, prepared: Prepared) -> str:
    """The command with what it is about in this home."""
    portrait = prepared.root.parent / "portrait.png"
    return command.format(portrait=portrait, application=prepared.application, document=prepared.document)


FULL = """
mount -t tmpfs -o size=16m tmpfs $DISK && cp -a $HOME_FROM $DISK/home
head -c 64m /dev/zero >$DISK/filler 2>/dev/null
"""
ROOM = "rm $DISK/filler; find $DISK/home -name '.*' -type f >left-over; ls $DISK/home >there"


@pytest.mark.parametrize("command", [each for each in WRITING if "application create" not in each], ids=named)
def test_a_full_disk_is_told_and_with_room_again_all_is_well(
    place: Place, prepared: Prepared, tmp_path: Path, command: str
) -> None:
    words = filled(command, prepared)
    full, again, verified = place([words], FULL, ROOM, (words, "audit verify"))
    full.told(AWAY)
    again.told(0)
    verified.told(0)
    assert (tmp_path / "left-over").read_text() == ""
    assert not {"log.jsonl", "register.backup"} & set((tmp_path / "there").read_text().split())


IN_THE_MIDDLE = {"person": 48, "document": 96, "card": 200, "register": 96}
"""KiB that are left on the disk at first: about so many that a command gets somewhere, and not to its end."""


@pytest.mark.parametrize("command", [each for each in WRITING if each.split(maxsplit=1)[0] in IN_THE_MIDDLE], ids=named)
def test_a_disk_that_becomes_full_in_the_middle_leaves_what_can_go_on(
    place: Place, prepared: Prepared, tmp_path: Path, command: str
) -> None:
    """With more room, or less, until the command was seen to stop and to be done; given again it is done."""
    words = filled(command, prepared)
    card = command.startswith("card")
    after = (words, "audit verify", *(("card jobs --format json", "document list") if card else ()))
    free = IN_THE_MIDDLE[command.split(maxsplit=1)[0]]
    codes: set[int] = set()
    while codes != {0, AWAY}:
        assert 4 <= free <= 10_000, codes  # it never met a full disk, or never room enough
        tried, again, verified, *others = place([words], f"{FULL}truncate -s -{free}K $DISK/filler\n", ROOM, after)
        tried.told(0, AWAY)
        codes.add(tried.code)
        free = free * 4 if tried.code else free // 2
        assert (tmp_path / "left-over").read_text() == ""
        if tried.code:
            again.told(0)
        verified.told(0)
        if card:  # it was written once, whatever came between
            jobs, documents = others
            assert jobs.stdout.count('"id"') == 1
            assert '"done"' in jobs.stdout
            assert documents.stdout.count("issued") == 1


READ_ONLY = """
mkdir $DISK/home && cp -a $HOME_FROM/. $DISK/home && mount --bind $DISK/home $DISK/home
mount -o remount,bind,ro $DISK/home
"""
WRITABLE = "mount -o remount,bind,rw $DISK/home; find $DISK/home -name '.*' -type f >left-over"
NO_REGISTER = ("trust list", "pki show")
"""What a home answers that has no register at hand."""


@pytest.mark.parametrize("command", [*WRITING, *READING], ids=named)
def test_a_home_that_can_only_be_read_is_told(place: Place, prepared: Prepared, tmp_path: Path, command: str) -> None:
    answer, added, verified = place([filled(command, prepared)], READ_ONLY, WRITABLE, (PERSON, "audit verify"))
    if "$DISK" in command:  # a file that can be written nowhere is a wrong argument
        assert answer.code == 2
    elif command in NO_REGISTER:
        answer.told(0, AWAY)
    else:
        answer.told(AWAY)
    added.told(0)
    verified.told(0)
    assert (tmp_path / "left-over").read_text() == ""


READ_ONLY_REGISTER = """
mkdir $DISK/home && cp -a $HOME_FROM/. $DISK/home
mount --bind $DISK/home/register.sqlite $DISK/home/register.sqlite
mount -o remount,bind,ro $DISK/home/register.sqlite
"""
WRITABLE_REGISTER = "umount $DISK/home/register.sqlite; find $DISK/home -name '.*' -type f >left-over"


@pytest.mark.parametrize("command", [*WRITING, *READING], ids=named)
def test_a_register_file_that_can_only_be_read_is_told(
    place: Place, prepared: Prepared, tmp_path: Path, command: str
) -> None:
    """In a home that else can be written to: nothing is written beside it, and no card."""
    after = (PERSON, "audit verify", "card jobs --format json")
    answer, added, verified, jobs = place([filled(command, prepared)], READ_ONLY_REGISTER, WRITABLE_REGISTER, after)
    if command in (*NO_REGISTER, "emulator blank second"):
        answer.told(0, AWAY)
    else:
        answer.told(AWAY)
    added.told(0)
    verified.told(0)
    assert json.loads(jobs.stdout) == []
    assert (tmp_path / "left-over").read_text() == ""
    assert not {"log.jsonl", "register.backup"} & {path.name for path in (tmp_path / "disk" / "home").glob("*")}


@pytest.mark.parametrize("blocks", [0, 64])
@pytest.mark.parametrize("command", [PERSON, "emulator blank second", "register backup {backup}"], ids=named)
def test_a_limit_on_files_is_told_like_a_full_disk(
    prepared: Prepared, tmp_path: Path, command: str, blocks: int
) -> None:
    """Without a mount: the system lets no file grow beyond so many blocks of 1024 bytes."""
    shutil.copytree(prepared.root, tmp_path / "home")
    eid = f"{sys.executable} -m eid_toolkit.doors.cli.main --home {tmp_path}/home --operator anna --yes"
    words = command.format(backup=tmp_path / "register.backup")
    script = f"ulimit -f {blocks}; {eid} {words}"
    limited = ["bash", "-c", script]
    done = subprocess.run(limited, env=ENVIRONMENT, capture_output=True, text=True, check=False, timeout=60)
    Answer(words, done.returncode, done.stdout, done.stderr).told(0, AWAY)
    assert blocks or done.returncode == AWAY
    assert not list((tmp_path / "home").rglob(".*"))
    for after in (PERSON, "audit verify"):
        done = subprocess.run(
            [*eid.split(), *after.split()],
            env=ENVIRONMENT,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("what", ["home", "register.sqlite", "keys", "cards", "locks"])
def test_a_home_that_goes_away_in_the_middle_is_told(prepared: Prepared, tmp_path: Path, what: str) -> None:
    """The question before a card is written waits for an answer; meanwhile somebody moves the home away."""
    home, aside = tmp_path / "home", tmp_path / "aside"
    shutil.copytree(prepared.root, home)
    words = [
        "--home",
        str(home),
        "--operator",
        "anna",
        "card",
        "personalize",
        prepared.document,
    ]
    process = subprocess.Popen(
        [sys.executable, "-u", "-m", "eid_toolkit.doors.cli.main", *words, "--reader", "emulator:card"],
        env=ENVIRONMENT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stderr is not None
    asked = b""
    while b"[y/N]" not in asked:
        piece = os.read(process.stderr.fileno(), 1000)
        assert piece, asked
        asked += piece
    gone = home if what == "home" else home / what
    gone.rename(aside)
    _, error = process.communicate(b"y\ny\n", timeout=60)
    answer = Answer("personalize", process.returncode, "", error.decode().lstrip())
    if what in ("register.sqlite", "locks", "keys"):  # they are open: it goes on to the question what is printed
        assert answer.code in (DENIED, AWAY, BROKEN), answer
    else:
        assert answer.code in (AWAY, BROKEN), answer
    assert "Traceback" not in answer.stderr
    assert "internal error" not in answer.stderr, answer.stderr
    assert home.exists() is (what != "home")
    if gone.exists():
        shutil.rmtree(gone) if gone.is_dir() else gone.unlink()
    for left in home.glob("register.sqlite-*") if what == "register.sqlite" else ():
        left.unlink()
    aside.rename(gone)
    done = CliRunner().invoke(main, ["--home", str(home), "audit", "verify"])
    assert done.exit_code == 0, done.output


def answered(home: Path, *words: object) -> Answer:
    done = CliRunner().invoke(main, ["--home", str(home), "--operator", "anna", "--yes", *map(str, words)], input="")
    return Answer(" ".join(map(str, words)), done.exit_code, done.stdout, done.stderr)


def flipped(path: Path, data: st.DataObject) -> bytes:
    """Flip a few bits; returns what was there."""
    before = path.read_bytes()
    content = bytearray(before)
    for _ in range(data.draw(st.integers(1, 3))):
        place = data.draw(st.integers(0, 1 << 30)) % len(content)  # a file may grow from one example to the next
        content[place] ^= 1 << data.draw(st.integers(0, 7))
    path.write_bytes(content)
    return before


@pytest.fixture(scope="module")
def damaged_home(prepared: Prepared, tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("damaged") / "home"
    shutil.copytree(prepared.root, root)
    return root


@EXAMPLES
@given(data=st.data())
def test_bits_flipped_in_a_card_image_are_told(damaged_home: Path, data: st.DataObject) -> None:
    path = damaged_home / "cards" / "card.card"
    before = flipped(path, data)
    try:
        if path.read_bytes() != before:
            answered(damaged_home, "emulator", "show", "card").told(BROKEN)
    finally:
        path.write_bytes(before)


@EXAMPLES
@given(data=st.data())
def test_bits_flipped_in_the_files_of_a_home_are_told(
    damaged_home: Path, prepared: Prepared, data: st.DataObject
) -> None:
    names = ["eid.toml", "keys/foundation.json", "keys/SPECIMEN-OPERATOR-KEY", "keys/register.compartment"]
    names += ["keys/audit.compartment", "keys/data.wrapped", "keys/audit.p8", "keys/ds-uto-1.p8"]
    names += ["audit/head.json", "audit/audit-key.pem", "cards/image.key", "pki/UTO/ds-1.cer"]
    path = damaged_home / data.draw(st.sampled_from(names))
    before = flipped(path, data)
    try:
        for words in (("audit", "verify"), ("audit", "checkpoint"), ("pki", "show"), ("emulator", "show", "card")):
            answered(damaged_home, *words).told(0, 7, 9, BROKEN)
    finally:
        path.write_bytes(before)


@EXAMPLES
@given(data=st.data())
def test_bits_flipped_in_the_register_file_are_told(
    damaged_home: Path, prepared: Prepared, data: st.DataObject
) -> None:
    path = damaged_home / "register.sqlite"
    before = flipped(path, data)
    try:
        for words in (
            ("audit", "verify"),
            ("person", "search", "Eriksson"),
            ("document", "list"),
            ("application", "list"),
            ("register", "stats"),
        ):
            answered(damaged_home, *words).told(0, 9, 10, AWAY, BROKEN)
    finally:
        for left in damaged_home.glob("register.sqlite-*"):
            left.unlink()
        path.write_bytes(before)


def test_a_damaged_register_is_restored_from_a_back_up(run: Run, home: Home, tmp_path: Path) -> None:
    backup = tmp_path / "register.backup"
    run(home.root, *PERSON.split())
    run(home.root, "register", "backup", backup)
    home.register_path.write_bytes(os.urandom(100_000))
    run(home.root, "person", "search", "X", code=12)
    run(home.root, "--yes", "register", "restore", "--replace", backup)
    assert "X" in run(home.root, "person", "search", "X").stdout
    run(home.root, "audit", "verify")
