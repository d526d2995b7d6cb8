"""Each rule of docs/concurrency.md, with eight processes that try to break it; afterwards the log is whole.

On SQLite one writes after the other; the same must come of it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

import pytest

from eid_toolkit.books.audit.state_walk import Finding, walk_states
from eid_toolkit.books.ledger.decisions import Decision
from eid_toolkit.books.register.agencies.notices import NoticeKind
from eid_toolkit.books.register.documents.document_rows import PreparedDocument
from eid_toolkit.books.register.people.person_data import PersonData
from eid_toolkit.books.register.people.persons import Person
from eid_toolkit.books.register.stock.leases import Leases
from eid_toolkit.books.register.stock.manifests import Manifest
from eid_toolkit.books.register.stock.stations import Stations
from eid_toolkit.ground.errors import NotPermitted
from eid_toolkit.ground.images.portrait import make_portrait
from eid_toolkit.ground.ports import SystemEntropy
from eid_toolkit.standards.profiles import load_profile
from support.homes import ANNA, BERT, CLOCK, UTOPIAN, VIETNAMESE, WorkingOffice, both_backends, portrait_file
from support.manifests import SigningVendor, chip_of, manifest, serial_of
from support.together import PROCESSES, Together, together

__all__ = ["both_backends"]
OTHERS = PROCESSES - 1


@pytest.fixture
def them(office: WorkingOffice) -> Iterator[Together]:
    with together(office.home) as processes:
        yield processes


@pytest.fixture(autouse=True)
def whole(office: WorkingOffice) -> Iterator[None]:
    """Whatever they did, the log holds together, and each row with a state is what it says."""
    yield
    assert office.register.audit.verify().reason is None
    with office.register.database.read() as connection:
        assert [each for each in walk_states(connection) if isinstance(each, Finding)] == []


def refused(code: str) -> Counter[object]:
    """One of them has done it, and the others were refused with this."""
    return Counter({"done": 1, code: OTHERS})


def approve(office: WorkingOffice, number: int, identifier: str) -> Decision | None:
    return office.register.applications.approve(identifier, BERT).decision


def reject_or_approve(office: WorkingOffice, number: int, identifier: str) -> object:
    if number % 2:
        return office.register.applications.approve(identifier, BERT)
    return office.register.applications.reject(identifier, BERT, "it is another person")


def test_an_application_is_decided_once(office: WorkingOffice, them: Together) -> None:
    assert them.outcomes(approve, office.application().id) == refused("state-forbids")
    outcomes = them.outcomes(reject_or_approve, office.application(VIETNAMESE, "vn-cccd").id)
    assert outcomes["done"] in (1, 2), "rejected at once, or approved and then rejected"


def apply_for(office: WorkingOffice, number: int, person: Person) -> object:
    profile = load_profile("utopia-id")
    return office.register.applications.create(person, profile, make_portrait(portrait_file(), profile.portrait), ANNA)


def test_one_application_of_a_person_waits(office: WorkingOffice, them: Together) -> None:
    assert them.outcomes(apply_for, office.person(UTOPIAN)) == refused("application-open")


PREPARED: list[PreparedDocument] = []
"""Secrets are in them, which go to no other process but by its beginning."""


def keep_prepared(office: WorkingOffice, number: int) -> object:
    return office.register.documents.add([PREPARED[number % len(PREPARED)]], ANNA)


def prepared_without_keeping(office: WorkingOffice, monkeypatch: pytest.MonkeyPatch, *people: dict[str, str]) -> None:
    """As by stations with homes of their own: prepared, and not in the register yet."""
    PREPARED.clear()

    def keep(group: list[PreparedDocument], operator: object) -> None:
        PREPARED.extend(group)
        raise NotPermitted("operator-not-acting", name="anna")

    with monkeypatch.context() as patched:
        patched.setattr(office.register.documents, "add", keep)
        for values in people:
            with pytest.raises(NotPermitted):
                office.prepare(office.approved(values))


def test_one_document_of_an_application_is_prepared(office: WorkingOffice, monkeypatch: pytest.MonkeyPatch) -> None:
    prepared_without_keeping(office, monkeypatch, UTOPIAN)
    with together(office.home) as them:
        assert them.outcomes(keep_prepared) == refused("application-has-document")
    assert len(office.register.documents.list()) == 1


def test_a_document_number_is_one_persons(office: WorkingOffice, monkeypatch: pytest.MonkeyPatch) -> None:
    prepared_without_keeping(office, monkeypatch, UTOPIAN, {**UTOPIAN, "secondary_identifier": "Berta"})
    PREPARED[:] = [replace(each, document_number="U11111111") for each in PREPARED]
    with together(office.home) as them:
        outcomes = them.outcomes(keep_prepared)
    assert outcomes["done"] == 1 and len(office.register.documents.list()) == 1
    assert set(outcomes) <= {"done", "document-number-taken", "application-has-document"}


def withdraw_or_prepare(office: WorkingOffice, number: int, identifier: str) -> object:
    if number % 2:
        return office.register.applications.withdraw(identifier, ANNA, "not wanted any more")
    return office.preparation.prepare(identifier, ANNA)


def test_what_is_withdrawn_has_no_document(office: WorkingOffice, them: Together) -> None:
    application = office.approved()
    them.outcomes(withdraw_or_prepare, application.id)
    state = office.register.applications.get(application.id).state
    documents = office.register.documents.list()
    assert (str(state), len(documents)) in (("withdrawn", 0), ("approved", 1))


def bind(office: WorkingOffice, number: int, documents: list[str], chip: str) -> object:
    return office.register.documents.bind_chip(documents[number % len(documents)], chip, ANNA)


def test_a_chip_carries_one_document(office: WorkingOffice, them: Together) -> None:
    documents = [office.document(UTOPIAN).id, office.document(VIETNAMESE, "vn-cccd").id]
    outcomes = them.outcomes(bind, documents, "e1d0000000000001")
    assert outcomes == Counter({"done": PROCESSES // 2, "chip-has-document": PROCESSES // 2}), (
        "once more changes nothing"
    )
    bound = [each for each in office.register.documents.list() if each.chip is not None]
    assert len(bound) == 1


def report(office: WorkingOffice, number: int, identifier: str) -> object:
    return office.register.statuses.change(identifier, "report-lost", ANNA)


def issue(office: WorkingOffice, number: int, identifier: str) -> object:
    return office.register.documents.issue(identifier, ANNA)


def test_a_document_is_issued_once_and_reported_once(office: WorkingOffice, them: Together) -> None:
    document = office.document()
    office.register.documents.bind_chip(document.id, "e1d0000000000002", ANNA)
    assert them.outcomes(issue, document.id)["done"] == 1
    assert them.outcomes(report, document.id) == refused("state-forbids")
    assert [each.action for each in office.register.statuses.history(document.id)] == ["report-lost"]


def receive(office: WorkingOffice, number: int) -> object:
    return office.register.stock.receiving.receive(Manifest.read(manifest(*range(1, 9))), ANNA)


def add_vendor(office: WorkingOffice, number: int, certificate: object) -> object:
    return office.register.stock.receiving.add_vendor("Cards Ltd", certificate, (ANNA, BERT))  # type: ignore[arg-type]


def take_out(office: WorkingOffice, number: int) -> list[str]:
    return [each.serial for each in office.register.stock.hand_out(f"s{number}", ANNA, count=1)]


def test_stock_is_received_once_and_each_blank_handed_out_once(office: WorkingOffice, them: Together) -> None:
    assert them.outcomes(receive) == refused("manifest-received-already")
    taken = [serial for part in them.all(take_out) for serial in part]  # type: ignore[attr-defined]
    assert sorted(taken) == [serial_of(number) for number in range(1, 9)]


def test_a_vendor_has_one_certificate(office: WorkingOffice, them: Together) -> None:
    assert them.outcomes(add_vendor, SigningVendor().certificate) == refused("vendor-exists")


def use(office: WorkingOffice, number: int) -> object:
    with office.register.database.write() as connection:
        return [office.register.stock.use(connection, chip_of(1), "main", ANNA)]


def count(office: WorkingOffice, number: int, *, opening: bool) -> object:
    shifts = office.register.stock.shifts
    return [shifts.open("main", 1, (ANNA, BERT)) if opening else shifts.close("main", 0, (ANNA, BERT))]


def opened(office: WorkingOffice, number: int) -> object:
    return count(office, number, opening=True)


def closed(office: WorkingOffice, number: int) -> object:
    return count(office, number, opening=False)


def test_a_shift_is_counted_once_and_a_blank_used_once(office: WorkingOffice, them: Together) -> None:
    office.register.stock.receiving.receive(Manifest.read(manifest(1)), ANNA, "main")
    assert them.outcomes(opened) == refused("shift-open-already")
    assert them.outcomes(use) == refused("blank-not-at-station")
    assert them.outcomes(closed) == refused("shift-not-open")


def lease(office: WorkingOffice, number: int) -> object:
    return Leases(office.register.database, SystemEntropy()).take("document:D-1", "chip:1")


def test_a_lease_has_one_holder(office: WorkingOffice, them: Together) -> None:
    assert them.outcomes(lease) == refused("lease-held")


def add(office: WorkingOffice, number: int) -> object:
    return office.register.persons.add(PersonData.from_text(VIETNAMESE), ANNA)


def change(office: WorkingOffice, number: int, record: Person) -> object:
    data = PersonData.from_text({**UTOPIAN, "place_of_residence": f"{number} Main Street"})
    return office.register.persons.change(record, data, ANNA, "a letter")


def merge(office: WorkingOffice, number: int, first: Person, second: Person) -> object:
    pair = (first, second) if number % 2 else (second, first)
    return office.register.persons.pairs.decide(*pair, BERT, same=True)


def test_a_person_is_added_changed_and_merged_once(office: WorkingOffice, them: Together) -> None:
    assert them.outcomes(add) == refused("person-number-taken")
    record = office.person(UTOPIAN)
    assert them.outcomes(change, record) == refused("person-changed-meanwhile")
    outcomes = them.outcomes(merge, office.person(UTOPIAN), office.person(UTOPIAN))
    assert outcomes["done"] == 1 and len(outcomes) == 2


def rename_or_add(office: WorkingOffice, number: int, record: Person) -> object:
    if number == 0:
        data = PersonData.from_text({**UTOPIAN, "secondary_identifier": "Quentina"})
        return office.register.persons.change(record, data, ANNA, "a letter")
    return office.register.persons.add(PersonData.from_text({**UTOPIAN, "primary_identifier": "Zyx"}), ANNA)


def test_a_name_that_somebody_bears_is_found(office: WorkingOffice, them: Together) -> None:
    for _ in range(3):
        record = office.person({**UTOPIAN, "primary_identifier": "Zyx"})
        assert them.outcomes(rename_or_add, record) == Counter({"done": PROCESSES})
        assert office.register.persons.search("Zyx")


def add_agency(office: WorkingOffice, number: int) -> object:
    return office.register.agencies.add("police", "Police", ["id", "notices"], ["search"], ANNA, may_report=True)


def notice(office: WorkingOffice, number: int, person: str) -> object:
    return office.register.notices.add_person(person, "police", ANNA)


def notice_of_document(office: WorkingOffice, number: int, document: str) -> object:
    return office.register.notices.add_document(NoticeKind.STOLEN, document, "police", ANNA)


def pause(office: WorkingOffice, number: int) -> object:
    return Stations(office.register.database, CLOCK).pause("main", ANNA)


def test_an_agency_a_notice_and_a_pause_are_there_once(office: WorkingOffice, them: Together) -> None:
    assert them.outcomes(add_agency) == refused("agency-exists")
    assert them.outcomes(notice, office.person(UTOPIAN).id) == refused("notice-exists")
    document = office.document(VIETNAMESE, "vn-cccd")
    office.register.documents.bind_chip(document.id, "e1d0000000000003", ANNA)
    office.register.documents.issue(document.id, ANNA)
    assert them.outcomes(notice_of_document, document.id) == refused("notice-exists")
    assert len(office.register.statuses.history(document.id)) == 1
    assert them.outcomes(pause) == Counter({"done": PROCESSES}), "a paused station may be paused"


def look_or_sign(office: WorkingOffice, number: int) -> object:
    if number % 4 == 0:
        return [office.register.audit.checkpoint([ANNA]).position for _ in range(5)]
    for _ in range(10):
        office.register.record(ANNA if number % 2 else BERT, "person.looked-up", "P-1", {"by": number})
    return []


def test_chains_have_no_fork_and_checkpoints_sign_the_heads_as_they_are(office: WorkingOffice, them: Together) -> None:
    before = office.register.audit.verify().rows
    assert them.outcomes(look_or_sign) == Counter({"done": PROCESSES})
    verified = office.register.audit.verify()
    assert verified.rows == before + 6 * 10 and verified.checkpoints > 1
