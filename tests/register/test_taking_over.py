"""A register of an earlier version: readable, changed by nobody, until two security officers have taken it over."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from eid_toolkit.books.audit import taking_over
from eid_toolkit.books.ledger.kinds import DOCUMENTS
from eid_toolkit.books.ledger.schema import document
from eid_toolkit.books.register.agencies.notices import NoticeKind
from eid_toolkit.books.register.stock.manifests import Manifest
from eid_toolkit.books.register.stock.stations import Stations
from eid_toolkit.doors.cli.main import main
from eid_toolkit.ground.errors import EidError, IntegrityBroken, NotPermitted
from eid_toolkit.ground.home.home import Home
from eid_toolkit.ground.images.portrait import make_portrait
from eid_toolkit.work.office import keeping
from support.earlier_version import make_earlier
from support.forging import approve, create
from support.homes import ENTROPY, NOW, PASSPHRASE, HomeCopies, NoQuestions, WorkingOffice, person, portrait_file
from support.manifests import chip_of, serial_of
from support.manifests import manifest as manifest_of
from support.meddling import meddling
from support.real_offices import (
    at_work,
    both,
    copied_real_home,
    differing,
    found_real_home,
    log_broken,
    looked_at,
    refused,
)
from support.scripted import FixedClock
from support.whole_life import POLICE, STATION, WholeLife, apply_for, bind_for, chosen, issue_for, prepare_for

__all__ = ["copied_real_home"]
LATER = FixedClock(NOW + timedelta(hours=30))
NOT_YET = "register-not-taken-over"
_MADE: dict[str, tuple[HomeCopies, WholeLife]] = {}


def live(office: WorkingOffice, life: WholeLife) -> None:
    """What an office of the version before has done."""
    stock, people, anna = office.register.stock, both(office), office.clerk
    people = people if anna.keys is not None else people[:1]
    stock.receiving.receive(Manifest.read(manifest_of(*range(1, 21))), anna)
    stock.hand_out(STATION, anna, [serial_of(number) for number in range(1, 20)])
    stock.shifts.open(STATION, 19, people)
    life.persons["nobody"] = office.person(dict(chosen("nobody"))).id
    apply_for(office, life, "created")
    office.register.applications.approve(apply_for(office, life, "approved").id, office.approver)
    prepare_for(office, life, "prepared")
    bind_for(office, life, "bound")
    for name, actions in {
        "issued": [],
        "lost": ["report-lost"],
        "robbed": ["report-stolen", "revoke"],
        "suspended": ["suspend"],
        "revoked": ["revoke"],
        "resumed": ["suspend", "resume"],
    }.items():
        made = issue_for(office, life, name)
        for action in actions:
            office.register.statuses.change(made.id, action, anna, "told at the counter")
    Stations(office.register.database, office.clock).pause("desk-1", anna)
    office.register.agencies.add(POLICE, "Police of Utopia", ["id", "notices"], ["missing"], anna, may_report=True)
    notice = office.register.notices.add_person(life.persons["created"], POLICE, anna, "missing since Monday")
    life.notices["open"] = notice.id


@pytest.fixture
def earlier(
    backend: str, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, tmp_path: Path
) -> Iterator[tuple[Home, WholeLife]]:
    """A home that is no demo, with a register of the version before, and what is in it."""
    if backend not in _MADE:
        founded = found_real_home(backend, request, tmp_path_factory)
        life, home = WholeLife(), founded.copy(tmp_path_factory.mktemp(f"earlier-{backend}") / "home", keep=True)
        with at_work(home) as office:
            live(office, life)
        make_earlier(home)
        _MADE[backend] = (HomeCopies.of(home.root, founded), life)
    copies, life = _MADE[backend]
    yield copies.copy(tmp_path / "home"), replace(life, documents=dict(life.documents))
    copies.drop()


def applied(office: WorkingOffice, person_id: str) -> object:
    profile = office.profile("utopia-id")
    portrait = make_portrait(portrait_file(), profile.portrait)
    return office.register.applications.create(office.register.persons.get(person_id), profile, portrait, office.clerk)


@contextmanager
def acting(home: Home, first: str | None, second: str | None) -> Iterator[WorkingOffice]:
    """An office in which these two act, a day later."""
    office = WorkingOffice.open(home.root, NoQuestions(first, second), LATER, ENTROPY)
    assert isinstance(office, WorkingOffice)
    try:
        yield office
    finally:
        office.register.close()


def take_over(home: Home, first: str = "anna", second: str | None = "bert") -> dict[str, int]:
    with acting(home, first, second) as office:
        done = keeping.take_over(office).rows
        office.register.audit.settle()
    return done


def test_before_it_is_taken_over_a_register_is_read(earlier: tuple[Home, WholeLife]) -> None:
    home, life = earlier
    with looked_at(home) as office:
        register = office.register
        assert register.applications.get(life.applications["approved"]).state == "approved"
        assert register.documents.get(life.documents["lost"]).state == "lost"
        assert [each.action for each in register.statuses.history(life.documents["robbed"])][-1] == "revoke"
        assert register.persons.get(life.persons["created"]).data.primary_identifier == "Created"
        assert len(register.stock.blanks()) == 20
        assert len(register.audit_rows()) > 50
        assert keeping.to_take_over(office).rows["document"] == len(life.documents)
    assert log_broken(home) is None
    assert differing(home) == {("", ""): NOT_YET}


def test_before_it_is_taken_over_nothing_in_a_register_is_changed(earlier: tuple[Home, WholeLife]) -> None:
    home, life = earlier
    documents: dict[str, Callable[[WorkingOffice], object]] = {
        "approve": lambda office: office.register.applications.approve(life.applications["created"], office.approver),
        "apply": lambda office: applied(office, life.persons["nobody"]),
        "prepare": lambda office: office.preparation.prepare(life.applications["approved"], office.clerk),
        "bind": lambda office: office.register.documents.bind_chip(life.documents["prepared"], "c9", office.clerk),
        "issue": lambda office: office.register.documents.issue(life.documents["bound"], office.clerk),
        "report": lambda office: office.register.statuses.change(life.documents["issued"], "suspend", office.clerk),
        "list": lambda office: list(office.register.statuses.listed("UTO", NOW.date())),
    }
    others: dict[str, Callable[[WorkingOffice], object]] = {
        "hand back": lambda office: office.register.stock.hand_back([serial_of(18)], office.clerk),
        "close": lambda office: office.register.stock.shifts.close(STATION, 12, both(office)),
        "resume": lambda office: Stations(office.register.database, office.clock).resume("desk-1", office.clerk),
        "agency": lambda office: office.register.agencies.disable(POLICE, office.clerk),
        "notice": lambda office: office.register.notices.withdraw(life.notices["open"], "came home", office.clerk),
    }
    for step in (*documents.values(), *others.values()):
        refused(home, NOT_YET, step)
    assert log_broken(home) is None


def test_what_changes_no_state_is_done_all_the_same_and_the_log_stays_whole(
    earlier: tuple[Home, WholeLife], tmp_path: Path
) -> None:
    """Somebody is looked up, somebody comes to live here, and a back-up is made, as it should be before."""
    home, life = earlier
    with at_work(home) as office:
        office.person(dict(chosen("newcomer")))
        office.register.persons.look_ups.person(life.persons["created"], office.clerk)
        keeping.back_up(office, tmp_path / "backup")
    assert log_broken(home) is None
    take_over(home)
    assert (log_broken(home), differing(home)) == (None, {})


def test_two_security_officers_take_it_over_and_work_goes_on(earlier: tuple[Home, WholeLife]) -> None:
    home, life = earlier
    done = take_over(home)
    assert done["document"] == len(life.documents)
    assert set(done) == {"application", "document", "blank", "card", "shift", "manifest", "station", "agency", "notice"}
    assert (log_broken(home), differing(home)) == (None, {})
    with at_work(home) as office:
        office = replace(office, clock=LATER)
        register, anna = office.register, office.clerk
        register.applications.approve(life.applications["created"], office.approver)
        for name in ("created", "approved"):
            life.documents[name] = office.prepare(register.applications.get(life.applications[name])).id
        register.documents.bind_chip(life.documents["prepared"], chip_of(18), anna, STATION)
        for name in ("prepared", "bound"):
            register.documents.issue(life.documents[name], anna)
        register.statuses.change(life.documents["issued"], "report-lost", anna)
        register.statuses.change(life.documents["lost"], "report-stolen", anna)
        register.stock.hand_back([serial_of(19)], anna)
        register.stock.shifts.close(STATION, 10, both(office))
        Stations(register.database, office.clock).resume("desk-1", anna)
        register.notices.withdraw(life.notices["open"], "came home", anna)
    assert (log_broken(home), differing(home)) == (None, {})
    with acting(home, "anna", "bert") as office, pytest.raises(NotPermitted, match="register-taken-over-already"):
        keeping.take_over(office)


def test_what_was_reported_before_stays_on_the_list_with_its_date(earlier: tuple[Home, WholeLife]) -> None:
    home, life = earlier
    take_over(home)
    with looked_at(home) as office:
        listed = {each.id: (each.status, each.since) for each in office.register.statuses.listed("UTO", NOW.date())}
    names = {"lost": "lost", "robbed": "stolen", "suspended": "suspended", "revoked": "revoked"}
    assert listed == {life.documents[name]: (status, NOW.date()) for name, status in names.items()}
    assert LATER.now().date() != NOW.date()
    with at_work(home) as office:
        office.register.statuses.change(life.documents["lost"], "revoke", office.clerk)
        status = {each.id: each.status for each in office.register.statuses.listed("UTO", NOW.date())}
    assert status[life.documents["lost"]] == "lost"


@pytest.mark.parametrize(
    ("first", "second", "code"),
    [
        ("anna", None, "second-person-missing"),
        ("anna", "anna", "second-person-same"),
        ("anna", "Anna", "second-person-same"),
        ("anna", "clara", "role-missing"),
        ("clara", "anna", "role-missing"),
        ("stan", "petra", "role-missing"),
    ],
)
def test_nobody_else_takes_it_over(earlier: tuple[Home, WholeLife], first: str, second: str | None, code: str) -> None:
    home, _ = earlier
    with acting(home, first, second) as office:
        with pytest.raises(EidError, match=code):
            keeping.take_over(office)
        if second is not None and code == "role-missing":  # nor below the commands
            people = [person(office, name) for name in (first, second)]
            with office.register.database.write() as connection, pytest.raises(NotPermitted, match=code):
                records, foundation = office.operators.list(), office.keys.foundation
                taking_over.take_over(connection, records, people, foundation, LATER.now())
    assert differing(home) == {("", ""): NOT_YET}


def test_a_stop_in_the_middle_leaves_nothing(earlier: tuple[Home, WholeLife], monkeypatch: pytest.MonkeyPatch) -> None:
    home, _ = earlier
    with looked_at(home) as office:
        there, rows = keeping.to_take_over(office).rows, len(office.register.audit_rows())
    carry_out = taking_over._take_over_kind

    def stopped(connection, kind, actor, now):  # type: ignore[no-untyped-def]
        carry_out(connection, kind, actor, now)
        if kind.name == "card":
            raise KeyboardInterrupt

    monkeypatch.setattr(taking_over, "_take_over_kind", stopped)
    with acting(home, "anna", "bert") as office, pytest.raises(KeyboardInterrupt):
        keeping.take_over(office)
    monkeypatch.undo()
    with looked_at(home) as office:
        assert (keeping.to_take_over(office).rows, len(office.register.audit_rows())) == (there, rows)
    assert (log_broken(home), differing(home)) == (None, {("", ""): NOT_YET})
    assert take_over(home) == there
    assert (log_broken(home), differing(home)) == (None, {})


def test_what_was_taken_over_is_held_like_everything_else(earlier: tuple[Home, WholeLife]) -> None:
    home, life = earlier
    take_over(home)
    with meddling(home) as meddler:
        for values in ({"state": "issued"}, {"version": 0, "told_by": None}, {"document_number": "X"}):
            with meddler.kept(document):
                meddler.set(document, life.documents["robbed"], **values)
                refused(home, "row-changed", lambda office: list(office.register.statuses.listed("UTO", NOW.date())))
                assert differing(home) == {("document", life.documents["robbed"]): "row-changed"}
        meddler.run("UPDATE decision SET operator = 'clara' WHERE subject = :id", id=life.documents["issued"])
        meddler.run("DELETE FROM document_status WHERE document_id = :id", id=life.documents["lost"])
    found = differing(home)
    assert found == {("document", life.documents[name]): found.get(("document", life.documents[name]))
                     for name in ("issued", "lost")}  # fmt: skip


def test_one_approval_from_before_comes_to_one_card(earlier: tuple[Home, WholeLife]) -> None:
    """Which documents an application has, the log says of those that were taken over, too."""
    home, life = earlier
    take_over(home)
    with meddling(home) as meddler:
        meddler.delete(document, life.documents["prepared"])
    assert ("document", life.documents["prepared"]) in differing(home)
    refused(home, "row-missing", lambda office: office.preparation.prepare(life.applications["prepared"], office.clerk))


def test_the_creator_from_before_approves_nothing_of_their_own(earlier: tuple[Home, WholeLife]) -> None:
    """With the database and their own key."""
    home, life = earlier
    take_over(home)
    identifier = life.applications["created"]
    with at_work(home) as office:
        approve(office, identifier, office.clerk)
    refused(home, "approver-is-creator-on-record", lambda office: office.preparation.prepare(identifier, office.clerk))
    assert differing(home) == {("application", identifier): "approver-is-creator-on-record"}


def test_nothing_is_taken_over_behind_what_two_people_have_signed_for(earlier: tuple[Home, WholeLife]) -> None:
    home, life = earlier
    take_over(home)
    with at_work(home) as office:
        with meddling(home) as meddler:
            copied = {**meddler.values(document, life.documents["issued"]), "id": "D-MADEUP", "chip": None}
        values = {name: copied[name] for name in DOCUMENTS.covered}
        create(office, DOCUMENTS, values, "document.issued.taken-over", office.clerk)
    refused(home, "row-not-taken-over", lambda office: office.register.documents.load_package("D-MADEUP"))
    assert differing(home) == {("document", "D-MADEUP"): "row-not-taken-over"}
    assert log_broken(home) == "audit-right-missing"


def test_the_row_of_a_take_over_that_stands_there_again_takes_nothing_over(earlier: tuple[Home, WholeLife]) -> None:
    """One of the two alone, with their own key, in a process that has believed the genuine one before."""
    home, life = earlier
    take_over(home)
    with meddling(home) as meddler, at_work(home) as office:
        copied = {**meddler.values(document, life.documents["issued"]), "id": "D-MADEUP", "chip": None}
        genuine = next(row for row in meddler.log() if row.action == "register.taken-over")
        last = max(row.place[1] for row in meddler.log() if row.chain == genuine.chain)
        meddler.add(genuine._replace(position=genuine.position + 5000, number=last + 1))
        meddler.run(
            "UPDATE chain_head SET number = :number, position = :position, hash = :hash WHERE chain = :chain",
            number=last + 1, position=genuine.position + 5000, hash=genuine.hash, chain=genuine.chain,
        )  # fmt: skip
        values = {name: copied[name] for name in DOCUMENTS.covered}
        create(office, DOCUMENTS, values, "document.issued.taken-over", office.clerk)
    assert log_broken(home) is not None
    assert ("document", "D-MADEUP") in differing(home)
    with looked_at(home) as office:
        assert office.register.documents.load_package(life.documents["issued"]) is not None
        with pytest.raises(IntegrityBroken, match="row-not"):
            office.register.statuses.change("D-MADEUP", "suspend", office.clerk)


def test_a_register_that_was_taken_over_takes_nothing_in_that_somebody_has_put_there_since(
    earlier: tuple[Home, WholeLife],
) -> None:
    home, _ = earlier
    take_over(home)
    with meddling(home) as meddler:
        meddler.run(
            "INSERT INTO agency (code, name, fields, purposes, created_at)"
            " VALUES ('own', 'x', '[\"id\"]', '[\"y\"]', '2026-01-01T00:00:00.000000Z')"
        )
    assert differing(home) == {("agency", "own"): "row-not-told"}
    with acting(home, "anna", "bert") as office, pytest.raises(EidError):
        keeping.take_over(office)


def test_two_people_take_it_over_at_the_command_line(earlier: tuple[Home, WholeLife]) -> None:
    home, life = earlier
    words = ["--home", str(home.root), "--operator", "anna"]
    given = PASSPHRASE.reveal().decode()
    environment = {"EID_OPERATOR_PASSPHRASE": given, "EID_SECOND_PASSPHRASE": given}
    alone = CliRunner().invoke(main, [*words, "--yes", "register", "take-over"], env=environment)
    assert alone.exit_code != 0 and "second" in alone.output.lower()
    before = CliRunner().invoke(main, [*words, "register", "verify"], env=environment)
    assert before.exit_code != 0 and "take-over" in before.output
    both_of_them = [*words, "--second-operator", "bert", "--yes", "register", "take-over", "--format", "json"]
    done = CliRunner().invoke(main, both_of_them, env=environment)
    assert json.loads(done.stdout)["rows"]["document"] == len(life.documents)
    verified = CliRunner().invoke(main, [*words, "register", "verify", "--format", "json"], env=environment)
    assert verified.exit_code == 0 and json.loads(verified.stdout)["intact"] is True


def test_in_a_demo_home_one_person_takes_it_over(demo_home: Home) -> None:
    life = WholeLife()
    with at_work(demo_home) as office:
        live(office, life)
    make_earlier(demo_home)
    refused(demo_home, NOT_YET, lambda office: office.register.statuses.change(
        life.documents["issued"], "suspend", office.clerk))  # fmt: skip
    assert take_over(demo_home, "anna", None)["document"] == len(life.documents)
    assert (log_broken(demo_home), differing(demo_home)) == (None, {})
    with at_work(demo_home) as office:
        office.register.notices.add_document(NoticeKind.STOLEN, life.documents["issued"], POLICE, office.clerk)
        listed = {each.id: each.status for each in office.register.statuses.listed("UTO", NOW.date())}
    assert listed[life.documents["issued"]] == "stolen"
    assert listed[life.documents["robbed"]] == "stolen"
    assert (log_broken(demo_home), differing(demo_home)) == (None, {})
