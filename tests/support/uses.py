"""What an office does with rows that have a state, each with what it is about: for tests of what is believed there.

Not here is what shows rows and decides nothing, and the expiry of what is due: a document that is not in the register
any more does not expire there, and says itself how long it is good.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from eid_toolkit.books.register.agencies.notices import NoticeKind
from eid_toolkit.books.register.documents.applications import ApplicationKind
from eid_toolkit.books.register.stock.manifests import Manifest
from eid_toolkit.books.register.stock.stations import Stations
from eid_toolkit.work.office.reporting import reports_of
from support.homes import WorkingOffice
from support.manifests import chip_of, manifest, serial_of
from support.real_offices import both
from support.whole_life import BANK, CLOSED, OTHER_STATION, PAUSED, POLICE, STATION, VENDOR, WholeLife

Do = Callable[[WorkingOffice, WholeLife], object]
About = Callable[[WholeLife], list[str]]


@dataclass(frozen=True)
class Use:
    """One of them: what is done, and the identifiers of what it is about."""

    do: Do
    about: About


def _application(name: str) -> About:
    return lambda life: [life.applications[name]]


def _document(*names: str) -> About:
    return lambda life: [life.documents[name] for name in names]


def _blank(*numbers: int) -> About:
    return lambda life: [serial_of(number) for number in numbers]


def _free(life: WholeLife) -> list[str]:
    return [serial_of(life.free)]


def _always(*values: str) -> About:
    return lambda life: list(values)


def _decided(what: str, name: str, *more: Any, by: str = "approver") -> Do:
    def do(office: WorkingOffice, life: WholeLife) -> object:
        decide = getattr(office.register.applications, what)
        return decide(life.applications[name], getattr(office, by), *more)

    return do


def _reported(action: str, name: str) -> Do:
    return lambda office, life: office.register.statuses.change(life.documents[name], action, office.clerk, "told")


def _prepared(name: str) -> Do:
    return lambda office, life: office.preparation.prepare(life.applications[name], office.clerk)


def _bound(document: str, chip: Callable[[WholeLife], str]) -> Do:
    return lambda office, life: office.register.documents.bind_chip(
        life.documents[document], chip(life), office.clerk, STATION
    )


def _applied(name: str, kind: ApplicationKind = ApplicationKind.FIRST) -> Do:
    def do(office: WorkingOffice, life: WholeLife) -> object:
        applications = office.register.applications
        before = applications.get(life.applications[name])
        portrait, profile = applications.portrait(before), office.profile("utopia-id")
        return applications.create(before.person, profile, portrait, office.clerk, kind=kind)

    return do


def _spoiled(name: str, *, alone: bool) -> Do:
    def do(office: WorkingOffice, life: WholeLife) -> object:
        second = [] if alone else [office.approver, serial_of(life.blanks[name])]
        return office.register.documents.spoil(life.documents[name], "torn", office.clerk, *second)

    return do


def _stock(what: str, *numbers: int) -> Do:
    serials = [serial_of(number) for number in numbers]

    def do(office: WorkingOffice, life: WholeLife) -> object:
        stock, people = office.register.stock, both(office)
        match what:
            case "hand out":
                return stock.hand_out(STATION, office.clerk, serials)
            case "hand back":
                return stock.hand_back(serials, office.clerk)
            case "spoil" | "find":
                return getattr(stock, what)(serials[0], "torn", people)
        return getattr(stock, what)(serials, "torn", people)

    return do


def _closed(office: WorkingOffice, life: WholeLife) -> object:
    there = [each.serial for each in office.register.stock.blanks(station=OTHER_STATION) if each.state == "at-station"]
    return office.register.stock.shifts.close(OTHER_STATION, len(there), both(office), there)


def _received(office: WorkingOffice, life: WholeLife) -> object:
    delivered = manifest(71, 72)
    given = Manifest.read(delivered, signature=life.vendor.sign(delivered))
    return office.register.stock.receiving.receive(given, office.clerk)


def _looked_up(agency: str, purpose: str) -> Do:
    return lambda office, life: office.register.agencies.look_up(
        agency, purpose, office.clerk, reference=life.persons["created"]
    )


def _origin(office: WorkingOffice, life: WholeLife) -> object:
    """As a card is begun: a blank that never came is refused first."""
    office.register.stock.check_blank(chip_of(life.free), STATION)
    return office.register.stock.origin_of(chip_of(life.free))


def _paused(name: str) -> Do:
    return lambda office, life: Stations(office.register.database, office.clock).pause_of(name)


USES: dict[str, Use] = {
    "approve": Use(_decided("approve", "created"), _application("created")),
    "approve one's own": Use(_decided("approve", "created", by="clerk"), _application("created")),
    "approve what was rejected": Use(_decided("approve", "rejected"), _application("rejected")),
    "reject": Use(_decided("reject", "created", "blurred"), _application("created")),
    "withdraw": Use(_decided("withdraw", "approved", "moved", by="clerk"), _application("approved")),
    "apply": Use(_applied("withdrawn"), _application("withdrawn")),
    "apply while another waits": Use(_applied("created"), _application("created")),
    "apply with a good document": Use(_applied("issued"), _document("issued")),
    "apply for a renewal": Use(_applied("issued", ApplicationKind.RENEWAL), _document("issued")),
    "prepare": Use(_prepared("approved"), _application("approved")),
    "prepare what was rejected": Use(_prepared("rejected"), _application("rejected")),
    "prepare once more": Use(_prepared("prepared"), _document("prepared")),
    "prepare after the issue": Use(_prepared("issued"), _document("issued")),
    "bind": Use(_bound("prepared", lambda life: chip_of(life.free)), _document("prepared")),
    "bind to a blank": Use(_bound("prepared", lambda life: chip_of(life.free)), _free),
    "bind to a card": Use(_bound("prepared", lambda life: life.chip("issued")), _document("issued")),
    "bind to a missing blank": Use(_bound("prepared", lambda life: chip_of(4)), _blank(4)),
    "issue": Use(
        lambda office, life: office.register.documents.issue(life.documents["bound"], office.clerk), _document("bound")
    ),
    "issue once more": Use(
        lambda office, life: office.register.documents.issue(life.documents["torn"], office.clerk), _document("torn")
    ),
    "spoil": Use(_spoiled("bound", alone=False), _document("bound")),
    "spoil alone": Use(_spoiled("bound", alone=True), _document("bound")),
    "report as lost": Use(_reported("report-lost", "issued"), _document("issued")),
    "report as stolen": Use(_reported("report-stolen", "suspended"), _document("suspended")),
    "resume": Use(_reported("resume", "suspended"), _document("suspended")),
    "resume what was stolen": Use(_reported("resume", "stolen"), _document("stolen")),
    "revoke": Use(_reported("revoke", "issued"), _document("issued")),
    "destroy": Use(_reported("destroy", "revoked"), _document("revoked")),
    "list": Use(
        lambda office, life: reports_of(office).encoded, _document("stolen", "suspended", "revoked", "resumed")
    ),
    "check a blank": Use(lambda office, life: office.register.stock.check_blank(chip_of(life.free), STATION), _free),
    "check a missing blank": Use(
        lambda office, life: office.register.stock.check_blank(chip_of(4), STATION), _blank(4)
    ),
    "hand out": Use(_stock("hand out", 1), _blank(1)),
    "hand back": Use(_stock("hand back", 30), _blank(30)),
    "spoil a blank": Use(_stock("spoil", 2), _blank(2)),
    "miss": Use(_stock("miss", 2), _blank(2)),
    "find": Use(_stock("find", 4), _blank(4)),
    "destroy blanks": Use(_stock("destroy", 3), _blank(3)),
    "count": Use(_closed, _blank(101, 102)),
    "receive": Use(_received, _always(VENDOR)),
    "origin of a chip": Use(_origin, _free),
    "look up": Use(_looked_up(POLICE, "missing persons"), _always(POLICE)),
    "look up for another purpose": Use(_looked_up(BANK, "missing persons"), _always(BANK)),
    "look up after the end": Use(_looked_up(CLOSED, "none any more"), _always(CLOSED)),
    "add a notice": Use(
        lambda office, life: office.register.notices.add_document(
            NoticeKind.STOLEN, life.documents["issued"], POLICE, office.clerk, "told"
        ),
        lambda life: [life.documents["issued"], POLICE],
    ),
    "withdraw a notice": Use(
        lambda office, life: office.register.notices.withdraw(life.notices["open"], "came home", office.clerk),
        lambda life: [life.notices["open"]],
    ),
    "station that rests": Use(_paused(PAUSED), _always(PAUSED)),
    "station that works": Use(_paused(STATION), _always(STATION)),
}
