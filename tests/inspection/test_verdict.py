"""A genuine document passes; each forgery and each gap is found out by the check that is there for it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from eid_toolkit.standards.asn1.security_infos import SecurityInfos
from eid_toolkit.standards.iso7816.files import ElementaryFile as Ef
from eid_toolkit.standards.lds.com import Com
from eid_toolkit.standards.lds.dates import PartialDate
from eid_toolkit.standards.lds.dg1 import Dg1
from eid_toolkit.standards.lds.dg11 import Dg11
from eid_toolkit.standards.lds.dg12 import Dg12
from eid_toolkit.standards.lds.dg13 import Dg13
from eid_toolkit.standards.lds.mrz import Mrz, check_digit
from eid_toolkit.standards.lds.sod import build_sod
from eid_toolkit.standards.lds.vietnam import NationalField, VietnamNationalData
from eid_toolkit.standards.pki.trust_material import BundleFacts
from eid_toolkit.standards.pki.validation import TrustMaterial
from eid_toolkit.work.inspection.checks import CHECK_IDS
from eid_toolkit.work.inspection.evidence import (
    AccessEvidence,
    ActiveAuthenticationEvidence,
    ChipAuthenticationEvidence,
    ChipProof,
    Evidence,
    FileState,
)
from eid_toolkit.work.inspection.policy import POLICY_NAMES, policy_by_name
from eid_toolkit.work.inspection.result import CheckStatus, Layer
from eid_toolkit.work.inspection.verdict import Decision, Verdict, judge
from support.authorities import NOW, Authority
from support.documents import CA_AES, GM_3DES, IssuedDocument, specimen_mrz, with_file, without

OFFICER = policy_by_name("officer")


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority()


@pytest.fixture(scope="module")
def document(authority: Authority) -> IssuedDocument:
    return IssuedDocument(authority, specimen_mrz())


@pytest.fixture(scope="module")
def trust(authority: Authority) -> TrustMaterial:
    return authority.trust(authority.crl())


@pytest.fixture
def evidence(document: IssuedDocument) -> Evidence:
    return document.evidence()


def reasons(verdict: Verdict, *, status: CheckStatus = CheckStatus.FAILED) -> dict[str, str | None]:
    return {result.id: result.reason for result in verdict.checks if result.status is status}


def unclear(verdict: Verdict) -> dict[str, str | None]:
    return reasons(verdict, status=CheckStatus.UNDETERMINED)


@pytest.mark.parametrize("policy", POLICY_NAMES)
def test_a_genuine_document_passes_under_every_policy(evidence: Evidence, trust: TrustMaterial, policy: str) -> None:
    verdict = judge(evidence, trust, policy_by_name(policy), NOW)
    assert verdict.decision is Decision.PASSED
    passed = {result.id for result in verdict.checks if result.status is CheckStatus.PASSED}
    # No mapping opened the card, no bundle brought the trust, and no list names the document.
    unasked = {"chip.cam", "document.mrz-print", "status.bundle-age", "status.reported", "document.deviations"}
    assert passed == set(CHECK_IDS) - unasked
    assert verdict.specimen
    assert verdict.holder is not None
    assert (verdict.holder.document_number, verdict.holder.date_of_expiry) == ("X0000001", "2036-02-28")
    assert verdict.trust.list_age_days == 10


@pytest.mark.parametrize("policy", POLICY_NAMES)
def test_policies_name_checks_that_exist(policy: str) -> None:
    found = policy_by_name(policy)
    assert found.required | found.chip <= set(CHECK_IDS)


class TestForgeries:
    def test_a_copy_without_the_chip_keys(self, evidence: Evidence, trust: TrustMaterial) -> None:
        copy = replace(
            evidence,
            chip_authentication=replace(evidence.chip_authentication, outcome=ChipProof.WRONG),
            active_authentication=replace(evidence.active_authentication, signature=bytes(64)),
        )
        verdict = judge(copy, trust, OFFICER, NOW)
        assert reasons(verdict) == {"chip.ca": "ca-proof-wrong", "chip.aa": "aa-signature-wrong"}
        assert verdict.layers[Layer.DOCUMENT] is Decision.PASSED

    def test_a_changed_portrait(self, evidence: Evidence, trust: TrustMaterial) -> None:
        verdict = judge(with_file(evidence, Ef.DG2, b"\x75\x00"), trust, OFFICER, NOW)
        assert reasons(verdict) == {"pa.data-group-hashes": "data-group-hash-wrong"}

    def test_an_unknown_authority_of_the_same_state(self, trust: TrustMaterial) -> None:
        """Proved false only where no authority of that state is missing; elsewhere it says which one is."""
        forged = IssuedDocument(Authority(), specimen_mrz()).evidence()
        verdict = judge(forged, trust, OFFICER, NOW)
        assert not reasons(verdict)
        assert unclear(verdict) == {
            "pa.dsc-chain": "csca-unknown",
            "status.revocation": "revocation-of-unknown-signer",
        }
        (chain,) = [each for each in verdict.checks if each.id == "pa.dsc-chain"]
        assert chain.outcome.facts["csca"] == "CN=CSCA, O=Ministry, C=UT"
        at_home = judge(forged, replace(trust, complete_states=frozenset({"UTO"})), OFFICER, NOW)
        assert reasons(at_home) == {"pa.dsc-chain": "csca-mismatch"}

    def test_a_weakened_card_access(self, evidence: Evidence, trust: TrustMaterial) -> None:
        weakened = with_file(evidence, Ef.CARD_ACCESS, SecurityInfos.of(GM_3DES).encode())
        assert reasons(judge(weakened, trust, OFFICER, NOW)) == {"document.card-access": "card-access-altered"}

    @pytest.mark.parametrize("infos", [(), (CA_AES,)])
    def test_a_card_access_without_pace(self, evidence: Evidence, trust: TrustMaterial, infos: tuple) -> None:
        stripped = with_file(evidence, Ef.CARD_ACCESS, SecurityInfos.of(*infos).encode())
        assert reasons(judge(stripped, trust, OFFICER, NOW)) == {"document.card-access": "card-access-stripped"}

    def test_no_card_access_at_all(self, evidence: Evidence, trust: TrustMaterial) -> None:
        verdict = judge(without(evidence, [Ef.CARD_ACCESS]), trust, OFFICER, NOW)
        assert reasons(verdict) == {"document.card-access": "card-access-stripped"}

    def test_stripped_chip_keys_do_not_become_a_document_without_them(
        self, evidence: Evidence, trust: TrustMaterial
    ) -> None:
        stripped = replace(
            without(evidence, [Ef.DG14, Ef.DG15]),
            chip_authentication=ChipAuthenticationEvidence(ChipProof.NOT_ATTEMPTED),
            active_authentication=ActiveAuthenticationEvidence(ChipProof.NOT_ATTEMPTED),
        )
        verdict = judge(stripped, trust, OFFICER, NOW)
        assert reasons(verdict) == {
            "pa.data-group-hashes": "data-group-missing",
            "chip.ca": "chip-key-missing",
            "chip.aa": "chip-key-missing",
        }

    def test_a_revoked_signer(self, evidence: Evidence, authority: Authority, document: IssuedDocument) -> None:
        trust = authority.trust(authority.crl(document.signer))
        assert reasons(judge(evidence, trust, OFFICER, NOW)) == {"status.revocation": "signer-revoked"}

    def test_a_chip_key_of_the_forger(self, evidence: Evidence, trust: TrustMaterial) -> None:
        other = replace(evidence.chip_authentication, public_key=b"another key")
        verdict = judge(replace(evidence, chip_authentication=other), trust, OFFICER, NOW)
        assert reasons(verdict) == {"chip.ca": "ca-key-unsigned"}

    def test_an_unsigned_data_group(self, evidence: Evidence, trust: TrustMaterial) -> None:
        """An issuer may have left it out, but nobody may rely on it."""
        verdict = judge(with_file(evidence, Ef.DG16, b"\x70\x00"), trust, OFFICER, NOW)
        assert not reasons(verdict)
        assert unclear(verdict) == {"pa.data-group-hashes": "data-group-left-unsigned"}

    @pytest.mark.parametrize("number", [1, 2])
    def test_an_mrz_or_a_portrait_that_nobody_signed(
        self, authority: Authority, document: IssuedDocument, evidence: Evidence, trust: TrustMaterial, number: int
    ) -> None:
        signed = {each: data for each, data in document.data_groups.items() if each != number}
        sod = build_sod(signed, "sha256", document.signer_key, document.signer.der)
        verdict = judge(with_file(evidence, Ef.SOD, sod), trust, OFFICER, NOW)
        assert reasons(verdict)["pa.data-group-hashes"] == "data-group-unsigned"

    def test_a_tampered_dg15_is_told_apart_from_one_that_the_issuer_did_not_sign(
        self, evidence: Evidence, trust: TrustMaterial, authority: Authority
    ) -> None:
        dg15 = evidence.content(Ef.DG15)
        assert dg15 is not None
        tampered = judge(with_file(evidence, Ef.DG15, dg15[:-1] + bytes([dg15[-1] ^ 1])), trust, OFFICER, NOW)
        assert reasons(tampered) == {"pa.data-group-hashes": "data-group-hash-wrong", "chip.aa": "aa-key-unsigned"}
        assert tampered.decision is Decision.FAILED

        issued = IssuedDocument(authority, specimen_mrz())
        signed = {number: content for number, content in issued.data_groups.items() if number != 15}
        sod = build_sod(signed, "sha256", issued.signer_key, issued.signer.der)
        unsigned = judge(with_file(issued.evidence(), Ef.SOD, sod), trust, OFFICER, NOW)
        by_id = {result.id: (result.status, result.reason) for result in unsigned.checks}
        assert by_id["pa.data-group-hashes"] == ("undetermined", "active-authentication-key-unsigned")
        assert by_id["chip.aa"] == ("not-performed", "chip-key-not-offered")
        assert by_id["document.consistency"] == ("passed", None)
        assert unsigned.failed_checks() == frozenset()
        assert unsigned.decision is Decision.UNDETERMINED

    def test_an_unsigned_dg15_hides_no_tampering(
        self, evidence: Evidence, trust: TrustMaterial, authority: Authority
    ) -> None:
        issued = IssuedDocument(authority, specimen_mrz())
        signed = {number: content for number, content in issued.data_groups.items() if number != 15}
        sod = build_sod(signed, "sha256", issued.signer_key, issued.signer.der)
        forged = with_file(with_file(issued.evidence(), Ef.SOD, sod), Ef.DG2, bytes.fromhex("7503020101"))
        assert reasons(judge(forged, trust, OFFICER, NOW))["pa.data-group-hashes"] == "data-group-hash-wrong"

    def test_a_damaged_signature(self, evidence: Evidence, trust: TrustMaterial) -> None:
        sod = evidence.content(Ef.SOD)
        assert sod is not None
        damaged = with_file(evidence, Ef.SOD, sod[:-1] + bytes([sod[-1] ^ 1]))
        assert reasons(judge(damaged, trust, OFFICER, NOW)) == {"pa.sod-signature": "sod-signature-wrong"}

    def test_another_mrz_than_the_printed_one(self, evidence: Evidence, trust: TrustMaterial) -> None:
        opened = replace(evidence.access, password="mrz", mrz_matches=False)
        verdict = judge(replace(evidence, access=opened), trust, OFFICER, NOW)
        assert reasons(verdict) == {"document.consistency": "mrz-differs-from-dg1"}


class TestGaps:
    """What could not be done is never counted as passed."""

    def test_an_expired_signer_is_a_finding_though_the_document_is_valid(
        self, authority: Authority, document: IssuedDocument
    ) -> None:
        late = document.signer.not_after + timedelta(days=1)
        endless = IssuedDocument(authority, specimen_mrz(expiry=None))
        trust = authority.trust(authority.crl(this_update=late - timedelta(days=1)))
        verdict = judge(endless.evidence(), trust, OFFICER, late)
        assert verdict.decision is Decision.UNDETERMINED
        assert unclear(verdict) == {"pa.dsc-chain": "signer-expired"}

    def test_no_trust_at_all(self, evidence: Evidence) -> None:
        verdict = judge(evidence, TrustMaterial(), OFFICER, NOW)
        assert (verdict.decision, unclear(verdict)) == (
            Decision.UNDETERMINED,
            {"pa.dsc-chain": "csca-unknown", "status.revocation": "revocation-of-unknown-signer"},
        )

    def test_no_revocation_list(self, evidence: Evidence, authority: Authority) -> None:
        verdict = judge(evidence, authority.trust(), OFFICER, NOW)
        assert unclear(verdict) == {"status.revocation": "crl-missing"}
        assert verdict.layers[Layer.STATUS] is Decision.UNDETERMINED

    def test_a_chip_that_was_never_asked(self, evidence: Evidence, trust: TrustMaterial) -> None:
        lazy = replace(
            evidence,
            chip_authentication=ChipAuthenticationEvidence(ChipProof.NOT_ATTEMPTED),
            active_authentication=ActiveAuthenticationEvidence(ChipProof.UNSUPPORTED),
        )
        verdict = judge(lazy, trust, OFFICER, NOW)
        assert verdict.decision is Decision.UNDETERMINED
        assert unclear(verdict) == {"chip.ca": "ca-not-attempted", "chip.aa": "aa-unsupported"}

    def test_one_chip_proof_suffices_for_an_officer_but_not_for_the_issuer(
        self, evidence: Evidence, trust: TrustMaterial
    ) -> None:
        active_only = replace(evidence, chip_authentication=ChipAuthenticationEvidence(ChipProof.UNSUPPORTED))
        assert judge(active_only, trust, OFFICER, NOW).decision is Decision.PASSED
        readback = judge(active_only, trust, policy_by_name("issuer-readback"), NOW)
        assert readback.decision is Decision.UNDETERMINED

    def test_a_card_pulled_in_the_middle(self, evidence: Evidence, trust: TrustMaterial) -> None:
        pulled = replace(without(evidence, [Ef.DG2], FileState.FAILED), interrupted="card-removed")
        verdict = judge(pulled, trust, OFFICER, NOW)
        assert verdict.decision is Decision.UNDETERMINED
        assert unclear(verdict) == {
            "pa.data-group-hashes": "data-group-not-read",
            "document.reading": "reading-ended-early",
        }

    def test_a_card_access_that_could_not_be_read(self, evidence: Evidence, trust: TrustMaterial) -> None:
        verdict = judge(without(evidence, [Ef.CARD_ACCESS], FileState.FAILED), trust, OFFICER, NOW)
        assert unclear(verdict) == {"document.card-access": "card-access-not-read"}

    def test_nothing_read_at_all(self, evidence: Evidence, trust: TrustMaterial) -> None:
        verdict = judge(replace(evidence, files={}), trust, OFFICER, NOW)
        assert verdict.decision is Decision.UNDETERMINED
        assert (verdict.holder, verdict.failed_checks()) == (None, frozenset())

    def test_bac_where_pace_was_offered(self, evidence: Evidence, trust: TrustMaterial) -> None:
        downgraded = replace(evidence, access=AccessEvidence("bac", "mrz", cipher="3des"))
        verdict = judge(downgraded, trust, OFFICER, NOW)
        assert (verdict.decision, verdict.downgraded) == (Decision.UNDETERMINED, True)
        readback = judge(downgraded, trust, policy_by_name("issuer-readback"), NOW)
        assert not reasons(readback)  # a policy is not met, and nothing proved
        assert unclear(readback)["document.access"] == "access-not-by-pace"

    def test_a_clock_set_back(self, evidence: Evidence, trust: TrustMaterial) -> None:
        verdict = judge(evidence, trust, OFFICER, NOW, trusted_time=NOW + timedelta(hours=1))
        assert (verdict.decision, unclear(verdict)) == (Decision.UNDETERMINED, {"status.clock": "clock-set-back"})


class TestExpiry:
    @pytest.mark.parametrize(
        ("state", "time", "status"),
        [
            ("UTO", "2036-02-28T23:59+00:00", CheckStatus.PASSED),
            ("UTO", "2036-02-29T00:01+00:00", CheckStatus.FAILED),
            ("VNM", "2036-02-28T16:59+00:00", CheckStatus.PASSED),
            ("VNM", "2036-02-28T17:01+00:00", CheckStatus.FAILED),
            ("D", "2036-02-28T22:59+00:00", CheckStatus.PASSED),
            ("D", "2036-02-28T23:01+00:00", CheckStatus.FAILED),
            ("RUS", "2036-02-28T11:59+00:00", CheckStatus.PASSED),
            ("RUS", "2036-02-28T12:01+00:00", CheckStatus.UNDETERMINED),
            ("RUS", "2036-02-28T22:01+00:00", CheckStatus.FAILED),
        ],
    )
    def test_the_last_day_is_the_issuers(
        self, evidence: Evidence, trust: TrustMaterial, state: str, time: str, status: CheckStatus
    ) -> None:
        shown = with_file(evidence, Ef.DG1, Dg1(specimen_mrz(state=state)).encode())
        verdict = judge(shown, trust, OFFICER, datetime.fromisoformat(time))
        assert {result.id: result.status for result in verdict.checks}["document.expiry"] is status

    def test_an_unknown_day_is_undetermined_only_in_its_month(self, evidence: Evidence, trust: TrustMaterial) -> None:
        mrz = specimen_mrz(expiry=PartialDate(2026, 3, None))
        shown = with_file(evidence, Ef.DG1, Dg1(mrz).encode())
        assert "document.expiry" in unclear(judge(shown, trust, OFFICER, NOW))
        assert "document.expiry" not in unclear(judge(shown, trust, OFFICER, NOW - timedelta(days=20)))


def signed_with(authority: Authority, files: dict[int, bytes], mrz: Mrz | None = None) -> Evidence:
    """A reading of a document whose issuer signed these data groups, in the place of the usual ones."""
    issued = IssuedDocument(authority, mrz or specimen_mrz())
    issued.data_groups |= files
    return issued.evidence()


class TestConsistency:
    def test_a_careless_list_of_files_proves_nothing(self, evidence: Evidence, trust: TrustMaterial) -> None:
        shown = with_file(evidence, Ef.COM, Com.of_data_groups([1, 2]).encode())
        assert unclear(judge(shown, trust, OFFICER, NOW)) == {"document.consistency": "com-differs-from-sod"}

    def test_a_list_that_hides_a_missing_file_does(self, evidence: Evidence, trust: TrustMaterial) -> None:
        shown = without(with_file(evidence, Ef.COM, Com.of_data_groups([1, 2, 11, 12, 14]).encode()), [Ef.DG15])
        hidden = with_file(without(shown, [Ef.DG12]), Ef.COM, Com.of_data_groups([1, 2, 11, 14, 15]).encode())
        assert reasons(judge(hidden, trust, OFFICER, NOW))["document.consistency"] == "com-differs-from-sod"

    def test_no_list_of_files(self, evidence: Evidence, trust: TrustMaterial) -> None:
        verdict = judge(without(evidence, [Ef.COM]), trust, OFFICER, NOW)
        assert unclear(verdict)["document.consistency"] == "com-absent"

    def test_versions_that_do_not_belong_together(self, evidence: Evidence, trust: TrustMaterial) -> None:
        com = Com.parse(evidence.content(Ef.COM) or b"")
        shown = with_file(evidence, Ef.COM, replace(com, lds_version="0107").encode())
        assert unclear(judge(shown, trust, OFFICER, NOW)) == {"document.consistency": "com-version-differs-from-sod"}

    @pytest.mark.parametrize(
        ("files", "reason"),
        [
            (
                {11: Dg11.of(primary_identifier="Specimen", date_of_birth=PartialDate(1991, 1, 31)).encode()},
                "dg11-differs-from-dg1",
            ),
            ({12: Dg12.of(date_of_issue=PartialDate(2037, 1, 1)).encode()}, "issued-after-expiry"),
            (
                {1: Dg1(Mrz.of_text(specimen_mrz().text.replace("X0000001<", "X0000002<"))).encode()},
                "mrz-check-digits-wrong",
            ),
        ],
    )
    def test_what_the_issuer_signed_wrongly_is_no_forgery(
        self, authority: Authority, trust: TrustMaterial, files: dict[int, bytes], reason: str
    ) -> None:
        # 9303-3 7: the deviations that States publish are of this kind.
        verdict = judge(signed_with(authority, files), trust, OFFICER, NOW)
        assert not reasons(verdict)
        assert unclear(verdict)["document.consistency"] == reason

    @pytest.mark.parametrize("number", [11, 12, 13])
    def test_a_file_that_may_be_absent_and_is_signed_unreadable_is_a_finding(
        self, authority: Authority, trust: TrustMaterial, number: int
    ) -> None:
        tag = Ef.of_data_group(number).tag or 0
        verdict = judge(signed_with(authority, {number: bytes((tag, 5)) + b"abc"}), trust, OFFICER, NOW)
        assert verdict.decision is Decision.PASSED
        (found,) = [each for result in verdict.checks for each in result.outcome.findings]
        assert (found.reason, found.facts["files"]) == ("file-ignored", f"EF.DG{number}")

    @pytest.mark.parametrize(
        ("shown", "full", "clear"),
        [
            (PartialDate(1990, None, None), PartialDate(1990, None, None), True),
            (PartialDate(1990, None, None), PartialDate(1990, 1, 31), True),
            (PartialDate(1990, 1, 31), PartialDate(1990, 1, None), True),
            (PartialDate(None, 1, 31), PartialDate(1890, 1, 31), True),
            (PartialDate(2000, None, None), PartialDate(2001, 1, 31), False),
            (PartialDate(1990, 1, None), PartialDate(1990, 2, 1), False),
        ],
    )
    def test_parts_of_a_date_of_birth_that_one_file_does_not_know(
        self, authority: Authority, trust: TrustMaterial, shown: PartialDate, full: PartialDate, clear: bool
    ) -> None:
        details = Dg11.of(primary_identifier="Specimen", date_of_birth=full)
        mrz = specimen_mrz(birth=shown)
        verdict = judge(signed_with(authority, {11: details.encode()}, mrz), trust, OFFICER, NOW)
        assert ("document.consistency" not in unclear(verdict)) is clear

    def test_a_date_of_birth_with_zeros_for_what_is_not_known(self, authority: Authority, trust: TrustMaterial) -> None:
        details = Dg11.of(primary_identifier="Specimen", date_of_birth=PartialDate(1990, 1, 31))
        text = specimen_mrz().text.replace("9001311F", "9000001F")
        digit = check_digit(text[5:37] + text[38:45] + text[48:59])
        verdict = judge(
            signed_with(authority, {11: details.encode()}, Mrz.of_text(text[:59] + digit + text[60:])),
            trust,
            OFFICER,
            NOW,
        )
        assert "document.consistency" not in unclear(verdict) | reasons(verdict)

    def test_another_date_of_birth_in_dg11(self, evidence: Evidence, trust: TrustMaterial) -> None:
        details = Dg11.of(primary_identifier="Specimen", date_of_birth=PartialDate(1991, 1, 31))
        verdict = judge(with_file(evidence, Ef.DG11, details.encode()), trust, OFFICER, NOW)
        assert reasons(verdict)["document.consistency"] == "dg11-differs-from-dg1"

    @pytest.mark.parametrize(("surname", "clear"), [("Spécimen", True), ("Παράδειγμα", True), ("Muster", False)])
    def test_a_surname_in_national_letters(
        self, evidence: Evidence, trust: TrustMaterial, surname: str, clear: bool
    ) -> None:
        details = Dg11.of(primary_identifier=surname)
        verdict = judge(with_file(evidence, Ef.DG11, details.encode()), trust, OFFICER, NOW)
        assert ("document.consistency" not in unclear(verdict)) is clear

    @pytest.mark.parametrize(
        ("number", "other", "reason"),
        [
            ("099000000017", "31/01/1990", None),
            ("099000000018", "31/01/1990", "dg13-differs-from-dg1"),
            ("099000000017", "30/01/1990", "dg13-differs-from-dg1"),
            ("099000000017", "1990", None),
            ("099000000017", "Lê Thị Ánh", "dg13-differs-from-dg1"),
            ("099000000017", "SPÉCIMEN ERIKA", None),
        ],
    )
    def test_vietnamese_national_data(
        self, evidence: Evidence, trust: TrustMaterial, number: str, other: str, reason: str | None
    ) -> None:
        what = NationalField.DATE_OF_BIRTH if other[0].isdigit() else NationalField.FULL_NAME
        fields = {NationalField.IDENTITY_NUMBER: number, what: other}
        shown = with_file(evidence, Ef.DG1, Dg1(specimen_mrz(state="VNM", optional="099000000017<<6")).encode())
        shown = with_file(shown, Ef.DG13, Dg13(VietnamNationalData.of(fields).encode()).encode())
        assert reasons(judge(shown, trust, OFFICER, NOW)).get("document.consistency") == reason

    def test_wrong_check_digits(self, evidence: Evidence, trust: TrustMaterial) -> None:
        text = specimen_mrz().text
        wrong = evidence.content(Ef.DG1) or b""
        shown = with_file(evidence, Ef.DG1, wrong.replace(text[:10].encode(), text[:9].encode() + b"7"))
        assert reasons(judge(shown, trust, OFFICER, NOW))["document.consistency"] == "mrz-check-digits-wrong"

    def test_a_file_that_does_not_parse(self, evidence: Evidence, trust: TrustMaterial) -> None:
        verdict = judge(with_file(evidence, Ef.DG12, b"\x6c\x05abc"), trust, OFFICER, NOW)
        assert reasons(verdict)["document.consistency"] == "file-malformed"


def test_a_bundle_can_only_tighten_a_policy(evidence: Evidence, trust: TrustMaterial) -> None:
    opened_by_bac = replace(evidence, access=replace(evidence.access, protocol="bac"))
    lax, strict = (replace(trust, bundle=BundleFacts(1, NOW, "UTO", None, allow_bac)) for allow_bac in (True, False))
    officer, readback = policy_by_name("officer"), policy_by_name("issuer-readback")
    assert "access-not-by-pace" not in unclear(judge(opened_by_bac, lax, officer, NOW)).values()
    assert "access-not-by-pace" in unclear(judge(opened_by_bac, strict, officer, NOW)).values()
    assert "access-not-by-pace" in unclear(judge(opened_by_bac, lax, readback, NOW)).values()
    assert officer.tightened(None) == officer
    year = BundleFacts(1, NOW, "UTO", timedelta(days=365))
    assert officer.tightened(year).max_bundle_age == officer.max_bundle_age
