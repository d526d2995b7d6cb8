"""Portraits are compared with those of other persons: equal, near-equal, quick by the parts of a fingerprint."""

from __future__ import annotations

import io
import random
import sqlite3
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from PIL import Image
from sqlalchemy import create_engine, event, insert, select

from eid_toolkit.books.ledger import database as database_module
from eid_toolkit.books.ledger.database import Database
from eid_toolkit.books.ledger.schema import portrait_print
from eid_toolkit.books.register.documents.application_rows import Application
from eid_toolkit.books.register.documents.portrait_prints import (
    MOST_TOLD,
    Alike,
    PortraitPrint,
    alike_to,
    print_of_application,
)
from eid_toolkit.books.register.people.person_data import PersonData
from eid_toolkit.books.register.people.persons import Person
from eid_toolkit.ground.errors import IntegrityBroken
from eid_toolkit.ground.images.fingerprint import NEAR, bands_of
from eid_toolkit.ground.images.portrait import Portrait, examine_portrait
from eid_toolkit.standards.profiles import load_profile
from support.homes import ANNA, BERT, UTOPIAN, WorkingOffice, portrait_file

PROFILE = load_profile("utopia-id")


def person(office: WorkingOffice, surname: str) -> Person:
    return office.register.persons.add(PersonData.from_text({**UTOPIAN, "primary_identifier": surname}), ANNA)


def applied(office: WorkingOffice, holder: Person, data: bytes) -> Application:
    done = examine_portrait(data, PROFILE.portrait)
    return office.register.applications.create(holder, PROFILE, done.portrait, ANNA, fingerprint=done.fingerprint)


def looked_for(data: bytes) -> PortraitPrint:
    from eid_toolkit.books.register.documents.portrait_prints import print_of

    done = examine_portrait(data, PROFILE.portrait)
    return print_of(done.portrait, done.fingerprint)


def saved_anew(data: bytes) -> bytes:
    stream = io.BytesIO()
    Image.open(io.BytesIO(data)).resize((450, 579)).save(stream, "JPEG", quality=60)
    return stream.getvalue()


def test_the_same_file_is_found_at_another_person_and_not_at_the_same(office: WorkingOffice) -> None:
    first, second = person(office, "Eriksson"), person(office, "Berg")
    made = applied(office, first, portrait_file())
    alike = office.register.applications.alike
    assert alike(looked_for(portrait_file()), second.id) == (Alike(made.id, True, 0),)
    assert alike(looked_for(portrait_file()), first.id) == ()
    assert alike(looked_for(portrait_file(1)), second.id) == ()


def test_a_picture_saved_anew_is_near_equal(office: WorkingOffice) -> None:
    made = applied(office, person(office, "Eriksson"), portrait_file())
    (found,) = office.register.applications.alike(looked_for(saved_anew(portrait_file())), person(office, "Berg").id)
    assert (found.application, found.equal) == (made.id, False)
    assert found.bits <= NEAR


def test_who_was_found_to_be_the_same_person_is_no_other(office: WorkingOffice) -> None:
    kept, double, other = (person(office, name) for name in ("Eriksson", "Ericsson", "Berg"))
    made = applied(office, double, portrait_file())
    office.register.persons.pairs.decide(kept, double, BERT, same=True)
    assert office.register.applications.alike(looked_for(portrait_file()), kept.id) == ()
    assert office.register.applications.alike(looked_for(portrait_file()), double.id) == ()
    (found,) = office.register.applications.alike(looked_for(portrait_file()), other.id)
    assert found.application == made.id


def test_a_portrait_whose_fingerprint_is_not_given_gets_one(office: WorkingOffice) -> None:
    done = examine_portrait(portrait_file(), PROFILE.portrait)
    bare = Portrait(done.portrait.image, done.portrait.width, done.portrait.height)
    made = office.register.applications.create(person(office, "Eriksson"), PROFILE, bare, ANNA)
    kept = office.register.applications.print_of(made)
    assert kept is not None
    assert kept.sha256 == made.portrait_sha256
    assert (kept.fingerprint ^ done.fingerprint).bit_count() <= 1  # that of the picture before it was compressed


def test_an_erasure_takes_the_prints_and_the_register_verifies(office: WorkingOffice) -> None:
    holder, other = person(office, "Eriksson"), person(office, "Berg")
    made, stays = applied(office, holder, portrait_file()), applied(office, other, portrait_file(1))
    office.register.applications.reject(made.id, BERT, "torn")
    office.register.erasure.erase(holder.id, "request", (ANNA, BERT))
    with office.register.database.read() as connection:
        assert list(connection.execute(select(portrait_print.c.application_id)).scalars()) == [stays.id]
    assert office.register.applications.alike(looked_for(portrait_file()), other.id) == ()
    assert office.register.applications.print_of(made) is None
    assert office.register.audit.verify().reason is None


def test_at_most_the_nearest_are_told(office: WorkingOffice) -> None:
    """As many persons with one portrait as nobody would look at."""
    made = [applied(office, person(office, f"E{chr(65 + n)}"), portrait_file()) for n in range(MOST_TOLD + 2)]
    found = office.register.applications.alike(looked_for(saved_anew(portrait_file())), person(office, "Berg").id)
    assert len(found) == MOST_TOLD
    assert {each.application for each in found} <= {each.id for each in made}


def test_whatever_differs_in_three_bits_is_found_and_nothing_that_differs_in_four(office: WorkingOffice) -> None:
    chance = random.Random(7)
    made = applied(office, person(office, "Eriksson"), portrait_file())
    other = person(office, "Berg").id
    with office.register.database.read() as connection:
        kept = print_of_application(connection, made.id)
        assert kept is not None
        for bits in (0, 1, 2, 3, 4, 5, 20):
            for _ in range(6):
                changed = kept.fingerprint ^ sum(1 << place for place in chance.sample(range(64), bits))
                found = alike_to(connection, PortraitPrint("0" * 64, changed), other)
                assert found == ((Alike(made.id, False, bits),) if bits <= NEAR else ())


def test_a_search_reads_only_prints_that_share_a_part(office: WorkingOffice) -> None:
    """With a million prints it reads a few dozen; here the database's own plan says so."""
    database = office.register.database
    if not database.is_file:
        pytest.skip("the plan is told in SQLite's words")
    queries: list[tuple[str, object]] = []

    @event.listens_for(database._engine, "before_cursor_execute")
    def remember(_c: object, _cursor: object, statement: str, parameters: object, *_: object) -> None:
        queries.append((statement, parameters))

    office.register.applications.alike(looked_for(portrait_file()), "P-0")
    statement, parameters = next(each for each in queries if "UNION" in each[0])
    with database.read() as connection:
        plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters).all()  # type: ignore[arg-type]
    told = [str(row[-1]) for row in plan]
    searched = [line for line in told if "portrait_print" in line]
    assert sum("USING INDEX" in line for line in searched) >= 5, told
    assert not [line for line in searched if line.startswith("SCAN portrait_print")], told


def test_the_migration_leaves_portraits_of_before_without_prints(tmp_path: Path) -> None:
    path = tmp_path / "register.sqlite"
    Database.open(f"sqlite:///{path}").close()
    config = Config()
    config.set_main_option("script_location", str(Path(database_module.__file__).parent / "migrations"))
    engine = create_engine(f"sqlite:///{path}")
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, "0008")
    engine.dispose()
    with sqlite3.connect(path) as plain:
        assert not plain.execute("SELECT 1 FROM sqlite_master WHERE name LIKE '%portrait_print%'").fetchall()
    plain.close()
    database = Database.open(f"sqlite:///{path}")
    with database.write() as connection:
        assert connection.execute(select(portrait_print)).all() == []
        bands = {f"band_{number}": band for number, band in enumerate(bands_of(0))}
        with pytest.raises(Exception, match="FOREIGN KEY"):
            connection.execute(insert(portrait_print).values(application_id="A-0", sha256="0" * 64, **bands))
    database.close()


def test_a_print_that_no_program_wrote_is_told_as_damage(office: WorkingOffice) -> None:
    if not office.register.database.is_file:
        pytest.skip("a server's columns take numbers alone")
    made = applied(office, person(office, "Eriksson"), portrait_file())
    with office.register.database.write() as connection:
        connection.exec_driver_sql("UPDATE portrait_print SET band_3 = 'x'")
    with pytest.raises(IntegrityBroken, match="register-value-damaged"):
        office.register.applications.alike(looked_for(portrait_file()), "P-0")
    with pytest.raises(IntegrityBroken, match="register-value-damaged"):
        office.register.applications.print_of(made)
