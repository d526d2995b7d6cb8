"""The MRZ that is printed against DG1: which fields differ, and what a verdict makes of it (9303-10 4.7.1)."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from eid_toolkit.ground.errors import BadInput
from eid_toolkit.standards.lds.dates import PartialDate
from eid_toolkit.standards.lds.mrz import Mrz, MrzFormat
from eid_toolkit.work.inspection.evidence import Evidence
from eid_toolkit.work.inspection.evidence_format import decode_evidence, encode_evidence
from eid_toolkit.work.inspection.policy import policy_by_name
from eid_toolkit.work.inspection.printed_mrz import FIELDS, differing_fields
from eid_toolkit.work.inspection.verdict import Decision, Verdict, judge
from eid_toolkit.work.inspection.witness import SELF, Standing, Witness
from support.authorities import NOW
from support.hierarchies import Hierarchy

CHECK = "document.mrz-print"


def mrz(size: MrzFormat = MrzFormat.TD1, **changes: object) -> Mrz:
    values: dict[str, object] = {
        "document_code": "P" if size is MrzFormat.TD3 else "ID",
        "issuing_state": "UTO",
        "document_number": "D23145890",
        "primary_identifier": "Eriksson",
        "secondary_identifier": "Anna Maria",
        "nationality": "UTO",
        "date_of_birth": PartialDate(1974, 8, 12),
        "sex": "F",
        "date_of_expiry": PartialDate(2032, 4, 15),
        "optional_data": "ZE184B",
    }
    return Mrz.compose(size, **(values | changes))  # type: ignore[arg-type]


@pytest.mark.parametrize("size", MrzFormat)
def test_the_same_mrz_differs_in_nothing(size: MrzFormat) -> None:
    assert differing_fields(mrz(size), mrz(size)) == ()


@pytest.mark.parametrize(
    ("field", "changes"),
    [
        ("document_code", {"document_code": "IX"}),
        ("issuing_state", {"issuing_state": "XXX"}),
        ("document_number", {"document_number": "D23145891"}),
        ("nationality", {"nationality": "XXA"}),
        ("date_of_birth", {"date_of_birth": PartialDate(1984, 8, 12)}),
        ("sex", {"sex": "M"}),
        ("date_of_expiry", {"date_of_expiry": PartialDate(2033, 4, 15)}),
        ("name", {"secondary_identifier": "Anna Marie"}),
        ("optional_data", {"optional_data": "ZE184C"}),
    ],
)
def test_each_field_is_named_that_differs(field: str, changes: dict[str, object]) -> None:
    assert differing_fields(mrz(**changes), mrz()) == (field,)
    assert field in FIELDS


LONG = {"primary_identifier": "Papandropoulous", "secondary_identifier": "Jonathon Warren Trevor"}


def test_a_name_that_is_cut_off_otherwise_does_not_differ() -> None:
    cut, initials = mrz(**LONG), mrz(MrzFormat.TD1, **LONG | {"secondary_identifier": "Jonathon W T"})
    assert cut.name_is_full
    assert cut.name_field != initials.name_field
    assert differing_fields(cut, mrz(MrzFormat.TD3, **LONG, document_code="ID")) == ()
    assert differing_fields(cut, initials, "Papandropoulous<<Jonathon Warren Trevor") == ()


def test_another_name_differs_however_long_it_is() -> None:
    other = mrz(**LONG | {"secondary_identifier": "Jonathan Warren Trevor"})
    assert differing_fields(mrz(**LONG), other) == ("name",)
    assert differing_fields(other, mrz(**LONG), "Papandropoulous<<Jonathon Warren Trevor") == ("name",)


def judged(differing: tuple[str, ...] | None, witness: Witness = SELF) -> Verdict:
    hierarchy = Hierarchy()
    evidence = hierarchy.document.evidence()
    shown = replace(evidence, access=replace(evidence.access, password="mrz", mrz_matches=True, mrz_differs=differing))
    return judge(shown, hierarchy.trust, policy_by_name("officer"), NOW, witness=witness)


def outcome(verdict: Verdict) -> tuple[str, str | None, object] | None:
    return next(
        (
            (each.status.value, each.reason, each.outcome.facts.get("fields"))
            for each in verdict.checks
            if each.id == CHECK
        ),
        None,
    )


def test_without_a_whole_mrz_the_check_is_not_made() -> None:
    verdict = judged(None)
    assert outcome(verdict) is None
    assert verdict.decision is Decision.PASSED


def test_a_print_that_agrees_passes_and_one_that_differs_fails() -> None:
    assert outcome(judged(())) == ("passed", None, None)
    forged = judged(("name", "sex"))
    assert outcome(forged) == ("failed", "printed-mrz-differs", "name, sex")
    assert forged.decision is Decision.FAILED


@pytest.mark.parametrize("differing", [(), ("name",)])
def test_what_was_printed_is_only_told_by_a_reader_who_is_not_believed(differing: tuple[str, ...]) -> None:
    assert outcome(judged(differing, Witness(Standing.UNSIGNED))) == ("undetermined", "told-by-reader", None)


@pytest.fixture
def evidence() -> Evidence:
    return Hierarchy().document.evidence()


def test_evidence_keeps_the_fields_and_nothing_of_the_print(evidence: Evidence) -> None:
    shown = replace(evidence, access=replace(evidence.access, mrz_differs=("name",)))
    assert decode_evidence(encode_evidence(shown)) == shown


def test_evidence_of_the_version_before_is_read(evidence: Evidence) -> None:
    data = json.loads(encode_evidence(evidence))
    del data["access"]["mrz_differs"]
    assert decode_evidence(json.dumps(data | {"schema": "eid-evidence/2"}).encode()) == evidence


@pytest.mark.parametrize("differing", [["face"], "name", [1], {"name": 1}])
def test_evidence_that_names_no_field_is_refused(evidence: Evidence, differing: object) -> None:
    data = json.loads(encode_evidence(evidence))
    data["access"]["mrz_differs"] = differing
    with pytest.raises(BadInput):
        decode_evidence(json.dumps(data).encode())
