"""Every row of the validation table on a hierarchy with just that fault, and random faults together."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from eid_toolkit.standards.pki.judgement import Status, severity
from eid_toolkit.standards.pki.master_list import MasterList, build_master_list
from eid_toolkit.standards.pki.validation import TrustMaterial, validate_list_signer
from eid_toolkit.work.inspection.result import CheckStatus
from eid_toolkit.work.inspection.validation_table import TABLE, Row
from eid_toolkit.work.inspection.verdict import Decision
from support import chain_faults, list_faults, signer_faults, sod_faults
from support.authorities import NOW, Authority, new_key
from support.hierarchies import FAULTS, Hierarchy

assert {chain_faults, list_faults, signer_faults, sod_faults}  # they enter their faults by being imported

LIST_ROWS = [row for row in TABLE if row.check == "master-list"]
ROWS = [row for row in TABLE if row.check != "master-list"]
DECISIONS = {
    Status.PASSED: Decision.PASSED,
    Status.UNDETERMINED: Decision.UNDETERMINED,
    Status.FAILED: Decision.FAILED,
}

ALONE = {
    "signer-changed",
    "self-made-signer",
    "signer-of-signer",
    "unknown-scheme",
    "signer-with-two-algorithms",
    "authority-of-another-state",
    "authority-unknown",  # without an authority most other faults are not seen
    "false-authority",
    "authority-unknown-and-enclosed",
    "signer-without-authority-identifier",
    "signer-state-unsaid",  # it takes away what another fault would contradict
    "certificate-nowhere",
    "certificate-stored",
    "document-of-another-state",
    "signer-state-of-territory",  # the document is another state's
    "link-to-another-country",
    *("link-missing", "link-by-stranger", "link-names-another", "link-not-for-certificates"),  # nor without a link
    "country-in-lower-case",
    "namesake",
    "authority-renewed",
    "name-in-other-bytes",
}
"""Faults that replace what others change: they stand in no combination."""
ON_SIGNER = [row for row in ROWS if row.name.startswith(("signer-", "document-type", "usage-", "issued-", "issuer-"))]
ON_AUTHORITY = [
    row
    for row in ROWS
    if row.name.startswith(("authority-",))
    and not row.name.startswith(("authority-missing", "authority-without"))  # nor without the one that signed
]
ON_REVOCATION = [row for row in ROWS if row.check == "status.revocation"]
ON_LINKS = [row for row in ROWS if row.name.startswith(("link", "two-links")) and row.name != "link-revoked"]
ON_REST = [row for row in ROWS if row.name.startswith(("deviation-", "bundle-", "clock-", "reported-"))]


def test_the_table_is_long_and_every_row_has_its_fault() -> None:
    assert len(TABLE) >= 40
    assert {row.name for row in ROWS} == FAULTS.keys()
    assert len({row.name for row in TABLE}) == len(TABLE)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_a_fault_comes_out_as_the_table_says(row: Row) -> None:
    hierarchy = Hierarchy()
    FAULTS[row.name](hierarchy)
    verdict = hierarchy.judge()
    (result,) = [each for each in verdict.checks if each.id == row.check]
    assert (result.status, result.reason) == (row.status.value, row.reason)
    assert [each.reason for each in result.outcome.findings] == ([row.finding] if row.finding else [])
    if row.status is not Status.PASSED:
        assert verdict.decision is not Decision.PASSED
    elif row.check in ("pa.dsc-chain", "status.revocation", "pa.sod-signature", "pa.strength"):
        assert verdict.decision is Decision.PASSED, [each for each in verdict.checks if each.reason]


@pytest.mark.parametrize("row", LIST_ROWS, ids=lambda row: row.name)
def test_a_list_comes_out_as_the_table_says(row: Row) -> None:
    authority, key = Authority(), new_key()
    signer, trust, now = authority.list_signer(key), authority.trust(), NOW
    if row.name == "list-by-document-signer":
        signer = authority.signer(key)
    found = MasterList.parse(build_master_list([authority.csca], key, signer, authority.csca, "sha256", NOW))
    assert found.signed is not None
    match row.name:
        case "list-bare":
            found = replace(found, signed=None)
        case "list-signer-absent":
            found = replace(found, signed=replace(found.signed, certificates=(authority.csca.der,)))
        case "list-content-changed":
            found = replace(found, signed=replace(found.signed, content=found.signed.content + b"\x00"))
        case "list-signer-expired":
            now = NOW + timedelta(days=2000)
            authority_end = authority.csca.not_after
            assert now < authority_end
        case "list-signer-unknown":
            trust = TrustMaterial((Authority("VNM").csca,))
        case "list-signer-revoked":
            trust = authority.trust(authority.crl(signer))
    result = validate_list_signer(found, trust, now)
    assert (result.status, result.reason) == (row.status, row.reason)


def one_of(rows: list[Row]) -> st.SearchStrategy[list[Row]]:
    return st.lists(st.sampled_from([row for row in rows if row.name not in ALONE]), max_size=1)


@st.composite
def combinations(draw: st.DrawFn) -> list[Row]:
    """Faults that can stand together: several on the signer, and at most one on each other thing."""
    on_signer = draw(
        st.lists(
            st.sampled_from([row for row in ON_SIGNER if row.name not in ALONE]), max_size=3, unique_by=_part_of_signer
        )
    )
    revoked, rest = draw(one_of(ON_REVOCATION)), draw(one_of(ON_REST))
    if draw(st.booleans()):
        return [*draw(one_of(ON_LINKS)), *revoked, *on_signer, *rest]  # links first: they change the signer's authority
    return [*revoked, *on_signer, *draw(one_of(ON_AUTHORITY)), *rest]


def _part_of_signer(row: Row) -> str:
    """Which part of the signer's certificate the fault replaces: two faults on one part undo each other."""
    parts = {
        "issued-before-usage": "usage period",
        "issued-after-usage": "usage period",
        "usage-period-absent": "usage period",
        "usage-period-over": "usage period",
        "document-type-not-listed": "types",
        "document-type-by-letter": "types",
        "document-type-by-letter-and-filler": "types",
        "document-type-list-absent": "types",
        "document-type-list-without-version": "types",
        "document-type-list-of-bare-codes": "types",
        "document-type-list-of-bare-codes-without-the-documents": "types",
        "document-type-list-unreadable": "types",
        "usage-period-unreadable": "usage period",
        "signer-state-other": "names",
        "signer-state-code-odd": "names",
        "signer-state-unsaid": "names",
        "signer-not-for-signing": "usage",
        "signer-usage-unreadable": "usage",
        "signer-for-non-repudiation": "usage",
        "signer-usage-of-nothing": "usage",
        "signer-of-a-territory-of-another-state": "names",
        "signer-country-of-no-state": "subject",
        "signer-with-unique-identifier": "subject",
        "signer-is-authority": "constraints",
        "signer-constraints-unreadable": "constraints",
        "signer-for-lists": "purposes",
        "signer-for-any-purpose": "purposes",
        "signer-expired": "validity",
        "signer-not-yet-valid": "validity",
        "signer-valid-in-another-zone": "validity",
    }
    return parts.get(row.name, row.name)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(rows=combinations())
def test_of_random_faults_together_the_worst_decides(rows: list[Row]) -> None:
    hierarchy = Hierarchy()
    for row in rows:
        FAULTS[row.name](hierarchy)
    verdict = hierarchy.judge()
    worst = max((row.status for row in rows), key=severity, default=Status.PASSED)
    assert verdict.decision is DECISIONS[worst], {each.id: each.reason for each in verdict.checks if each.reason}
    failed = {each.reason for each in verdict.checks if each.status is CheckStatus.FAILED}
    for row in rows:
        if row.status is Status.FAILED:
            assert failed, row
