"""Completion as the shells ask for it: quick, silent, without a name of a person, and never an error."""

from __future__ import annotations

import os
import pty
import select
import shutil
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from eid_toolkit.books.ledger import beginnings
from eid_toolkit.cards.transport import pcsc
from eid_toolkit.doors.cli.main import COMMANDS
from eid_toolkit.ground.errors import ServiceAway
from eid_toolkit.ground.home.home import Home
from eid_toolkit.work.office import candidates
from support.homes import UTOPIAN, WorkingOffice
from support.waiting import status_of

LIMIT = 60
"""Seconds for one answer, and for a shell."""
PROGRAM = "import sys; from eid_toolkit.doors.cli.main import main; sys.argv[0] = 'eid'; main()"
HEAVY = {"sqlalchemy", "alembic", "cryptography", "PIL", "asn1crypto", "ecdsa", "smartcard"}


@dataclass(frozen=True, slots=True)
class Shell:
    """A shell that asks, in a home."""

    home: Path
    name: str = "bash"

    def answer(self, *words: str, program: str = PROGRAM) -> subprocess.CompletedProcess[str]:
        """What comes back for a line whose last word is being typed; an empty one stands behind a space."""
        if self.name == "fish":
            asked = {"COMP_WORDS": " ".join(["eid", *words]), "COMP_CWORD": words[-1]}
        else:
            asked = {"COMP_WORDS": "\n".join(["eid", *words]), "COMP_CWORD": str(len(words))}
        known = {**os.environ, **asked, "EID_HOME": str(self.home), "_EID_COMPLETE": f"{self.name}_complete"}
        return subprocess.run(
            [sys.executable, "-c", program], env=known, capture_output=True, text=True, timeout=LIMIT, check=False
        )

    def values(self, *words: str) -> list[str]:
        """The values of an answer, in which nothing went wrong."""
        answer = self.answer(*words)
        assert (answer.returncode, answer.stderr) == (0, "")
        lines = answer.stdout.splitlines()
        if self.name == "zsh":
            return [value for kind, value in zip(lines[::3], lines[1::3], strict=False) if kind == "plain"]
        found = [line.partition(",")[2] for line in lines if line.startswith("plain,")]
        return [value.partition("\t")[0] for value in found]


@pytest.fixture
def backend() -> str:
    return "sqlite"


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Shell:
    """Where there is no home."""
    return Shell(tmp_path_factory.mktemp("nowhere"))


@pytest.fixture
def shell(office: WorkingOffice) -> Iterator[Shell]:
    """In the home of an office that somebody has open."""
    yield Shell(office.home.root)


@pytest.mark.parametrize("name", ["bash", "zsh", "fish"])
def test_commands_are_completed(bare: Shell, name: str) -> None:
    assert Shell(bare.home, name).values("stat") == ["status"]
    assert Shell(bare.home, name).values("trust", "bundle", "ex") == ["export"]


def test_all_commands_are_offered_without_loading_them(bare: Shell) -> None:
    assert bare.values("") == sorted(COMMANDS)
    loaded = "[name for name in sys.modules if name.startswith('eid_toolkit.doors.cli.')]"
    counted = f"import atexit, sys; atexit.register(lambda: print(*{loaded}, file=sys.__stdout__))\n{PROGRAM}"
    *offered, modules = bare.answer("", program=counted).stdout.splitlines()
    assert offered == [f"plain,{name}" for name in sorted(COMMANDS)]
    commands = {f"eid_toolkit.doors.cli.{place.partition(':')[0]}" for place in COMMANDS.values()}
    assert not commands & set(modules.split())


def test_whoever_does_not_answer_in_time_is_given_up(bare: Shell) -> None:
    """Nothing else ends the command before the test's own limit does."""
    stuck = (
        "import time; from eid_toolkit.doors.cli import completing; completing._LIMIT = 0.2\n"
        f"completing._BY_NAME['policy_name'] = lambda *_: time.sleep({10 * LIMIT})\n{PROGRAM}"
    )
    answer = bare.answer("verify", "--policy", "o", program=stuck)
    assert (answer.returncode, answer.stdout, answer.stderr) == (0, "", "")


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        (("application", "create", "--profile", "utopia-i"), ["utopia-id"]),
        (("verify", "--policy", "o"), ["officer"]),
        (("verify", "--policy=o",), ["officer"]),
        (("config", "set", "policy", "d"), ["demo"]),
        (("config", "set", "pro"), ["profile"]),
        (("application", "list", "--state", "cr"), ["created"]),
        (("verify", "--reader", "spec", ":", "passport-b"), ["passport-bac"]),
        (("application", "approve", "--oper"), ["--operator", "--operator-passphrase-fd"]),
        (("verify", "--can"), ["--can"]),
    ],
)  # fmt: skip
def test_values_that_come_with_the_package_are_completed(
    bare: Shell, words: tuple[str, ...], wanted: list[str]
) -> None:
    assert bare.values(*words) == wanted


def test_cards_stations_operators_and_profiles_of_the_home_are_completed(shell: Shell, office: WorkingOffice) -> None:
    office.blank("front-desk")
    assert shell.values("verify", "--reader", "emulator", ":", "fr") == ["front-desk"]
    assert Shell(shell.home, "zsh").values("verify", "--reader", "emulator:fr") == ["emulator:front-desk"]
    assert shell.values("emulator", "show", "") == ["front-desk"]
    (shell.home / "operators" / "clara.json").touch()
    for words in (("--operator", "cl"), ("operator", "disable", "CL"), ("audit", "show", "--second-operator", "cl")):
        assert shell.values(*words) == [words[-1] + "ara"]
    assert shell.values("operator", "add", "cl") == []
    (shell.home / "profiles" / "ours.toml").touch()
    assert shell.values("application", "create", "--profile", "ou") == ["ours"]
    with closing(sqlite3.connect(office.home.register_path)) as register, register:
        register.execute("INSERT INTO station (name) VALUES ('counter-1'), ('counter-2'), ('hall')")
    assert shell.values("stock", "open", "--station", "cou") == ["counter-1", "counter-2"]


def test_identifiers_are_completed_from_three_characters_on(shell: Shell, office: WorkingOffice) -> None:
    document = office.document(UTOPIAN)
    application, person = document.application_id, office.register.applications.get(document.application_id).person.id
    for words, identifier in (
        (("person", "show"), person),
        (("application", "create", "--person"), person),
        (("application", "show"), application),
        (("application", "approve", application), application),
        (("document", "show"), document.id),
        (("card", "personalize"), document.id),
        (("audit", "show", "--subject"), application),
    ):
        for typed in (identifier[:3], identifier[:6].lower(), identifier):
            assert shell.values(*words, typed) == [identifier]
        for typed in ("", identifier[0], identifier[:2], "E", "Eri", "Eriksson", identifier[:3] + "%", "P-'", "Q-0"):
            assert shell.values(*words, typed) == []
    assert shell.values("person", "show", document.id[:4]) == []  # of another kind


def test_no_more_identifiers_come_back_than_somebody_would_read(office: WorkingOffice) -> None:
    with closing(sqlite3.connect(office.home.register_path)) as register, register:
        columns = "id, primary_identifier, folded_name, date_of_birth, sex, nationality, created_at"
        register.executemany(
            f"INSERT INTO person ({columns}) VALUES (?, 'X', 'x', '1990', 'F', 'UTO', '2026-01-01T00:00:00.000000Z')",
            [(f"P-ZZ{number:010}",) for number in range(80)],
        )
    found = beginnings.identifiers_beginning(office.home, "p-zz", "P")
    assert found == tuple(f"P-ZZ{number:010}" for number in range(beginnings.MOST))
    assert beginnings.identifiers_beginning(office.home, "P-ZZ", "AD") == ()


def test_no_answer_has_a_name_in_it(shell: Shell, office: WorkingOffice) -> None:
    document = office.document(UTOPIAN)
    lines = (("person", "show", "P-"), ("person", "search", "E"), ("document", "show", document.id[:3]), ("person", ""))
    for name in ("bash", "zsh", "fish"):
        for words in lines:
            told = Shell(shell.home, name).answer(*words).stdout
            assert "Eriksson" not in told and "Anna" not in told and document.document_number not in told


def test_nothing_is_written_and_no_passphrase_is_asked_for(office: WorkingOffice) -> None:
    document = office.document(UTOPIAN)
    office.register.close()
    before = {path: path.stat().st_mtime_ns for path in office.home.root.rglob("*") if path.is_file()}
    rows = beginnings.identifiers_beginning(office.home, document.id[:5], "D")
    shell = Shell(office.home.root)
    assert (list(rows), shell.values("document", "show", document.id[:5])) == ([document.id], [document.id])
    shell.values("stock", "open", "--station", "")
    assert {path: path.stat().st_mtime_ns for path in office.home.root.rglob("*") if path.is_file()} == before


def test_a_register_in_which_somebody_writes_answers_all_the_same(office: WorkingOffice) -> None:
    document = office.document(UTOPIAN)
    with closing(sqlite3.connect(office.home.register_path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        assert beginnings.identifiers_beginning(office.home, document.id[:5], "D") == (document.id,)


def test_a_register_that_is_locked_damaged_or_away_has_no_answer(office: WorkingOffice) -> None:
    document = office.document(UTOPIAN)
    office.register.close()
    path, typed = office.home.register_path, document.id[:5]
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("PRAGMA locking_mode = EXCLUSIVE")
        other.execute("BEGIN EXCLUSIVE")
        other.execute("UPDATE document SET remake = remake")
        assert beginnings.identifiers_beginning(office.home, typed, "D") == ()
    path.write_bytes(b"no database at all" * 100)
    assert beginnings.identifiers_beginning(office.home, typed, "D") == ()
    path.unlink()
    assert beginnings.identifiers_beginning(office.home, typed, "D") == ()
    assert not path.exists()


@pytest.mark.parametrize(
    "config",
    [
        'register_url = "postgresql://127.0.0.1:1/away"\n',
        'register_url = "postgresql://user:secret@[::1"\n',
        'register_url = "oracle://x"\n',
        "not a configuration",
    ],
)
def test_a_home_that_cannot_be_used_has_no_answer(office: WorkingOffice, config: str) -> None:
    office.register.close()
    path = office.home.root / "eid.toml"
    path.write_text(path.read_text("utf-8") + config, "utf-8")
    shell = Shell(office.home.root)
    assert shell.values("document", "show", "D-000") == []
    assert shell.values("stock", "open", "--station", "m") == []


@pytest.mark.parametrize(
    "words",
    [
        ("no-such-command", "x", ""),
        ("verify", "--no-such-option", ""),
        ("verify", "--wait", "nan", "--reader", "s"),
        ("application", "show", "'unclosed"),
        ("\x1b[2J",),
        ("document", "show", "D-" + "0" * 500),
    ],
)
def test_no_line_makes_it_fail(bare: Shell, words: tuple[str, ...]) -> None:
    for name in ("bash", "zsh", "fish"):
        answer = Shell(bare.home, name).answer(*words)
        assert (answer.returncode, answer.stderr) == (0, "") and "\x1b" not in answer.stdout


def test_a_question_that_is_none_is_no_answer(bare: Shell) -> None:
    for variables in (
        {"_EID_COMPLETE": "bash_complete"},
        {"_EID_COMPLETE": "bash_complete", "COMP_WORDS": "eid", "COMP_CWORD": "x"},
        {"_EID_COMPLETE": "ksh_complete"},
        {"_EID_COMPLETE": "bash_delete"},
    ):
        answer = subprocess.run(
            [sys.executable, "-c", PROGRAM],
            env={**os.environ, **variables},
            capture_output=True,
            timeout=LIMIT,
            check=False,
        )
        assert answer.stdout.strip() == answer.stderr == b""


def test_a_file_of_defaults_that_is_damaged_is_no_hindrance(shell: Shell) -> None:
    (shell.home / "defaults.toml").write_bytes(b"\xff")
    assert shell.values("verify", "--policy", "o") == ["officer"]


def test_values_that_a_terminal_would_obey_are_not_offered(shell: Shell) -> None:
    (shell.home / "operators" / "cl\x1b[2J.json").touch()
    (shell.home / "operators" / "cl\nara.json").touch()
    assert shell.values("--operator", "cl") == []


def test_completing_loads_nothing_heavy(shell: Shell, office: WorkingOffice) -> None:
    document = office.document(UTOPIAN)
    counted = (
        "import atexit, sys\n"
        f"atexit.register(lambda: print('loaded', *({HEAVY!r} & set(sys.modules)), file=sys.__stdout__))\n{PROGRAM}"
    )
    for words, wanted in ((("document", "show", document.id[:5]), document.id), (("stat",), "status")):
        *found, loaded = shell.answer(*words, program=counted).stdout.splitlines()
        assert (found, loaded) == ([f"plain,{wanted}"], "loaded")


@pytest.mark.parametrize("names", [("ACS ACR1281 1S [CCID] 00 00", "Gemalto 01"), ()])
def test_readers_of_the_service_are_offered_as_bash_takes_them(
    monkeypatch: pytest.MonkeyPatch, names: tuple[str, ...], tmp_path: Path
) -> None:
    monkeypatch.setattr(pcsc, "list_readers", lambda: tuple(pcsc.ReaderStatus(name, None, 0) for name in names))
    assert candidates.readers(tmp_path, "ACS") == names[:1]
    assert candidates.readers(tmp_path, "emulator:") == ()


def test_a_service_that_does_not_answer_is_not_waited_for(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    answered = threading.Event()

    def silent() -> tuple[pcsc.ReaderStatus, ...]:
        answered.wait(LIMIT)
        return ()

    monkeypatch.setattr(pcsc, "list_readers", silent)
    assert candidates.readers(tmp_path, "") == ("replay:", "spec:")
    assert not answered.is_set()
    answered.set()

    def away() -> None:
        raise ServiceAway("pcsc-service-away")

    monkeypatch.setattr(pcsc, "list_readers", away)
    assert candidates.readers(tmp_path, "r") == ("replay:",)


@pytest.mark.parametrize("name", ["bash", "zsh", "fish"])
def test_the_script_is_printed_by_the_command_and_by_the_variable(name: str, bare: Shell) -> None:
    def printed(*words: str, **variables: str) -> str:
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM, *words], env={**os.environ, **variables},
            capture_output=True, text=True, timeout=LIMIT, check=True,
        )  # fmt: skip
        assert done.stderr == ""
        return done.stdout

    script = printed("completion", name)
    assert f"{name}_complete" in script and "_EID_COMPLETE" in script
    assert printed(_EID_COMPLETE=f"{name}_source") == script
    assert f"eid completion {name} >" in printed("completion", "--help")


@pytest.fixture
def program(tmp_path: Path) -> Path:
    """A folder with a program `eid`."""
    folder = tmp_path / "bin"
    folder.mkdir()
    (folder / "eid").write_text(f'#!/bin/sh\nexec {sys.executable} -c "{PROGRAM}" "$@"\n')
    (folder / "eid").chmod(0o755)
    return folder


@pytest.mark.skipif(shutil.which("bash") is None, reason="no bash here")
@pytest.mark.parametrize(
    ("typed", "wanted"),
    [
        ("eid stat", "eid status "),
        ("eid verify --reader emulator:fro", "eid verify --reader emulator:front-desk "),
        ("eid verify --reader emul", "eid verify --reader emulator:front-desk "),
        ("eid verify --reader spec:passport-b", "eid verify --reader spec:passport-bac "),
        ("eid application create --profile utopia-i", "eid application create --profile utopia-id "),
    ],
)
def test_a_real_bash_completes_the_line(typed: str, wanted: str, program: Path, demo_home: Home) -> None:
    (demo_home.cards / "front-desk.card").touch()
    kept = ("PYTHONPATH", "PCSCLITE_CSOCK_NAME")
    environment = {name: os.environ[name] for name in kept if name in os.environ}
    environment |= {"PATH": f"{program}:/usr/bin:/bin", "EID_HOME": str(demo_home.root)}
    environment |= {"TERM": "dumb", "PS1": "", "LANG": "C.UTF-8"}
    assert typed_in_bash(typed, environment, lambda shown: wanted in shown).count(wanted) >= 1


@pytest.mark.parametrize("name", ["zsh", "fish"])
def test_another_shell_takes_the_script(name: str, program: Path, bare: Shell) -> None:
    if shutil.which(name) is None:
        pytest.skip(f"no {name} here")
    environment = {**os.environ, "PATH": f"{program}:{os.environ['PATH']}", "EID_HOME": str(bare.home)}
    script = {
        "zsh": "autoload -U compinit && compinit -u; source <(eid completion zsh); whence -w _eid_completion",
        "fish": 'eid completion fish | source; complete -C "eid stat"',
    }[name]
    done = subprocess.run(
        [name, "-c", script], env=environment, capture_output=True, text=True, timeout=LIMIT, check=False
    )
    assert ("function" if name == "zsh" else "status") in done.stdout, done.stderr


def typed_in_bash(line: str, environment: dict[str, str], is_done: Callable[[str], bool]) -> str:
    """What stands on the terminal of an interactive bash when a line was typed and the tabulator pressed."""
    child, terminal = pty.fork()
    if child == 0:
        os.execvpe("bash", ["bash", "--norc", "--noprofile", "-i"], environment)
    shown, ready = "", 'eval "$(eid completion bash)"; echo re""ady\n'
    os.write(terminal, ready.encode())
    end, sent = time.monotonic() + LIMIT, False
    try:
        while time.monotonic() < end and not (sent and is_done(shown)):
            if select.select([terminal], [], [], 0.2)[0]:
                shown += os.read(terminal, 4096).decode("utf-8", "replace")
            if not sent and "ready\r\n" in shown.replace(ready.strip(), ""):
                sent, shown = True, ""
                os.write(terminal, f"{line}\t".encode())
    finally:
        os.kill(child, 9)
        status_of(child)
        os.close(terminal)
    return shown
