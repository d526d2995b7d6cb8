"""Cards that the pipeline has personalized, by each shipped profile, pass every case that applies to them."""

from __future__ import annotations

import pytest

from eid_toolkit.ground.ports import SystemEntropy
from eid_toolkit.standards.protocols.passwords import AccessPassword
from eid_toolkit.work.conformance.facts import gather
from eid_toolkit.work.conformance.runner import Status, run_cases
from eid_toolkit.work.conformance.suite import all_cases
from support.homes import UTOPIAN, VIETNAMESE, WorkingOffice

SINGAPOREAN = {**UTOPIAN, "personal_number": "S0000000J", "nationality": "SGP", "date_of_birth": "1974-08-12"}
HOLDERS = {"utopia-id": UTOPIAN, "vn-cccd": VIETNAMESE, "sgp-id": SINGAPOREAN}


@pytest.mark.parametrize("profile", HOLDERS)
def test_an_issued_card_fails_no_case(office: WorkingOffice, profile: str) -> None:
    document, name = office.document(HOLDERS[profile], profile), office.blank()
    office.personalize(document, name)
    package = office.register.documents.load_package(document.id)
    passwords = [
        AccessPassword.from_mrz_information(package.mrz_information.reveal().decode()),
        AccessPassword.from_can(package.can.reveal().decode()),
    ]
    with office.reader(name) as transport:
        results = run_cases(all_cases(), transport, gather(transport, passwords, (), SystemEntropy()), SystemEntropy())
    assert {result.case.number: result.detail for result in results if result.status is Status.FAILED} == {}
    passed = {result.case.unit for result in results if result.status is Status.PASSED}
    assert len(passed) >= 7  # all but BAC and Terminal Authentication
