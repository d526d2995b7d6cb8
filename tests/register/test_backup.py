"""Back-ups: taken while others write, restored whole or not at all, on either database, with what is lost on record."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from base64 import b64encode
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import MetaData, select, text

from eid_toolkit.books.audit.log import stored_rows
from eid_toolkit.books.audit.rows import GENESIS, StoredRow, row_hash
from eid_toolkit.books.keys.opening import open_key_store
from eid_toolkit.books.ledger.database import VERSION_TABLE, Database, upgrade, version_of
from eid_toolkit.books.register.documents.documents import DocumentState
from eid_toolkit.books.register.keeping.backup import Manifest, back_up, check_backup
from eid_toolkit.books.register.keeping.backup_container import BackupWriter
from eid_toolkit.books.register.keeping.backup_restore import Restored, Restorer
from eid_toolkit.ground.errors import IntegrityBroken, NoCardError, NotPermitted, ServiceAway
from eid_toolkit.ground.home.atomic import write_atomic
from eid_toolkit.ground.home.home import CONFIG_NAME, Home
from support.homes import ANNA, BERT, CLOCK, ENTROPY, UTOPIAN, HomeCopies, WorkingOffice
from support.postgres import PrivatePostgres
from support.silent_clerk import CutLine
from support.waiting import beside, next_line


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "register.backup"


def saved(office: WorkingOffice, file: Path) -> Manifest:
    return back_up(office.register.database, office.keys.foundation, office.home.config, file, ANNA, CLOCK, ENTROPY)


def restored(office: WorkingOffice, file: Path, *, replace: bool = True) -> Restored:
    restorer = Restorer(office.home, open_key_store(office.home, ENTROPY), [ANNA], CLOCK)
    return restorer.restore(restorer.check(file), replace=replace)


def contents(database: Database) -> dict[str, list[tuple[object, ...]]]:
    """Every row of every table but the log's; where its chains end is a part of that."""
    with database.read() as connection:
        if database.is_file:
            query = "SELECT name FROM sqlite_master WHERE type = 'table'"
        else:
            query = "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
        there = connection.execute(text(query)).scalars()
        names = [name for name in there if not name.startswith("audit") and name != "chain_head"]
        return {
            name: sorted((tuple(row) for row in connection.execute(text(f'SELECT * FROM "{name}"'))), key=repr)
            for name in names
        }


def test_what_is_restored_is_what_was_backed_up(office: WorkingOffice, file: Path) -> None:
    document = office.document()
    before, package = contents(office.register.database), office.register.documents.load_package(document.id)
    manifest = saved(office, file)
    office.person({**UTOPIAN, "personal_number": "9"})
    assert contents(office.register.database) != before
    done = restored(office, file)
    office.register.close()
    again = WorkingOffice.at(office.home)
    assert contents(again.register.database) == before
    assert again.register.documents.load_package(document.id).files == package.files
    again.person({**UTOPIAN, "primary_identifier": "Other", "personal_number": "10"})  # a server counts words on
    assert done.manifest == manifest
    assert file.stat().st_mode & 0o777 == 0o600
    again.register.close()


def test_what_is_lost_is_named_and_known_from_then_on(office: WorkingOffice, file: Path) -> None:
    manifest = saved(office, file)
    for number in range(3):
        office.person({**UTOPIAN, "personal_number": str(number)})
    office.register.audit.checkpoint([ANNA])
    last = office.register.audit.verify().rows
    done = restored(office, file)
    assert done.lost is not None
    assert (done.lost.first, done.lost.last) == (manifest.audit_rows + 1, last)
    assert done.row == manifest.audit_rows + 1
    result = office.register.audit.verify()
    assert (result.reason, result.unsigned_rows) == (None, 0)
    (known,) = result.restorings
    assert (known.position, known.operator, known.lost_from, known.lost_through) == (done.row, "anna", done.row, last)


def test_a_home_that_still_remembers_the_lost_checkpoint_takes_the_loss_as_known(
    office: WorkingOffice, file: Path
) -> None:
    saved(office, file)
    office.person(UTOPIAN)
    office.register.audit.checkpoint([ANNA])
    remembered = (office.home.audit / "head.json").read_bytes()
    restored(office, file)
    (office.home.audit / "head.json").write_bytes(remembered)  # as a kill before the last write leaves it
    assert office.register.audit.verify().reason is None
    assert (office.home.audit / "head.json").read_bytes() != remembered


def cut_off(database: Database, *, behind: int) -> None:
    """Somebody takes the newest rows away, with all that is kept of them beside the rows."""
    with database.write() as connection:
        for table in ("audit", "audit_checkpoint", "audit_signature"):
            connection.execute(text(f"DELETE FROM {table} WHERE position > :row"), {"row": behind})
        connection.execute(text("DELETE FROM chain_head"))
        newest = "SELECT max(position) FROM audit GROUP BY chain"
        ends = f"SELECT chain, number, position, hash FROM audit WHERE position IN ({newest})"
        connection.execute(text(f"INSERT INTO chain_head (chain, number, position, hash) {ends}"))


def test_nobody_takes_rows_away_by_writing_that_they_are_lost(office: WorkingOffice, file: Path) -> None:
    """The row of a restoring counts only with the signature that the restoring itself puts to it."""
    saved(office, file)
    office.person(UTOPIAN)
    office.register.audit.checkpoint([ANNA])
    forged = restored(office, file)
    office.person(UTOPIAN)
    office.register.audit.checkpoint([ANNA])
    database = office.register.database
    cut_off(database, behind=forged.row)  # and told once more
    assert office.register.audit.verify().reason == "audit-rows-cut-off"
    seen = office.register.audit.seen()
    assert seen is not None
    detail = {"lost": {"from": 5, "through": 6}, "seen": {"position": seen.position, "hash": seen.hash}}
    office.register.record("anna", "register.restored", "register", detail)
    told = office.register.last_position()
    found = office.register.audit.verify()
    assert (found.reason, found.broken_at) == ("audit-restoring-unsigned", told)
    with pytest.raises(IntegrityBroken, match="audit-not-signed"):
        office.register.audit.checkpoint([ANNA])
    for number in range(120):  # nor does the log sign it by itself
        office.register.record("anna", "thing.done", "thing", {"number": number})
    with pytest.raises(IntegrityBroken, match="audit-not-signed"):
        office.register.audit.settle()
    assert office.register.audit.verify().reason == "audit-restoring-unsigned"


def test_a_back_up_of_what_was_cut_off_does_not_whiten_it(office: WorkingOffice, file: Path) -> None:
    """Whoever cut rows off, had it backed up and restored is found: the restoring names what the home had seen."""
    office.person(UTOPIAN)
    office.register.audit.checkpoint([ANNA])
    cut_off(office.register.database, behind=3)
    saved(office, file)
    last = office.register.last_position()
    done = restored(office, file)
    assert done.lost is not None
    assert (done.lost.first, done.lost.last) == (None, last)  # the back-up has other rows behind it
    (known,) = office.register.audit.verify().restorings
    assert known.seen is not None and known.seen[0] == 4


def test_a_register_is_not_replaced_unless_that_is_wanted(office: WorkingOffice, file: Path) -> None:
    saved(office, file)
    with pytest.raises(NotPermitted, match="restore-register-exists"):
        restored(office, file, replace=False)


def test_a_back_up_replaces_no_file(office: WorkingOffice, file: Path) -> None:
    file.write_bytes(b"mine")
    with pytest.raises(NotPermitted, match="backup-exists"):
        saved(office, file)
    assert file.read_bytes() == b"mine"


def test_a_back_up_of_another_home_is_refused(
    office: WorkingOffice, demo_home_template: Path, file: Path, tmp_path: Path
) -> None:
    from support.homes import build_home

    other = WorkingOffice.at(build_home(tmp_path / "other"))
    saved(other, file)
    other.register.close()
    with pytest.raises(IntegrityBroken, match="backup-of-another-home"):
        restored(office, file)
    assert office.register.audit.verify().reason is None


def test_a_personalization_that_was_begun_goes_on_in_the_restored_register(office: WorkingOffice, file: Path) -> None:
    document = office.document()
    card = office.blank()
    with pytest.raises(NoCardError):
        office.personalize(document, card, line=lambda inner: CutLine(inner, 20, after=True))
    saved(office, file)
    restored(office, file)
    office.register.close()
    again = WorkingOffice.at(office.home)
    again.personalize(again.register.documents.get(document.id), card)
    assert again.register.documents.get(document.id).state is DocumentState.ISSUED
    assert again.register.audit.verify().reason is None
    again.register.close()


WRITER = """
import sys
import time
from pathlib import Path
from eid_toolkit.ground.home.home import Home
from support.homes import WorkingOffice, UTOPIAN
name, root, stop = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
office = WorkingOffice.at(Home.open(root))
number = 0
while not stop.exists():
    office.person({**UTOPIAN, "primary_identifier": f"Holder {name} {number}", "personal_number": f"{name}{number}"})
    time.sleep(0.02)  # a file has one writer at a time, and those who wait are not served in turn
    number += 1
    if number == 5:
        print("going", flush=True)
print(number)
"""


@pytest.fixture
def writers(office: WorkingOffice, tmp_path: Path) -> Iterator[Path]:
    """Three processes that add persons until the file is there."""
    stop = tmp_path / "stop"
    paths = os.pathsep.join(path for path in sys.path if path)
    environment = {**os.environ, "PYTHONPATH": paths}
    words = [sys.executable, "-c", WRITER]
    started = [
        subprocess.Popen([*words, name, office.home.root, stop], env=environment, stdout=subprocess.PIPE, text=True)
        for name in "123"
    ]
    for process in started:
        assert next_line(process) == "going\n"
    yield stop
    stop.touch()
    for process in started:
        process.communicate(timeout=60)
        assert process.returncode == 0


def test_a_back_up_taken_while_others_write_is_one_state(office: WorkingOffice, file: Path, writers: Path) -> None:
    document = office.document()

    def work() -> None:
        at_work = WorkingOffice.at(office.home)
        for number in range(10):
            at_work.person({**UTOPIAN, "primary_identifier": f"Thread {number}", "personal_number": f"9{number}"})
            time.sleep(0.02)
        at_work.register.close()

    with beside(work):
        manifests = [saved(office, file.with_suffix(f".{number}")) for number in range(3)]
    assert manifests[0].audit_rows < manifests[2].audit_rows  # they did write meanwhile
    writers.touch()
    for number, manifest in enumerate(manifests):
        assert check_backup(file.with_suffix(f".{number}"), office.keys, office.operators) == manifest
    done = restored(office, file.with_suffix(".1"))
    assert done.lost is not None
    again = WorkingOffice.at(office.home)
    added = [row for row in again.register.audit_rows() if row.action == "person.added"]
    assert manifests[1].tables["person"] == len(added)
    assert again.register.audit.verify().reason is None
    assert again.register.documents.load_package(document.id).files
    again.register.close()


def test_a_register_goes_from_one_database_to_the_other_and_back(
    demo_home_template: Path, postgres: PrivatePostgres, tmp_path: Path
) -> None:
    home = HomeCopies(demo_home_template, None).copy(tmp_path / "home")
    office = WorkingOffice.at(home)
    document = office.document()
    before = contents(office.register.database)
    saved(office, tmp_path / "first")
    office.register.close()

    name = postgres.create()
    write_atomic(home.root / CONFIG_NAME, replace(home.config, register_url=postgres.url(name)).encode())
    served = replace(office, home=Home.open(home.root))
    restored(served, tmp_path / "first", replace=False)
    served = WorkingOffice.at(served.home)
    assert contents(served.register.database) == before
    assert served.register.documents.load_package(document.id).files
    served.person({**UTOPIAN, "personal_number": "77"})
    there = contents(served.register.database)
    saved(served, tmp_path / "second")
    served.register.close()

    write_atomic(home.root / CONFIG_NAME, home.config.encode())
    restored(replace(office, home=home), tmp_path / "second")
    again = WorkingOffice.at(home)
    assert contents(again.register.database) == there
    assert again.register.audit.verify().reason is None
    again.register.close()
    postgres.drop(name)


def log_of_before(rows: Iterable[StoredRow]) -> list[StoredRow]:
    """The log as a version before has written it: of one chain, and nothing in it puts a state there."""
    written: list[StoredRow] = []
    for position, row in enumerate(rows, start=1):
        values = (position, *row[1:6], written[-1].hash if written else GENESIS)
        written.append(StoredRow(*values, row_hash(*values)))
    return written


def back_up_of_before(office: WorkingOffice, database: Database, file: Path) -> None:
    """As the version wrote it that has this database."""
    schema = MetaData()
    with database.read() as connection, file.open("wb") as stream:
        schema.reflect(connection)
        tables = [table for table in schema.sorted_tables if table.name != VERSION_TABLE]
        rows = {table.name: connection.execute(select(table)).all() for table in tables}
        ((position, newest),) = rows["audit_head"]
        counts = {name: len(those) for name, those in rows.items()}
        config = office.home.config
        version = str(version_of(connection))
        writer = BackupWriter(stream, office.keys.foundation, ENTROPY)
        manifest = Manifest(version, CLOCK.now(), config.country, config.authority, position, newest, counts)
        writer.write(manifest.to_json())
        for table in tables:
            writer.write({"table": table.name, "columns": list(table.columns.keys())})
            for row in rows[table.name]:
                writer.write([{"b": b64encode(each).decode()} if isinstance(each, bytes) else each for each in row])
        writer.finish(ANNA)


def test_a_back_up_of_an_older_version_is_brought_up_to_date(office: WorkingOffice, file: Path, tmp_path: Path) -> None:
    """And what it has with a state is taken over by those who restore."""
    with office.register.database.read() as connection:
        told = log_of_before(stored_rows(connection))
    old = Database.reach(f"sqlite:///{tmp_path}/old.sqlite", new=True)
    with old.write() as connection:
        upgrade(connection, "0002")
        person = "INSERT INTO person (id, primary_identifier, folded_name, date_of_birth, sex, nationality, created_at)"
        values = "VALUES ('P-1', 'Old', 'OLD', '1950', 'F', 'UTO', '2020-01-01T00:00:00.000000Z')"
        connection.execute(text(f"{person} {values}"))
        values = "'A-1', 'P-1', 'utopia-id', '00', x'00', '00', 1, 1, 'created', 'anna', '2020-01-01T00:00:00.000000Z'"
        connection.execute(text(f"INSERT INTO application VALUES ({values})"))
        for row in told:
            values = row._replace(time=row.time.removesuffix("+00:00") + "Z")[:8]
            connection.exec_driver_sql("INSERT INTO audit VALUES (?, ?, ?, ?, ?, ?, ?, ?)", values)
        connection.exec_driver_sql("INSERT INTO audit_head VALUES (?, ?)", (told[-1].position, told[-1].hash))
    back_up_of_before(office, old, file)
    old.close()
    done = restored(office, file)
    assert done.manifest.version == "0002"
    office.register.close()
    again = WorkingOffice.at(office.home)
    assert again.register.persons.get("P-1").version == 1
    assert again.register.applications.reject("A-1", BERT, "a blurred portrait").state == "rejected"
    rows = [(row.action, row.version) for row in again.register.audit_rows("A-1")]
    assert rows == [("application.created.taken-over", 1), ("application.rejected", 2)]
    assert again.register.audit.verify().reason is None
    again.register.close()


def test_a_station_that_holds_the_register_makes_a_restoring_wait_and_then_tell(
    office: WorkingOffice, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    saved(office, file)
    other = WorkingOffice.at(office.home)
    with other.register.database.write() as connection:
        connection.execute(text("SELECT 1"))
        with pytest.raises(ServiceAway, match="register-busy"):
            restored(office, file)
    assert office.register.audit.verify().restorings == ()
    other.register.close()


def test_who_was_erased_is_not_brought_back(office: WorkingOffice, file: Path) -> None:
    application = office.application()
    person = application.person
    office.register.applications.reject(application.id, BERT, "blurred portrait")
    saved(office, file)
    office.register.erasure.erase(person.id, "asked for", [ANNA])
    restored(office, file)
    office.register.close()
    again = WorkingOffice.at(office.home)
    assert person.data.primary_identifier not in str(again.register.persons.get(person.id).to_json())
    with pytest.raises(NotPermitted, match="data-erased"):
        again.register.applications.portrait(again.register.applications.get(application.id))
    (told,) = [row for row in again.register.audit_rows() if row.action == "register.restored"]
    assert '"erased_again":1' in told.detail
    assert again.register.audit.verify().reason is None
    again.register.close()
