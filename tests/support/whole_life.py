"""A register in which a whole life was lived: every kind of row with a state, in every state that it comes to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from eid_toolkit.books.register.agencies.notices import NoticeKind
from eid_toolkit.books.register.documents.applications import Application, ApplicationKind
from eid_toolkit.books.register.documents.documents import Document
from eid_toolkit.books.register.stock.manifests import Manifest
from eid_toolkit.books.register.stock.stations import Stations
from eid_toolkit.books.staff.roles import Role
from eid_toolkit.work.office.appointing import add_operator, assign_roles, disable_operator
from support.homes import PASSPHRASE, UTOPIAN, WorkingOffice
from support.manifests import SigningVendor, chip_of, manifest, serial_of
from support.real_offices import both

STATION, OTHER_STATION, PAUSED, RESUMED = "main", "window-2", "desk-1", "desk-2"
POLICE, BANK, CLOSED = "police", "bank", "closed-agency"
VENDOR = "Cards Ltd"
_FIRST, _BLANKS = 11, 30
"""The first blank that becomes a card, and how many were delivered."""


@dataclass
class WholeLife:
    """What is there, each by what it has come to."""

    applications: dict[str, str] = field(default_factory=dict)
    documents: dict[str, str] = field(default_factory=dict)
    blanks: dict[str, int] = field(default_factory=dict)
    notices: dict[str, str] = field(default_factory=dict)
    persons: dict[str, str] = field(default_factory=dict)
    vendor: SigningVendor = field(default_factory=SigningVendor)
    """Whose key signs manifests."""
    free: int = _BLANKS
    """A blank at the station that was not used."""
    cards: int = 0
    """How many blanks have become cards."""

    def chip(self, document: str) -> str:
        """The chip of a document that was bound, by its name here."""
        return chip_of(self.blanks[document])


def live(office: WorkingOffice) -> WholeLife:
    """Live it, in an office that is no demo."""
    life = WholeLife()
    _stock(office, life)
    _applications(office, life)
    _documents(office, life)
    _successor(office, life)
    _agencies(office, life)
    _erased(office, life)
    _stations(office)
    _staff(office)
    _second_shift(office, life)
    return life


def chosen(name: str) -> Mapping[str, str]:
    """The data of a person of this name."""
    return {**UTOPIAN, "primary_identifier": name.capitalize()}


def apply_for(office: WorkingOffice, life: WholeLife, name: str) -> Application:
    """A person of that name applies."""
    made = office.application(dict(chosen(name)))
    life.applications[name], life.persons[name] = made.id, made.person.id
    return made


def prepare_for(office: WorkingOffice, life: WholeLife, name: str) -> Document:
    """A person's application comes to a document."""
    made = apply_for(office, life, name)
    office.register.applications.approve(made.id, office.approver)
    document = office.prepare(made)
    life.documents[name] = document.id
    return document


def bind_for(office: WorkingOffice, life: WholeLife, name: str) -> Document:
    """A person's document comes to a card."""
    prepare_for(office, life, name)
    return bind(office, life, name)


def bind(office: WorkingOffice, life: WholeLife, name: str) -> Document:
    """A prepared document comes to a card: to the next blank."""
    life.blanks[name] = _FIRST + life.cards
    life.cards += 1
    return office.register.documents.bind_chip(life.documents[name], life.chip(name), office.clerk, STATION)


def issue_for(office: WorkingOffice, life: WholeLife, name: str) -> Document:
    """A person's document is issued."""
    return office.register.documents.issue(bind_for(office, life, name).id, office.clerk)


def _stock(office: WorkingOffice, life: WholeLife) -> None:
    """Blanks 1 to 5 end in other ways than as cards."""
    stock, people, anna = office.register.stock, both(office), office.clerk
    stock.receiving.add_vendor(VENDOR, SigningVendor(VENDOR).certificate, people)
    stock.receiving.add_vendor(VENDOR, life.vendor.certificate, people, instead=True)
    delivered = manifest(*range(1, _BLANKS + 1))
    stock.receiving.receive(Manifest.read(delivered, signature=life.vendor.sign(delivered)), anna)
    stock.receiving.receive(Manifest.read(manifest(101, 102, vendor="Other Ltd", batch="B7")), anna, OTHER_STATION)
    stock.hand_out(STATION, anna, [serial_of(number) for number in range(2, _BLANKS + 1)])
    stock.hand_back([serial_of(2)], anna)
    stock.shifts.open(STATION, _BLANKS - 2, people)
    stock.shifts.open(OTHER_STATION, 2, people)
    stock.spoil(serial_of(3), "bent", people)
    stock.miss([serial_of(4)], "not in the box", people)
    stock.miss([serial_of(5)], "not in the box", people)
    stock.find(serial_of(5), "behind the box", people)
    stock.spoil(serial_of(6), "scratched", people)
    stock.destroy([serial_of(6)], "shredded", people)


def _applications(office: WorkingOffice, life: WholeLife) -> None:
    applications = office.register.applications
    apply_for(office, life, "created")
    made = {name: apply_for(office, life, name) for name in ("approved", "rejected", "withdrawn", "left")}
    applications.approve(made["approved"].id, office.approver)
    applications.reject(made["rejected"].id, office.approver, "blurred portrait")
    applications.approve(made["withdrawn"].id, office.approver)
    applications.withdraw(made["withdrawn"].id, office.clerk, "moved away")
    applications.withdraw(made["left"].id, office.clerk, "not wanted")


def _documents(office: WorkingOffice, life: WholeLife) -> None:
    register, anna, bert = office.register, office.clerk, office.approver
    prepare_for(office, life, "prepared")
    spoiled = prepare_for(office, life, "again")
    register.documents.spoil(spoiled.id, "ink was empty", anna)
    life.documents["spoiled"] = spoiled.id
    life.documents["again"] = office.prepare(register.documents.application_of(spoiled)).id
    bind_for(office, life, "bound")
    torn = bind_for(office, life, "torn")
    register.documents.spoil(torn.id, "torn", anna, bert, serial_of(life.blanks["torn"]))
    issue_for(office, life, "issued")
    for name, actions in {
        "suspended": ["suspend"],
        "resumed": ["suspend", "resume"],
        "lost": ["report-lost"],
        "stolen": ["report-stolen"],
        "revoked": ["report-stolen", "revoke"],
        "expired": ["expire"],
        "destroyed": ["revoke", "destroy"],
    }.items():
        document = issue_for(office, life, name)
        for action in actions:
            register.statuses.change(document.id, action, anna, "told at the counter")


def _successor(office: WorkingOffice, life: WholeLife) -> None:
    """A renewal: the document before it is replaced."""
    issue_for(office, life, "replaced")
    renew(office, life, "replaced", "renewed")
    office.register.documents.issue(bind(office, life, "renewed").id, office.clerk)


def renew(office: WorkingOffice, life: WholeLife, name: str, successor: str) -> Document:
    """A renewal of an issued document, prepared and no more."""
    register = office.register
    before = register.documents.application_of(register.documents.get(life.documents[name]))
    portrait = register.applications.portrait(before)
    profile = office.profile("utopia-id")
    made = register.applications.create(before.person, profile, portrait, office.clerk, kind=ApplicationKind.RENEWAL)
    register.applications.approve(made.id, office.approver)
    document = office.prepare(made)
    life.applications[successor], life.documents[successor] = made.id, document.id
    return document


def _agencies(office: WorkingOffice, life: WholeLife) -> None:
    agencies, notices, anna = office.register.agencies, office.register.notices, office.clerk
    agencies.add(POLICE, "Police of Utopia", ["id", "notices"], ["missing persons"], anna, may_report=True)
    agencies.add(BANK, "Bank of Utopia", ["id"], ["opening an account"], anna)
    agencies.change(BANK, anna, fields=["id", "primary_identifier"])
    agencies.add(CLOSED, "Nobody any more", ["id"], ["none any more"], anna)
    agencies.disable(CLOSED, anna)
    wanted = notices.add_person(life.persons["created"], POLICE, anna, "missing since Monday")
    found = notices.add_person(life.persons["approved"], POLICE, anna, "missing since Tuesday")
    notices.withdraw(found.id, "came home", anna)
    told = notices.add_document(NoticeKind.LOST, issue_for(office, life, "reported").id, POLICE, anna, "on the train")
    life.notices |= {"open": wanted.id, "withdrawn": found.id, "document": told.id}


def _erased(office: WorkingOffice, life: WholeLife) -> None:
    """Somebody with an application that was rejected, a card that was spoiled, a document that is destroyed."""
    register, anna, bert = office.register, office.clerk, office.approver
    torn = bind_for(office, life, "erased")
    register.documents.spoil(torn.id, "torn", anna, bert, serial_of(life.blanks["erased"]))
    life.documents["erased-torn"], life.blanks["erased-torn"] = torn.id, life.blanks["erased"]
    second = office.prepare(register.documents.application_of(torn))
    life.documents["erased"] = second.id
    register.documents.issue(bind(office, life, "erased").id, anna)
    notice = register.notices.add_person(life.persons["erased"], POLICE, anna, "missing since Friday")
    register.notices.withdraw(notice.id, "was abroad", anna)
    life.notices["erased"] = notice.id
    for action in ("report-stolen", "revoke", "destroy"):
        register.statuses.change(second.id, action, anna, "told at the counter")
    register.erasure.erase(life.persons["erased"], "died long ago", both(office))


def _stations(office: WorkingOffice) -> None:
    stations = Stations(office.register.database, office.clock)
    for name in (PAUSED, RESUMED):
        stations.pause(name, office.clerk)
    stations.resume(RESUMED, office.clerk)


def _staff(office: WorkingOffice) -> None:
    """Somebody comes, gets other roles, and leaves."""
    add_operator(office, "dora", lambda: PASSPHRASE, [Role.APPROVER])
    assign_roles(office, "dora", [Role.APPROVER, Role.AUDITOR])
    disable_operator(office, "dora")


def _second_shift(office: WorkingOffice, life: WholeLife) -> None:
    """The first shift ends with a blank that is missing, and another one begins."""
    stock, people = office.register.stock, both(office)
    there = [each.serial for each in stock.blanks(station=STATION) if each.state == "at-station"]
    missing, left = there[0], there[1:]
    assert serial_of(life.free) in left
    stock.shifts.close(STATION, len(left), people, left, [missing])
    stock.shifts.open(STATION, len(left), people)
    bind_for(office, life, "late")
