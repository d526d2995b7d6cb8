"""A home from before the key store had compartments: migrated once, by two, and stopped at each write."""

from __future__ import annotations

import os
import shutil
import tarfile
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from eid_toolkit.books.keys.compartments import Compartment
from eid_toolkit.doors.cli.main import main
from support.offices import ENVIRONMENT
from support.stops import Tripwire, kill, refuse, writes_watched
from support.waiting import status_of
from vectors import FIXTURES

ENVIRONMENT_OF_BEFORE = {**ENVIRONMENT, "EID_PASSPHRASE": "a passphrase for tests"}
TWO = ("--operator", "anna", "--second-operator", "bert")
SEARCH = ("--operator", "anna", "person", "search", "Eriksson")


@pytest.fixture(scope="module")
def homes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """``real``, with Anna and Bert in every role and Carl as a clerk, a document and a CVCA; and ``demo``."""
    folder = tmp_path_factory.mktemp("before")
    with tarfile.open(FIXTURES / "homes" / "one-passphrase.tar.gz") as archive:
        archive.extractall(folder, filter="data")
    return folder


@pytest.fixture
def home(homes: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(homes / "real", tmp_path / "home"))


def call(home: Path, *words: object, code: int | None = 0, **environment: str | None) -> Result:
    given = {**ENVIRONMENT_OF_BEFORE, **environment}
    result = CliRunner().invoke(main, ["--home", str(home), *map(str, words)], env=given)
    assert code is None or result.exit_code == code, (result.output, result.exception)
    assert "Traceback" not in result.output
    return result


def state(home: Path) -> dict[str, bytes]:
    """The files that a migration changes."""
    folders = ("keys", "operators")
    return {str(path.relative_to(home)): path.read_bytes() for name in folders for path in (home / name).iterdir()}


def test_nothing_works_before_and_everything_after(home: Path) -> None:
    for words in (SEARCH, ("document", "list"), ("operator", "list"), (*TWO, "operator", "disable", "carl")):
        assert "eid keys migrate" in call(home, *words, code=10).stderr
    call(home, *TWO, "keys", "migrate")
    assert "Eriksson" in call(home, *SEARCH).stdout
    assert not {path.name for path in (home / "keys").iterdir()} & {"key-store.json", "SPECIMEN-PASSPHRASE"}
    for compartment in Compartment:
        assert (home / "keys" / f"{compartment}.compartment").exists()
    assert call(home, "audit", "verify").exit_code == 0
    for words in (("pki", "csca", "roll"), ("pki", "cvca", "create"), ("pki", "ds", "create")):
        call(home, *TWO, "--yes", *words)
    portrait = home.parent / "bundle"
    call(home, *TWO, "--yes", "trust", "bundle", "export", "--output", portrait)
    call(home, "--operator", "anna", "document", "export", _document(home))


def _document(home: Path) -> str:
    import json

    (document,) = json.loads(call(home, "document", "list", "--format", "json").stdout)
    return str(document["id"])


def test_who_did_not_migrate_is_enrolled_anew_and_what_they_decided_stands(home: Path) -> None:
    call(home, *TWO, "keys", "migrate")
    carl = {"EID_OPERATOR_PASSPHRASE": "the third one's words"}
    assert "re-enrol" in call(home, "--operator", "carl", "person", "search", "Eriksson", code=10, **carl).stderr
    call(home, *TWO, "operator", "re-enrol", "carl")
    call(home, "--operator", "carl", "person", "search", "Eriksson", **carl)


def test_it_is_done_once(home: Path) -> None:
    call(home, *TWO, "keys", "migrate")
    before = state(home)
    assert "already" in call(home, *TWO, "keys", "migrate", code=10).stderr
    assert state(home) == before


@pytest.mark.parametrize(
    ("words", "environment", "code"),
    [
        (("--operator", "anna"), {}, 10),
        (("--operator", "anna", "--second-operator", "ANNA"), {}, 10),
        (("--operator", "anna", "--second-operator", "carl"), {"EID_SECOND_PASSPHRASE": "the third one's words"}, 10),
        (("--operator", "anna", "--second-operator", "nobody"), {}, 9),
        (TWO, {"EID_PASSPHRASE": "a wrong passphrase"}, 7),
        (TWO, {"EID_SECOND_PASSPHRASE": "a wrong passphrase"}, 7),
        ((), {}, 2),
    ],
)
def test_who_may_not_changes_nothing(
    home: Path, words: tuple[str, ...], environment: dict[str, str], code: int
) -> None:
    before = state(home)
    call(home, *words, "keys", "migrate", code=code, **environment)
    assert state(home) == before


def test_an_operator_whom_the_old_key_store_did_not_endorse_is_not_taken_along(home: Path) -> None:
    record = home / "operators" / "carl.json"
    record.write_text(record.read_text().replace('"clerk"', '"security-officer"'))
    before = state(home)
    assert "carl" in call(home, *TWO, "keys", "migrate", code=12).stderr
    assert state(home) == before


def test_a_demo_home_is_migrated_by_anybody(homes: Path, tmp_path: Path) -> None:
    home = Path(shutil.copytree(homes / "demo", tmp_path / "home"))
    call(home, "keys", "migrate", EID_PASSPHRASE=None)
    call(home, "--operator", "anna", "person", "search", "x")
    call(home, "--operator", "anna", "--yes", "pki", "csca", "roll")


def test_a_stop_leaves_the_old_home_or_the_new_one(homes: Path, tmp_path: Path) -> None:
    def migrate(home: Path, tripwire: Tripwire) -> Result:
        with writes_watched(tripwire, home):
            return call(home, *TWO, "keys", "migrate", code=None)

    whole, old = Path(shutil.copytree(homes / "real", tmp_path / "whole")), state(homes / "real")
    tripwire = Tripwire()
    migrate(whole, tripwire)
    new = state(whole).keys()
    stops = 0
    for at, event in enumerate(tripwire.events, start=1):
        for stop in (kill, refuse) if at % 4 == 0 else (kill,):
            stops += 1
            home = Path(shutil.copytree(homes / "real", tmp_path / "home"))
            child = os.fork()
            if child == 0:
                try:
                    migrate(home, Tripwire(at, stop))
                finally:
                    os._exit(0)
            status = status_of(child)
            assert os.WIFSIGNALED(status) is (stop is kill)
            found = call(home, "audit", "verify", code=None).exit_code
            if found == 0:
                assert state(home).keys() == new, f"{stop.__name__} at {at} ({event})"
            else:
                assert found == 10, f"{stop.__name__} at {at} ({event})"
                if not list((home / "acts").glob("*")):
                    assert state(home) == old, f"{stop.__name__} at {at} ({event})"
                call(home, *TWO, "keys", "migrate")
            assert not list((home / "acts").glob("*")), f"{stop.__name__} at {at} ({event})"
            assert "Eriksson" in call(home, *SEARCH).stdout
            shutil.rmtree(home)
    assert stops > 50
