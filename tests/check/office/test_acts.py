"""Every act of an office, killed and refused at each of its writes: then it is done and on record, or neither.

A command that does something is in one of the tables below; a command that is in none, and an act that no command here
does, fail a test. After each stop the next command is given, and settles what is left; then the home is as before or
as after the whole command, and the log says which. Where nothing was done, the same command does it.
"""

from __future__ import annotations

import ast
import os
import shutil
import signal
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

import eid_toolkit
from eid_toolkit.doors.cli.main import main
from support.act_world import COMPONENT_KCV, World, build_world
from support.offices import new_office
from support.sampling import sample
from support.stops import Picture, Tripwire, kill, refuse, writes_watched
from support.waiting import status_of

pytestmark = pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")

KILLS, REFUSALS, FOUNDING_STOPS = 8, 4, 24
"""How many places are tried of each act, unless every one is asked for."""

ACTS = {
    "agency add": "agency add customs --name Customs --field id --purpose search",
    "agency change": "agency change police --purpose theft",
    "agency disable": "agency disable police",
    "application approve": "--operator bert application approve {applicant_application}",
    "application create": "application create --person {plain} --profile utopia-id --portrait @portrait.png",
    "application create (list)": "application create --from @list.csv --portraits @faces --profile utopia-id",
    "application reject": "--operator bert application reject {applicant_application} --reason torn",
    "application withdraw": "application withdraw {applicant_application} --reason torn",
    "audit checkpoint": "audit checkpoint",
    "card resolve": "card resolve {job} --spoil",
    "card resolve (resume)": "card resolve {job} --resume",
    "card spoil": "card spoil {made_document} --reason torn",
    "crypto-policy set": "crypto-policy set @policy.toml",
    "document destroy": "document destroy {revoked_document}",
    "document expire": "document expire",
    "document prepare": "document prepare {waiting_application}",
    "document reissue": "document reissue {holder_document} --evidence former-document=1",
    "document report-lost": "document report-lost {holder_document}",
    "document report-stolen": "document report-stolen {holder_document}",
    "document resume": "document resume {resting_document}",
    "document revoke": "document revoke {holder_document} --reason torn",
    "document suspend": "document suspend {holder_document} --reason torn",
    "evidence enrol": "evidence enrol {key} --name Gate-5",
    "evidence forget": "evidence forget {known_key}",
    "notice add": "notice add --kind stolen --document {holder_document} --agency police",
    "notice withdraw": "notice withdraw {notice} --reason torn",
    "person add": "person add --surname New --birth 1990 --sex F --nationality UTO",
    "person change": "person change {plain} --surname Berg --source paper",
    "person duplicate": "person duplicate {twina} {twinb} --same",
    "person erase": "person erase {plain} --reason request",
    "person import": "person import @people.csv",
    "pki crl install": "pki crl install @newer.crl",
    "pki crl issue": "pki crl issue --output @out.crl",
    "pki crl revoke": "pki crl revoke --ds 1",
    "pki csca create": "pki csca create --state THA",
    "pki csca roll": "pki csca roll",
    "pki cvca create": "pki cvca create",
    "pki ds create": "pki ds create",
    "pki ds destroy": "pki ds destroy 1",
    "pki ds install": "pki ds install @ds.cer",
    "pki ds issue": "pki ds issue @new-ds.p10 --output @out.cer",
    "pki ds request": "pki ds request --output @out.p10",
    "pki dv create": "pki dv create",
    "pki dv install": "pki dv install @dv.cvcert",
    "pki dv issue": "pki dv issue @new-dv.cvreq --output @out.cvcert",
    "pki dv request": "pki dv request --output @out.cvreq",
    "pki master-list create": "pki master-list create --output @out.ml",
    "pki terminal issue": "pki terminal issue @terminal.cvreq --output @out.cvcert",
    "pki terminal provision": "pki terminal provision --officer @officer",
    "profile new": "profile new resident --from utopia-id --title Resident",
    "register backup": "register backup @out.backup",
    "stock close": "stock close --station open --counted 1",
    "stock destroy": "stock destroy {s6} --reason torn",
    "stock find": "stock find {s5} --printed {s5} --reason drawer",
    "stock issue": "stock issue {s6} --station counter",
    "stock key destroy": "stock key destroy Kept --batch 1 --reason torn",
    "stock key destroy (request)": "stock key destroy Asked --batch 1 --reason torn",
    "stock key destroy (import)": "stock key destroy Begun --batch 1 --reason torn",
    "stock key export": "stock key export --for @vendor.der --output @out.key",
    "stock key import": f"stock key import New --batch 1 --component 1 --of 2 --kcv ABCDEF {COMPONENT_KCV}",
    "stock key import (last)": f"stock key import Begun --batch 1 --component 2 {COMPONENT_KCV}",
    "stock key import (wrapped)": "stock key import Asked --batch 1 --wrapped @asked.key --kcv 504A77",
    "stock key request": "stock key request New --batch 1 --algorithm p-256 --output @out.pem",
    "stock key roll-master": "stock key roll-master",
    "stock missing": "stock missing {s6} --reason lost",
    "stock open": "stock open --station counter --counted 3",
    "stock receive": "stock receive @second.json",
    "stock return": "stock return {s1}",
    "stock spoil": "stock spoil {s6} --printed {s6} --reason torn",
    "stock vendor add": "stock vendor add Other --certificate @vendor.der",
    "trust bundle export": "trust bundle export --output @out.bundle",
    "trust import": "trust import @FRA.cer",
    "trust remove": "trust remove {anchor}",
    "trust time": "trust time --reset",
}
"""What Anna (and Bert) of a demo home type for each act."""

OPERATORS = {
    "keys rewrap": "keys rewrap",
    "operator add": "operator add dora --role clerk",
    "operator add (officer)": "operator add dora --role security-officer",
    "operator disable": "operator disable carl",
    "operator disable (officer)": "operator disable emil",
    "operator passphrase": "operator passphrase",
    "operator re-enrol": "operator re-enrol carl",
    "operator roles": "operator roles carl --role stock-keeper",
}
"""Acts that a demo home does not know."""

TAKING_OVER = {"register take-over": "register take-over"}
"""The act that a register of an earlier version needs."""

COMMANDS = {**ACTS, **OPERATORS, **TAKING_OVER}

ELSEWHERE = {
    "application new": "cli_office/test_application_new.py",
    "card batch": "check/personalization/test_stops.py",
    "card personalize": "check/personalization/test_stops.py",
    "demo": "cli/test_demo.py",
    "keys migrate": "check/office/test_migration.py",
    "register move": "register/test_moving.py",
    "register restore": "register/test_backup_files.py",
}
"""Where acts on cards and whole homes are stopped in a test."""


READS = """
agency list, agency look-up, agency show, agent, application list, application queue, application sheet, application
show, audit export, audit show, audit verify, card jobs, card status, completion, config set, config show, config
unset, conformance, crypto-policy check, crypto-policy show, decode, doctor, document export, document history,
document list, document show, document status-list, emulator attach, emulator blank, emulator check, emulator list,
emulator manifest, emulator show, evidence key, evidence list, judge, keys show, lock, notice list, officer init,
officer update, operator list, person duplicates, person export, person history, person search, person show, pki csca
export, pki csca list, pki cvca export, pki cvca list, pki ds list, pki dv list, pki lint, pki master-list diff, pki
master-list verify, pki show, pki terminal install, portrait check, profile check, profile list, profile show, read,
reader list, register stats, register verify, samples, status, stock history, stock key list, stock show, stock vendor
list, train check, train erase, train list, train new, train report, train result, train seal, train serve, train sit,
train start, train trainer, train verify, trust bundle import, trust bundle show, trust diff, trust list, trust show,
unlock, verify
"""
"""Commands that show something (who looked is on record before anything is shown), or act in no office."""


def commands(group: click.Group, path: tuple[str, ...] = ()) -> Iterator[str]:
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if isinstance(command, click.Group):
            yield from commands(command, (*path, name))
        else:
            yield " ".join((*path, name))


def test_every_command_is_in_one_table() -> None:
    reads = [name.strip() for name in READS.replace("\n", " ").split(",")]
    done = {command.partition(" (")[0] for command in COMMANDS}
    known = [*done, *ELSEWHERE, "init", *reads]
    assert sorted(known) == sorted(commands(main))
    assert all((Path(__file__).parents[2] / place).is_file() for place in ELSEWHERE.values())


def test_every_act_in_the_source_is_done_by_a_command_here(
    world: World, office: World, before: World, tmp_path: Path
) -> None:
    """Each name that the package gives to ``act`` or ``decide`` was decided on in one of the runs."""
    decided = set()
    for place, commands_there in ((world, ACTS), (office, OPERATORS), (before, TAKING_OVER)):
        for command, words in commands_there.items():
            trial = place.copy(tmp_path / command.replace(" ", "-"))
            trial.quiet(*trial.filled(words))
            decided |= {row["action"] for row in Picture.of(trial.folder, trial.home).log}
    assert {f"{name}.decided" for name in _names_in_source()} <= decided


def _names_in_source() -> set[str]:
    names, calls = set(), 0
    for path in (Path(str(eid_toolkit.__file__)).parent / "work" / "office").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("act", "decide"):
                calls += 1
                names |= {word.value for word in node.args[2:3] if isinstance(word, ast.Constant)}
    assert calls > 25
    assert len(names) > 20
    return names


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return build_world(tmp_path_factory.mktemp("world") / "world")


@pytest.fixture(scope="module")
def before(world: World, tmp_path_factory: pytest.TempPathFactory) -> World:
    """The world with a vendor from when the audit log did not vouch for rows: nothing is received before it does."""
    older = world.copy(tmp_path_factory.mktemp("before") / "world")
    values = ("Former Ltd", older.path("vendor.der").read_bytes(), "2020-01-01T09:00:00.000000Z", "anna")
    with closing(sqlite3.connect(older.home / "register.sqlite")) as register, register:
        register.execute("INSERT INTO vendor (name, certificate, added_at, operator) VALUES (?, ?, ?, ?)", values)
    return older


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> World:
    """A home that is no demo, with Anna and Bert, Carl, who is a clerk, and Emil, a security officer."""
    folder = tmp_path_factory.mktemp("office")
    made = new_office(folder / "home")
    made.add("carl", "the third one's words", "clerk")
    made.add("emil", "the third one's words", "security-officer")
    return World(folder)


def _place_of(command: str) -> str:
    """The fixture of where the command is an act."""
    return "office" if command in OPERATORS else "before" if command in TAKING_OVER else "world"


class Trials:
    """One command, stopped again and again, each time in a copy of the world."""

    def __init__(self, world: World, words: str, folder: Path) -> None:
        self._world, self._words, self._folder = world, words, folder
        self._count = 0

    def fresh(self) -> World:
        self._count += 1
        return self._world.copy(self._folder / str(self._count))

    def whole(self) -> tuple[Tripwire, tuple[object, ...]]:
        """The command undisturbed: its events, and what it changes."""
        world, tripwire = self.fresh(), Tripwire()
        before = Picture.of(world.folder, world.home)
        with writes_watched(tripwire, world.folder):
            world.quiet(*world.filled(self._words))
        changed = Picture.of(world.folder, world.home).since(before)
        assert any(changed), "nothing was done"
        return tripwire, changed

    def killed(self, at: int) -> World:
        world = self.fresh()
        child = os.fork()
        if child == 0:
            try:
                with writes_watched(Tripwire(at, kill), world.folder):
                    world.call(*world.filled(self._words))
            finally:
                os._exit(0)
        status = status_of(child)
        assert os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
        return world

    def refused(self, at: int) -> World:
        world = self.fresh()
        with writes_watched(Tripwire(at, refuse), world.folder):
            result = world.call(*world.filled(self._words))
        assert "Traceback" not in result.output
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        return world

    def check(self, world: World, whole: tuple[object, ...], stop: str) -> None:
        """By the next command it is done and on record, or neither; and in that case it can be done."""
        before = Picture.of(self._world.folder, self._world.home)
        world.quiet("audit", "verify")
        assert not any((world.home / "acts").glob("*")), stop
        changed = Picture.of(world.folder, world.home).since(before)
        if not any(changed):
            with closing(sqlite3.connect(world.home / "register.sqlite")) as register, register:
                register.execute("DELETE FROM lease")  # as they lapse a while after their holder's end
            world.quiet(*world.filled(self._words))
            changed = Picture.of(world.folder, world.home).since(before)
        assert changed == whole, stop


@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_a_stop_leaves_the_act_done_and_on_record_or_neither(
    command: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    trials = Trials(request.getfixturevalue(_place_of(command)), COMMANDS[command], tmp_path)
    tripwire, whole = trials.whole()
    events = list(enumerate(tripwire.events, start=1))
    for at, event in sample(events, KILLS):
        trials.check(trials.killed(at), whole, f"killed at {at} ({event}) of {tripwire.events}")
    for at, event in sample(events, REFUSALS):
        trials.check(trials.refused(at), whole, f"refused at {at} ({event}) of {tripwire.events}")


def test_a_founding_that_is_stopped_leaves_no_home_or_a_whole_one(tmp_path: Path) -> None:
    def found(root: Path, tripwire: Tripwire) -> None:
        with writes_watched(tripwire, root.parent):
            CliRunner().invoke(main, ["--home", str(root), "init", "--demo"])

    whole, tripwire = World(tmp_path / "whole"), Tripwire()
    whole.folder.mkdir()
    found(whole.home, tripwire)
    names = Picture.of(whole.home, whole.home)
    for at, event in sample(list(enumerate(tripwire.events, start=1)), FOUNDING_STOPS):
        for stop in (kill, refuse) if at % 4 == 0 else (kill,):
            world = World(tmp_path / f"{at}-{stop.__name__}")
            world.folder.mkdir()
            child = os.fork()
            if child == 0:
                try:
                    found(world.home, Tripwire(at, stop))
                finally:
                    os._exit(0)
            status_of(child)
            if not world.home.exists():
                assert not list(world.folder.glob("home*")) or stop is kill
                world.quiet("init", "--demo")
            after = Picture.of(world.home, world.home)
            assert (after.files.keys(), [row["action"] for row in after.log]) == (
                names.files.keys(), [row["action"] for row in names.log]
            ), f"{stop.__name__} at {at} ({event})"  # fmt: skip
            world.quiet("audit", "verify")
            shutil.rmtree(world.folder)


@pytest.mark.parametrize("command", ["operator add", "pki ds request"])
def test_where_another_process_has_the_register_nothing_is_done(
    command: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    place = request.getfixturevalue(_place_of(command)).copy(tmp_path / "world")
    before, words = Picture.of(place.folder, place.home), place.filled(COMMANDS[command])
    with closing(sqlite3.connect(place.home / "register.sqlite", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        refused = place.call(*words)
    assert refused.exit_code == 11
    assert not any(Picture.of(place.folder, place.home).since(before))
    place.quiet(*words)
    assert Picture.of(place.folder, place.home).since(before)[2]
